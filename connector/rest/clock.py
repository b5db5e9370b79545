"""The clock of a run: sleeping that can be stopped, and first-come-first-served waiting for limits."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Protocol

_LONGEST_WAIT = 0.25
"""Seconds after which a thread that waits for an event checks whether the run is over."""
_SHORTEST_WAIT = 0.001

Delay = tuple[float, str]
"""Seconds until it is worth to check again, and what a thread waits for."""


class Stopped(BaseException):
    """The run is over, and so is the work of this thread; not an `Exception`, so that no retry catches it."""


class Clock:
    """The monotonic clock and an interruptible sleep, shared by all threads of a run."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now(self) -> float:
        """Give seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `Stopped` once `stop` was called."""
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise Stopped

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Wait for an event, at most `seconds`; it may return earlier. Raises `Stopped` as `sleep` does."""
        event.wait(min(seconds, _LONGEST_WAIT))
        self.sleep(0)

    def stop(self) -> None:
        """Wake all threads that sleep; from now on each sleep raises `Stopped`."""
        self._stop.set()


class Limiter(Protocol):
    """A limit on requests, such as their rate or their number in flight."""

    def delay(self, now: float) -> Delay | None:
        """Give how long and why one more request has to wait; None where it has not."""

    def take(self) -> None:
        """Count one more request."""


class FairQueue:
    """Threads that wait until the same limits allow a request, first come, first served: only the first one checks."""

    def __init__(self, clock: Clock, lock: threading.Lock, *limiters: Limiter) -> None:
        self._clock = clock
        self._lock = lock
        self._limiters = limiters
        self._waiting: deque[threading.Event] = deque()
        self._why = ""

    def wait(self) -> str:
        """Wait until all limits allow a request; give what was waited for last, "" for nothing. Raises `Stopped`."""
        self._clock.sleep(0)
        with self._lock:
            if not self._waiting and self._take() is None:
                return ""
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            while (seconds := self._seconds_left(mine)) is not None:
                self._clock.wait(mine, seconds)
                mine.clear()
            return self._why
        finally:
            with self._lock:
                self._waiting.remove(mine)
                self.wake_first()

    def wake_first(self) -> None:
        """Let the first thread check at once; the lock is held."""
        if self._waiting:
            self._waiting[0].set()

    def _seconds_left(self, mine: threading.Event) -> float | None:
        with self._lock:
            if self._waiting[0] is not mine:
                return math.inf
            delay = self._take()
            if delay is None:
                return None
            seconds, self._why = delay
            return max(seconds, _SHORTEST_WAIT)

    def _take(self) -> Delay | None:
        now = self._clock.now()
        for limiter in self._limiters:
            if (delay := limiter.delay(now)) is not None:
                return delay
        for limiter in self._limiters:
            limiter.take()
        return None
