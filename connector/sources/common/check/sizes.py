"""Numbers that a check knows roughly: sizes of listings, rows from all over them, and what an export will cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.rest.progress import duration

PROJECTS_ASKED = 4
REPOSITORIES_ASKED = 6
"""How many of them a check asks for their permissions."""
READINGS = 2
"""An export reads every listing at the beginning and at the end."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bounds of a number of rows, hidden ones included; `most` is None where the end was not found."""

    least: int
    most: int | None

    @property
    def is_exact(self) -> bool:
        """Whether they were counted."""
        return self.least == self.most

    @property
    def estimate(self) -> int:
        """One number for estimates."""
        return self.least if self.most is None else round((self.least + self.most) / 2)

    @property
    def text(self) -> str:
        """The number in words."""
        if self.is_exact:
            return f"{self.least:,}"
        if self.most is None:
            return f"more than {self.least:,}"
        return f"between {self.least:,} and {self.most:,}"


def spread(rows: list[Any], count: int) -> list[Any]:
    """Choose `count` rows, evenly over the whole list; the same ones each time."""
    if len(rows) <= count:
        return rows
    return [rows[round(index * (len(rows) - 1) / (count - 1))] for index in range(count)]


def in_words(requests: int, seconds: float) -> str:
    """Say both in words."""
    return f"at most about {_rounded(requests):,} requests, which take {duration(max(1.0, seconds))}"


def _rounded(number: int) -> int:
    """Keep two digits that count: the rest is a guess."""
    digits = max(0, len(str(number)) - 2)
    return round(number, -digits)
