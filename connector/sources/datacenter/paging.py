"""The one paging loop. Knows Bitbucket's page envelope, not what is on the pages.

Bitbucket filters rows that the account may not see after counting them: the next page begins where the
answer says and not at start + size, a page may hold fewer rows than the limit or none at all, and only
`isLastPage` ends a listing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from connector.rest.answer import JsonObject
from connector.rest.fields import Malformed

LIMIT = 1000
"""Rows asked for; servers cap it silently at what their configuration allows."""

LIMIT_WITH_PERMISSION = 500
"""With a permission filter Bitbucket loses users above half of its own limit (BSERV-11884)."""

_T = TypeVar("_T")

Ask = Callable[[int, int], JsonObject]
"""Takes the offset and the number of rows, gives one page."""


def pages(ask: Ask, what: str, limit: int = LIMIT) -> Iterator[list[Any]]:
    """Give the rows of each page, in order; without an end where the server promises another page for ever.

    Raises `Malformed` naming `what` where an answer is no page or the cursor does not advance.
    """
    start = 0
    while True:
        page = ask(start, limit)
        yield _field(page, "values", list, what)
        if _field(page, "isLastPage", bool, what):
            return
        start = _advance(page, start, what)


def _advance(page: JsonObject, start: int, what: str) -> int:
    cursor = page.get("nextPageStart")
    if isinstance(cursor, bool) or not isinstance(cursor, int) or cursor <= start:
        raise Malformed(f"{what}: the page from {start} is not the last, but its nextPageStart is {cursor!r}")
    return cursor


def _field(page: JsonObject, name: str, kind: type[_T], what: str) -> _T:
    value = page.get(name)
    if not isinstance(value, kind):
        raise Malformed(f"{what}: the answer has no {name}, so it is no page of a listing")
    return value
