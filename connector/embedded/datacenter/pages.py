"""Bitbucket's paging, with the quirks that servers of the field show.

Offsets count rows that the caller may not see, so the next page starts where the answer says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.embedded.datacenter.settings import Settings

Row = TypeVar("Row")

_HOLE_STEP = 7919
"""A prime, so that the lengths of the holes look irregular."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a listing; `next_start` is None on the last page."""

    rows: Sequence[Row]
    start: int
    limit: int
    next_start: int | None

    def envelope(self, shape: Callable[[Row], Any], *, null_next: bool) -> dict[str, Any]:
        """Write the page as Bitbucket does, each row in its shape."""
        values = [shape(row) for row in self.rows]
        last = self.next_start is None
        envelope = {
            "size": len(values),
            "limit": self.limit,
            "isLastPage": last,
            "values": values,
            "start": self.start,
        }
        if null_next or not last:
            envelope["nextPageStart"] = self.next_start
        return envelope


def page_of(rows: Sequence[Row], start: int, limit: int, settings: Settings) -> Page[Row]:
    """Cut the page at an offset out of a listing."""
    if not settings.holes:
        after = start + limit
        return Page(rows[start:after], start, limit, after if after < len(rows) else None)
    with_holes = _with_holes(rows, settings.holes)
    return (_window if settings.short_pages else _filled)(with_holes, start, limit)


def _with_holes(rows: Sequence[Row], longest: int) -> list[Row | None]:
    offsets: list[Row | None] = []
    for index, row in enumerate(rows):
        offsets.extend([None] * ((index * _HOLE_STEP + len(rows)) % (longest + 1)))
        offsets.append(row)
    return offsets


def _window(offsets: Sequence[Row | None], start: int, limit: int) -> Page[Row]:
    """Look at `limit` offsets: what is visible of them may be less, or nothing."""
    after = start + limit
    rows = [row for row in offsets[start:after] if row is not None]
    return Page(rows, start, limit, after if after < len(offsets) else None)


def _filled(offsets: Sequence[Row | None], start: int, limit: int) -> Page[Row]:
    """Look as far as it takes to fill the page; the next one starts at the next visible row."""
    visible = ((offset, row) for offset, row in enumerate(offsets) if offset >= start and row is not None)
    rows = [row for _, row in islice(visible, limit)]
    following = next(visible, None)
    return Page(rows, start, limit, following[0] if following else None)
