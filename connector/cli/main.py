"""Which command runs, and with which exit code it ends. The only place that ends the process."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from connector.cli import commands
from connector.cli.logs import LogFormat, set_up_logging
from connector.cli.signals import Signals
from connector.commands.export import Export
from connector.commands.outcome import Outcome
from connector.errors import ConnectorError, Interrupted, SaveError
from connector.files import whole_file

log = logging.getLogger(__name__)


def run() -> NoReturn:
    """Be the process: do what the command line says, and end with its exit code.

    It ends at once: memory is not taken apart, and no thread is waited for that waits for an answer nobody reads.
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
    """Do what the command line says, and give the exit code of the process."""
    try:
        with Signals() as signals:
            return _main(sys.argv[1:] if argv is None else argv, signals)
    except Interrupted as interrupted:
        return interrupted.exit_code


def _main(argv: Sequence[str], signals: Signals) -> int:
    try:
        asked = commands.read(argv)
    except ConnectorError as error:
        with suppress(OSError):
            sys.stderr.write(f"{commands.PROGRAM}: {error}\n")
        return error.exit_code
    set_up_logging(asked.logs)
    outcome = Outcome(bar=asked.logs.format is LogFormat.TEXT)
    with _ending_well(outcome, signals):
        outcome.exit_code = asked.run(outcome)
    if isinstance(asked.wanted, Export) and asked.wanted.outputs.summary is not None:
        _summarise(asked.wanted.outputs.summary, outcome)
    if outcome.is_export:
        log.info("%s", outcome.line())
    return outcome.exit_code


def _summarise(path: Path, outcome: Outcome) -> None:
    """Tell monitoring; that it cannot be told is the run's error where there was no other."""
    try:
        with whole_file(path) as file:
            json.dump(outcome.summary(), file, indent=2)
            file.write("\n")
    except SaveError as error:
        if outcome.error != str(error):
            log.error("the summary: %s", error)  # noqa: TRY400 - a person reads what happened, not where in the code
        outcome.exit_code = outcome.exit_code or error.exit_code


@contextmanager
def _ending_well(outcome: Outcome, signals: Signals) -> Iterator[None]:
    """Turn whatever ends the run early into a line of the log and an exit code."""
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
