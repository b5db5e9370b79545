"""Read listings, what each listed thing has of its own, and the listings again, until everything is settled.

Fetching runs in workers, storing in the calling thread. What belongs to one thing and cannot be read is handed on as
such: whether that is a gap is not decided here. Knows no product.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from connector.errors import Unreadable
from connector.rest.progress import Cost, Forecast
from connector.rest.workers import Task, Workers

log = logging.getLogger(__name__)

L = TypeVar("L")
T = TypeVar("T")

_ROUNDS = 6
"""How often the listings are read at most. Two rounds agree, unless Bitbucket is changed all the time."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Things of one kind that are to be read: how, what becomes of it (or of why not), and what each costs."""

    things: Sequence[T]
    fetch: Callable[[T], Any]
    store: Callable[[T, Any], None]
    cost: Callable[[T], Cost]

    def tasks(self, counts: Forecast) -> Iterator[Task[Any]]:
        """Give what workers do, one thing at a time: there may be too many to keep."""
        return (self._task(thing, counts) for thing in self.things)

    def _task(self, thing: T, counts: Forecast) -> Task[Any]:
        def fetch() -> object:
            try:
                return self.fetch(thing)
            except Unreadable as unreadable:
                return unreadable

        def store(fetched: object) -> None:
            self.store(thing, fetched)
            counts.done(self.cost(thing))

        return Task(fetch, store)


def expect(counts: Forecast, batches: Iterable[Batch[Any]]) -> bool:
    """Count what is to be read. Gives whether there is anything."""
    found = False
    for batch in batches:
        counts.expect(len(batch.things), sum(map(batch.cost, batch.things), Cost()))
        found = found or bool(batch.things)
    return found


def read(workers: Workers, counts: Forecast, batches: Sequence[Batch[Any]]) -> None:
    """Read everything of some batches."""
    workers.run(chain.from_iterable(batch.tasks(counts) for batch in batches))


class Listed(Protocol):
    """What the listings of one round showed."""

    def agrees_with(self, other: Any, /) -> bool:  # noqa: ANN401 - listings of the same kind
        """Whether two rounds show the same things under the same names."""


ListedT = TypeVar("ListedT", bound=Listed)
ListedT_contra = TypeVar("ListedT_contra", bound=Listed, contravariant=True)


class Builder(Protocol[ListedT_contra]):
    """A snapshot in the making."""

    @property
    def is_settled(self) -> bool:
        """Whether everything that is listed was read, or failed for good."""

    def store_listings(self, listings: ListedT_contra, /) -> None:
        """Take a round's listings for what there is."""

    def store_unsettled(self, reason: str, /) -> None:
        """Take note that the listings never agreed."""


def settle(
    listings: ListedT,
    builder: Builder[ListedT],
    read_contents: Callable[[], None],
    read_listings_again: Callable[[ListedT], ListedT],
) -> None:
    """Read what is listed, and the listings again, until both agree and nothing is left to be read."""
    for _ in range(1, _ROUNDS):
        builder.store_listings(listings)
        read_contents()
        again = read_listings_again(listings)
        is_same = again.agrees_with(listings)
        builder.store_listings(again)
        if is_same and builder.is_settled:
            return
        log.info("something was changed in Bitbucket while it was read: what may be affected is read again")
        listings = again
    read_contents()
    builder.store_unsettled(
        f"the listings changed between each two of {_ROUNDS} readings, so it is not known what else there is; "
        "run again when less is changed in Bitbucket"
    )
