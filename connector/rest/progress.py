"""How far a run is, and how long the rest takes: requests, and time at the present pace. Asks nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from connector.rest.clock import Clock
from connector.rest.throttle import Throttle

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_FORECASTS = 1.0
_TWO_MINUTES, _TWO_HOURS = 120, 7200


class Progress(Protocol):
    """Shows a person how far a run is."""

    def expect(self, scopes: int) -> None:
        """Take note that this many more groups, projects and repositories are to be asked about."""

    def done(self) -> None:
        """Take note that one of them is finished."""

    def remaining(self, seconds: float) -> None:
        """Take note, now and then, that the rest will take this long at the present pace."""


class Forecast:
    """Counts the requests that are left, and tells `progress` how long they will take.

    `remembered` gives how many of them a journal will answer.
    """

    def __init__(self, clock: Clock, throttle: Throttle, progress: Progress, remembered: Callable[[], int]) -> None:
        self._clock = clock
        self._throttle = throttle
        self._progress = progress
        self._remembered = remembered
        self._requests = 0
        self._next = clock.now()

    def expect(self, scopes: int, requests: int) -> None:
        """Take note of scopes that are to be asked about, with so many requests in all."""
        self._requests += requests
        self._progress.expect(scopes)

    def done(self, requests: int) -> None:
        """Take note that one scope is finished, for which so many requests were expected."""
        self._requests -= requests
        self._progress.done()
        now = self._clock.now()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_FORECASTS
            seconds = self._throttle.seconds_for(self._to_send())
            if seconds is not None:
                self._progress.remaining(seconds)

    def tell(self) -> None:
        """Say in the log what is left to be asked, and how long that takes."""
        requests = self._to_send()
        seconds = self._throttle.seconds_for(requests) or 0.0
        known = self._requests - requests
        from_journal = f", and {known:,} more that the journal answers" if known else ""
        log.info(
            "at most %s requests are left%s: %s at the present pace", f"{requests:,}", from_journal, duration(seconds)
        )

    def _to_send(self) -> int:
        return max(0, self._requests - self._remembered())


def duration(seconds: float) -> str:
    """Write a time as people say it: `42 s`, `12 min`, `5.3 h`."""
    if seconds < _TWO_MINUTES:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < _TWO_HOURS else f"{seconds / 3600:.1f} h"
