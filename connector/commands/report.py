"""The command `report`: its options, and the page that it makes of saved exports. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connector.commands.options import Parser
from connector.commands.outcome import Outcome
from connector.commands.terminal import size_in_words
from connector.files import check_writable, whole_file
from connector.graph.payload import load
from connector.review.findings.accepted import Reviewed, read_accepted, reviewed
from connector.review.findings.catalogue import findings_of
from connector.review.report.page import page
from connector.review.text.names import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """One page about an export; with `baseline`, also about what changed since that one.

    `accepted` is a file of findings that somebody has accepted.
    """

    export: Path
    output: Path
    baseline: Path | None
    accepted: Path | None


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

exit codes: 0 done; 2 a file cannot be read; 5 the page could not be written.
"""


def add_options(parser: Parser) -> None:
    """Describe `report`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("export", type=parser.path, metavar="EXPORT", help="a saved export, or another OAA payload")
    parser.result(parser, "-o", "--output", required=True, help="where the page goes")
    parser.add_argument(
        "--baseline", type=parser.path, metavar="OLD", help="an earlier export: tell what changed since"
    )
    parser.add_argument(
        "--accepted", type=parser.path, metavar="FILE", help="CSV of findings that somebody has accepted"
    )


def read(options: argparse.Namespace) -> Report:
    """Read the options of `report`."""
    return Report(options.export, options.output, options.baseline, options.accepted)


def run(wanted: Report, _outcome: Outcome) -> int:
    """Write the page about a saved export."""
    check_writable(wanted.output)
    log.info("saved the report %s", save_page(page_of(wanted), wanted.output))
    return 0


def save_page(text: str, path: Path) -> str:
    """Write a page; give its place and size."""
    with whole_file(path) as file:
        file.write(text)
    return f"{path} ({size_in_words(len(text.encode()))})"


def page_of(wanted: Report) -> str:
    """Make the page. Raises `ReviewError` or `UsageError` for a file that cannot be read."""
    acceptances = [] if wanted.accepted is None else read_accepted(wanted.accepted)
    baseline = None if wanted.baseline is None else load(wanted.baseline)
    export = load(wanted.export)
    findings = reviewed(findings_of(export), acceptances, datetime.now(UTC).date())
    if wanted.accepted is not None:
        _tell(findings)
    return page(export, baseline, findings)


def _tell(findings: Reviewed) -> None:
    open_ = sum(len(finding.places) for finding in findings.findings)
    log.info("findings: %s open, %s accepted", counted(open_, "place"), f"{findings.accepted:,}")
    if findings.returned:
        log.warning("expired acceptances: %s open again", counted(findings.returned, "place is", "places are"))
    for one in findings.unused:
        log.warning("line %d accepts nothing in this export: %s of %s", one.line, one.finding, one.subject)
