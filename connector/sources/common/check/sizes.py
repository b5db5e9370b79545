"""Numbers that a check knows roughly: sizes of listings, rows from all over them, and what an export will cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.rest.progress import duration


@dataclass(frozen=True, slots=True)
class Size:
    """At least and at most so many; `most` is None where the end was not found. Rows may be hidden among them."""

    least: int
    most: int | None

    @property
    def is_exact(self) -> bool:
        """Whether they were counted."""
        return self.least == self.most

    @property
    def estimate(self) -> int:
        """One number to reckon with."""
        return self.least if self.most is None else round((self.least + self.most) / 2)

    @property
    def text(self) -> str:
        """As people say it."""
        if self.is_exact:
            return f"{self.least:,}"
        if self.most is None:
            return f"more than {self.least:,}"
        return f"between {self.least:,} and {self.most:,}"


def spread(rows: list[Any], count: int) -> list[Any]:
    """Choose so many rows, evenly over the whole list; the same ones each time."""
    if len(rows) <= count:
        return rows
    return [rows[round(index * (len(rows) - 1) / (count - 1))] for index in range(count)]


def as_people_say(requests: int, seconds: float) -> str:
    """Put both into words."""
    return f"at most about {_rounded(requests):,} requests, which take {duration(max(1.0, seconds))}"


def _rounded(number: int) -> int:
    """Keep two digits that count: the rest is a guess."""
    digits = max(0, len(str(number)) - 2)
    return round(number, -digits)
