"""The command `check`: what the credentials can see, and what to do about the rest."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
from dataclasses import dataclass
from typing import Any

from connector.commands import check_table
from connector.commands.shared import terminal
from connector.commands.shared.options import Parser
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.source_settings import add_pace_options, add_source_options, read_bitbucket
from connector.commands.shared.verification import Verify, add_verify_options, compare, read_verify
from connector.commands.shared.veza_settings import add_name_options, add_veza_options, read_veza
from connector.errors import ConnectorError, VezaError
from connector.interruptible import interruptible
from connector.oaa.mapping import application
from connector.outputs.veza.push import VezaSettings, connect
from connector.rest.statistics import Statistics
from connector.review.verify import RepositoryVerification
from connector.sources.common.check.report import Mark, Report, Step, Verdict
from connector.sources.common.source import Source

log = logging.getLogger(__name__)

_DIFFER = "what the export says where it differs from Bitbucket"


@dataclass(frozen=True, slots=True)
class Check:
    """Find out what these settings can read, and how to get the missing rights. Publishes nothing."""

    source: Source[Any]
    veza: VezaSettings | None
    verify: Verify | None
    as_json: bool


_CHECK_DESCRIPTION = """\
Finds out in some dozens of requests whether an export with these settings can run, what it would lack,
and what to do about it. Publishes nothing, neither in a file nor to Veza.
"""

_CHECK_EPILOG = """\
settings are those of an export: BITBUCKET_URL, BITBUCKET_TOKEN, BITBUCKET_USER, or for Bitbucket Cloud
BITBUCKET_WORKSPACE with BITBUCKET_EMAIL and BITBUCKET_TOKEN or with BITBUCKET_CLIENT_ID and
BITBUCKET_CLIENT_SECRET; and for Veza VEZA_URL, VEZA_API_KEY

exit codes:
  0 full: an export sees everything      3 an export cannot run
  4 limited: an export lacks something   2 usage or configuration
    or --verify found a difference
"""


def add_options(parser: Parser) -> None:
    """Add the options of `check`."""
    parser.description, parser.epilog = _CHECK_DESCRIPTION, _CHECK_EPILOG
    parser.reads_environment = True
    add_source_options(parser)
    add_veza_options(parser, parser.add_argument_group("Veza, whose key is tried where it is set"))
    group = parser.add_argument_group("check")
    add_verify_options(parser, group)
    group.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    add_pace_options(parser)
    add_name_options(parser)


def read(options: argparse.Namespace) -> Check:
    """Read what is checked. Raises `UsageError`."""
    bitbucket = read_bitbucket(options)
    return Check(bitbucket.source, read_veza(options, bitbucket), read_verify(options), options.json)


def run(wanted: Check, _outcome: Outcome) -> int:
    """Say on standard output what an export with these settings could do."""
    log.info("checking %s", wanted.source.address)
    report = interruptible(lambda: run_check(wanted))
    if wanted.as_json:
        terminal.write([json.dumps(report.as_json(), indent=2)])
    else:
        screen = terminal.screen()
        terminal.write(check_table.as_table(report, screen.width, coloured=screen.is_coloured))
    return report.verdict.exit_code


class _NoProgress:
    """Progress that is not shown."""

    def expect(self, scopes: int) -> None:
        """See `rest.progress.Progress`."""

    def done(self) -> None:
        """See `rest.progress.Progress`."""

    def remaining(self, seconds: float) -> None:
        """See `rest.progress.Progress`."""


def run_check(wanted: Check) -> Report:
    """Check Bitbucket, then Veza, then, where asked for, some repositories against Bitbucket's own answers."""
    statistics = Statistics()
    report = wanted.source.check()
    steps = [*report.steps, _veza(wanted.veza)]
    if wanted.verify is not None and report.verdict is not Verdict.CANNOT_RUN:
        steps.append(_verified(wanted.verify, wanted.source, report, statistics))
    return dataclasses.replace(report, steps=tuple(steps), requests=report.requests + statistics.requests)


def _veza(settings: VezaSettings | None) -> Step:
    if settings is None:
        return Step("Veza", Mark.SKIPPED, "VEZA_URL and VEZA_API_KEY are not set: nothing to check")
    asked = f"{settings.url}, provider {settings.provider_name}"
    try:
        connect(settings)
    except VezaError as error:
        return Step("Veza", Mark.FAILED, str(error), asked)
    return Step("Veza", Mark.OK, "Veza accepts the API key; nothing was pushed", asked, "200")


def _verified(wanted: Verify, source: Source[Any], report: Report, statistics: Statistics) -> Step:
    """Collect what some repositories need, map it as an export does, and compare."""
    size = report.facts["repositories"]
    seed = wanted.seed_or_random()
    try:
        snapshot = source.collect_some(
            _NoProgress(),
            statistics,
            count=wanted.count,
            seed=seed,
            repository_count=size["at_most"] or size["at_least"],
        )
        payload: dict[str, Any] = application(snapshot).get_payload()
        comparisons = compare(wanted.count, seed, source, snapshot, payload, statistics)
    except ConnectorError as error:
        lacks = "the proof that it equals Bitbucket's own answer"
        return Step("verify", Mark.LIMITED, f"it could not be verified: {error}", f"--verify-seed {seed}", lacks=lacks)
    return _step_of(comparisons, seed)


def _step_of(comparisons: list[RepositoryVerification], seed: int) -> Step:
    asked = f"for each who holds a permission in effect; --verify-seed {seed}"
    lines = [line for each in comparisons for line in each.lines]
    if not any(each.differences for each in comparisons):
        return Step("verify", Mark.OK, "\n".join(lines) or "there is no repository to verify", asked)
    advice = "run again with the same --verify-seed; if the same people differ, please report it with these lines"
    return Step("verify", Mark.LIMITED, "\n".join(lines), asked, advice=advice, lacks=_DIFFER)
