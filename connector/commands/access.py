"""The command `access`: who can reach what, and why, from a saved export. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from connector.commands.shared import terminal
from connector.commands.shared.options import Parser, add_formats
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.terminal import Screen
from connector.errors import UsageError
from connector.graph.payload import load
from connector.graph.values import Level
from connector.review.caveats import caveats
from connector.review.provenance import provenance
from connector.review.reach.answers import Answers
from connector.review.reach.assertions import Failure, Limits, failures
from connector.review.reach.questions import Names, question
from connector.review.reach.render import as_csv, as_json, as_table, grants_as_csv
from connector.review.text.formats import BYTE_ORDER_MARK, Format

log = logging.getLogger(__name__)

EXIT_ASSERTION = 4
"""What was asserted does not hold."""

_ROWS_ON_A_TERMINAL = 50
_FAILURES_SAID = 20


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Who can reach what, and why; without names, the grants of everybody, or with `effective` their access.

    `everything` shows long lists whole on a terminal, too; `excel` is CSV with a byte order mark.
    """

    export: Path
    names: Names
    at_least: Level
    limits: Limits
    format: Format
    everything: bool
    effective: bool
    excel: bool


_DESCRIPTION = """\
Say who can reach what, at which level and why, from a saved export. Needs no network and no credentials, and
reads any OAA Custom Application payload. Name people and groups, or repositories and projects, or both; without
any name, --csv gives everything.
"""

_EXAMPLES = """\
examples:
  What can Jane reach, and who can write to this repository?
    %(prog)s export.json --user jdoe
    %(prog)s export.json --repo PAY/api --at-least write

  Everything for a spreadsheet: each grant, or what each person and key can do to each repository?
    %(prog)s export.json --csv > grants.csv
    %(prog)s export.json --csv --effective --at-least write > writers.csv

  What would remain for her if a group were gone, or one grant?
    %(prog)s export.json --user jdoe --without payments-dev
    %(prog)s export.json --user jdoe --without "group payments-dev → PROJECT_WRITE on PAY"

  In a pipeline: has the account of Terraform what it needs, and no more?
    %(prog)s export.json --user terraform --project PAY --needs write --at-most write

exit codes: 0 answered, and what was asserted holds; 2 a file cannot be read, or nothing has such a name;
4 an assertion does not hold. An inactive account has nothing that it needs.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `access`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("export", type=parser.path, metavar="EXPORT", help="a saved export, or another OAA payload")
    group = parser.add_argument_group("about whom and what (each may be given several times)")
    for option, name, text in (
        ("--user", "NAME", "by user name, id, display name or e-mail address"),
        ("--group", "NAME", "by its name"),
        ("--credential", "ID", "a key or token, by id or name"),
        ("--repo", "KEY/SLUG", "or its id or name"),
        ("--project", "KEY", "or its id or name; its repositories are listed where somebody reaches more there"),
    ):
        group.add_argument(option, action="append", default=[], metavar=name, help=text)
    levels = [str(level) for level in Level]
    group = parser.add_argument_group("which answer")
    group.add_argument("--at-least", choices=levels[1:], help="only access of this level or more")
    group.add_argument(
        "--without",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="as if this group, user, credential, permission or grant were gone",
    )
    group = parser.add_argument_group("assertions, for pipelines")
    group.add_argument("--needs", choices=levels[1:], help="exit 4 unless all named have this level on all named")
    group.add_argument("--at-most", choices=levels, help="exit 4 if any of them has more, anywhere if nothing is named")
    rows = "for spreadsheets: a row for each identity and resource, or without names for each grant"
    group = add_formats(parser, Format.CSV, Format.JSON, csv=rows)
    group.add_argument("--excel", action="store_true", help="CSV that Excel reads as UTF-8 (with a byte order mark)")
    group.add_argument(
        "--effective",
        action="store_true",
        help="with --csv and without names: a row for each identity and resource that it reaches, not for each grant",
    )


def read(options: argparse.Namespace) -> AccessQuestion:
    """Read the options of `access`. Raises `UsageError` for a question about nothing."""
    format_ = Format.CSV if options.excel and options.format is Format.TABLE else options.format
    names = Names(
        users=tuple(options.user),
        groups=tuple(options.group),
        credentials=tuple(options.credential),
        repositories=tuple(options.repo),
        projects=tuple(options.project),
        without=tuple(options.without),
    )
    somebody, something = names.users or names.groups or names.credentials, names.repositories or names.projects
    if not names.anything and format_ is not Format.CSV:
        raise UsageError(
            "name whom or what it is about: --user, --group, --credential, --repo or --project; "
            "or ask for everything with --csv"
        )
    for option in ("excel", "effective"):
        if getattr(options, option) and format_ is not Format.CSV:
            raise UsageError(f"--{option} is about CSV: give --csv too")
    if names.without and not (names.anything or options.effective):
        raise UsageError("--without changes what somebody can do, not what is granted: give --effective or a name too")
    if options.needs and not (somebody and something):
        raise UsageError("--needs asks whether somebody has it on something: name both, such as --user and --repo")
    if options.at_most and not somebody:
        raise UsageError("--at-most asks whether somebody has no more: name --user, --group or --credential")
    limits = Limits(_level(options.needs), _level(options.at_most))
    at_least = _level(options.at_least) or Level.NONE
    return AccessQuestion(
        options.export, names, at_least, limits, format_, options.all, options.effective, options.excel
    )


def _level(name: str | None) -> Level | None:
    return None if name is None else Level[name.upper()]


def run(wanted: AccessQuestion, _outcome: Outcome) -> int:
    """Answer on standard output. Raises `ReviewError` where a file cannot be read, `UsageError` for unknown names."""
    export = load(wanted.export)
    meant = question(export, wanted.names, wanted.at_least)
    failed = failures(export, meant, wanted.limits) if wanted.limits != Limits() else None
    encoding = "utf-8" if wanted.excel else None
    terminal.write(_lines(wanted, Answers(export, meant), failed, terminal.screen()), encoding)
    if wanted.format is Format.CSV:  # which has no place for where it is from and what is not known
        for one in provenance(export):
            log.info("%s", one.sentence)
        for caveat in caveats(export):
            log.warning("not known: %s", caveat)
    for sentence in _sentences(failed or []):
        log.error("%s", sentence)
    return EXIT_ASSERTION if failed else 0


def _lines(wanted: AccessQuestion, answers: Answers, failed: list[Failure] | None, screen: Screen) -> Iterable[str]:
    match wanted.format:
        case Format.CSV:
            everybody = not (wanted.names.anything or wanted.effective)
            lines = grants_as_csv(answers.export, wanted.at_least) if everybody else as_csv(answers)
            return _with_byte_order_mark(lines) if wanted.excel else lines
        case Format.JSON:
            return as_json(answers, failed)
        case _:
            cut = screen.is_terminal and not wanted.everything
            lines = as_table(answers, screen.width, _ROWS_ON_A_TERMINAL if cut else None)
            return lines if failed is None or failed else chain(lines, ["what was asserted holds"])


def _with_byte_order_mark(lines: Iterator[str]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + next(lines)
    yield from lines


def _sentences(failed: list[Failure]) -> list[str]:
    sentences = [failure.sentence for failure in failed[:_FAILURES_SAID]]
    if len(failed) > len(sentences):
        sentences.append(f"and {len(failed) - len(sentences):,} more like these, which --json lists")
    return sentences
