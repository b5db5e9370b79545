"""The command `report`: its options, and the page that it makes of saved exports. Contacts nobody."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from connector.commands.options import Parser
from connector.commands.outcome import Outcome
from connector.commands.terminal import size_in_words
from connector.files import check_writable, whole_file
from connector.graph.payload import load
from connector.review.report.page import page

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """One page about an export; with `baseline`, about what changed since that one, too."""

    export: Path
    output: Path
    baseline: Path | None


_DESCRIPTION = """\
Make one page about a saved export that people can read: the state in figures, what deserves a second look and
why, a picture of access, and a search with every reason. The page works from disk and asks no server for
anything; mail it, or put it where its readers are. Needs no network and no credentials.
"""

_EXAMPLES = """\
examples:
  A page, and one that also tells what changed since last month:
    %(prog)s export.json -o access.html
    %(prog)s export.json -o access.html --baseline last-month.json

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


def read(options: argparse.Namespace) -> Report:
    """Read the options of `report`."""
    return Report(options.export, options.output, options.baseline)


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
    """Make the page. Raises `ReviewError` for a file that cannot be read."""
    baseline = None if wanted.baseline is None else load(wanted.baseline)
    return page(load(wanted.export), baseline)
