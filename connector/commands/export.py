"""The command `export`: where collecting, publishing and the guards between them meet. Prints nothing."""

from __future__ import annotations

import gc
import logging
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from connector import __version__
from connector.cli.signals import interruptible
from connector.commands import terminal as console
from connector.commands.check import verify_export
from connector.commands.outcome import Outcome
from connector.commands.report import save_page
from connector.commands.terminal import size_in_words
from connector.config import NAMED_BY_TIME, Export
from connector.errors import IncompleteError, Interrupted, PushUnsettled, VezaError
from connector.files import check_writable, only_writer, save_json
from connector.graph.payload import load
from connector.model import Gap, Snapshot
from connector.oaa.mapping import application
from connector.oaa.shrink_guard import check_removal, contents, read_contents
from connector.outputs.veza.push import Veza, VezaSettings, connect, fold_warnings, only_pusher
from connector.review.report.page import page
from connector.sources.datacenter import collect, remove_journal

log = logging.getLogger(__name__)


def export(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """See that nothing is in the way, then collect and publish. Gives the payload."""
    log.info("oaa-bitbucket %s exports %s", __version__, wanted.bitbucket.base_url)
    path, veza = wanted.outputs.save_json, wanted.outputs.veza
    # Files that are named by time are all different.
    alone = nullcontext() if path in {None, NAMED_BY_TIME} else only_writer(path)
    with alone, nullcontext() if veza is None or wanted.outputs.dry_run else only_pusher(veza):
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


def _connect(settings: VezaSettings | None) -> Veza | None:
    return None if settings is None else interruptible(lambda: connect(settings))


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


def _check_gaps(gaps: tuple[Gap, ...], *, allowed: bool) -> None:
    if not gaps:
        return
    needed = [gap for gap in gaps if not gap.optional]
    allowed = allowed or not needed
    level = logging.WARNING if allowed else logging.ERROR
    width = max(len(gap.name) for gap in gaps)
    log.log(level, "could not be read, and why:")
    for gap in gaps:
        log.log(level, "  %s  %s", gap.name.ljust(width), gap.reason)
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
            interruptible(lambda: veza.check_size(payload))
        outcome.dry_run = _what_would_be(path, wanted)
        return
    if path is not None:
        size = save_json(payload, path)
        outcome.published.append(
            {"to": "file", "path": str(path), "bytes": size, "said": f"saved {path} ({size_in_words(size)})"}
        )
    if veza is not None:
        _push(payload, veza, path, outcome)
    if outputs.report is not None:
        said = save_page(page(load(payload)), outputs.report)
        outcome.published.append({"to": "report", "path": str(outputs.report), "said": f"saved the report {said}"})


def _push(payload: dict[str, Any], veza: Veza, saved: Path | None, outcome: Outcome) -> None:
    kept = f" The export is saved in {saved}." if saved else ""
    try:
        result = interruptible(lambda: veza.push(payload))
    except VezaError as error:
        outcome.unsettled = isinstance(error, PushUnsettled)
        end = "" if str(error).endswith((".", "?")) else "."
        raise VezaError(f"{error}{end}{kept} Once this is mended, run again") from error
    except Interrupted:
        outcome.unsettled = True
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
            "said": f"{said} ({size_in_words(result.json_size)}, {len(result.warnings)} warnings)",
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
