"""The command `review`: access reviews that owners sign, in three steps. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.commands.shared import terminal
from connector.commands.shared.options import Parser, same_file
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.page import save_page
from connector.errors import UsageError
from connector.files import check_writable, whole_file
from connector.graph.payload import load
from connector.graph.values import Level
from connector.review.certification import evidence
from connector.review.certification.decisions import csv_of, header_of, is_decisions
from connector.review.certification.proof import prove
from connector.review.certification.scope import By, Scope

log = logging.getLogger(__name__)

EXIT_OPEN = 4
"""Something is not decided, not readable or not carried out."""

_ROWS_ON_A_TERMINAL = 50


@dataclass(frozen=True, slots=True)
class Start:
    """Write workbooks about an export into a new folder."""

    export: Path
    folder: Path
    scope: Scope


@dataclass(frozen=True, slots=True)
class Collect:
    """Read what came back to a folder, and write the decisions, with a byte order mark for Excel.

    `everything` shows long lists whole on a terminal.
    """

    folder: Path
    output: Path
    everything: bool
    excel: bool


@dataclass(frozen=True, slots=True)
class Prove:
    """Hold decisions against later exports, the oldest first."""

    exports: tuple[Path, ...]
    decisions: Path
    output: Path
    fail_on_open: bool


Step = Start | Collect | Prove

_DESCRIPTION = """\
Let the owners of projects confirm or revoke access, and prove that it was done: a review in three steps. Works on
saved exports of Data Center and Cloud, and on any OAA Custom Application. Needs no network and no credentials.
docs/access-review.md goes through a whole quarter.
"""

_EXAMPLES = """\
examples:
  1. A folder with one Excel workbook for each project; send them out, and put what comes back into the same folder:
    %(prog)s start export.json -o review-2026-q4

  2. What is decided, by whom, and what is missing:
    %(prog)s collect review-2026-q4 -o decisions.csv

  3. When the grants were taken away, and a new export was made:
    %(prog)s prove export-after.json --decisions decisions.csv --fail-on open

%(prog)s start --help, collect --help and prove --help say more.
"""

_START = """\
Write one Excel workbook for each project or owner, and an overview that says to whom each of them goes. A row is a
grant: the person who answers decides whether it is kept, reduced or removed. In workbooks of more than 20 grants
those of one holder with the same permission are one row, with each of them on a sheet behind.

The owner of a project is the owner of a personal project; else each person who is named as its administrator and
can still sign in; else each group that is named so. With --by owner a project of several owners is in the workbook
of each of them, and one answer is enough; a project of nobody has a workbook of its own. Global permissions have a
workbook of their own, unless --only is given.
"""

_START_EXAMPLES = """\
examples:
  Who may write to two projects:
    %(prog)s export.json -o review-2026-q4 --only PAY PLAT --at-least write

exit codes: 0 done; 2 a file cannot be read, or the folder is not empty; 5 the folder could not be written.
"""

_COLLECT = """\
Read the workbooks that came back, whatever they are called by now, and write the decisions as CSV: what is to be
taken away first, each with the exact grant. Run it as often as you like while answers come in. What cannot be read
is named with file, sheet and cell, and never taken for an answer.
"""

_COLLECT_EXAMPLES = """\
exit codes: 0 every grant is decided on; 2 not a folder of a review; 4 something is missing, contradicts itself or
cannot be read (the decisions are written, and say so); 5 the file could not be written.
"""

_PROVE = """\
Hold the decisions against an export that was made after they were carried out: what was, what was not, and what
came back since. Writes one page of evidence to be printed and signed. With several exports, the oldest first, it
also sees a grant that was gone in one of them and is there again.
"""

_PROVE_EXAMPLES = """\
exit codes: 0 done; 2 a file cannot be read, or is of something else; 4 with --fail-on open: a decision was not
carried out, came back, cannot be told, or was never made; 5 the page could not be written.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `review` and its steps."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    _add_start(parser.step("start", "an export → a folder of workbooks"))
    _add_collect(parser.step("collect", "the folder, with what came back → decisions"))
    _add_prove(parser.step("prove", "decisions and a later export → evidence"))


def _add_start(parser: Parser) -> None:
    parser.description, parser.epilog = _START, _START_EXAMPLES
    parser.add_argument("export", type=parser.path, metavar="EXPORT", help="a saved export, or another OAA payload")
    parser.add_argument("-o", "--output", type=parser.path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--by", type=By, choices=list(By), default=By.PROJECT, help="a workbook for each project (default), or owner"
    )
    parser.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="KEY", help="these projects, by key, id or name"
    )
    levels = [str(level) for level in Level][1:]
    parser.add_argument("--at-least", choices=levels, help="ask about grants of this level or more only")


def _add_collect(parser: Parser) -> None:
    parser.description, parser.epilog = _COLLECT, _COLLECT_EXAMPLES
    parser.add_argument("folder", type=parser.path, metavar="DIR", help="the folder of `review start`")
    parser.add_argument(
        "-o",
        "--output",
        type=parser.path,
        default=Path("decisions.csv"),
        metavar="PATH",
        help="where the decisions go (default: decisions.csv)",
    )
    parser.add_argument("--excel", action="store_true", help="decisions that Excel reads as UTF-8 (a byte order mark)")
    parser.add_argument("--all", action="store_true", help="long lists whole, on a terminal too")


def _add_prove(parser: Parser) -> None:
    parser.description, parser.epilog = _PROVE, _PROVE_EXAMPLES
    parser.add_argument("exports", type=parser.path, nargs="+", metavar="EXPORT_AFTER", help="a later export")
    parser.add_argument("--decisions", type=parser.path, required=True, metavar="PATH", help="of `review collect`")
    parser.add_argument(
        "-o",
        "--output",
        type=parser.path,
        default=Path("evidence.html"),
        metavar="PATH",
        help="where the page goes (default: evidence.html)",
    )
    parser.add_argument("--fail-on", choices=["open"], help="exit 4 where anything is not carried out, or not decided")


def read(options: argparse.Namespace) -> Step:
    """Read the options of a step. Raises `UsageError` where a result would replace what it is made of."""
    match options.step:
        case "start":
            level = Level[options.at_least.upper()] if options.at_least else Level.NONE
            return Start(options.export, options.output, Scope(options.by, tuple(options.only), level))
        case "collect":
            return Collect(options.folder, options.output, options.all, options.excel)
        case _:
            if any(same_file(path, options.output) for path in (options.decisions, *options.exports)):
                raise UsageError("-o names a file that is to be read, and the page would replace it")
            return Prove(tuple(options.exports), options.decisions, options.output, bool(options.fail_on))


def run(wanted: Step, _outcome: Outcome) -> int:
    """Do one step of a review. Raises `UsageError` where the libraries for workbooks are missing."""
    match wanted:
        case Start():
            return _start(wanted)
        case Collect():
            return _collect(wanted)
        case Prove():
            return _prove(wanted)


@contextmanager
def _libraries_of_the_extra() -> Iterator[None]:
    """Raise `UsageError` where a library for workbooks is missing, which a plain installation leaves out."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"openpyxl", "xlsxwriter"}:
            raise
        raise UsageError(
            f"this command needs {error.name}, which is an extra: pip install -r requirements-extras.txt in a clone, "
            "or pip install 'oaa-bitbucket[review]'"
        ) from error


def _start(wanted: Start) -> int:
    with _libraries_of_the_extra():
        from connector.review.certification import start, summary  # noqa: PLC0415 - its libraries are an extra
    start.check_free(wanted.folder)
    started = start.start(load(wanted.export), wanted.export, wanted.folder, wanted.scope)
    for caveat in started.caveats:
        log.log(logging.WARNING if caveat.hides_access else logging.INFO, "not known: %s", caveat)
    terminal.write(summary.of_start(started, str(wanted.folder)))
    return 0


def _collect(wanted: Collect) -> int:
    with _libraries_of_the_extra():
        from connector.review.certification import collect, summary  # noqa: PLC0415 - likewise
    _check_replaceable(wanted.output)
    collected = collect.Collected(wanted.folder)
    with whole_file(wanted.output) as file:
        header = header_of(collected.review, collected.totals.total())
        lines = csv_of(header, collected.decided(), for_excel=wanted.excel)
        file.writelines(f"{line}\n" for line in lines)
    screen = terminal.screen()
    most = _ROWS_ON_A_TERMINAL if screen.is_terminal and not wanted.everything else None
    terminal.write(summary.of_collect(collected, screen.width, most))
    log.info("saved %s", wanted.output)
    if collected.is_complete:
        return 0
    log.error("the review is not complete: %s", summary.of_missing(collected))
    return EXIT_OPEN


def _check_replaceable(path: Path) -> None:
    """Raise `UsageError` where a file would be replaced that holds no decisions, but perhaps answers."""
    check_writable(path)
    if path.exists() and not is_decisions(path):
        raise UsageError(f"{path} holds something else than decisions, and would be replaced: name another file")


def _prove(wanted: Prove) -> int:
    check_writable(wanted.output)
    proof = prove(wanted.decisions, wanted.exports)
    for warning in proof.warnings:
        log.warning("%s", warning)
    saved = save_page(evidence.page(proof), wanted.output)
    terminal.write(evidence.lines(proof))
    log.info("saved the evidence %s", saved)
    if proof.is_open and wanted.fail_on_open:
        log.error("not everything is decided and carried out")
        return EXIT_OPEN
    return 0
