"""How many requests at the same time: as many as Bitbucket answers without getting slower. Knows time, not HTTP.

The ceiling is given. Below it the number follows two signs that a server has enough to do. One is that it says
so (503), or does not answer at all: half as many. The other is that answers take much longer than they did:
then fewer are tried, and where that does not make them faster, it is not our doing, and as many as before.
"""

from __future__ import annotations

import logging
import threading
from statistics import median

from connector.rest.clock import Clock

log = logging.getLogger(__name__)

_FIRST = 4
"""So many at first; every answer adds one until the ceiling is reached, or something is wrong."""
_WINDOW_SECONDS = 0.5
_WINDOW_ANSWERS = 4
"""What is measured before anything is decided: at least so long, so many answers, and two for each place."""
_SLOW, _SLOW_SECONDS = 2.0, 0.015
"""Answers are slow that take twice as long as they did at best, and so many seconds more."""
_WELL, _WELL_SECONDS = 1.5, 0.008
_FEWER_WHEN_SLOW = 0.7
_FEWER_WHEN_OVERLOADED = 0.5
_MORE = 1.3
_FASTER = 0.9
"""What is left of the time an answer takes where fewer requests did help."""
_SMOOTHING = 0.02
_LOOK_UP_SECONDS = 0.5


class Width:
    """Places for requests that are under way; `enter` waits for one, `leave` gives it back."""

    def __init__(self, clock: Clock, ceiling: int) -> None:
        self._clock = clock
        self._ceiling = ceiling
        self._places = threading.Condition()
        self._limit = min(_FIRST, ceiling)
        self._starting = True
        self._under_way = 0
        self._was_full = False
        self._seconds: list[float] = []
        """How long the answers of this window took."""
        self._window_began = clock.now()
        self._fell_at = clock.now()
        self._best: float | None = None
        """The median of the best window."""
        self._is_slow = False
        """Whether the last window was slow; one alone may have been a large page, or a busy moment."""
        self._trial: tuple[int, float] | None = None
        """Where fewer are tried: how many there were, and how long answers took."""
        self.answer_seconds: float | None = None
        """How long an answer takes at present, smoothed."""

    @property
    def limit(self) -> int:
        """Requests under way at most at present."""
        return self._ceiling if self._starting else self._limit

    def enter(self) -> None:
        """Return when there is a place. Raises `Stopped`."""
        with self._places:
            while not self.try_to_enter():
                self._places.wait(_LOOK_UP_SECONDS)
                self._clock.sleep(0)

    def try_to_enter(self) -> bool:
        """Take a place if there is one."""
        with self._places:
            is_full = self._under_way >= self._limit
            self._was_full = self._was_full or is_full
            self._under_way += not is_full
            return not is_full

    def leave(self) -> None:
        """Give a place back."""
        with self._places:
            self._under_way -= 1
            self._places.notify()

    def answered(self, seconds: float) -> None:
        """Take note of how long an answer took."""
        with self._places:
            known = self.answer_seconds
            self.answer_seconds = seconds if known is None else known + _SMOOTHING * (seconds - known)
            self._seconds.append(seconds)
            if self._starting:
                self._start()
            if self._is_measured():
                self._decide(median(self._seconds))
                self._begin_window()

    def overloaded(self, sent_at: float, why: str) -> None:
        """Let fewer go; what was under way when they became fewer says nothing new."""
        with self._places:
            if sent_at < self._fell_at:
                return
            self._fall(_FEWER_WHEN_OVERLOADED, why)
            self._trial = None
            self._begin_window()

    def _start(self) -> None:
        """Take the first answers, to few requests at the same time, for the best there are."""
        self._change_to(self._limit + 1)
        self._starting = self._limit < self._ceiling
        if self._best is None and len(self._seconds) >= _FIRST:
            self._best = median(self._seconds)

    def _is_measured(self) -> bool:
        answers = max(_WINDOW_ANSWERS, 2 * self._limit)
        return len(self._seconds) >= answers and self._clock.now() - self._window_began >= _WINDOW_SECONDS

    def _begin_window(self) -> None:
        self._seconds, self._was_full, self._window_began = [], False, self._clock.now()

    def _decide(self, took: float) -> None:
        trial, self._trial = self._trial, None
        was_slow, self._is_slow = self._is_slow, False
        best = self._best = took if self._best is None else min(self._best, took)
        if trial is not None and took > trial[1] * _FASTER:
            self._best = took
            self._say("answers are as slow with fewer requests, so it is not our doing", trial[0])
        elif not self._was_full:
            return
        elif took > best * _SLOW + _SLOW_SECONDS:
            self._is_slow = True
            if was_slow:
                self._trial = (self._limit, took)
                self._fall(_FEWER_WHEN_SLOW, f"answers take {1000 * took:.0f} ms instead of {1000 * best:.0f}")
        elif took < best * _WELL + _WELL_SECONDS and not self._starting:
            more = max(self._limit + 1, int(self._limit * _MORE))
            self._say("Bitbucket keeps up", min(self._ceiling, more))

    def _fall(self, share: float, why: str) -> None:
        self._starting = False
        self._fell_at = self._clock.now()
        self._say(why, max(1, int(self._limit * share)))

    def _say(self, why: str, limit: int) -> None:
        if limit != self._limit:
            log.info("%s: %d requests at the same time instead of %d", why, limit, self._limit)
        self._change_to(limit)

    def _change_to(self, limit: int) -> None:
        self._limit = min(limit, self._ceiling)
        self._places.notify_all()
