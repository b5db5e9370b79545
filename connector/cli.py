"""Commands, logging and exit codes. Where collecting and publishing meet, and what ends the process."""

from __future__ import annotations

import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn, TypeVar, assert_never

from connector import __version__, check_table, config, console, offline
from connector.checking import run_check, verify_export
from connector.collect import Credentials, Settings, collect, remove_journal
from connector.config import NAMED_BY_TIME, Check, Demo, Export, Guards, LogFormat, Outputs
from connector.demo.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.demo.server import EmbeddedBitbucket
from connector.errors import ConnectorError, IncompleteError, Interrupted, SaveError, VezaError
from connector.model import Gap, Inclusion, Snapshot
from connector.offline import Offline
from connector.outcome import Outcome
from connector.publish.baseline import check_removal, contents, read_contents
from connector.publish.files import check_writable, only_writer, save_json, whole_file
from connector.publish.mapping import application
from connector.publish.veza import Veza, VezaSettings, connect, fold_warnings
from connector.reporting import Report, page_of
from connector.review.payload import load
from connector.review.report.page import page
from connector.review.second_look import second_look
from connector.signals import Signals

log = logging.getLogger(__name__)

T = TypeVar("T")


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
        wanted = config.read(argv)
    except ConnectorError as error:
        with suppress(OSError):
            sys.stderr.write(f"oaa_bitbucket.py: {error}\n")
        return error.exit_code
    console.set_up_logging(debug=wanted.debug, as_json=wanted.log_format is LogFormat.JSON)
    return _run(wanted.wanted, signals)


def _run(wanted: Export | Demo | Check | Offline | Report, signals: Signals) -> int:
    outcome = Outcome()
    if isinstance(wanted, Offline | Check | Report):
        with _ending_well(outcome, signals):
            outcome.exit_code = _say(wanted)
        return outcome.exit_code
    with _ending_well(outcome, signals):
        match wanted:
            case Export():
                _export(wanted, outcome)
            case Demo():
                _demo(wanted, outcome)
            case _:
                assert_never(wanted)
    if isinstance(wanted, Export) and wanted.outputs.summary is not None:
        _summarise(wanted.outputs.summary, outcome)
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


def _say(wanted: Offline | Check | Report) -> int:
    match wanted:
        case Check():
            return _check(wanted)
        case Report():
            return _report(wanted)
        case _:
            return _answer(wanted)


def _report(wanted: Report) -> int:
    """Write the page about a saved export."""
    check_writable(wanted.output)
    log.info("saved the report %s", _save_page(page_of(wanted), wanted.output))
    return 0


def _save_page(text: str, path: Path) -> str:
    """Write a page; give its place and size."""
    with whole_file(path) as file:
        file.write(text)
    return f"{path} ({_size(len(text.encode()))})"


def _check(wanted: Check) -> int:
    """Say on standard output what an export with these settings could do."""
    log.info("checking %s", wanted.bitbucket.base_url)
    report = _interruptible(lambda: run_check(wanted))
    if wanted.as_json:
        console.write([json.dumps(report.as_json(), indent=2)])
    else:
        columns = shutil.get_terminal_size((80, 24)).columns
        console.write(check_table.as_table(report, columns, coloured=sys.stdout.isatty()))
    return report.verdict.exit_code


def _answer(wanted: Offline) -> int:
    """Answer from a saved export, on standard output."""
    screen = offline.Screen(shutil.get_terminal_size((80, 24)).columns, sys.stdout.isatty())
    told = offline.answer(wanted, screen)
    console.write(told.lines)
    for warning in told.warnings:
        log.warning("%s", warning)
    for error in told.errors:
        log.error("%s", error)
    return told.exit_code


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


def _demo(wanted: Demo, outcome: Outcome) -> None:
    """Export the embedded Bitbucket by the ordinary code, and show what is worth a second look."""
    with EmbeddedBitbucket(sample_organisation()) as server:
        log.info("a small Bitbucket listens at %s", server.base_url)
        settings = Settings(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER), include=frozenset(Inclusion))
        outputs = Outputs(save_json=wanted.save_json, report=wanted.report)
        payload = _export(Export(settings, "demo", Guards(), outputs), outcome)
    console.show_findings(second_look(load(payload)))
    log.info("who can reach what, as a page: %s", wanted.report.resolve().as_uri())


def _export(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """See that nothing is in the way, then collect and publish. Gives the payload."""
    log.info("oaa-bitbucket %s exports %s", __version__, wanted.bitbucket.base_url)
    path = wanted.outputs.save_json
    # Files that are named by time are all different.
    alone = nullcontext() if path in {None, NAMED_BY_TIME} else only_writer(path)
    with alone:
        for each in (_named(path, wanted.data_source_name), wanted.outputs.summary, wanted.outputs.report):
            if each is not None:
                check_writable(each)
        return _collect_and_publish(wanted, outcome)


def _collect_and_publish(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """Collect, map, look at it twice, publish. Gives the payload."""
    outputs, guards = wanted.outputs, wanted.guards
    before = read_contents(guards.baseline) if guards.baseline else None
    veza = _connect(outputs.veza)
    with console.progress() as progress:
        outcome.snapshot = collect(wanted.bitbucket, progress, outcome.statistics)
    _check_gaps(outcome.snapshot.gaps, allowed=guards.allow_incomplete)
    payload = _mapped(outcome.snapshot)
    if before is not None:
        check_removal(before, contents(payload), guards.max_removal)
    if wanted.verify is not None:
        verify_export(wanted.verify, wanted.bitbucket, outcome.snapshot, payload, outcome.statistics)
    _publish(payload, wanted, veza, outcome)
    if wanted.bitbucket.resume is not None:
        remove_journal(wanted.bitbucket.resume)
    return payload


def _mapped(snapshot: Snapshot) -> dict[str, Any]:
    """Map a snapshot, without Python looking for garbage meanwhile: what is made is kept, and there are millions of it.

    Looking through all of it again and again takes as long as making it.
    """
    gc.disable()
    try:
        payload: dict[str, Any] = application(snapshot).get_payload()
    finally:
        gc.enable()
    return payload


def _connect(settings: VezaSettings | None) -> Veza | None:
    return None if settings is None else _interruptible(lambda: connect(settings))


def _check_gaps(gaps: tuple[Gap, ...], *, allowed: bool) -> None:
    if not gaps:
        return
    needed = [gap for gap in gaps if not gap.optional]
    allowed = allowed or not needed
    level = logging.WARNING if allowed else logging.ERROR
    width = max(len(f"{gap.scope}: {gap.missing}") for gap in gaps)
    log.log(level, "could not be read, and why:")
    for gap in gaps:
        log.log(level, "  %s  %s", f"{gap.scope}: {gap.missing}".ljust(width), gap.reason)
    if not allowed:
        raise IncompleteError(
            f"{len(needed)} of the things that decide about access could not be read, so nothing is published: "
            "what is missing would look like access that was removed. Mend what is listed above, or publish "
            "the rest, marked as incomplete, with --allow-incomplete"
        )


def _publish(payload: dict[str, Any], wanted: Export, veza: Veza | None, outcome: Outcome) -> None:
    outputs = wanted.outputs
    path = _named(outputs.save_json, wanted.data_source_name)
    if outputs.dry_run:
        if veza is not None:
            _interruptible(lambda: veza.check_size(payload))
        outcome.dry_run = _what_would_be(path, wanted)
        return
    if path is not None:
        size = save_json(payload, path)
        outcome.published.append(
            {"to": "file", "path": str(path), "bytes": size, "said": f"saved {path} ({_size(size)})"}
        )
    if veza is not None:
        _push(payload, veza, path, outcome)
    if outputs.report is not None:
        said = _save_page(page(load(payload)), outputs.report)
        outcome.published.append({"to": "report", "path": str(outputs.report), "said": f"saved the report {said}"})


def _push(payload: dict[str, Any], veza: Veza, saved: Path | None, outcome: Outcome) -> None:
    kept = f" The export is saved in {saved}." if saved else ""
    try:
        result = _interruptible(lambda: veza.push(payload))
    except VezaError as error:
        raise VezaError(f"{str(error).rstrip('.')}.{kept} Once this is mended, run again") from error
    except Interrupted:
        log.warning("the push was under way: whether Veza took it is not known, and the next one replaces it.%s", kept)
        raise
    outcome.veza_warnings = fold_warnings(result.warnings)
    for line in outcome.veza_warnings:
        log.warning("Veza: %s", line)
    said = f'pushed to provider "{result.provider}", data source "{result.data_source}" in Veza'
    outcome.published.append(
        {
            "to": "veza",
            "provider": result.provider,
            "data_source": result.data_source,
            "bytes": result.json_size,
            "said": f"{said} ({_size(result.json_size)}, {len(result.warnings)} warnings)",
        }
    )


def _what_would_be(path: Path | None, wanted: Export) -> str:
    veza = wanted.outputs.veza
    places = [f"saved in {each}" for each in (path, wanted.outputs.report) if each]
    if veza is not None:
        places.append(f'pushed to {veza.url}, provider "{veza.provider_name}", data source "{veza.data_source_name}"')
    return f"dry run, so not {' and not '.join(places)}"


def _named(path: Path | None, data_source_name: str) -> Path | None:
    if path != NAMED_BY_TIME:
        return path
    return Path(f"{data_source_name}-{time.strftime('%Y%m%d-%H%M%S')}.json")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"  # noqa: PLR2004 - a million is a million


def _interruptible(work: Callable[[], T]) -> T:
    """Do something in another thread: this one hears signals while that one waits for a name or an answer."""
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def do() -> None:
        try:
            results.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            results.put((None, error))

    threading.Thread(target=do, daemon=True).start()
    result, error = results.get()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
