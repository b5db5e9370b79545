"""Progress of a run: how many requests are left, and how long they take at the present pace. Sends none itself."""

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
    """A number of requests, `counted` of which count for a limit over hours."""

    requests: int = 0
    counted: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.requests + other.requests, self.counted + other.counted)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.requests - other.requests, self.counted - other.counted)

    def __mul__(self, number: int) -> Cost:
        return Cost(self.requests * number, self.counted * number)


class Progress(Protocol):
    """Shows the progress of a run to a person."""

    def expect(self, scopes: int) -> None:
        """Add groups, projects and repositories that are to be read."""

    def done(self) -> None:
        """Count one of them as finished."""

    def remaining(self, seconds: float) -> None:
        """Update the forecast of the remaining seconds; called now and then."""


class Forecast:
    """Counts the requests that are left, and forecasts for `progress` how long they will take.

    `in_journal` gives how many of them a journal will answer. `limit` is the reason that the log gives where a limit
    over hours makes them slow.
    """

    def __init__(
        self,
        clock: Clock,
        throttle: Throttle,
        progress: Progress,
        in_journal: Callable[[], int],
        limit: str = "",
    ) -> None:
        self._clock = clock
        self._throttle = throttle
        self._progress = progress
        self._in_journal = in_journal
        self._limit = limit
        self._left = Cost()
        self._next = clock.now()

    def expect(self, scopes: int, cost: Cost, /) -> None:
        """Add scopes that are to be read, and the requests for all of them."""
        self._left += cost
        self._progress.expect(scopes)

    def done(self, cost: Cost, /) -> None:
        """Count one scope as finished; `cost` is the one that was expected for it."""
        self._left -= cost
        self._progress.done()
        now = self._clock.now()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_FORECASTS
            seconds = self._seconds_for(self._to_send())
            if seconds is not None:
                self._progress.remaining(seconds)

    def tell(self) -> None:
        """Log how many requests are left, and how long they take."""
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
        known = self._in_journal()
        return Cost(max(0, self._left.requests - known), max(0, self._left.counted - known))


def duration(seconds: float) -> str:
    """Format a duration: `42 s`, `12 min`, `1 h 4 min`."""
    if seconds < _TWO_MINUTES:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
