"""The command `export`: collect, check the guards, publish. Prints nothing."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector import __version__
from connector.commands.shared import terminal
from connector.commands.shared.incomplete_guard import check_gaps
from connector.commands.shared.options import Parser, number
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.publishing import Outputs, add_output_options, connected, publish, read_outputs
from connector.commands.shared.source_settings import add_pace_options, add_source_options, read_bitbucket
from connector.commands.shared.verification import Verify, add_verify_options, read_verify, verify_export
from connector.commands.shared.veza_settings import add_name_options
from connector.errors import ConnectorError, Interrupted, UsageError
from connector.files import check_writable
from connector.graph.export import Export as Payload
from connector.graph.payload import collector_paused, load
from connector.graph.values import ReviewError
from connector.oaa.mapping import application
from connector.oaa.shrink_guard import check_removal, contents, read_contents
from connector.outputs.veza.push import only_pusher
from connector.rest.journal import remove_journal
from connector.sources.common.settings import DEFAULT_RESUME_MAX_AGE
from connector.sources.common.source import Source

log = logging.getLogger(__name__)

DEFAULT_MAX_REMOVAL = 20.0


@dataclass(frozen=True, slots=True)
class Guards:
    """What must hold before anything is published. `max_removal` is in percent."""

    allow_incomplete: bool = False
    baseline: Path | None = None
    max_removal: float = DEFAULT_MAX_REMOVAL


@dataclass(frozen=True, slots=True)
class Export:
    """Collect, then save and/or push."""

    source: Source[Any]
    guards: Guards
    outputs: Outputs
    verify: Verify | None = None


_EXPORT_EXAMPLES = """\
examples:
  Save who can reach what in a file, without Veza:
    export BITBUCKET_USER=admin BITBUCKET_TOKEN=...
    %(prog)s --bitbucket-url https://bitbucket.example.com --save-json export.json

  Every night from cron, with the settings in a file that only its owner can read; refuses to publish
  when more than a fifth of what the last export had would disappear:
    %(prog)s --env-file /etc/oaa-bitbucket.env --save-json exports --keep 30 --baseline exports/latest.json

  The same for a workspace of Bitbucket Cloud:
    export BITBUCKET_EMAIL=export@example.com BITBUCKET_TOKEN=...
    %(prog)s --workspace acme --save-json acme.json

  Try it offline, without a Bitbucket:
    %(prog)s demo
    %(prog)s demo --cloud

secrets are read from the environment or the env file only:
  BITBUCKET_TOKEN          HTTP access token, or the password where BITBUCKET_USER is set
  BITBUCKET_USER           user name for basic authentication; global permissions can only be read in this way
  VEZA_API_KEY             API key of Veza
for Bitbucket Cloud, one of these pairs:
  BITBUCKET_EMAIL          Atlassian address of the account whose API token BITBUCKET_TOKEN is
  BITBUCKET_CLIENT_ID,     key and secret of an OAuth consumer
  BITBUCKET_CLIENT_SECRET

exit codes:
  0 done                                 4 something could not be read, or a guard refused to publish
  2 usage or configuration               5 Veza refused or is unreachable, or the file could not be written
  3 Bitbucket is unreachable, refuses    130, 143 interrupted, terminated
    the credentials, or makes no sense   1 a bug of this program
  On 1 to 4 nothing was published; 5 says what was.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `export`."""
    parser.description = (
        "Export who can reach what in a self-hosted Bitbucket or in Bitbucket Cloud, and why, to a file or to Veza."
    )
    parser.epilog = _EXPORT_EXAMPLES
    parser.reads_environment = True
    add_source_options(parser)
    add_output_options(parser)
    _add_guard_options(parser)
    _add_resume_options(parser)
    add_pace_options(parser)
    add_name_options(parser)


def read(options: argparse.Namespace) -> Export:
    """Read what is exported, where to, and what must hold before. Raises `UsageError`."""
    bitbucket = read_bitbucket(options, options.resume, options.resume_max_age)
    return Export(bitbucket.source, _guards(options), read_outputs(options, bitbucket), read_verify(options))


def _add_resume_options(parser: Parser) -> None:
    group = parser.add_argument_group("resuming a run")
    group.add_argument(
        "--resume",
        type=parser.path,
        metavar="FILE",
        help="keep finished answers in this file, and go on from it where there is one; removed when all went well",
    )
    parser.setting(
        group,
        "--resume-max-age HOURS",
        number(0),
        f"start anew where the file is older (default {DEFAULT_RESUME_MAX_AGE:g})",
        DEFAULT_RESUME_MAX_AGE,
    )


def _add_guard_options(parser: Parser) -> None:
    group = parser.add_argument_group("guards")
    group.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="publish although something could not be read; the export says what",
    )
    group.add_argument(
        "--baseline",
        type=parser.path,
        metavar="FILE",
        help="compare with this earlier export, and refuse to publish when too much would disappear; "
        "may be the file of --save-json, and may not exist yet",
    )
    parser.setting(
        group,
        "--max-removal PERCENT",
        number(0, 100),
        "how much of the baseline's users, groups, memberships, projects, repositories or grants may disappear "
        "(default 20)",
    )
    add_verify_options(parser, group)


def _guards(options: argparse.Namespace) -> Guards:
    if options.max_removal is None:
        return Guards(options.allow_incomplete, options.baseline)
    if options.baseline is None:
        raise UsageError("--max-removal needs --baseline: name the export to compare with")
    return Guards(options.allow_incomplete, options.baseline, options.max_removal)


def run(wanted: Export, outcome: Outcome) -> int:
    """Collect and publish."""
    export(wanted, outcome)
    return 0


def export(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """Take the locks, check that results can be written, then collect and publish. Gives the payload."""
    outcome.is_export = True
    log.info("oaa-bitbucket %s exports %s", __version__, wanted.source.address)
    place, report = wanted.outputs.save_json, wanted.outputs.report
    veza = None if wanted.outputs.dry_run else wanted.outputs.veza
    with place.lock() if place else nullcontext(), only_pusher(veza) if veza else nullcontext():
        if place is not None:
            place.check()
        if report is not None:
            check_writable(report)
        with _journal_mentioned(wanted.source.resume):
            return _collect_and_publish(wanted, outcome)


@contextmanager
def _journal_mentioned(journal: Path | None) -> Iterator[None]:
    """Log that the journal keeps the answers if the run fails. After a `UsageError` the journal is of another run."""
    try:
        yield
    except UsageError:
        raise
    except (ConnectorError, Interrupted):
        if journal is not None and journal.exists():
            log.warning("the answers so far are kept in %s: the same command goes on from them", journal)
        raise


def _collect_and_publish(wanted: Export, outcome: Outcome) -> dict[str, Any]:
    """Collect, map, check the guards, publish. Gives the payload."""
    outputs, guards = wanted.outputs, wanted.guards
    before = read_contents(guards.baseline) if guards.baseline else None
    veza = connected(outputs.veza)
    with terminal.progress(bar=outcome.bar) as progress:
        outcome.snapshot = wanted.source.collect(progress, outcome.statistics)
    check_gaps(outcome.snapshot.gaps, allowed=guards.allow_incomplete)
    with collector_paused():
        payload: dict[str, Any] = application(outcome.snapshot).get_payload()
    if before is not None:
        check_removal(before, contents(payload), guards.max_removal)
    if wanted.verify is not None:
        verify_export(wanted.verify, wanted.source, outcome.snapshot, payload, outcome.statistics)
    publish(payload, outputs, _baseline_for_report(wanted) if before is not None else None, veza, outcome)
    if wanted.source.resume is not None:
        remove_journal(wanted.source.resume)
    return payload


def _baseline_for_report(wanted: Export) -> Payload | None:
    """Load the baseline for the report, before the export is saved, which may replace it."""
    if wanted.outputs.report is None or wanted.outputs.dry_run or wanted.guards.baseline is None:
        return None
    try:
        return load(wanted.guards.baseline)
    except ReviewError as error:
        log.warning("the report cannot say what changed: %s", error)
        return None
