"""An answer as lines: a table for people, CSV and JSON for programs. Knows no SQL."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from connector.outputs.tables.querying import QueryResult
from connector.review.text.formats import csv_lines
from connector.review.text.names import counted
from connector.review.text.table import table, wrapped
from connector.text import clean

FOR_PROGRAMS = frozenset(
    {"identity_id", "email", "created_at", "resource_key", "resource_type"}
    | {"holder_type", "holder_id", "permission", "role", "granted_on"}
)
"""Columns of our own queries that a table leaves out: ids, and what other columns also say."""


def as_csv(answer: QueryResult) -> Iterator[str]:
    """Yield lines of CSV, the names of the columns first."""
    yield from csv_lines([answer.columns])
    yield from csv_lines([*map(_text, row)] for row in answer.rows)


def as_json(answer: QueryResult) -> Iterator[str]:
    """Yield the lines of a JSON list with an object for each row."""
    separator = "["
    for row in answer.rows:
        entry = {name: _plain(value) for name, value in zip(answer.columns, row, strict=True)}
        yield f"{separator}{json.dumps(entry)}"
        separator = ","
    yield "]" if separator == "," else "[]"


def as_table(answer: QueryResult, width: int, most: int, left_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield lines for people: up to `most` rows, below the columns that are the same in all of them.

    What is left out, columns as well as rows, is said at the end.
    """
    first = list(islice(answer.rows, most))
    same = {place for place in range(len(answer.columns)) if _are_one(row[place] for row in first)}
    more = 0
    for row in answer.rows:
        more += 1
        same = {place for place in same if row[place] == first[0][place]}
    shown = [place for place, name in enumerate(answer.columns) if name not in left_out]
    for place in shown if first else ():
        if place in same and first[0][place] is not None:
            yield from wrapped(clean(f"{answer.columns[place]}: {_for_people(first[0][place])}"), width)
    differing = [place for place in shown if place not in same]
    if differing and first:
        cells = [[clean(_for_people(row[place])) for place in differing] for row in first]
        yield from ("", *table([clean(answer.columns[place]) for place in differing], cells, width), "")
    yield from _ending(answer, len(first), more, left_out)


def _are_one(values: Iterable[object]) -> bool:
    return len(set(map(_text, values))) == 1


def _ending(answer: QueryResult, shown: int, more: int, left_out: frozenset[str]) -> Iterator[str]:
    hidden = [name for name in answer.columns if name in left_out]
    if hidden and shown:
        yield f"columns not shown: {', '.join(hidden)}; --csv and --json have them"
    yield counted(shown + more, "row")
    if more:
        yield f"{counted(more, 'more row')} not shown: --all shows every row, --csv and --json too"


def _plain(value: object) -> object:
    """Give a value as JSON has it: dates and times as RFC 3339, UTC; a number that JSON has not, as a text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            utc = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return f"{utc.isoformat()}Z"
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case _:
            return str(value)


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _for_people(value: object) -> str:
    """Give a time to the minute: no people ask for seconds."""
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else _text(value)
