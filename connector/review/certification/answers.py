"""The answers that a reviewer can give, and how they are spelt. Knows no workbook.

Blanks and letter case do not matter. Any other word is no answer, and is never taken for one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from connector.graph.values import Level


class Verdict(StrEnum):
    """What is to become of a grant."""

    KEEP = "keep"
    REDUCE = "reduce"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer. `leave` is the level that is left where the grant is reduced, and NONE otherwise."""

    verdict: Verdict
    leave: Level = Level.NONE

    def __str__(self) -> str:
        return f"{self.verdict} to {self.leave}" if self.leave else str(self.verdict)


KEEP, REMOVE = Decision(Verdict.KEEP), Decision(Verdict.REMOVE)
TO_READ, TO_WRITE = (Decision(Verdict.REDUCE, level) for level in (Level.READ, Level.WRITE))

WORDS = tuple(str(decision) for decision in (KEEP, REMOVE, TO_READ, TO_WRITE))
"""All answers, in an order of which every level is offered the beginning."""

OFFERED = {"admin": 4, "write": 3}
OFFERED_OTHERWISE = 2
"""How many of them there are for a level; a grant that only reads can be kept or removed."""


def offered(level: Level) -> tuple[str, ...]:
    """Give the answers that there are for a grant of this level."""
    return WORDS[: OFFERED.get(str(level), OFFERED_OTHERWISE)]


def read_decision(text: str, level: Level) -> Decision | None:
    """Read an answer about a grant of this level; None where it is none.

    `reduce` alone means one level less: admin becomes write, write becomes read.
    """
    word = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if word == Verdict.REDUCE and level > Level.READ:
        return Decision(Verdict.REDUCE, Level(level - 1))
    return next((one for one in (KEEP, REMOVE, TO_READ, TO_WRITE) if word == str(one) and word in offered(level)), None)
