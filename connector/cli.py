"""Commands, logging and exit codes. Where collecting and publishing meet, and what ends the process."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any, TypeVar, assert_never

from connector import config, console
from connector.collect import Credentials, Settings, collect
from connector.config import NAMED_BY_TIME, Demo, Export, Guards, LogFormat, Outputs
from connector.demo.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.demo.server import EmbeddedBitbucket
from connector.errors import ConnectorError, IncompleteError, Interrupted, VezaError
from connector.model import Gap
from connector.outcome import Outcome
from connector.publish.baseline import check_removal, contents, read_contents
from connector.publish.files import check_writable, save_json, whole_file
from connector.publish.mapping import application
from connector.publish.veza import Veza, VezaSettings, connect, fold_warnings
from connector.review.payload import load
from connector.review.second_look import second_look

log = logging.getLogger(__name__)

T = TypeVar("T")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says, and give the exit code of the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        wanted = config.read(sys.argv[1:] if argv is None else argv)
    except ConnectorError as error:
        sys.stderr.write(f"oaa_bitbucket.py: {error}\n")
        return error.exit_code
    except Interrupted as interrupted:
        return interrupted.exit_code
    console.set_up_logging(debug=wanted.debug, as_json=wanted.log_format is LogFormat.JSON)
    return _run(wanted.wanted)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # A second signal while the first one is answered changes nothing any more.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


def _run(wanted: Export | Demo) -> int:
    outcome = Outcome()
    with _ending_well(outcome):
        match wanted:
            case Export():
                _export(wanted, outcome)
            case Demo():
                _demo(wanted, outcome)
            case _:
                assert_never(wanted)
    log.info("%s", outcome.line())
    if isinstance(wanted, Export) and wanted.outputs.summary is not None:
        with _ending_well(outcome), whole_file(wanted.outputs.summary) as file:
            json.dump(outcome.summary(), file, indent=2)
    return outcome.exit_code


@contextmanager
def _ending_well(outcome: Outcome) -> Iterator[None]:
    """Turn whatever ends the run early into a line of the log and an exit code."""
    try:
        yield
    except ConnectorError as error:
        log.error("%s", error)  # noqa: TRY400 - a person reads what happened, not where in the code
        outcome.error, outcome.exit_code = str(error), error.exit_code
    except Interrupted as interrupted:
        name = signal.Signals(interrupted.args[0]).name
        log.error("ended by %s; nothing half written remains", name)  # noqa: TRY400 - likewise
        outcome.error, outcome.exit_code = "interrupted", interrupted.exit_code
    except Exception as error:
        log.exception("this is a bug of the connector; please report it with these lines")
        outcome.error, outcome.exit_code = f"bug: {type(error).__name__}", 1


def _demo(wanted: Demo, outcome: Outcome) -> None:
    """Export the embedded Bitbucket by the ordinary code, and show what is worth a second look."""
    with EmbeddedBitbucket(sample_organisation()) as server:
        log.info("a small Bitbucket listens at %s", server.base_url)
        settings = Settings(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER))
        payload = _export(Export(settings, "demo", Guards(), Outputs(save_json=wanted.save_json)), outcome)
    console.show_findings(second_look(load(payload)))


def _export(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """Collect, map, look at it twice, publish. Gives the payload."""
    outputs, guards = wanted.outputs, wanted.guards
    for path in (outputs.save_json, outputs.summary):
        if path is not None and path != NAMED_BY_TIME:
            check_writable(path)
    before = read_contents(guards.baseline) if guards.baseline else None
    veza = _connect(outputs.veza)
    with console.progress() as progress:
        outcome.snapshot = collect(wanted.bitbucket, progress, outcome.statistics)
    _check_gaps(outcome.snapshot.gaps, allowed=guards.allow_incomplete)
    payload: dict[str, Any] = application(outcome.snapshot).get_payload()
    if before is not None:
        check_removal(before, contents(payload), guards.max_removal)
    _publish(payload, wanted, veza, outcome)
    return payload


def _connect(settings: VezaSettings | None) -> Veza | None:
    return None if settings is None else _interruptible(lambda: connect(settings))


def _check_gaps(gaps: tuple[Gap, ...], *, allowed: bool) -> None:
    if not gaps:
        return
    level = logging.WARNING if allowed else logging.ERROR
    width = max(len(f"{gap.scope}: {gap.missing}") for gap in gaps)
    log.log(level, "could not be read:")
    for gap in gaps:
        log.log(level, "  %s  %s", f"{gap.scope}: {gap.missing}".ljust(width), gap.reason)
    if not allowed:
        raise IncompleteError(
            f"{len(gaps)} of the things that decide about access could not be read, so nothing is published: "
            "what is missing would look like access that was removed. Mend what is listed above, or publish "
            "the rest, marked as incomplete, with --allow-incomplete"
        )


def _publish(payload: dict[str, Any], wanted: Export, veza: Veza | None, outcome: Outcome) -> None:
    outputs = wanted.outputs
    path = _named(outputs.save_json, wanted.data_source_name)
    if outputs.dry_run:
        _say_what_would_be(path, wanted, outcome)
        return
    if path is not None:
        size = save_json(payload, path)
        outcome.published.append(
            {"to": "file", "path": str(path), "bytes": size, "said": f"saved {path} ({_size(size)})"}
        )
    if veza is not None:
        _push(payload, veza, path, outcome)


def _push(payload: dict[str, Any], veza: Veza, saved: Path | None, outcome: Outcome) -> None:
    try:
        result = _interruptible(lambda: veza.push(payload))
    except VezaError as error:
        raise VezaError(f"{error}. The export is saved in {saved}" if saved else str(error)) from error
    outcome.veza_warnings = list(result.warnings)
    for line in fold_warnings(result.warnings):
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


def _say_what_would_be(path: Path | None, wanted: Export, outcome: Outcome) -> None:
    veza = wanted.outputs.veza
    places = [f"saved in {path}"] if path else []
    if veza is not None:
        places.append(f'pushed to {veza.url}, provider "{veza.provider_name}", data source "{veza.data_source_name}"')
    outcome.published.append({"to": "dry run", "said": f"dry run, so not {' and not '.join(places)}"})


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
