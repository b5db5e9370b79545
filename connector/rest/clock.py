"""Time, as far as collecting knows it: it can be waited for, and waiting can be called off."""

from __future__ import annotations

import threading
import time


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

    def stop(self) -> None:
        """Wake everybody who sleeps, for good."""
        self._stop.set()
