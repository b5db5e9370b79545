"""The command `diff`: what changed between two saved exports. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from connector.commands import terminal as console
from connector.commands.options import Parser, add_formats
from connector.commands.outcome import Outcome
from connector.commands.terminal import Screen
from connector.graph.payload import collector_paused, load
from connector.review.diff import render
from connector.review.diff.difference import Difference
from connector.review.text.formats import Format

log = logging.getLogger(__name__)

EXIT_CHANGED = 4
"""There is the change that `--fail-on` names."""

_LINES_OF_A_PARAGRAPH = 25


class FailOn(StrEnum):
    """Which change between two exports is a failure."""

    GAINED = "gained"
    ANY = "any"


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
"""

_EXAMPLES = """\
examples:
  What happened since yesterday?
    %(prog)s yesterday.json today.json

  For a ticket, and for a job that fails when somebody gained access:
    %(prog)s yesterday.json today.json --markdown --fail-on gained

exit codes: 0 compared; 2 a file cannot be read; 4 there is the change that --fail-on names.
gained: somebody reaches something at a higher level than before, new things and newcomers included, was
activated again, or got a right that has no level, such as to create projects.
"""


def add_options(parser: Parser) -> None:
    """Describe `diff`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("old", type=parser.path, metavar="OLD", help="the earlier export")
    parser.add_argument("new", type=parser.path, metavar="NEW", help="the later one")
    parser.add_argument("--fail-on", choices=list(FailOn), help="exit 4 where somebody gained access, or on any change")
    add_formats(parser, Format.JSON, Format.MARKDOWN)


def read(options: argparse.Namespace) -> Comparison:
    """Read the options of `diff`."""
    fail_on = FailOn(options.fail_on) if options.fail_on else None
    return Comparison(options.old, options.new, fail_on, options.format, options.all)


def run(wanted: Comparison, _outcome: Outcome) -> int:
    """Say what changed, on standard output. Raises `ReviewError` for a file that cannot be read."""
    difference = Difference(load(wanted.old), load(wanted.new))
    with collector_paused():
        is_changed = difference.is_changed
    console.write(_lines(wanted, difference, console.screen()))
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
