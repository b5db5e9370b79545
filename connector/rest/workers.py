"""Fetch at the same time, store one after the other. Knows threads, not HTTP.

Fetching runs in workers; storing runs in the calling thread. So only one thread ever touches what is collected,
and nothing needs a lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

from connector.rest.clock import Clock, Stopped

T = TypeVar("T")

_QUEUED_PER_WORKER = 4

_GOODBYE_SECONDS = 0.5
"""The longest wait for workers when a run ends."""


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """A function that fetches something, and one that stores its result."""

    fetch: Callable[[], T]
    store: Callable[[T], None]


_Results = SimpleQueue[tuple[Task[Any], Any, BaseException | None]]


class Workers:
    """`size` daemon threads: a run that ends does not wait for answers that it does not use."""

    def __init__(self, size: int, clock: Clock) -> None:
        self._clock = clock
        self._tasks: SimpleQueue[tuple[Task[Any], _Results] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]

    def __enter__(self) -> Workers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.stop()
        for _ in self._threads:
            self._tasks.put(None)
        deadline = time.monotonic() + _GOODBYE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run(self, tasks: Iterable[Task[Any]]) -> None:
        """Run all tasks; raise the first exception of a task.

        Tasks are taken one by one, shortly before a worker is free: all of them together may not fit into memory.
        """
        waiting, unfinished = iter(tasks), 0
        results: _Results = SimpleQueue()
        while True:
            unfinished += self._feed(waiting, unfinished, results)
            if not unfinished:
                return
            task, result, error = results.get()
            unfinished -= 1
            if error is not None:
                raise error
            task.store(result)

    def call(self, fetch: Callable[[], T]) -> T:
        """Let a worker fetch one thing, and give it; this thread handles signals meanwhile."""
        results: list[T] = []
        self.run([Task(fetch, results.append)])
        return results[0]

    def _feed(self, waiting: Iterator[Task[Any]], unfinished: int, results: _Results) -> int:
        """Queue a few tasks, so that no worker waits for the calling thread. Gives their number."""
        fed = 0
        while unfinished + fed < _QUEUED_PER_WORKER * len(self._threads):
            task = next(waiting, None)
            if task is None:
                break
            self._tasks.put((task, results))
            fed += 1
        return fed

    def _work(self) -> None:
        while (queued := self._tasks.get()) is not None:
            task, results = queued
            try:
                results.put((task, task.fetch(), None))
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - `run` raises it in its own thread
                results.put((task, None, error))
