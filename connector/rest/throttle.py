"""How fast a server is asked: one throttle for all threads of a run. Knows time; no HTTP, no product.

Requests a second: a token bucket, with the limit that the server told, or the one that its answers 429 reveal. A 429
may have nothing to do with how much was asked: where it comes although less was asked, only its pause is kept.

Requests in flight: additive increase, multiplicative decrease. They become fewer after a 503, where no answer comes in
time, and while answers take much longer than they do with few requests in flight.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import geometric_mean

from connector.rest.clock import Clock, Line, Obstacle
from connector.rest.rolling_window import RollingWindow

log = logging.getLogger(__name__)

_SHARE_OF_BURST, _SHARE_OF_RATE = 0.9, 0.98
"""What is asked of a limit that the server told: answers take their time, and others may use the account too."""
_GROWTH_SECONDS = 100.0
"""A revealed rate doubles in so long without a 429: slowly at first, then faster."""
_ENOUGH_PASSED, _PASSED_LESS, _ASKED_LESS = 4, 0.75, 1.02
"""So many requests make a rate; a 429 is not about it where less than such a share of it passed, or was asked."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 20.0
"""Seconds after a 429 that tells none; each one in a row doubles them."""
_LATE_SECONDS = 0.05
"""Threads wake up late; the tokens of so long are kept for them."""

_WINDOW_SECONDS, _WINDOW_ANSWERS = 0.5, 8
"""Answer times are judged by the geometric mean of at least so long, so many answers, and two for each place."""
_WELL, _WELL_SECONDS, _SLOW, _SLOW_SECONDS = 1.5, 0.008, 2.0, 0.015
"""Answers come well, or are slow, that take so many times as long as normally, and so many seconds more."""
_NORMAL_FOR_SECONDS = 30.0
"""Where answers did not come well for so long, the normal time is measured again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` requests at once, `rate` a second; both above 0."""

    burst: float
    rate: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to send one request: given at a moment, after so many seconds, in which it waited for what `why` says."""

    at: float
    waited: float
    why: str
    counts: bool  # whether the rolling window limits it


class Throttle:
    """Hands out turns, each for one request, in the order in which they are asked for.

    `in_flight`, 1 or more, is the most requests under way at a time; `window` limits those that count, for hours.
    """

    def __init__(self, clock: Clock, limit: Limit | None, in_flight: int, window: RollingWindow | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = _Rate(limit, clock.now())
        self._places = _Places(in_flight, clock.now())
        self._window = window
        self._line = Line(clock, self._lock, self._places, self._rate)
        self._counted = Line(clock, self._lock, window, self._places, self._rate) if window else self._line

    @contextmanager
    def turn(self, *, counts: bool = True) -> Iterator[Turn]:
        """Wait for a turn; it ends with the block. Raises `Stopped`."""
        asked = self._clock.now()
        why = (self._counted if counts else self._line).wait()
        now = self._clock.now()
        try:
            yield Turn(now, now - asked, why, counts)
        finally:
            with self._lock:
                self._places.taken -= 1
                if self._window and counts:
                    self._window.ended(self._clock.now())
                self._line.look_again()
                self._counted.look_again()

    def obey(self, limit: Limit) -> None:
        """Keep a little below a limit that the server told; what was sent so far came out of its burst."""
        with self._lock:
            self._rate.obey(limit, self._clock.now())

    def allow(self, limit: int) -> None:
        """Let so many requests count in the window, as the server told."""
        with self._lock:
            if self._window:
                self._window.allow(limit)

    def restore(self, ages: Iterable[float]) -> None:
        """Count requests of an earlier run in the window; see `RollingWindow.restore`."""
        with self._lock:
            if self._window:
                self._window.restore(ages)

    def ages(self) -> list[float]:
        """Give how many seconds ago each request was answered that the window still counts."""
        with self._lock:
            return self._window.ages() if self._window else []

    def answered(self, turn: Turn) -> None:
        """Take note that a whole answer came, whatever it says."""
        with self._lock:
            self._rate.passed(turn.at)
            self._places.answered(turn.at, self._clock.now())

    def rate_limited(self, turn: Turn, retry_after: float | None) -> float:
        """Make everybody wait after a 429, for as many seconds as the server told if it did; give the seconds."""
        told = retry_after if retry_after is not None and 0 <= retry_after < math.inf else None
        with self._lock:
            self._places.slow_start = 1
            limit = self._window if self._window and turn.counts else self._rate
            return limit.refused(turn.at, told, self._clock.now())

    def overloaded(self, turn: Turn, why: str) -> None:
        """Ask less at the same time after a sign that the server has too much to do: 503, no answer in time."""
        with self._lock:
            self._places.overloaded(turn.at, why, self._clock.now())

    def seconds_for(self, requests: int, counted: int = 0) -> float | None:
        """Forecast how long so many more requests take, of which some count; None before the first answer."""
        with self._lock:
            now, in_flight = self._clock.now(), self._places.seconds_for(requests)
            window = self._window.seconds_for(counted, now) if self._window else 0.0
            return None if in_flight is None else max(in_flight, window, self._rate.seconds_for(requests, now))


class _Rate:
    """Requests a second: a token bucket, and pauses in which nobody asks."""

    def __init__(self, limit: Limit | None, now: float) -> None:
        self._most = limit.rate if limit else math.inf
        self._burst = limit.burst + limit.rate * _LATE_SECONDS if limit else 0.0
        self._tokens, self._filled_at = limit.burst if limit else 0.0, now
        self._revealed, self._revealed_at = 0.0, now
        """The rate that answers 429 revealed, 0 for none, and since when it grows."""
        self._paused_until = self._refused_at = self._measured_since = -math.inf
        self._passed = self._in_a_row = 0
        """Requests that passed since the measure began, and how often 429 came since one passed."""
        self._ignored, self._ignore_next = 0, 1
        """How many 429 cost their pause only: now, and the next time that asking less does not help."""

    def obstacle(self, now: float) -> Obstacle | None:
        if now < self._paused_until:
            return self._paused_until - now, "pause after 429"
        rate = self._at(now)
        if rate == math.inf:
            return None
        burst = 1 + rate * _LATE_SECONDS if self._revealed else self._burst
        self._tokens = min(burst, self._tokens + max(0.0, now - self._filled_at) * rate)
        self._filled_at = now
        return None if self._tokens >= 1 else ((1 - self._tokens) / rate, "rate limit")

    def take(self) -> None:
        self._tokens -= 1

    def obey(self, limit: Limit, now: float) -> None:
        self._most, self._burst = limit.rate * _SHARE_OF_RATE, max(1.0, limit.burst * _SHARE_OF_BURST)
        self._tokens, self._filled_at = max(0.0, self._tokens + self._burst), now

    def passed(self, sent_at: float) -> None:
        if sent_at > self._refused_at:
            self._passed, self._in_a_row = self._passed + 1, 0

    def refused(self, sent_at: float, told: float | None, now: float) -> float:
        is_new = sent_at > self._refused_at  # Else it was under way when the 429 before came.
        own = min(_FIRST_PAUSE * 2**self._in_a_row, _LONGEST_PAUSE) if is_new else 0.0
        self._paused_until = max(self._paused_until, now + (own if told is None else told))
        if is_new:
            self._refused_at, self._in_a_row = now, self._in_a_row + 1
            log.info("the rate limit is reached (429): everybody waits %.0f s", self._paused_until - now)
            self._learn(now)
        self._tokens, self._filled_at = 0.0, self._paused_until
        return self._paused_until - now

    def seconds_for(self, requests: int, now: float) -> float:
        self.obstacle(now)  # Fills the bucket.
        pause = max(0.0, self._paused_until - now)
        return pause + max(0.0, requests - max(0.0, self._tokens)) / self._at(now + pause)

    def _at(self, now: float) -> float:
        """Give the requests per second that are allowed at a moment."""
        growth = 1 + (max(0.0, now - self._revealed_at) / _GROWTH_SECONDS) ** 2
        return min(self._most, self._revealed * growth) if self._revealed else self._most

    def _learn(self, now: float) -> None:
        """Take what passed between two 429, each at an empty bucket, for its rate; the first 429 ends the burst."""
        if self._passed < _ENOUGH_PASSED and self._measured_since > -math.inf:
            return
        measured = self._passed / max(now - self._measured_since, 0.001)
        self._passed, self._measured_since = 0, now
        if min(measured / _PASSED_LESS, self._at(now) / _ASKED_LESS) < self._revealed:
            self._revealed, self._ignored = 0.0, self._ignore_next
            self._ignore_next = min(2 * self._ignore_next, 16)
        elif self._ignored:
            self._ignored -= 1
        elif measured:
            self._revealed, self._revealed_at = measured, self._paused_until
            log.info("the server lets %.1f requests a second pass: that is asked, and slowly more", measured)


class _Places:
    """Requests in flight: fewer while the server is slow or has too much to do, then one more at a time."""

    def __init__(self, most: int, now: float) -> None:
        self._most, self._few = most, max(min(2, most), most // 4)
        self._limit, self._afterwards = self._few, self._most
        """With few in flight the normal time of an answer is measured; `_afterwards` is 0 when that is done."""
        self.slow_start = math.inf
        """The limit after a 429: 1, and one more for each answer."""
        self.taken = 0
        self._normal, self._came_well_at, self._fell_at = 0.0, now, now
        self._answer_seconds: float | None = None
        self._was_full, self._window_began = False, now
        self._seconds: list[float] = []

    def obstacle(self, _now: float) -> Obstacle | None:
        return None if self.taken < min(self._limit, self.slow_start) else (math.inf, "in flight")

    def take(self) -> None:
        self.taken += 1
        if self.taken >= self._limit and not self._was_full:  # What went before was asked one after the other.
            self._was_full, self._seconds = True, []

    def answered(self, sent_at: float, now: float) -> None:
        seconds = now - sent_at
        self._answer_seconds = 0.98 * (self._answer_seconds or seconds) + 0.02 * seconds
        self.slow_start += 1
        self._seconds.append(max(seconds, 0.0001))
        are_enough = len(self._seconds) >= max(_WINDOW_ANSWERS, 2 * self._limit)
        if are_enough and now - self._window_began >= _WINDOW_SECONDS:
            if self._was_full:
                self._judge(geometric_mean(self._seconds), now)
            self._seconds, self._was_full, self._window_began = [], False, now

    def overloaded(self, sent_at: float, why: str, now: float) -> None:
        if sent_at >= self._fell_at:  # Else it was under way when they became fewer.
            self._fall(1, why, now)

    def seconds_for(self, requests: int) -> float | None:
        one = self._answer_seconds
        return None if one is None else requests * one / (self._afterwards or self._limit)

    def _judge(self, took: float, now: float) -> None:
        if self._afterwards:
            self._normal, self._came_well_at = took, now
            self._limit, self._afterwards = self._afterwards, 0
        elif took < self._normal * _WELL + _WELL_SECONDS:
            self._normal, self._came_well_at = min(self._normal, (self._normal + took) / 2), now
            self._limit = min(self._limit + 1, self._most)
        elif now - self._came_well_at > _NORMAL_FOR_SECONDS:
            self._limit, self._afterwards = min(self._few, self._limit), self._limit
        elif took > self._normal * _SLOW + _SLOW_SECONDS and self._limit > self._few:
            self._fall(self._few, f"answers take {1000 * took:.0f} ms instead of {1000 * self._normal:.0f}", now)

    def _fall(self, least: int, why: str, now: float) -> None:
        before, self._limit, self._fell_at = self._limit, max(least, self._limit // 2), now
        self._afterwards = 0 if self._normal else self._limit
        self._seconds, self._was_full, self._window_began = [], False, now
        if self._limit < before:
            log.info("%s: %d requests at the same time instead of %d", why, self._limit, before)
