"""How fast Bitbucket may be asked: one pace for all workers. Knows time, nothing of HTTP.

Two things are held: a rate, as a token bucket like Bitbucket's own (so many requests at once, so many a
second after that), and pauses, in which nobody asks. A 429 means that the bucket was overestimated: all
wait together, and go on at a lower rate, which grows back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from connector.collect.clock import Clock

_AFTER_429 = 0.7
"""What is left of the rate after an answer 429."""
_GROWTH_PER_SECOND = 1.02
_LOWEST = 0.2
"""Requests per second below which the rate never falls."""
_MEASURED_OVER = 10.0
"""Seconds over which the present rate is measured."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` requests at once, `rate` a second."""

    burst: float
    rate: float


class Pace:
    """Hands out permissions to send one request.

    Waiting is computed as the time at which a bucket that is drained by every request would hold a token
    again (the generic cell rate algorithm, ITU-T I.371), so there is no thread that fills it.
    """

    def __init__(self, clock: Clock, limit: Limit | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ceiling = limit
        self._rate = limit.rate if limit else None
        self._burst = limit.burst if limit else 1.0
        self._empty_until = clock.now()
        self._paused_until = clock.now()
        self._changed_at = clock.now()
        self._sent_since = clock.now()
        self._sent = 0

    def wait(self) -> None:
        """Return when one request may be sent. Raises `Stopped`."""
        while (pause := self._reserve()) > 0:
            self._clock.sleep(pause)

    def rate_limited(self, retry_after: float) -> None:
        """Make everybody wait after a 429, in seconds, and ask more slowly from then on."""
        with self._lock:
            now = self._clock.now()
            first_of_its_kind = now >= self._paused_until
            self._paused_until = max(self._paused_until, now + retry_after)
            if first_of_its_kind:
                self._slow_down(now)

    def _slow_down(self, now: float) -> None:
        measured = self._sent / max(now - self._sent_since, 0.1)
        present = measured if self._rate is None else min(self._rate, measured)
        self._rate = max(_LOWEST, present * _AFTER_429)
        self._burst = 1.0
        self._changed_at = self._empty_until = self._paused_until

    def _reserve(self) -> float:
        """Take one token and return 0, or return how many seconds to wait before trying again."""
        with self._lock:
            now = self._clock.now()
            if now < self._paused_until:
                return self._paused_until - now
            rate = self._present_rate(now)
            if rate is not None:
                start = max(self._empty_until, now - self._burst / rate)
                if start + 1 / rate > now:
                    return start + 1 / rate - now
                self._empty_until = start + 1 / rate
            self._count(now)
            return 0.0

    def _present_rate(self, now: float) -> float | None:
        if self._rate is None:
            return None
        grown = self._rate * _GROWTH_PER_SECOND ** max(0.0, now - self._changed_at)
        self._rate = min(grown, self._ceiling.rate) if self._ceiling else grown
        self._changed_at = max(now, self._changed_at)
        return self._rate

    def _count(self, now: float) -> None:
        if now - self._sent_since > _MEASURED_OVER:
            self._sent_since, self._sent = now - _MEASURED_OVER / 2, self._sent // 2
        self._sent += 1
