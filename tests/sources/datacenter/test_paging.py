from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Unreadable
from connector.sources.datacenter.paging import pages


class Listing:
    """Rows at offsets with holes between them, cut into pages of any sizes."""

    def __init__(self, rows: list[int | None], cuts: list[int], *, null_cursor: bool = False) -> None:
        self._rows = rows
        self._cuts = cuts
        self._null_cursor = null_cursor
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, limit: int) -> dict[str, Any]:
        self.asked.append((start, limit))
        size = self._cuts[len(self.asked) % len(self._cuts)]
        end = start + size
        last = end >= len(self._rows)
        values = [row for row in self._rows[start:end] if row is not None]
        page: dict[str, Any] = {
            "size": len(values),
            "limit": size,
            "start": start,
            "values": values,
            "isLastPage": last,
        }
        if not last:
            page["nextPageStart"] = end
        elif self._null_cursor:
            page["nextPageStart"] = None
        return page


def flat(listing: Any, limit: int = 1000) -> list[int]:
    return [row for rows in pages(listing, "rows", limit) for row in rows]


@given(
    rows=st.lists(st.none() | st.integers(), max_size=60),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    null_cursor=st.booleans(),
)
def test_any_partition_with_holes_and_empty_pages_gives_exactly_its_rows(
    rows: list[int | None], cuts: list[int], null_cursor: bool
) -> None:
    assert flat(Listing(rows, cuts, null_cursor=null_cursor)) == [row for row in rows if row is not None]


def test_an_empty_page_is_not_the_end() -> None:
    assert flat(Listing([None, None, None, 7], [1])) == [7]


def test_the_limit_is_asked_for_on_every_page() -> None:
    listing = Listing([1, 2, 3], [1])
    flat(listing, limit=500)
    assert listing.asked == [(0, 500), (1, 500), (2, 500)]


@pytest.mark.parametrize("cursor", [None, 0, -1, "1", True, 1.5])
def test_a_cursor_that_does_not_advance_is_an_error_and_not_a_loop(cursor: object) -> None:
    def stuck(start: int, limit: int) -> dict[str, Any]:
        return {"values": [start, limit], "isLastPage": False, "nextPageStart": cursor}

    with pytest.raises(Unreadable, match=r"repos: .* nextPageStart"):
        list(pages(stuck, "repos"))


@pytest.mark.parametrize(
    ("page", "missing"),
    [
        ({"isLastPage": True}, "values"),
        ({"values": []}, "isLastPage"),
        ({"values": {}, "isLastPage": True}, "values"),
        ({"values": [], "isLastPage": None}, "isLastPage"),
    ],
)
def test_what_is_no_page_is_an_error_that_names_the_field(page: dict[str, Any], missing: str) -> None:
    with pytest.raises(Unreadable, match=rf"repos: .*{missing}"):
        list(pages(lambda _start, _limit: page, "repos"))
