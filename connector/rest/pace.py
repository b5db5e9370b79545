"""How fast Bitbucket may be asked: one pace for all workers. Knows time, nothing of HTTP.

Two things are held: how many requests a second (`bucket`), and how many at the same time (`width`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connector.rest.bucket import Bucket, Limit
from connector.rest.clock import Clock
from connector.rest.width import Width

__all__ = ["Limit", "Pace", "Turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request that may be sent now: the round of the bucket it was taken from, and the moment."""

    round: int
    at: float


class Pace:
    """Hands out turns, each for one request; `at_once` is the most that are under way at a time."""

    def __init__(self, clock: Clock, limit: Limit | None = None, at_once: int = 8) -> None:
        self._clock = clock
        self._bucket = Bucket(clock, limit)
        self._width = Width(clock, at_once)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a turn; it ends with the block. Raises `Stopped`."""
        self._width.enter()
        try:
            yield Turn(self._bucket.wait(), self._clock.now())
        finally:
            self._width.leave()

    def obey(self, limit: Limit) -> None:
        """Keep a little below a limit of the server from now on."""
        self._bucket.obey(limit.a_little_below())

    def answered(self, turn: Turn) -> None:
        """Take note that a whole answer came, whatever it says."""
        self._bucket.answered(turn.round)
        self._width.answered(self._clock.now() - turn.at)

    def rate_limited(self, turn: Turn, retry_after: float) -> None:
        """Make everybody wait after a 429, in seconds, and ask more slowly from then on."""
        self._bucket.found_empty(turn.round, retry_after)

    def overloaded(self, turn: Turn, why: str) -> None:
        """Ask less at the same time after an answer that says that the server has too much to do."""
        self._width.overloaded(turn.at, why)

    def seconds_for(self, requests: int) -> float | None:
        """Estimate how long so many more requests take at the present pace; None before the first answer."""
        one = self._width.answer_seconds
        return None if one is None else max(self._bucket.seconds_for(requests), requests * one / self._width.limit)
