"""The command `diff`: what changed between two saved exports. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.commands import diff_across
from connector.commands.diff_across import Across, FailOn
from connector.commands.shared import terminal
from connector.commands.shared.options import Parser, add_formats
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.terminal import Screen
from connector.graph.payload import collector_paused, load
from connector.review.diff import render
from connector.review.diff.difference import Difference
from connector.review.text.formats import Format

log = logging.getLogger(__name__)

EXIT_CHANGED = 4
"""There is the change that `--fail-on` names."""

_LINES_OF_A_PARAGRAPH = 25


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two exports."""

    old: Path
    new: Path
    fail_on: FailOn | None
    format: Format
    everything: bool


_DESCRIPTION = """\
Say what changed between two saved exports, and what it means: who gained or lost access to what. Needs no
network and no credentials. Things are compared by their ids, so that a rename is a rename.

With --across the two are of different servers, before and after a migration: people are matched by e-mail address
or user name, repositories by project key and slug, and what is compared is who can read, write and administer what.
"""

_EXAMPLES = """\
examples:
  What happened since yesterday?
    %(prog)s yesterday.json today.json

  For a ticket, and for a job that fails when somebody gained access:
    %(prog)s yesterday.json today.json --markdown --fail-on gained

  Does everybody still reach what they reached on the server we left, and nobody more?
    %(prog)s old-server.json new-server.json --across

  People that could not be matched: write a file, complete it, use it:
    %(prog)s old-server.json new-server.json --across --write-people people.csv
    %(prog)s old-server.json new-server.json --across --people people.csv

exit codes: 0 compared; 2 a file cannot be read; 4 --fail-on found the change that it names, or with --across cannot
rule it out, because an export is incomplete.
gained: a user reaches something at a higher level than before (new users and new resources included), was
activated again, or got a right without a level, such as to create projects. With --across, rights without a level
and people and repositories of one server only do not count; the right to create repositories counts as write.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `diff`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("old", type=parser.path, metavar="OLD", help="the earlier export")
    parser.add_argument("new", type=parser.path, metavar="NEW", help="the later one")
    parser.add_argument(
        "--fail-on",
        choices=list(FailOn),
        help="exit 4 where somebody gained access, lost some (with --across), or on any change",
    )
    diff_across.add_options(parser)
    rows = "with --across, for spreadsheets: a row for each person and repository"
    add_formats(parser, Format.JSON, Format.MARKDOWN, Format.CSV, csv=rows)


def read(options: argparse.Namespace) -> Comparison | Across:
    """Read the options of `diff`. Raises `UsageError`."""
    if two_servers := diff_across.read(options):
        return two_servers
    fail_on = FailOn(options.fail_on) if options.fail_on else None
    return Comparison(options.old, options.new, fail_on, options.format, options.all)


def run(wanted: Comparison | Across, _outcome: Outcome) -> int:
    """Say what changed, on standard output. Raises `ReviewError` for a file that cannot be read."""
    if isinstance(wanted, Across):
        return diff_across.run(wanted)
    difference = Difference(load(wanted.old), load(wanted.new))
    with collector_paused():
        is_changed = difference.is_changed
    terminal.write(_lines(wanted, difference, terminal.screen()))
    if wanted.fail_on is FailOn.GAINED and difference.gained:
        log.error("somebody gained access")
        return EXIT_CHANGED
    if wanted.fail_on is FailOn.ANY and is_changed:
        log.error("there are changes")
        return EXIT_CHANGED
    # A job that fails on changes must not take for unchanged what was not compared.
    for limit in difference.limits if wanted.fail_on else ():
        log.warning("could not be compared: %s", limit)
    return 0


def _lines(wanted: Comparison, difference: Difference, screen: Screen) -> Iterable[str]:
    most = None if wanted.everything else _LINES_OF_A_PARAGRAPH
    match wanted.format:
        case Format.JSON:
            return render.as_json(difference)
        case Format.MARKDOWN:
            return render.as_markdown(difference, most)
        case _:
            return render.as_text(difference, screen.width, most if screen.is_terminal else None)
