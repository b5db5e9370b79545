"""Log lines on standard error: their options, and how they look."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

from connector.commands.options import Parser, environment

_TEXT = "%(asctime)s %(levelname)s: %(message)s"
"""As Veza's own connectors print their log."""


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how."""

    debug: bool
    format: LogFormat


def add_log_options(parser: Parser) -> None:
    """Describe what is logged, and how."""
    parser.add_argument("--debug", action="store_true", help="log every request [OAA_DEBUG]")
    parser.add_argument(
        "--log-format", choices=list(LogFormat), default=LogFormat.TEXT, help="lines of text (default), or of JSON"
    )


def read_log_settings(options: argparse.Namespace) -> LogSettings:
    """Read what is logged, and how."""
    return LogSettings(options.debug or environment("OAA_DEBUG") is not None, LogFormat(options.log_format))


def set_up_logging(settings: LogSettings) -> None:
    """Send log lines to standard error, as text or as JSON objects."""
    handler = _StandardError()
    handler.setFormatter(_JsonLines() if settings.format is LogFormat.JSON else logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("connector").setLevel(logging.DEBUG if settings.debug else logging.INFO)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever sys.stderr is at the time: a live bar takes its place to keep lines above itself."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)
