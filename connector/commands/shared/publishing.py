"""Where an export goes: the options that say so, a file, Veza, a page. Knows no server that is read."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.commands.shared.destinations import File, History, NamedByTime, Place
from connector.commands.shared.options import Parser, whole
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.page import findings_without, save_page
from connector.commands.shared.source_settings import Bitbucket
from connector.commands.shared.terminal import size_in_words
from connector.commands.shared.veza_settings import add_veza_options, read_data_source_name, read_veza
from connector.errors import Interrupted, PushUnsettled, UsageError, VezaError
from connector.graph.export import Export as Payload
from connector.graph.payload import load
from connector.interruptible import interruptible
from connector.outputs.veza.push import Veza, VezaSettings, connect, fold_warnings
from connector.review.findings.accepted import read_accepted
from connector.review.findings.finding import Acceptance
from connector.review.report.page import page

log = logging.getLogger(__name__)

_NAMED_BY_TIME = object()
"""What `--save-json` without a path gives."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go."""

    save_json: Place | None = None
    veza: VezaSettings | None = None
    report: Path | None = None
    accepted: Sequence[Acceptance] | None = None
    """Findings that somebody has accepted, for the report."""
    dry_run: bool = False


def add_output_options(parser: Parser) -> None:
    """Describe where results go."""
    group = parser.add_argument_group("where results go")
    group.add_argument(
        "--save-json",
        nargs="?",
        const=_NAMED_BY_TIME,
        type=parser.path,
        metavar="PATH",
        help="save the export; without PATH in the current folder, named by data source and time. "
        "While one run is at work on a PATH, a second one ends at once, with code 4",
    )
    parser.setting(
        group,
        "--keep N",
        whole(1),
        "keep the last N exports: PATH is a folder then, where they are named by time, and latest.json is the newest",
    )
    add_veza_options(parser, group)
    parser.result(
        group,
        "--report",
        help="write a page about the export, as the command report does; with --baseline it says what changed",
    )
    group.add_argument("--accepted", type=parser.path, metavar="FILE", help="with --report: CSV of accepted findings")
    group.add_argument(
        "--dry-run", action="store_true", help="do everything but publish, and say what would have been published"
    )


def read_outputs(options: argparse.Namespace, bitbucket: Bitbucket) -> Outputs:
    """Read where results go. Raises `UsageError` where that is nowhere."""
    veza = read_veza(options, bitbucket)
    if veza is None and options.save_json is None and options.report is None:
        raise UsageError("there is nothing to do: name a file with --save-json, or set VEZA_URL and VEZA_API_KEY")
    return Outputs(_place(options, bitbucket), veza, options.report, _accepted(options), options.dry_run)


def _accepted(options: argparse.Namespace) -> Sequence[Acceptance] | None:
    if options.accepted is None:
        return None
    if options.report is None:
        raise UsageError("--accepted is about the findings of a report: add --report PATH")
    return read_accepted(options.accepted)


def _place(options: argparse.Namespace, bitbucket: Bitbucket) -> Place | None:
    path = options.save_json
    if options.keep is not None:
        if path in (None, _NAMED_BY_TIME):
            raise UsageError("--keep needs a folder: --save-json FOLDER --keep N")
        history = History(path, options.keep)
        for name in ("report", "summary", "metrics", "resume"):
            if history.holds(getattr(options, name)):
                raise UsageError(f"--{name} names a file that --keep gives to exports; choose another name")
        return history
    if path is _NAMED_BY_TIME:
        return NamedByTime(read_data_source_name(options, bitbucket))
    return None if path is None else File(path)


def connected(settings: VezaSettings | None) -> Veza | None:
    """See whether Veza takes the key, before Bitbucket is asked. Raises `VezaError`."""
    return None if settings is None else interruptible(lambda: connect(settings))


def publish(
    payload: dict[str, Any], outputs: Outputs, earlier: Payload | None, veza: Veza | None, outcome: Outcome
) -> None:
    """Save, push, and make the page, in this order. Raises `SaveError` and `VezaError`."""
    if outputs.dry_run:
        if veza is not None:
            interruptible(lambda: veza.check_size(payload))
        outcome.dry_run = _what_would_be(outputs)
        return
    path = None
    if outputs.save_json is not None:
        path, size = outputs.save_json.save(payload)
        outcome.published.append(
            {"to": "file", "path": str(path), "bytes": size, "said": f"saved {path} ({size_in_words(size)})"}
        )
    if veza is not None:
        _push(payload, veza, path, outcome)
    if outputs.report is not None:
        export = load(payload)
        said = save_page(page(export, earlier, findings_without(outputs.accepted, export)), outputs.report)
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


def _what_would_be(outputs: Outputs) -> str:
    veza, path = outputs.veza, outputs.save_json and outputs.save_json.next()
    places = [f"saved in {each}" for each in (path, outputs.report) if each]
    if veza is not None:
        places.append(f'pushed to {veza.url}, provider "{veza.provider_name}", data source "{veza.data_source_name}"')
    return f"dry run, so not {' and not '.join(places)}"
