"""Which command runs, and with which exit code it ends. The only place that ends the process."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from connector.cli import commands
from connector.cli.logs import set_up_logging
from connector.cli.monitoring import Monitor
from connector.cli.signals import Signals
from connector.commands.shared.outcome import Outcome
from connector.errors import ConnectorError, Interrupted
from connector.text import clean

log = logging.getLogger(__name__)


def run() -> NoReturn:
    """Run the command line of this process, and end the process with the exit code.

    The process ends at once: it frees no memory, and waits for no thread that still waits for an answer.
    """
    # Where the process was started without one of them, there is None.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - open until the process ends
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115 - likewise
    try:
        code = main()
    except SystemExit as asked_for_help:
        code = int(asked_for_help.code or 0)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, and give the exit code."""
    try:
        with Signals() as signals:
            return _main(sys.argv[1:] if argv is None else argv, signals)
    except Interrupted as interrupted:
        return interrupted.exit_code


def _main(argv: Sequence[str], signals: Signals) -> int:
    outcome = Outcome()
    try:
        invocation = commands.read(argv)
    except ConnectorError as error:
        outcome.error, outcome.exit_code = str(error), error.exit_code
        with suppress(OSError):
            sys.stderr.write(f"{commands.PROGRAM}: {clean(str(error))}\n")
        return _conclude(Monitor(commands.monitoring(argv)), outcome)
    set_up_logging(invocation.logs)
    for warning in invocation.warnings:
        log.warning("%s", warning)
    outcome.bar = invocation.logs.shows_progress
    monitor = Monitor(invocation.monitoring)
    with _errors_logged(outcome, signals):
        monitor.begin()
        outcome.exit_code = invocation.run(outcome)
    return _conclude(monitor, outcome)


def _conclude(monitor: Monitor, outcome: Outcome) -> int:
    monitor.write(outcome)
    if outcome.is_export:
        log.info("%s", outcome.line())
    monitor.conclude(outcome.exit_code)
    return outcome.exit_code


@contextmanager
def _errors_logged(outcome: Outcome, signals: Signals) -> Iterator[None]:
    """Turn an error, a signal or a bug that ends the run early into a line of the log and an exit code."""
    try:
        try:
            yield
        finally:
            signals.conclude()
    except ConnectorError as error:
        log.error("%s", error)  # noqa: TRY400 - a person reads what happened, not where in the code
        outcome.error, outcome.exit_code = str(error), error.exit_code
    except Interrupted as interrupted:
        outcome.error = f"ended by {signal.Signals(interrupted.args[0]).name}"
        outcome.exit_code = interrupted.exit_code
        log.error("%s; no file is half written", outcome.error)  # noqa: TRY400 - likewise
    except Exception as error:
        log.exception("this is a bug of the connector; please report it with these lines")
        outcome.error, outcome.exit_code = f"bug: {type(error).__name__}", 1
