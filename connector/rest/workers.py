"""Workers that fetch at the same time, and one thread that keeps what they bring. Knows threads, not HTTP.

A job runs in a worker and gives back what remains to be done with its result: a function that the calling
thread runs. So only one thread ever touches what is collected, and nothing needs a lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import TypeVar

from connector.rest.clock import Clock, Stopped

T = TypeVar("T")
Keep = Callable[[], None]
Job = Callable[[], Keep]

_QUEUED_PER_WORKER = 4

_GOODBYE_SECONDS = 0.5
"""How long workers are given to end what they ask; a run that is told to end waits no longer."""


class Crew:
    """So many workers, in daemon threads: a run that ends does not wait for answers nobody reads."""

    def __init__(self, size: int, clock: Clock) -> None:
        self._clock = clock
        self._waiting: deque[Iterator[Job]] = deque()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Keep | BaseException, bool]] = SimpleQueue()
        self._unfinished = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.stop()
        for _ in self._threads:
            self._jobs.put(None)
        deadline = time.monotonic() + _GOODBYE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def add(self, jobs: Iterable[Job]) -> None:
        """Queue jobs behind those that wait; they are drawn one by one, when a worker will soon be free."""
        self._waiting.append(iter(jobs))

    def hand_over(self, keep: Keep) -> None:
        """Let the thread in `run` do something before the job that calls this has ended."""
        self._results.put((keep, False))

    def run(self) -> None:
        """Work until nothing is left; raise the first exception that a job or its result raises."""
        self._feed()
        while self._unfinished:
            result, ended = self._results.get()
            self._unfinished -= ended
            if isinstance(result, BaseException):
                raise result
            result()
            self._feed()

    def call(self, work: Callable[[], T]) -> T:
        """Let a worker do one thing, and give its result; a signal is not held up meanwhile."""
        results: list[T] = []
        self.add([lambda: partial(results.append, work())])
        self.run()
        return results[0]

    def _feed(self) -> None:
        """Keep a few jobs queued, so that no worker waits for this thread, and not all of them in memory."""
        while self._waiting and self._unfinished < _QUEUED_PER_WORKER * len(self._threads):
            job = next(self._waiting[0], None)
            if job is None:
                self._waiting.popleft()
            else:
                self._unfinished += 1
                self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._results.put((job(), True))
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - `run` raises it in its own thread
                self._results.put((error, True))
