"""Log lines on standard error: their options and their format."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from connector.commands.shared.options import environment
from connector.text import clean

_TEXT = "%(asctime)s %(levelname)s: %(message)s"
"""As Veza's own connectors print their log."""


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how."""

    level: int
    format: LogFormat

    @property
    def shows_progress(self) -> bool:
        """Whether a bar may be drawn between the lines."""
        return self.format is LogFormat.TEXT and self.level <= logging.INFO


def add_log_options(group: argparse._ArgumentGroup) -> None:
    """Add the options of the log."""
    much = group.add_mutually_exclusive_group()
    much.add_argument("--quiet", action="store_true", help="log warnings and errors only, and show no progress")
    much.add_argument("--debug", action="store_true", help="log every request [OAA_DEBUG]")
    group.add_argument("--log-format", choices=list(LogFormat), help="lines of text (default), or of JSON")


def read_log_settings(options: argparse.Namespace) -> LogSettings:
    """Read the options of the log."""
    debug = options.debug or environment("OAA_DEBUG") is not None
    level = logging.WARNING if options.quiet else logging.DEBUG if debug else logging.INFO
    return LogSettings(level, LogFormat(options.log_format or LogFormat.TEXT))


def set_up_logging(settings: LogSettings) -> None:
    """Send log lines to standard error, as text or as JSON objects."""
    handler = _StandardError()
    handler.setFormatter(_JsonLines() if settings.format is LogFormat.JSON else _TextLines(_TEXT))
    logging.basicConfig(level=max(logging.INFO, settings.level), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("connector").setLevel(settings.level)


class _StandardError(logging.StreamHandler[TextIO]):
    """Looks up sys.stderr for each line: a progress bar replaces it, to keep log lines above the bar."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _TextLines(logging.Formatter):
    """One line for each message, with control characters of names escaped; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of the standard library
        record.message = _cleaned(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - likewise
        return "\n".join(map(clean, super().formatException(ei).split("\n")))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": _cleaned(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def _cleaned(message: str) -> str:
    # The standard library's warnings end with a line of code and an end of line.
    return clean(message.rstrip("\n"))
