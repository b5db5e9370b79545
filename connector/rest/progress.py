"""How far a run is, and how long the rest takes: requests, and time at the present pace. Asks nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connector.rest.clock import Clock
from connector.rest.throttle import Throttle

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_FORECASTS = 1.0
_TWO_MINUTES = 120


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests; `counted` are those of them that count for a limit over hours."""

    requests: int = 0
    counted: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.requests + other.requests, self.counted + other.counted)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.requests - other.requests, self.counted - other.counted)

    def __mul__(self, number: int) -> Cost:
        return Cost(self.requests * number, self.counted * number)


class Progress(Protocol):
    """Shows a person how far a run is."""

    def expect(self, scopes: int) -> None:
        """Take note that this many more groups, projects and repositories are to be asked about."""

    def done(self) -> None:
        """Take note that one of them is finished."""

    def remaining(self, seconds: float) -> None:
        """Take note, now and then, that the rest will take this long at the present pace."""


class Counts(Protocol):
    """Counts what is left."""

    def expect(self, scopes: int, cost: Cost, /) -> None:
        """Take note of scopes that are to be asked about, and what that costs in all."""

    def done(self, cost: Cost, /) -> None:
        """Take note that one scope is finished, which was expected to cost so much."""

    def tell(self) -> None:
        """Say what is left to be asked."""


class Forecast:
    """Counts the requests that are left, and tells `progress` how long they will take.

    `remembered` gives how many of them a journal will answer. `limit` says in the log why they take so long, where a
    limit over hours is what holds them up.
    """

    def __init__(
        self,
        clock: Clock,
        throttle: Throttle,
        progress: Progress,
        remembered: Callable[[], int],
        limit: str = "",
    ) -> None:
        self._clock = clock
        self._throttle = throttle
        self._progress = progress
        self._remembered = remembered
        self._limit = limit
        self._left = Cost()
        self._next = clock.now()

    def expect(self, scopes: int, cost: Cost, /) -> None:
        """Take note of scopes that are to be asked about, and what that costs in all."""
        self._left += cost
        self._progress.expect(scopes)

    def done(self, cost: Cost, /) -> None:
        """Take note that one scope is finished, which was expected to cost so much."""
        self._left -= cost
        self._progress.done()
        now = self._clock.now()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_FORECASTS
            seconds = self._seconds_for(self._to_send())
            if seconds is not None:
                self._progress.remaining(seconds)

    def tell(self) -> None:
        """Say in the log what is left to be asked, and how long that takes."""
        cost = self._to_send()
        seconds = self._seconds_for(cost) or 0.0
        known = self._left.requests - cost.requests
        from_journal = f", and {known:,} more that the journal answers" if known else ""
        is_held_up = self._limit and seconds > (self._throttle.seconds_for(cost.requests) or 0.0)
        lasts = f", {duration(seconds)}, {self._limit}" if is_held_up else f": {duration(seconds)} at the present pace"
        log.info("at most %s requests are left%s%s", f"{cost.requests:,}", from_journal, lasts)

    def _seconds_for(self, cost: Cost) -> float | None:
        return self._throttle.seconds_for(cost.requests, cost.counted)

    def _to_send(self) -> Cost:
        remembered = self._remembered()
        return Cost(max(0, self._left.requests - remembered), max(0, self._left.counted - remembered))


def duration(seconds: float) -> str:
    """Write a time as people say it: `42 s`, `12 min`, `1 h 4 min`."""
    if seconds < _TWO_MINUTES:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
