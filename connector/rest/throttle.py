"""How fast requests are sent: one throttle for all threads of a run. Knows time; no HTTP, no product.

Requests a second: a token bucket, with the limit that the server announces, or the one that its 429 answers reveal. A
429 may have nothing to do with the rate: where it comes at a lower rate too, the throttle pauses and keeps its rate.

Requests in flight: additive increase, multiplicative decrease. They become fewer after a 503, after an answer that does
not come in time, and while answers take much longer than they do with few requests in flight.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import geometric_mean

from connector.rest.clock import Clock, Delay, FairQueue
from connector.rest.rolling_window import RollingWindow

log = logging.getLogger(__name__)

_SHARE_OF_BURST, _SHARE_OF_RATE = 0.9, 0.98
"""Shares of an announced limit to use: requests arrive unevenly, and others may use the account too."""
_GROWTH_SECONDS = 100.0
"""Without a 429 a revealed rate doubles in this time, first slowly, then faster."""
_ENOUGH_ACCEPTED, _ACCEPTED_LESS, _ALLOWED_LESS = 4, 0.75, 1.02
"""The least number of accepted requests to measure a rate; and the shares of the revealed rate, accepted and allowed,
below which a 429 has another cause."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 20.0
"""Seconds after a 429 without Retry-After; each further 429 in a row doubles them."""
_LATE_SECONDS = 0.05
"""Threads wake up late: the bucket holds the tokens of this time for them."""

_WINDOW_SECONDS, _WINDOW_ANSWERS = 0.5, 8
"""A window of answer times has at least these seconds and answers, and two answers for each request in flight."""
_NORMAL, _NORMAL_SECONDS, _SLOW, _SLOW_SECONDS = 1.5, 0.008, 2.0, 0.015
"""Factors and seconds above the normal answer time up to which answers are normal, and from which they are slow."""
_REMEASURE_SECONDS = 30.0
"""After this time without normal answers the normal answer time is measured again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` requests at once, `rate` a second; both above 0."""

    burst: float
    rate: float


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one request.

    `at` is the moment when it was given, `waited` the seconds before, and `why` what was waited for.
    """

    at: float
    waited: float
    why: str
    counts: bool  # whether the rolling window limits it


class Throttle:
    """Grants permits, each for one request, in the order of asking.

    `in_flight`, 1 or more, is the most requests at the same time; `window` limits those that count over hours.
    """

    def __init__(self, clock: Clock, limit: Limit | None, in_flight: int, window: RollingWindow | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bucket = _TokenBucket(limit, clock.now())
        self._in_flight = _InFlight(in_flight, clock.now())
        self._window = window
        self._queue = FairQueue(clock, self._lock, self._in_flight, self._bucket)
        self._counted = FairQueue(clock, self._lock, window, self._in_flight, self._bucket) if window else self._queue

    @contextmanager
    def permit(self, *, counts: bool = True) -> Iterator[Permit]:
        """Wait for a permit; it ends with the block. Raises `Stopped`."""
        asked = self._clock.now()
        why = (self._counted if counts else self._queue).wait()
        now = self._clock.now()
        try:
            yield Permit(now, now - asked, why, counts)
        finally:
            with self._lock:
                self._in_flight.taken -= 1
                if self._window and counts:
                    self._window.ended(self._clock.now())
                self._queue.wake_first()
                self._counted.wake_first()

    def obey(self, limit: Limit) -> None:
        """Stay a little below a limit that the server announces; requests sent so far count against its burst."""
        with self._lock:
            self._bucket.obey(limit, self._clock.now())

    def allow(self, limit: int) -> None:
        """Set the limit of the window to what the server announces."""
        with self._lock:
            if self._window:
                self._window.allow(limit)

    def restore(self, ages: Iterable[float]) -> None:
        """Count requests of an earlier run in the window; see `RollingWindow.restore`."""
        with self._lock:
            if self._window:
                self._window.restore(ages)

    def ages(self) -> list[float]:
        """Give, for each request that the window still counts, the seconds since its answer."""
        with self._lock:
            return self._window.ages() if self._window else []

    def answered(self, permit: Permit) -> None:
        """Count a whole answer, whatever its status."""
        with self._lock:
            self._bucket.accepted(permit.at)
            self._in_flight.answered(permit.at, self._clock.now())

    def rate_limited(self, permit: Permit, retry_after: float | None) -> float:
        """Pause all requests after a 429, for `retry_after` seconds where it is usable; give the seconds."""
        usable = retry_after if retry_after is not None and 0 <= retry_after < math.inf else None
        with self._lock:
            self._in_flight.slow_start = 1
            limit = self._window if self._window and permit.counts else self._bucket
            return limit.refused(permit.at, usable, self._clock.now())

    def overloaded(self, permit: Permit, why: str) -> None:
        """Lower the number of requests in flight after a sign of overload: 503, no answer in time."""
        with self._lock:
            self._in_flight.overloaded(permit.at, why, self._clock.now())

    def seconds_for(self, requests: int, counted: int = 0) -> float | None:
        """Forecast the seconds for more requests, `counted` of them in the window; None before the first answer."""
        with self._lock:
            now, in_flight = self._clock.now(), self._in_flight.seconds_for(requests)
            window = self._window.seconds_for(counted, now) if self._window else 0.0
            return None if in_flight is None else max(in_flight, window, self._bucket.seconds_for(requests, now))


class _TokenBucket:
    """Limits requests a second, and pauses after a 429."""

    def __init__(self, limit: Limit | None, now: float) -> None:
        self._most = limit.rate if limit else math.inf
        self._burst = limit.burst + limit.rate * _LATE_SECONDS if limit else 0.0
        self._tokens, self._filled_at = limit.burst if limit else 0.0, now
        self._revealed, self._revealed_at = 0.0, now
        """The rate that 429 answers revealed, 0 for none, and since when it grows."""
        self._paused_until = self._refused_at = self._measured_since = -math.inf
        self._accepted = self._in_a_row = 0
        """Accepted requests since the measurement began, and 429 answers since the last accepted request."""
        self._ignored, self._ignore_next = 0, 1
        """How many further 429 answers do not change the rate, and how many next time."""

    def delay(self, now: float) -> Delay | None:
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

    def accepted(self, sent_at: float) -> None:
        if sent_at > self._refused_at:
            self._accepted, self._in_a_row = self._accepted + 1, 0

    def refused(self, sent_at: float, retry_after: float | None, now: float) -> float:
        is_new = sent_at > self._refused_at  # Else it was in flight when the previous 429 came.
        own = min(_FIRST_PAUSE * 2**self._in_a_row, _LONGEST_PAUSE) if is_new else 0.0
        self._paused_until = max(self._paused_until, now + (own if retry_after is None else retry_after))
        if is_new:
            self._refused_at, self._in_a_row = now, self._in_a_row + 1
            log.info("rate limit reached (429): pausing %.0f s", self._paused_until - now)
            self._learn(now)
        self._tokens, self._filled_at = 0.0, self._paused_until
        return self._paused_until - now

    def seconds_for(self, requests: int, now: float) -> float:
        self.delay(now)  # Fills the bucket.
        pause = max(0.0, self._paused_until - now)
        return pause + max(0.0, requests - max(0.0, self._tokens)) / self._at(now + pause)

    def _at(self, now: float) -> float:
        """Give the requests per second that are allowed at a moment."""
        growth = 1 + (max(0.0, now - self._revealed_at) / _GROWTH_SECONDS) ** 2
        return min(self._most, self._revealed * growth) if self._revealed else self._most

    def _learn(self, now: float) -> None:
        """Measure the rate accepted between two 429 answers, each at an empty bucket; the first one ends the burst."""
        if self._accepted < _ENOUGH_ACCEPTED and self._measured_since > -math.inf:
            return
        measured = self._accepted / max(now - self._measured_since, 0.001)
        self._accepted, self._measured_since = 0, now
        if min(measured / _ACCEPTED_LESS, self._at(now) / _ALLOWED_LESS) < self._revealed:
            self._revealed, self._ignored = 0.0, self._ignore_next
            self._ignore_next = min(2 * self._ignore_next, 16)
        elif self._ignored:
            self._ignored -= 1
        elif measured:
            self._revealed, self._revealed_at = measured, self._paused_until
            log.info("server accepts about %.1f requests a second: continuing at that rate, rising slowly", measured)


class _InFlight:
    """Limits requests in flight: fewer while the server is slow or overloaded, then one more at a time."""

    def __init__(self, most: int, now: float) -> None:
        self._most, self._few = most, max(min(2, most), most // 4)
        self._limit, self._afterwards = self._few, self._most
        """`_few` in flight measure the normal answer time; `_afterwards` is the limit after that, then 0."""
        self.slow_start = math.inf
        """The limit after a 429: 1, and one more for each answer."""
        self.taken = 0
        self._normal, self._normal_at, self._lowered_at = 0.0, now, now
        self._answer_seconds: float | None = None
        self._was_full, self._window_began = False, now
        self._seconds: list[float] = []

    def delay(self, _now: float) -> Delay | None:
        return None if self.taken < min(self._limit, self.slow_start) else (math.inf, "in flight")

    def take(self) -> None:
        self.taken += 1
        if self.taken >= self._limit and not self._was_full:  # The requests before were sent one after the other.
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
        if sent_at >= self._lowered_at:  # Else it was in flight when the limit was lowered.
            self._lower(1, why, now)

    def seconds_for(self, requests: int) -> float | None:
        one = self._answer_seconds
        return None if one is None else requests * one / (self._afterwards or self._limit)

    def _judge(self, took: float, now: float) -> None:
        if self._afterwards:
            self._normal, self._normal_at = took, now
            self._limit, self._afterwards = self._afterwards, 0
        elif took < self._normal * _NORMAL + _NORMAL_SECONDS:
            self._normal, self._normal_at = min(self._normal, (self._normal + took) / 2), now
            self._limit = min(self._limit + 1, self._most)
        elif now - self._normal_at > _REMEASURE_SECONDS:
            self._limit, self._afterwards = min(self._few, self._limit), self._limit
        elif took > self._normal * _SLOW + _SLOW_SECONDS and self._limit > self._few:
            self._lower(self._few, f"answers take {1000 * took:.0f} ms instead of {1000 * self._normal:.0f}", now)

    def _lower(self, least: int, why: str, now: float) -> None:
        before, self._limit, self._lowered_at = self._limit, max(least, self._limit // 2), now
        self._afterwards = 0 if self._normal else self._limit
        self._seconds, self._was_full, self._window_began = [], False, now
        if self._limit < before:
            log.info("%s: concurrency lowered from %d to %d", why, before, self._limit)
