"""Random choices for organisations, from a few strings of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices:
    """Choices that one string of bytes makes.

    Hypothesis draws the string at once, which takes a small part of the time that a draw for each choice takes. It
    shrinks the bytes towards zero, and a zero is the first item or the smallest number. So are all choices after the
    last byte. Parts of an organisation that have a string each shrink further: what is left out of one does not shift
    the choices of another.
    """

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def number(self, least: int, most: int) -> int:
        """Choose a number from `least` to `most`, which are at most 255 apart."""
        return least + next(self._bytes, 0) % (most - least + 1)

    def yes(self) -> bool:
        """Choose yes or no."""
        return bool(self.number(0, 1))

    def one(self, items: Sequence[T]) -> T:
        """Choose one of at most 256 items."""
        return items[self.number(0, len(items) - 1)]

    def some(self, items: Iterable[T], most: int, least: int = 0) -> list[T]:
        """Choose from `least` to `most` different items, in any order.

        It takes `most + 1` bytes in any case, so that fewer items do not shift the choices that follow.
        """
        left, own = list(items), Choices(bytes(islice(self._bytes, most + 1)))
        return [left.pop(own.number(0, len(left) - 1)) for _ in range(own.number(least, min(most, len(left))))]


def choices(size: int) -> st.SearchStrategy[Choices]:
    """Draw choices from `size` bytes: each choice takes one, each list one more than its most items."""
    return st.binary(min_size=size, max_size=size).map(Choices)
