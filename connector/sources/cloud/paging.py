"""The one paging loop. Knows Bitbucket Cloud's page envelope, not what is on the pages.

Only `values` and `next` are guaranteed; a page without `next` is the last one. `next` is followed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connector.rest.answer import JsonObject
from connector.rest.fields import Malformed

LENGTHS = (100, 50, 10, None)
"""Rows asked for, from the most to what Bitbucket takes by itself: what is too much differs by listing."""


class Pages:
    """The pages of one reading of a listing, each once; then `agrees_with` tells whether that was all of it.

    Raises `Malformed` naming `what` where an answer is no page, or the next page is one that was read already.
    """

    def __init__(self, first: Callable[[], JsonObject], follow: Callable[[object], JsonObject], what: str) -> None:
        self._first = first
        self._follow = follow
        self._what = what
        self._sizes: set[int] = set()

    def __iter__(self) -> Iterator[list[Any]]:
        page, followed = self._first(), set[object]()
        while True:
            yield self._rows(page)
            following = page.get("next")
            if following is None:
                return
            if not isinstance(following, str) or following in followed:
                raise Malformed(f"{self._what}: the next page is no address, or one that was read already")
            followed.add(following)
            page = self._follow(following)

    def agrees_with(self, count: int) -> bool:
        """Whether each page that told the size of the listing told this one."""
        return self._sizes <= {count}

    def _rows(self, page: JsonObject) -> list[Any]:
        rows, size = page.get("values"), page.get("size")
        if not isinstance(rows, list):
            raise Malformed(f"{self._what}: the answer has no values, so it is no page of a listing")
        if isinstance(size, int) and not isinstance(size, bool):
            self._sizes.add(size)
        return rows
