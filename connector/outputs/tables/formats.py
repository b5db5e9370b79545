"""Rows of tables → the files of one night: Parquet, CSV or SQLite. Knows no OAA."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import IO

from connector.errors import SaveError
from connector.files import new_file
from connector.outputs.tables.duck import database, quoted
from connector.outputs.tables.rows import Row, Rows
from connector.outputs.tables.schema import PARTITIONS, TABLES, Table, Type
from connector.review.text.formats import csv_lines


class FileFormat(StrEnum):
    """What a folder of nights holds."""

    PARQUET = "parquet"
    CSV = "csv"
    SQLITE = "sqlite"

    @property
    def ending(self) -> str:
        """How its files' names end."""
        return f".{self.value}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a night is written, and what it is; `scratch` may hold other files for as long as it is written."""

    folder: Path
    scratch: Path
    data_source: str
    date: str


def write(rows: Rows, place: Place, wanted: FileFormat) -> None:
    """Write all tables of one night.

    Raises OSError, `SaveError`, `ReviewError` for what no table can hold, `UsageError` where DuckDB is not installed.
    """
    _WRITERS[wanted](rows, place)


_MEGABYTES = 600
"""For DuckDB, beside the export."""

_UNCHANGED = "What stood there before is unchanged"


def _parquet(rows: Rows, place: Place) -> None:
    with database(place.scratch, _MEGABYTES, _UNCHANGED) as connection:
        for table in TABLES:
            text = place.scratch / f"{table.name}.csv"
            with _created(text) as file:
                file.writelines(_lines(rows.of(table)))
            connection.execute(_copy(table, text, place.folder / f"{table.name}.parquet"))
            text.unlink()


def _copy(table: Table, source: Path, target: Path) -> str:
    """Write the statement that turns a file of lines into Parquet: typed, sorted by key, compressed."""
    columns = ", ".join(f"{quoted(column.name)}: {quoted(column.type.value)}" for column in table.columns)
    order = f"ORDER BY {', '.join(table.key)}" if table.key else ""
    return (
        f"COPY (SELECT * FROM read_csv({quoted(str(source))}, columns = {{{columns}}}, auto_detect = false, "  # noqa: S608
        f"header = false, quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, {_AS_WRITTEN}, "
        f"max_line_size = {_LONGEST_LINE}, buffer_size = {2 * _LONGEST_LINE}) {order}) "
        f"TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


_LONGEST_LINE = 1 << 24

_AS_WRITTEN = "new_line = '\\n', parallel = false"
"""Line ends are not guessed, and reading never begins in the middle: a name may contain what looks like a line."""


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield lines in which what is unknown is empty, and an empty text is a pair of quotes."""
    return (",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f'"{value.replace(_QUOTE, _TWO_QUOTES)}"' if isinstance(value, str) else str(value)


_QUOTE, _TWO_QUOTES = '"', '""'


def _csv(rows: Rows, place: Place) -> None:
    for table in TABLES:
        head = (*PARTITIONS, *(column.name for column in table.columns))
        with _created(place.folder / f"{table.name}.csv") as file:
            file.writelines(f"{line}\n" for line in csv_lines(chain([head], _for_people(rows.of(table), place))))


def _for_people(rows: Iterable[Row], place: Place) -> Iterator[Row]:
    """Put data source and date in front, and write yes and no as JSON does."""
    for row in rows:
        cells = (str(value).lower() if isinstance(value, bool) else value for value in row)
        yield place.data_source, place.date, *cells


def _created(path: Path) -> IO[str]:
    return open(new_file(path), "w", encoding="utf-8")  # noqa: PTH123 - a descriptor, no path


_SQLITE_TYPES = {Type.TEXT: "TEXT", Type.BOOLEAN: "INTEGER", Type.NUMBER: "INTEGER", Type.TIME: "TEXT"}


def _sqlite(rows: Rows, place: Place) -> None:
    path = place.folder / "tables.sqlite"
    _created(path).close()
    try:
        _fill(path, rows, place)
    except sqlite3.Error as error:
        raise SaveError(f"SQLite: {error}. {_UNCHANGED}") from error


def _fill(path: Path, rows: Rows, place: Place) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # No reader sees the file before it is whole, and then it is flushed to disk.
        connection.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off; BEGIN")
        for table in TABLES:
            names = [*PARTITIONS, *(column.name for column in table.columns)]
            types = ["TEXT", "TEXT", *(_SQLITE_TYPES[column.type] for column in table.columns)]
            columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
            connection.execute(
                f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join((*PARTITIONS, *table.key))}))"
            )
            values = ((place.data_source, place.date, *row) for row in rows.of(table))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608
        connection.execute("COMMIT")


_WRITERS: dict[FileFormat, Callable[[Rows, Place], None]] = {
    FileFormat.PARQUET: _parquet,
    FileFormat.CSV: _csv,
    FileFormat.SQLITE: _sqlite,
}
