"""A rolling window: at most `limit` requests in any `seconds`, a quota that the server counts but does not report.

The connector counts its own requests, uses the rest of the quota at once, and continues as requests leave the window.
Knows time; no HTTP, no product. A `Throttle` calls it and holds the lock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from connector.rest.clock import Clock, Delay

_SLACK = 1.02
"""A request counts 2 % longer than the window: servers count in whole minutes, by their own clocks."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1 / 240, 1 / 6
"""The first and the longest pause after a 429, as shares of the window: 15 s and 10 min of an hour."""
_LONGER = 4
"""The factor by which each further 429 within the window makes the pause longer."""


class RollingWindow:
    """Counts the requests of the last `seconds`; `limit` of them are allowed.

    The server counts a request at some moment between its sending and its answer. So a request counts here from its
    sending until `seconds` after its answer: the server never counts more than the limit.

    A 429 means that another client uses the same quota. For the length of the window requests that count are then
    sent one at a time, and each further 429 makes the pause longer.
    """

    def __init__(self, clock: Clock, limit: int, seconds: float) -> None:
        self._clock = clock
        self._limit = max(1, limit)
        self._seconds = seconds
        self._leave: deque[float] = deque()
        """When answered requests leave the window, ascending."""
        self._in_flight = 0
        self._refused: deque[float] = deque()
        """When 429 answers came, in the last `seconds`."""
        self._paused_until = -math.inf

    def restore(self, ages: Iterable[float]) -> None:
        """Count requests of an earlier run. `ages` are the seconds since their answers, by the system clock.

        An age below 0 counts as 0: the system clock was set back since.
        """
        now, lasts = self._clock.now(), self._seconds * _SLACK
        restored = (now + lasts - max(0.0, age) for age in ages)
        self._leave = deque(sorted([*self._leave, *(moment for moment in restored if moment > now)]))

    def allow(self, limit: int) -> None:
        """Set the limit that the server announces."""
        self._limit = max(1, limit)

    def ages(self) -> list[float]:
        """Give, for each answered request that still counts, the seconds since its answer."""
        now, lasts = self._clock.now(), self._seconds * _SLACK
        return [now - (moment - lasts) for moment in self._leave if moment > now]

    def delay(self, now: float) -> Delay | None:
        """See `Limiter`."""
        self._forget(now)
        if now < self._paused_until:
            return self._paused_until - now, "pause after 429"
        if self._refused and self._in_flight:
            return math.inf, "rolling window"
        if len(self._leave) + self._in_flight >= self._limit:
            return (self._leave[0] - now if self._leave else math.inf), "rolling window"
        return None

    def take(self) -> None:
        """See `Limiter`."""
        self._in_flight += 1

    def ended(self, now: float) -> None:
        """Count a request that was answered, or that failed."""
        self._in_flight -= 1
        self._leave.append(now + self._seconds * _SLACK)

    def refused(self, sent_at: float, retry_after: float | None, now: float) -> float:
        """Pause after a 429, for at least `retry_after` seconds if it is given; give the seconds.

        A 429 to a request sent before the previous 429 does not make the pause longer.
        """
        self._forget(now)
        if not self._refused or sent_at > self._refused[-1]:
            self._refused.append(now)
        before = len(self._refused) - 1
        longer = min(self._seconds * _FIRST_PAUSE * _LONGER ** min(before, 9), self._seconds * _LONGEST_PAUSE)
        pause = longer if retry_after is None else max(retry_after, longer if before else 0.0)
        self._paused_until = max(self._paused_until, now + pause)
        return self._paused_until - now

    def seconds_for(self, requests: int, now: float) -> float:
        """Forecast when the last of `requests` more may be sent, in seconds from now."""
        if requests < 1:
            return 0.0
        self._forget(now)
        lasts = self._seconds * _SLACK
        taken = [*self._leave, *[now + lasts] * self._in_flight][-self._limit :]
        places = [now] * (self._limit - len(taken)) + taken
        rounds, place = divmod(requests - 1, self._limit)
        return max(places[place], self._paused_until) + rounds * lasts - now

    def _forget(self, now: float) -> None:
        while self._leave and self._leave[0] <= now:
            self._leave.popleft()
        while self._refused and self._refused[0] <= now - self._seconds:
            self._refused.popleft()
