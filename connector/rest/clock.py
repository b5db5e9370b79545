"""Time, as far as collecting knows it: it can be waited for, in the order of coming, and waiting can be called off."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Protocol

_LOOK_UP_SECONDS = 0.25
_SHORTEST_WAIT = 0.001

Obstacle = tuple[float, str]
"""Why a thread has to wait, and in how many seconds it is worth looking again."""


class Stopped(BaseException):
    """Nobody waits for this thread's work any more; not an `Exception`, so that no retry holds it."""


class Clock:
    """The monotonic clock and an interruptible sleep, shared by all threads of a run."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `Stopped` once `stop` was called."""
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise Stopped

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Wait for an event, so many seconds at most; it may return earlier. Raises `Stopped` as `sleep` does."""
        event.wait(min(seconds, _LOOK_UP_SECONDS))
        self.sleep(0)

    def stop(self) -> None:
        """Wake everybody who sleeps, for good."""
        self._stop.set()


class Limited(Protocol):
    """Something of which there is not always enough."""

    def obstacle(self, now: float) -> Obstacle | None:
        """Tell what one more has to wait for; None where it has not."""

    def take(self) -> None:
        """Take one."""


class Line:
    """Threads that wait for the same things, first come, first served: only the first looks whether they are there."""

    def __init__(self, clock: Clock, lock: threading.Lock, *things: Limited) -> None:
        self._clock = clock
        self._lock = lock
        self._things = things
        self._waiting: deque[threading.Event] = deque()
        self._why = ""

    def wait(self) -> str:
        """Take one of each, and tell what the last obstacle was, "" for none. Raises `Stopped`."""
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
                self.look_again()

    def look_again(self) -> None:
        """Let the first in line look at once; the lock is held."""
        if self._waiting:
            self._waiting[0].set()

    def _seconds_left(self, mine: threading.Event) -> float | None:
        with self._lock:
            if self._waiting[0] is not mine:
                return math.inf
            obstacle = self._take()
            if obstacle is None:
                return None
            seconds, self._why = obstacle
            return max(seconds, _SHORTEST_WAIT)

    def _take(self) -> Obstacle | None:
        now = self._clock.now()
        for thing in self._things:
            if (obstacle := thing.obstacle(now)) is not None:
                return obstacle
        for thing in self._things:
            thing.take()
        return None
