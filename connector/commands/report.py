"""The command `report`: its options, and the page that it makes of saved exports. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from connector.commands.diff_across import Servers, add_mapping_options, matching_of
from connector.commands.shared.options import Parser
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.page import findings_without, save_page
from connector.errors import UsageError
from connector.files import check_writable
from connector.graph.payload import collector_paused, load
from connector.review.across.comparison import ServerComparison
from connector.review.findings.accepted import read_accepted
from connector.review.report import across
from connector.review.report.page import page

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """One page about an export; with `baseline`, also about what changed since that one.

    `accepted` is a file of findings that somebody has accepted.
    """

    export: Path
    output: Path
    baseline: Path | None
    accepted: Path | None = None
    across: Servers | None = None
    """The exports of two servers, where the page is about the same access on both."""


_DESCRIPTION = """\
Make one page about a saved export that people can read: the state in figures, findings and why they matter, a
picture of access, and a search with every reason. The page works from disk and contacts no server: mail it, or
put it where its readers are. Needs no network and no credentials.
"""

_EXAMPLES = """\
examples:
  A page, and one that also tells what changed since last month:
    %(prog)s export.json -o access.html
    %(prog)s export.json -o access.html --baseline last-month.json

  The same, with what was looked at set apart until a day:
    %(prog)s export.json -o access.html --accepted accepted.csv

accepted.csv has the columns finding, subject, until, why and by:
    finding,subject,until,why,by
    public,OSS,2027-03-31,open source on purpose,Jane Doe
The page says what to write for finding and subject: save the CSV of a finding. An acceptance counts up to and
including its day; then the finding is open again.

  After a migration: who reaches more or less than on the server that was left?
    %(prog)s new-server.json -o migration.html --across old-server.json --people people.csv

exit codes: 0 done; 2 a file cannot be read; 5 the page could not be written.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `report`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("export", type=parser.path, metavar="EXPORT", help="a saved export, or another OAA payload")
    parser.result(parser, "-o", "--output", required=True, help="where the page goes")
    parser.add_argument(
        "--baseline", type=parser.path, metavar="OLD", help="an earlier export: tell what changed since"
    )
    parser.add_argument(
        "--accepted", type=parser.path, metavar="FILE", help="CSV of findings that somebody has accepted"
    )
    group = parser.add_argument_group("two servers: before and after a migration")
    group.add_argument(
        "--across",
        type=parser.path,
        metavar="OLD",
        help="an export of the server before: a page about who gains and who loses what, as diff --across",
    )
    add_mapping_options(group, parser)


def read(options: argparse.Namespace) -> Report:
    """Read the options of `report`. Raises `UsageError`."""
    if options.across is None:
        if options.people or options.repositories:
            raise UsageError("--people and --repositories are for exports of two servers: add --across OLD")
        return Report(options.export, options.output, options.baseline, options.accepted)
    if options.baseline or options.accepted:
        raise UsageError("--baseline and --accepted are about one server, --across about two: make two pages")
    servers = Servers(options.across, options.export, options.people, options.repositories)
    return Report(options.export, options.output, None, across=servers)


def run(wanted: Report, _outcome: Outcome) -> int:
    """Write the page about a saved export."""
    check_writable(wanted.output)
    log.info("saved the report %s", save_page(page_of(wanted), wanted.output))
    return 0


def page_of(wanted: Report) -> str:
    """Make the page. Raises `ReviewError` for an export, `UsageError` for a file of accepted findings or a mapping."""
    if wanted.across is not None:
        matching = matching_of(wanted.across)
        with collector_paused():
            return across.page(ServerComparison(matching))
    acceptances = None if wanted.accepted is None else read_accepted(wanted.accepted)
    baseline = None if wanted.baseline is None else load(wanted.baseline)
    export = load(wanted.export)
    return page(export, baseline, findings_without(acceptances, export))
