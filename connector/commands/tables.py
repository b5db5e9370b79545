"""The command `tables`: saved exports as tables or as a graph, and queries on them. Contacts no server."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connector.commands.shared import terminal
from connector.commands.shared.options import Parser
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.terminal import Screen, size_in_words
from connector.errors import UsageError
from connector.files import check_writable, whole_file
from connector.graph.payload import collector_paused, load
from connector.outputs.tables.dated import dated_exports
from connector.outputs.tables.duck import require_duckdb
from connector.outputs.tables.folder import Staging, staging
from connector.outputs.tables.formats import FileFormat, Place, write
from connector.outputs.tables.opengraph import definition, definition_beside, graph
from connector.outputs.tables.parameters import PARAMETERS, check_parameters
from connector.outputs.tables.query import Query, find, names
from connector.outputs.tables.querying import QueryResult, answer
from connector.outputs.tables.render import FOR_PROGRAMS, as_csv, as_json, as_table
from connector.outputs.tables.rows import Rows
from connector.review.caveats import caveats
from connector.review.text.formats import Format
from connector.text import clean

log = logging.getLogger(__name__)

_OPENGRAPH = "opengraph"
_ON_A_TERMINAL, _IN_A_FILE = 50, 10_000
"""Rows of a table that are shown without `--all`."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Exports as tables, in a folder of nights. `day` is the day that they count for, instead of their own."""

    exports: tuple[Path, ...]
    folder: Path | None
    format: FileFormat
    day: date | None


@dataclass(frozen=True, slots=True)
class Graph:
    """One export as a graph."""

    export: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Question:
    """A query on a folder of nights, or on exports. `everything`: all rows, on a terminal too."""

    source: Path | Tables
    query: Query
    parameters: dict[str, str]
    answered_as: Format
    everything: bool


Wanted = Tables | Graph | Question

_DESCRIPTION = """\
Turn saved exports into tables that a data platform reads, or into a graph for BloodHound; or ask such tables a
query in SQL. Needs no network and no credentials, and reads any OAA Custom Application payload. docs/tables.md
tells the tables and their columns, and how the same queries run on Spark.
"""

_EXAMPLES = """\
examples:
  Every night, after the export: a folder of nights is a history. The same night twice replaces itself.
    %(prog)s export.json -o /data/bitbucket

  Who had access to a repository on a day? What changed since then?
    %(prog)s /data/bitbucket --query who_had_access --set resource=PAY/api --set date=2026-03-01
    %(prog)s /data/bitbucket --query changes --set since=2026-03-01 --csv

  The same of one export, without a folder:
    %(prog)s export.json --query effective_access --set identity=jdoe

  Attack paths in BloodHound:
    %(prog)s export.json --format opengraph -o graph.json

queries: {queries}, or a file with one SELECT

exit codes: 0 done; 2 usage, or a file cannot be read; 4 another run writes there; 5 nothing could be written.
Parquet and queries need DuckDB: pip install 'oaa-bitbucket[tables]'.
"""


def add_options(parser: Parser) -> None:
    """Add the options of `tables`."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES.replace("{queries}", ", ".join(names()))
    parser.add_argument(
        "sources", nargs="+", type=parser.path, metavar="EXPORT",
        help="saved exports, or other OAA payloads; with --query also a folder that this command wrote",
    )  # fmt: skip
    group = parser.add_argument_group("tables")
    parser.result(group, "-o", "--output", help="the folder of nights that they go to; with opengraph a file")
    group.add_argument(
        "--format", choices=[*(each.value for each in FileFormat), _OPENGRAPH],
        default=FileFormat.PARQUET.value,
        help="parquet (default), csv, sqlite, or opengraph for BloodHound",
    )  # fmt: skip
    group.add_argument(
        "--date", metavar="YYYY-MM-DD", type=_day,
        help="for which day the exports count (default: when they were collected, as they say themselves, or as the "
        "name says that --save-json gave the file)",
    )  # fmt: skip
    group = parser.add_argument_group("queries")
    group.add_argument("--query", metavar="NAME", help="answer one of the queries below, or one SELECT in a file")
    group.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help=f"what the query is about: {', '.join(PARAMETERS)}; each file's first lines tell which it knows",
    )  # fmt: skip
    one_of = group.add_mutually_exclusive_group()
    for each, meaning in ((Format.CSV, "as CSV"), (Format.JSON, "as a JSON list of objects")):
        one_of.add_argument(
            f"--{each}", dest="answered_as", action="store_const", const=each, default=Format.TABLE, help=meaning
        )
    group.add_argument(
        "--all", action="store_true", help="every row of a long table: without it 50 on a terminal, else 10,000"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a date such as 2026-11-22: {text!r}") from error


def read(options: argparse.Namespace) -> Wanted:
    """Read the options of `tables`. Raises `UsageError`."""
    if options.query is not None:
        return _read_question(options)
    if options.set or options.answered_as is not Format.TABLE or options.all:
        raise UsageError("--set, --csv, --json and --all are about a query: name one with --query")
    if options.output is None:
        raise UsageError("say where the tables go, with -o DIR; or ask something, with --query NAME")
    if options.format != _OPENGRAPH:
        return _read_tables(options, options.output)
    if len(options.sources) > 1:
        raise UsageError("--format opengraph makes a graph of one export: give one")
    if options.date:
        raise UsageError("--date says for which day tables count, and a graph has none: leave it out")
    return Graph(options.sources[0], options.output)


def _read_tables(options: argparse.Namespace, folder: Path | None) -> Tables:
    wanted = FileFormat(options.format)
    if wanted is FileFormat.PARQUET:
        require_duckdb()
    return Tables(tuple(options.sources), folder, wanted, options.date)


def _read_question(options: argparse.Namespace) -> Question:
    if options.format != FileFormat.PARQUET:
        raise UsageError("queries read Parquet: leave out --format")
    require_duckdb()
    folders = [source for source in options.sources if source.is_dir()]
    parameters: dict[str, str] = {}
    for given in options.set:
        name, equals, value = given.partition("=")
        if not equals or name in parameters:
            raise UsageError(f"--set {given}: write NAME=VALUE, each NAME once")
        parameters[name] = value
    if not folders:
        source: Path | Tables = _read_tables(options, options.output)
    elif len(options.sources) > 1 or options.output or options.date:
        raise UsageError("a query is about exports, or about one folder alone; its day is --set date=YYYY-MM-DD")
    else:
        source = folders[0]
    query = find(options.query)
    check_parameters(parameters, query)
    return Question(source, query, parameters, options.answered_as, options.all)


def run(wanted: Wanted, _outcome: Outcome) -> int:
    """Write tables or a graph, or answer a query on standard output.

    Raises `ReviewError` for a file that cannot be read, `UsageError` for a query without an answer, `SaveError`.
    """
    match wanted:
        case Tables():
            _write(wanted, wanted.folder or Path())
        case Graph():
            _write_graph(wanted)
        case Question():
            _answer_question(wanted)
    return 0


def _write(wanted: Tables, folder: Path) -> None:
    with staging(folder, wanted.format.ending) as staged:
        lines = [line for export in wanted.exports for line in _write_export(export, wanted, staged)]
        staged.publish()
    for line in lines if wanted.folder else ():
        log.info("%s in %s", line, folder)


def _write_export(export: Path, wanted: Tables, staged: Staging) -> list[str]:
    """Write the nights of one export, and free its memory. Gives a line for the log on each."""
    lines = []
    for night in dated_exports(export, wanted.day):
        place = Place(staged.night(night.data_source, night.date), staged.scratch, night.data_source, str(night.date))
        with collector_paused():
            write(Rows(night.export), place, wanted.format)
        size = sum(file.stat().st_size for file in place.folder.iterdir())
        lines.append(f"saved the tables of {night.name} ({size_in_words(size)})")
        for caveat in caveats(night.export) if wanted.folder else ():
            log.warning("%s: not known: %s", night.name, caveat)
    return lines


def _write_graph(wanted: Graph) -> None:
    check_writable(wanted.output)
    export = load(wanted.export)
    pieces = {wanted.output: graph(export), definition_beside(wanted.output): definition()}
    for path, lines in pieces.items():
        with whole_file(path) as file:
            file.writelines(lines)
        log.info("saved %s (%s)", path, size_in_words(path.stat().st_size))


def _answer_question(wanted: Question) -> None:
    with tempfile.TemporaryDirectory(prefix="oaa-bitbucket-") as scratch:
        folder = wanted.source
        if isinstance(folder, Tables):
            written, folder = folder, folder.folder or Path(scratch, "nights")
            _write(written, folder)
        with answer(wanted.query, folder, wanted.parameters, Path(scratch)) as answered:
            terminal.write(_lines(wanted, answered, terminal.screen()))
            for line in answered.not_known:
                log.warning("not known: %s", clean(line))


def _lines(wanted: Question, answered: QueryResult, screen: Screen) -> Iterable[str]:
    match wanted.answered_as:
        case Format.CSV:
            return as_csv(answered)
        case Format.JSON:
            return as_json(answered)
        case _:
            most = sys.maxsize if wanted.everything else _ON_A_TERMINAL if screen.is_terminal else _IN_A_FILE
            left_out = FOR_PROGRAMS if wanted.query.comes_along else frozenset[str]()
            return as_table(answered, screen.width, most, left_out)
