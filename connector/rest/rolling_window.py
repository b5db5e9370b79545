"""At most so many requests in any so many seconds: a quota that the server counts, and does not tell on the way.

The connector counts for itself, uses at once what is left, and goes on as requests leave the window. Knows time;
no HTTP, no product. It is used through a `Throttle`, which holds its lock meanwhile.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from connector.rest.clock import Clock, Obstacle

_SLACK = 1.02
"""A request leaves the window a little later: servers count in whole minutes, and by clocks of their own."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1 / 240, 1 / 6
"""Shares of the window to wait after a 429: 15 s and 10 min of an hour."""
_LONGER = 4
"""Each further 429 within the window makes the pause so many times as long."""


class RollingWindow:
    """Counts the requests of the last `seconds`; `limit` of them are allowed.

    The server counts a request at some moment between its sending and its answer. So its place is taken when it
    is sent, and comes free `seconds` after its answer: the server never counts more than the limit.

    A 429 says that somebody else uses the same quota. From then on requests that count go one at a time, for as
    long as the window lasts, and each further 429 makes the pause longer.
    """

    def __init__(self, clock: Clock, limit: int, seconds: float) -> None:
        self._clock = clock
        self._limit = max(1, limit)
        self._seconds = seconds
        self._leave: deque[float] = deque()
        """When the requests that were answered leave the window."""
        self._under_way = 0
        self._refused: deque[float] = deque()
        """When a 429 came, in the last `seconds`."""
        self._paused_until = -math.inf

    def restore(self, ages: Iterable[float]) -> None:
        """Count requests of an earlier run, which were answered so many seconds ago by the clock on the wall.

        An age below 0 (that clock was set back since) counts as 0.
        """
        now, lasts = self._clock.now(), self._seconds * _SLACK
        restored = (now + lasts - max(0.0, age) for age in ages)
        self._leave = deque(sorted([*self._leave, *(moment for moment in restored if moment > now)]))

    def allow(self, limit: int) -> None:
        """Keep to a limit that the server told."""
        self._limit = max(1, limit)

    def ages(self) -> list[float]:
        """Give how many seconds ago each request was answered that is still counted."""
        now, lasts = self._clock.now(), self._seconds * _SLACK
        return [now - (moment - lasts) for moment in self._leave if moment > now]

    def obstacle(self, now: float) -> Obstacle | None:
        """See `Limited`."""
        self._forget(now)
        if now < self._paused_until:
            return self._paused_until - now, "pause after 429"
        if self._refused and self._under_way:
            return math.inf, "rolling window"
        if len(self._leave) + self._under_way >= self._limit:
            return (self._leave[0] - now if self._leave else math.inf), "rolling window"
        return None

    def take(self) -> None:
        """See `Limited`."""
        self._under_way += 1

    def ended(self, now: float) -> None:
        """Take note that a request was answered, or will not be."""
        self._under_way -= 1
        self._leave.append(now + self._seconds * _SLACK)

    def refused(self, sent_at: float, told: float | None, now: float) -> float:
        """Pause after a 429, for as many seconds as the server told if it did; give how long.

        A request that was under way when the 429 before came says nothing new.
        """
        self._forget(now)
        if not self._refused or sent_at > self._refused[-1]:
            self._refused.append(now)
        before = len(self._refused) - 1
        longer = min(self._seconds * _FIRST_PAUSE * _LONGER ** min(before, 9), self._seconds * _LONGEST_PAUSE)
        pause = longer if told is None else max(told, longer if before else 0.0)
        self._paused_until = max(self._paused_until, now + pause)
        return self._paused_until - now

    def seconds_for(self, requests: int, now: float) -> float:
        """Forecast when the last of so many more requests may be sent, in seconds from now."""
        if requests < 1:
            return 0.0
        self._forget(now)
        lasts = self._seconds * _SLACK
        taken = [*self._leave, *[now + lasts] * self._under_way][-self._limit :]
        places = [now] * (self._limit - len(taken)) + taken
        rounds, place = divmod(requests - 1, self._limit)
        return max(places[place], self._paused_until) + rounds * lasts - now

    def _forget(self, now: float) -> None:
        while self._leave and self._leave[0] <= now:
            self._leave.popleft()
        while self._refused and self._refused[0] <= now - self._seconds:
            self._refused.popleft()
