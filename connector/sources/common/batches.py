"""Read many things of one kind in workers, store what was read in the calling thread, and count the requests.

What cannot be read is stored as an `Unreadable`: whether that is a gap is not decided here. Knows no product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

from connector.errors import Unreadable
from connector.rest.progress import Cost, Forecast
from connector.rest.workers import Task, Workers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Things of one kind: how each is fetched, where the answer or the `Unreadable` is stored, and its requests."""

    things: Sequence[T]
    fetch: Callable[[T], Any]
    store: Callable[[T, Any], None]
    cost: Callable[[T], Cost]

    def tasks(self, forecast: Forecast) -> Iterator[Task[Any]]:
        """Give the tasks one by one: there may be too many to keep."""
        return (self._task(thing, forecast) for thing in self.things)

    def _task(self, thing: T, forecast: Forecast) -> Task[Any]:
        def fetch() -> object:
            try:
                return self.fetch(thing)
            except Unreadable as unreadable:
                return unreadable

        def store(fetched: object) -> None:
            self.store(thing, fetched)
            forecast.done(self.cost(thing))

        return Task(fetch, store)


def expect(forecast: Forecast, batches: Iterable[Batch[Any]]) -> bool:
    """Count what is to be read; give whether there is anything."""
    found = False
    for batch in batches:
        forecast.expect(len(batch.things), sum(map(batch.cost, batch.things), Cost()))
        found = found or bool(batch.things)
    return found


def read(workers: Workers, forecast: Forecast, batches: Sequence[Batch[Any]]) -> None:
    """Read everything of some batches."""
    workers.run(chain.from_iterable(batch.tasks(forecast) for batch in batches))
