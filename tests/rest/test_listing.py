"""A listing is read until two readings agree, and never endlessly."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Unreadable, Why
from connector.rest.listing import Reading, read_once, read_until_agreed


def reading(*pages: list[int]) -> Reading[int]:
    return read_once(iter(pages), lambda row: row, "rows")


def agreed(*readings: Reading[int]) -> tuple[list[int], int]:
    """Give the rows, and the number of readings."""
    asked: list[int] = []

    def read(number: int) -> Reading[int]:
        asked.append(number)
        return readings[min(number, len(readings) - 1)]

    return read_until_agreed(read, "rows"), len(asked)


def test_a_single_page_is_read_once() -> None:
    assert agreed(reading([1, 2])) == ([1, 2], 1)


def test_a_row_that_moves_to_a_page_already_read_is_not_missed() -> None:
    """The first row is deleted between two pages: the third moves up to the page that was read already."""
    assert agreed(reading([1, 2], [4]), reading([2, 3], [4]), reading([2, 3], [4])) == ([2, 3, 4], 3)


def test_readings_that_never_agree_are_unreadable() -> None:
    changing = [reading([number], [0]) for number in range(1, 20)]
    with pytest.raises(Unreadable, match=r"rows: it changed between each two") as raised:
        agreed(*changing)
    assert raised.value.why is Why.CONTRADICTION


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=8))
def test_a_reading_has_each_row_once(pages: list[list[int]]) -> None:
    assert list(reading(*pages).rows) == list(dict.fromkeys(row for page in pages for row in page))


@pytest.mark.parametrize("advances", [True, False])
def test_endless_pages_are_an_error(*, advances: bool) -> None:
    def endless() -> Iterator[list[int]]:
        for number in count():
            yield [number] if advances else [1, 2, 3]

    with pytest.raises(Unreadable, match=r"rows: the listing does not end"):
        read_once(endless(), lambda row: row, "rows")


@pytest.mark.parametrize("page", [[], [1, 2, 3]])
def test_pages_without_new_rows_are_soon_an_error(page: list[int]) -> None:
    pages = count()
    with pytest.raises(Unreadable, match="does not end"):
        read_once((page for _ in pages), lambda row: row, "rows")
    assert next(pages) < 1_100
