"""The commands that answer from saved exports: their options, and what they say. Contacts nobody."""

from __future__ import annotations

import argparse
import io
import logging
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from connector.commands import terminal as console
from connector.errors import UsageError
from connector.graph.payload import collector_paused, load
from connector.graph.values import Level
from connector.review.caveats import caveats
from connector.review.diff import render as difference_render
from connector.review.diff.difference import Difference
from connector.review.evidence import evidence
from connector.review.reach.answers import Answers
from connector.review.reach.assertions import Failure, Limits, failures
from connector.review.reach.questions import Names, question
from connector.review.reach.render import as_csv, as_json, as_table, grants_as_csv
from connector.review.text.formats import BYTE_ORDER_MARK, Format
from connector.review.text.names import clean

log = logging.getLogger(__name__)

EXIT_ASSERTION = 4
"""What was asserted does not hold, or there is the change that `--fail-on` names."""

_ROWS_ON_A_TERMINAL = 50
_FAILURES_SAID = 20
_LINES_OF_A_PARAGRAPH = 25

_AddPath = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class AccessQuestion:
    """Who can reach what, and why; without names, the grants of everybody, or with `effective` their access.

    `everything` shows long lists whole on a terminal, too; `excel` is CSV with a byte order mark.
    """

    export: Path
    names: Names
    at_least: Level
    limits: Limits
    form: Format
    everything: bool
    effective: bool = False
    excel: bool = False


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
    form: Format
    everything: bool


Offline = AccessQuestion | Comparison
"""What can be asked of saved exports."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a command says: lines for standard output, the others for the log, and the exit code."""

    lines: Iterable[str]
    errors: tuple[str, ...] = ()
    exit_code: int = 0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Screen:
    """What reads the output: so many columns, and whether a person looks at it while it appears."""

    width: int
    is_terminal: bool


def answer(asked: Offline, screen: Screen) -> Told:
    """Answer a question. Raises `ReviewError` for a file that cannot be read, `UsageError` for unknown names."""
    return _access(asked, screen) if isinstance(asked, AccessQuestion) else _compare(asked, screen)


def _compare(asked: Comparison, screen: Screen) -> Told:
    difference = Difference(load(asked.old), load(asked.new))
    with collector_paused():
        is_changed = difference.is_changed
    most = None if asked.everything else _LINES_OF_A_PARAGRAPH
    match asked.form:
        case Format.JSON:
            lines = difference_render.as_json(difference)
        case Format.MARKDOWN:
            lines = difference_render.as_markdown(difference, most)
        case _:
            lines = difference_render.as_text(difference, screen.width, most if screen.is_terminal else None)
    if asked.fail_on is FailOn.GAINED and difference.gained:
        return Told(lines, ("somebody gained access",), EXIT_ASSERTION)
    if asked.fail_on is FailOn.ANY and is_changed:
        return Told(lines, ("there are changes",), EXIT_ASSERTION)
    # A job that fails on changes must not take for unchanged what was not compared.
    limits = difference.limits if asked.fail_on else ()
    return Told(lines, warnings=tuple(f"could not be compared: {clean(limit)}" for limit in limits))


def _access(asked: AccessQuestion, screen: Screen) -> Told:
    export = load(asked.export)
    meant = question(export, asked.names, asked.at_least)
    asserted = asked.limits != Limits()
    failed = failures(export, meant, asked.limits) if asserted else None
    lines = _access_lines(asked, Answers(export, meant), failed, screen)
    if asked.form is not Format.CSV:
        return Told(lines, *_verdict(failed))
    # CSV has no place for where it is from and what is not known; the other formats say it themselves.
    unknown = tuple(f"not known: {clean(str(caveat))}" for caveat in caveats(export))
    return Told(lines, *_verdict(failed), unknown, tuple(clean(one.sentence) for one in evidence(export)))


def _access_lines(
    asked: AccessQuestion, answers: Answers, failed: list[Failure] | None, screen: Screen
) -> Iterable[str]:
    match asked.form:
        case Format.CSV:
            if asked.names.anything or asked.effective:
                lines = as_csv(answers)
            else:
                lines = grants_as_csv(answers.export, asked.at_least)
            return _with_byte_order_mark(lines) if asked.excel else lines
        case Format.JSON:
            return as_json(answers, failed)
        case _:
            cut = screen.is_terminal and not asked.everything
            lines = as_table(answers, screen.width, _ROWS_ON_A_TERMINAL if cut else None)
            return lines if failed is None or failed else chain(lines, ["what was asserted holds"])


def _with_byte_order_mark(lines: Iterator[str]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + next(lines)
    yield from lines


def _verdict(failed: list[Failure] | None) -> tuple[tuple[str, ...], int]:
    if failed is None:
        return (), 0
    sentences = [failure.sentence for failure in failed[:_FAILURES_SAID]]
    if len(failed) > len(sentences):
        sentences.append(f"and {len(failed) - len(sentences):,} more like these, which --json lists")
    return tuple(sentences), EXIT_ASSERTION if failed else 0


_ACCESS = """\
Say who can reach what, at which level and why, from a saved export. Needs no network and no credentials, and
reads any OAA Custom Application payload. Name people and groups, or repositories and projects, or both; without
any name, --csv gives everything.
"""

_ACCESS_EXAMPLES = """\
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


def add_access_options(parser: argparse.ArgumentParser, path: _AddPath) -> None:
    """Describe `access`."""
    parser.description, parser.epilog = _ACCESS, _ACCESS_EXAMPLES
    parser.add_argument("export", type=path, metavar="EXPORT", help="a saved export, or another OAA payload")
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
    group = _add_formats(parser, Format.CSV, Format.JSON)
    group.add_argument("--excel", action="store_true", help="CSV that Excel reads as UTF-8 (with a byte order mark)")
    group.add_argument(
        "--effective",
        action="store_true",
        help="with --csv and without names: a row for each identity and resource that it reaches, not for each grant",
    )


def _add_formats(parser: argparse.ArgumentParser, *formats: Format) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("output (a table, unless one of these is given)")
    one_of = group.add_mutually_exclusive_group()
    for format_ in formats:
        text = _FORMATS[format_]
        one_of.add_argument(
            f"--{format_}", dest="form", action="store_const", const=format_, default=Format.TABLE, help=text
        )
    group.add_argument("--all", action="store_true", help="long lists whole, on a terminal too")
    return group


_FORMATS = {
    Format.CSV: "for spreadsheets: a row for each identity and resource, or without names for each grant",
    Format.JSON: "one object with everything, for programs",
    Format.MARKDOWN: "for a ticket; long sections are cut, and say by how much, unless --all is given",
}


def read_access(options: argparse.Namespace) -> AccessQuestion:
    """Read the options of `access`. Raises `UsageError` for a question about nothing."""
    if options.excel and options.form is Format.TABLE:
        options.form = Format.CSV
    names = Names(
        users=tuple(options.user),
        groups=tuple(options.group),
        credentials=tuple(options.credential),
        repositories=tuple(options.repo),
        projects=tuple(options.project),
        without=tuple(options.without),
    )
    somebody, something = names.users or names.groups or names.credentials, names.repositories or names.projects
    if not somebody and not something and options.form is not Format.CSV:
        raise UsageError(
            "name whom or what it is about: --user, --group, --credential, --repo or --project; "
            "or ask for everything with --csv"
        )
    _check_spreadsheet(options, names)
    if options.needs and not (somebody and something):
        raise UsageError("--needs asks whether somebody has it on something: name both, such as --user and --repo")
    if options.at_most and not somebody:
        raise UsageError("--at-most asks whether somebody has no more: name --user, --group or --credential")
    limits = Limits(_level(options.needs), _level(options.at_most))
    at_least = _level(options.at_least) or Level.NONE
    return AccessQuestion(
        options.export, names, at_least, limits, options.form, options.all, options.effective, options.excel
    )


def _check_spreadsheet(options: argparse.Namespace, names: Names) -> None:
    for option in ("excel", "effective"):
        if getattr(options, option) and options.form is not Format.CSV:
            raise UsageError(f"--{option} is about CSV: give --csv too")
    if names.without and not (names.anything or options.effective):
        raise UsageError("--without changes what somebody can do, not what is granted: give --effective or a name too")


_DIFF = """\
Say what changed between two saved exports, and what it means: who gained or lost access to what. Needs no
network and no credentials. Things are compared by their ids, so that a rename is a rename.
"""

_DIFF_EXAMPLES = """\
examples:
  What happened since yesterday?
    %(prog)s yesterday.json today.json

  For a ticket, and for a job that fails when somebody gained access:
    %(prog)s yesterday.json today.json --markdown --fail-on gained

exit codes: 0 compared; 2 a file cannot be read; 4 there is the change that --fail-on names.
gained: somebody reaches something at a higher level than before, new things and newcomers included, was
switched on again, or got a right that has no level, such as to create projects.
"""


def add_diff_options(parser: argparse.ArgumentParser, path: _AddPath) -> None:
    """Describe `diff`."""
    parser.description, parser.epilog = _DIFF, _DIFF_EXAMPLES
    parser.add_argument("old", type=path, metavar="OLD", help="the earlier export")
    parser.add_argument("new", type=path, metavar="NEW", help="the later one")
    parser.add_argument("--fail-on", choices=list(FailOn), help="exit 4 where somebody gained access, or on any change")
    _add_formats(parser, Format.JSON, Format.MARKDOWN)


def read_diff(options: argparse.Namespace) -> Comparison:
    """Read the options of `diff`."""
    fail_on = FailOn(options.fail_on) if options.fail_on else None
    return Comparison(options.old, options.new, fail_on, options.form, options.all)


def _level(name: str | None) -> Level | None:
    return None if name is None else Level[name.upper()]


def reply(wanted: Offline) -> int:
    """Answer from a saved export, on standard output."""
    screen = Screen(shutil.get_terminal_size((80, 24)).columns, sys.stdout.isatty())
    told = answer(wanted, screen)
    if isinstance(wanted, AccessQuestion) and wanted.excel and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    console.write(told.lines)
    for note in told.notes:
        log.info("%s", note)
    for warning in told.warnings:
        log.warning("%s", warning)
    for error in told.errors:
        log.error("%s", error)
    return told.exit_code
