"""Listings of more than one page: read until two readings agree, and never endlessly. Knows no product.

Pages are addressed by row number. When a row is deleted during a reading, later rows move up, and one of them may move
from the next page to one that was already read. A single page is one answer, and complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connector.errors import Unreadable, Why

T = TypeVar("T")

Named = tuple[str, str, str]
"""Kind, id, and the name that addresses use."""

READINGS = 6
"""The most readings of one listing."""
_MOST_PAGES = 20_000
_MOST_ROWS = 3_000_000
_IDLE_PAGES = 1_000
"""Far above any real listing: pages, rows, and consecutive pages without a new row."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """One reading of a listing: its rows by identity, and the number of pages."""

    rows: dict[Hashable, T]
    pages: int


def read_once(pages: Iterable[list[T]], identity: Callable[[T], Hashable], what: str) -> Reading[T]:
    """Read a listing from its first page to its last. A row that comes twice is kept once.

    Raises `Unreadable`, naming `what`, where it does not end.
    """
    rows: dict[Hashable, T] = {}
    count = idle = 0
    for count, page in enumerate(pages, 1):
        known = len(rows)
        for row in page:
            rows.setdefault(identity(row), row)
        idle = idle + 1 if len(rows) == known else 0
        if count > _MOST_PAGES or len(rows) > _MOST_ROWS or idle > _IDLE_PAGES:
            raise Unreadable(
                f"{what}: the listing does not end. After {count:,} pages with {len(rows):,} different rows another "
                "page is promised. Find out what answers in the server's place",
                Why.CONTRADICTION,
            )
    return Reading(rows, count)


def read_until_agreed(read: Callable[[int], Reading[T]], what: str) -> list[T]:
    """Read a listing until two readings agree, and give its rows. `read` takes the number of the reading, from 0.

    Raises `Unreadable`, naming `what`, where no two readings in a row agree.
    """
    last = read(0)
    if last.pages == 1:
        return list(last.rows.values())
    for number in range(1, READINGS):
        reading = read(number)
        if reading.rows.keys() == last.rows.keys():
            return list(reading.rows.values())
        last = reading
    raise Unreadable(
        f"{what}: it changed between each two of {READINGS} readings, so it is not known what it holds. "
        "Run again when less is changed there",
        Why.CONTRADICTION,
    )


def read_by_identity(
    read: Callable[[int, Callable[[T], Hashable]], Reading[T]],
    identity: Callable[[T], str],
    names: Callable[[T], tuple[Named, ...]],
    what: str,
) -> dict[str, T]:
    """Read a listing once, by id. `read` takes the number of the reading, from 0, and the identity of a row.

    A reading in which one id has two names, or one name two ids, contradicts itself, as may happen during a rename:
    then the listing is read again. Raises `Unreadable`, naming `what`, where each reading contradicts itself.
    """
    for number in range(READINGS):
        reading = read(number, lambda one: (identity(one), names(one)))
        rows = {identity(one): one for one in reading.rows.values()}
        if len(rows) == len(reading.rows) and _are_named_once(map(names, rows.values())):
            return rows
    raise contradiction(what, "one id has two names, or one name two ids,")


def _are_named_once(rows: Iterable[tuple[Named, ...]]) -> bool:
    """Whether each thing has one name in all rows, and each name belongs to one thing; letter case does not count."""
    named = {(kind, i, name.lower()) for row in rows for kind, i, name in row}
    return len(named) == len({(kind, i) for kind, i, _ in named}) == len({(kind, name) for kind, _, name in named})


def contradiction(what: str, said: str) -> Unreadable:
    """Give the error of a listing that contradicts itself in each reading."""
    return Unreadable(
        f"{what}: {said} in each of {READINGS} readings, so it is not known what it holds. "
        "Look for a proxy or cache before the server, and run again",
        Why.CONTRADICTION,
    )


def everything(row: Any) -> Hashable:  # noqa: ANN401 - JSON
    """Identify a row without a known id by its whole content."""
    return json.dumps(row, sort_keys=True)
