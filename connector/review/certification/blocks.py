"""Rows that may get the same answer: next to each other on a sheet, of one level, and with the same reasons to look.

Somebody who owns hundreds of repositories answers a block at a time. Knows no workbook.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.review.certification.rows import Row, level_in_words

SHORTEST = 5
"""Rows; fewer are as soon answered one by one."""


@dataclass(slots=True)
class Block:
    """Rows `first` to `last` of a sheet, as people count, that are like `row`."""

    row: Row
    sheet: str
    first: int
    last: int

    def __str__(self) -> str:
        found = self.row.grounds or "nothing found that deserves a look"
        return f"{level_in_words(self.row.first.level)}, {self.row.kind}: {found}"


@dataclass(slots=True)
class Blocks:
    """The blocks of a workbook, while its rows are written."""

    _all: list[Block] = field(default_factory=list)

    def add(self, row: Row, sheet: str, number: int) -> None:
        """Add the next row, and where it was written."""
        last = self._all[-1] if self._all else None
        if last and (last.sheet, last.last + 1, last.row.block) == (sheet, number, row.block):
            last.last = number
        else:
            self._all.append(Block(row, sheet, number, number))

    def long(self) -> list[Block]:
        """Give the blocks that save work."""
        return [block for block in self._all if block.last - block.first >= SHORTEST - 1]
