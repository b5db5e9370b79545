"""One question of a check to a server; how long a listing is, and rows from all over it, in a handful of requests.

A listing that fits on one page is counted. Of a longer one, offsets further and further out are asked for
until one lies behind its end, then the gap is narrowed: Bitbucket lets a page start at any offset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.sources.common.check.asking import Reply
from connector.sources.common.check.sizes import Size, spread
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.endpoints import Address

_LEAP = 8
_PROBES = 6
_ROWS_OF_A_PROBE = 25


@dataclass(frozen=True, slots=True)
class Listing:
    """What was learned of a listing: its size, some of its rows in their order, and how the first page was answered."""

    size: Size
    rows: list[Any]
    sample: list[Any]
    """Rows from all over the listing, no part of it with more than another."""
    page_size: int
    first: Reply


def ask(bitbucket: Bitbucket, address: Address, **question: str | int) -> Reply:
    """Ask for an address of the REST API."""
    asked = bitbucket.ask(address, question)
    return Reply(f"GET {bitbucket.path_of(address, question)}", asked)


def survey(ask: Callable[[int, int], Reply], limit: int) -> Listing:
    """Look at a listing. `ask` takes start and limit; what cannot be read is in the first answer."""
    first = ask(0, limit)
    shown = len(first.rows)
    start = first.body.get("nextPageStart")
    if _is_last(first) or not isinstance(start, int) or start <= 0:
        return Listing(Size(shown, shown), first.rows, first.rows, max(shown, 1), first)
    size, rows = _probe(ask, start)
    sample = [*spread(first.rows, _ROWS_OF_A_PROBE), *rows]
    return Listing(size, [*first.rows, *rows], sample, max(shown, 1), first)


def _probe(ask: Callable[[int, int], Reply], least: int) -> tuple[Size, list[Any]]:
    most: int | None = None
    found: dict[int, list[Any]] = {}
    for _ in range(_PROBES):
        start = least * _LEAP if most is None else round((least * most) ** 0.5)
        if start <= least:
            break
        page = ask(start, _ROWS_OF_A_PROBE)
        if page.diagnosis is not None:
            break
        if page.rows or not _is_last(page):
            found[start] = page.rows
            least = _end_of(page, start)
            most = least if _is_last(page) else most
        else:
            most = start
    return Size(least, most), [row for _, rows in sorted(found.items()) for row in rows]


def _end_of(page: Reply, start: int) -> int:
    """Give the offset behind a page; rows that the account may not see count, except at the very end."""
    end = page.body.get("nextPageStart")
    return end if isinstance(end, int) and end > start else start + len(page.rows)


def _is_last(page: Reply) -> bool:
    """Whether a page says that it is the last one."""
    return page.body.get("isLastPage") is True
