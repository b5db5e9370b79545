"""Progress on standard error, answers on standard output. Knows nothing of Bitbucket."""

from __future__ import annotations

import io
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from connector.commands.shared.options import environment
from connector.errors import SaveError
from connector.rest.progress import duration

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 30.0


class LiveProgress:
    """A bar that moves, for a terminal."""

    def __init__(self) -> None:
        # Loading these takes a third of the time of a short command, most of which draw no bar.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bar = Progress(
            TextColumn("collecting"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[remaining]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, remaining="")
        self._total = 0

    def __enter__(self) -> LiveProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def expect(self, scopes: int) -> None:
        """See `rest.progress.Progress`."""
        self._total += scopes
        self._bar.update(self._task, total=self._total)

    def done(self) -> None:
        """See `rest.progress.Progress`."""
        self._bar.advance(self._task)

    def remaining(self, seconds: float) -> None:
        """See `rest.progress.Progress`."""
        self._bar.update(self._task, remaining=f"about {duration(seconds)} left")


class LoggedProgress:
    """A log line every thirty seconds, for cron and containers."""

    def __init__(self) -> None:
        self._total = self._done = 0
        self._left = ""
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def __enter__(self) -> LoggedProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def expect(self, scopes: int) -> None:
        """See `rest.progress.Progress`."""
        self._total += scopes

    def done(self) -> None:
        """See `rest.progress.Progress`."""
        self._done += 1
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            log.info("collecting: %d of %d groups, projects and repositories%s", self._done, self._total, self._left)

    def remaining(self, seconds: float) -> None:
        """See `rest.progress.Progress`."""
        self._left = f"; about {duration(seconds)} left"


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output: its width in columns, and whether it is a terminal."""

    width: int
    is_terminal: bool

    @property
    def is_coloured(self) -> bool:
        """Whether colours are shown; NO_COLOR switches them off (https://no-color.org)."""
        return self.is_terminal and environment("NO_COLOR") is None


def screen() -> Screen:
    """Describe standard output."""
    return Screen(shutil.get_terminal_size((80, 24)).columns, sys.stdout.isatty())


def write(lines: Iterable[str], encoding: str | None = None) -> None:
    """Write lines to standard output. Raises `SaveError`. A closed pipe is no error: the reader has seen enough."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise SaveError(f"standard output cannot be written: {error.strerror or error}") from error


def progress(*, bar: bool) -> LiveProgress | LoggedProgress:
    """Give a progress bar if standard error is a terminal and a bar is allowed, else lines in the log."""
    return LiveProgress() if bar and sys.stderr.isatty() else LoggedProgress()


def size_in_words(size: int) -> str:
    """Give a size in bytes in kB or MB, for people."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"  # noqa: PLR2004 - a million is a million
