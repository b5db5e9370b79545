"""Simulated time, which passes only in sleeps and waits: for one thread, or for many that run one at a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connector.rest.clock import Clock, Stopped


class SimulatedClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)

    def wait(self, event: threading.Event, seconds: float) -> None:
        if not event.is_set():
            if seconds == math.inf:
                raise RuntimeError("waits for ever")
            self.sleep(seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Sleeper:
    until: float
    event: threading.Event | None
    asleep: threading.Lock = field(default_factory=threading.Lock)
    """Held until the thread may run."""

    def is_ready(self, now: float) -> bool:
        return self.until <= now or (self.event is not None and self.event.is_set())


class SimulatedThreads(SimulatedClock):
    """Runs functions in real threads, one at a time, in an order that depends on the simulated time alone.

    A thread runs until it sleeps or waits; then time goes on to the moment at which another one may run.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[_Sleeper] = []
        self._end = math.inf
        self._is_over = False
        self._errors: list[BaseException] = []

    def run(self, works: Iterable[Callable[[], None]], seconds: float) -> None:
        """Run functions at the same time until all have returned, or so much time has passed: then they are stopped."""
        self._end, self._is_over = self.time + seconds, False
        threads = [threading.Thread(target=self._live, args=(work, self._sleeper(self.time, None))) for work in works]
        for thread in threads:
            thread.start()
        self._wake_next()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(self._sleeper(self.time + seconds, None))
        elif self._is_over:
            raise Stopped

    def wait(self, event: threading.Event, seconds: float) -> None:
        self._sleep(self._sleeper(self.time + seconds, event))

    def stop(self) -> None:
        self._is_over = True

    def _sleeper(self, until: float, event: threading.Event | None) -> _Sleeper:
        sleeper = _Sleeper(until, event)
        sleeper.asleep.acquire()
        self._sleepers.append(sleeper)
        return sleeper

    def _live(self, work: Callable[[], None], born: _Sleeper) -> None:
        born.asleep.acquire()
        try:
            work()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised by `run`
            self._errors.append(error)
            self._is_over = True
        self._wake_next()

    def _sleep(self, me: _Sleeper) -> None:
        self._wake_next()
        me.asleep.acquire()
        if self._is_over:
            raise Stopped

    def _wake_next(self) -> None:
        if not self._sleepers:
            return
        first = next((sleeper for sleeper in self._sleepers if sleeper.is_ready(self.time)), None)
        if first is None:
            first = min(self._sleepers, key=lambda sleeper: sleeper.until)
            self._is_over = self._is_over or first.until > self._end
            self.time = min(first.until, self._end)
        self._sleepers.remove(first)
        first.asleep.release()
