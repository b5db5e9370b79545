"""How a product reads each word of `--include`, or that it has none of it: then a gap and a step of `check` say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from connector.model import Inclusion

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Something that cannot be included. `missing` is its name in a gap, `fact` why, `advice` what to do instead."""

    missing: str
    fact: str
    advice: str


class Inclusions(Generic[R]):
    """A row for each inclusion. One without a row is not offered, so it is never left out without a word."""

    def __init__(self, product: str, rows: Mapping[Inclusion, R | NotOffered]) -> None:
        self._product = product
        self._rows = rows

    def rows(self, include: Iterable[Inclusion]) -> dict[Inclusion, R | NotOffered]:
        """Give the rows of some inclusions, in the order of `Inclusion`."""
        wanted = set(include)
        return {each: self._rows.get(each) or self._without_row(each) for each in Inclusion if each in wanted}

    def offered(self, include: Iterable[Inclusion]) -> list[R]:
        """Give the rows of those that can be read."""
        return [row for row in self.rows(include).values() if not isinstance(row, NotOffered)]

    def not_offered(self, include: Iterable[Inclusion]) -> dict[Inclusion, NotOffered]:
        """Give the rows of the others."""
        return {each: row for each, row in self.rows(include).items() if isinstance(row, NotOffered)}

    def _without_row(self, inclusion: Inclusion) -> NotOffered:
        return NotOffered(inclusion, f"this connector does not read it from {self._product}", "look for it there")
