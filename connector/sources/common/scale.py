"""A scale of permissions, from the lowest to the highest; a higher one implies the lower ones."""

from __future__ import annotations

from enum import StrEnum


class Scale(StrEnum):
    """Members are declared from the lowest to the highest."""

    rank: int
    """Position on the scale, from 0."""

    def __new__(cls, name: str) -> Scale:
        """Make a member; it is numbered in the order of declaration."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.rank = len(cls.__members__)
        return member
