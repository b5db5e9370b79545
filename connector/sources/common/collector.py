"""The flow of one export: listings, what each thing has of its own, the listings again, until everything is settled.

Fetching runs in workers, storing in the calling thread. What belongs to one group, project or repository and cannot
be read is a gap. Knows no product.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from connector.model import Group, Project, User
from connector.rest.progress import Cost, Forecast
from connector.rest.workers import Task, Workers
from connector.sources.common.batches import Batch, expect, read
from connector.sources.common.listings import Listings
from connector.sources.common.snapshot_builder import SnapshotBuilder

log = logging.getLogger(__name__)

L = TypeVar("L", bound=Listings)

_OF_A_GROUP = Cost(1)

_ROUNDS = 6
"""How often the listings are read at most. Two rounds agree, unless Bitbucket is changed all the time."""


class Conversation(Protocol):
    """Something that can be asked. `round` counts how often everything is asked anew, from 1."""

    round: int


class Fetch(Protocol):
    """Asks for what one group, project or repository has."""

    def members(self, group: Group, known: Mapping[str, User], /) -> tuple[User, ...]:
        """Fetch a group's members; those who are `known` are given as they are known."""

    def project_grants(self, project: Project, /) -> Any:  # noqa: ANN401 - the product's; the builder knows
        """Fetch the permissions on a project."""

    def repository_grants(self, key: str, slug: str, /) -> Any:  # noqa: ANN401 - as above
        """Fetch the permissions on a repository."""


class Collector(ABC, Generic[L]):
    """Reads one Bitbucket into a builder. `extra_cost` says what is asked about the listed things when this is done."""

    def __init__(
        self,
        bitbucket: Conversation,
        fetch: Fetch,
        workers: Workers,
        forecast: Forecast,
        builder: SnapshotBuilder[L],
        extra_cost: Callable[[L], Cost] = lambda _: Cost(),
    ) -> None:
        self._bitbucket = bitbucket
        self._fetch = fetch
        self._workers = workers
        self._forecast = forecast
        self._builder = builder
        self._extra_cost = extra_cost

    def collect(self) -> None:
        """Read everything into the builder. Raises `SourceError` or `Unreadable` where the run cannot go on."""
        listings = self._read_listings(self._builder.listings, self._first_tasks())
        self._note_first_listings(listings)
        self._forecast.expect(0, self._extra_cost(listings))
        self._settle(listings)

    def settle_again(self) -> None:
        """Read the listings again, because Bitbucket says that something they showed does not exist."""
        self._settle(self._builder.listings)

    # ---- what differs between products

    @abstractmethod
    def _questions(self, before: L) -> Mapping[str, Callable[[], object]]:
        """Give what fetches each listing, by the name of its field in the listings. `before` is the last round."""

    @abstractmethod
    def _listings(self, found: Mapping[str, Any]) -> L:
        """Make the listings of one round."""

    @abstractmethod
    def _cost_of_project(self, project: Project) -> Cost:
        """Count the requests."""

    @abstractmethod
    def _cost_of_repository(self) -> Cost:
        """Count the requests."""

    def _first_tasks(self) -> Iterable[Task[Any]]:
        """Give what is done beside the first listings."""
        return ()

    def _note_first_listings(self, listings: L) -> None:
        """Use what the first listings tell about the account."""

    def _before_contents(self) -> None:
        """Find out, before the contents are read, whether fewer requests are enough."""

    # ---- the flow

    def _settle(self, listings: L) -> None:
        """Read what is listed, and the listings again, until both agree and nothing is left to be read."""
        for _ in range(1, _ROUNDS):
            self._builder.store_listings(listings)
            self._read_contents()
            self._bitbucket.round += 1
            again = self._read_listings(listings)
            is_same = again.agrees_with(listings)
            self._builder.store_listings(again)
            if is_same and self._builder.is_settled:
                return
            log.info("Bitbucket changed during the export: reading again what may be affected")
            listings = again
        self._read_contents()
        self._builder.store_unsettled(
            f"the listings changed between each two of {_ROUNDS} readings, so it is not known what else there is; "
            "run again when less is changed in Bitbucket"
        )

    def _read_listings(self, before: L, beside: Iterable[Task[Any]] = ()) -> L:
        found: dict[str, Any] = {}
        tasks = [Task(fetch, partial(found.__setitem__, name)) for name, fetch in self._questions(before).items()]
        self._workers.run([*tasks, *beside])
        return self._listings(found)

    def _read_contents(self) -> None:
        """Read what is still open; then the members of groups that only a grant has named."""
        groups = self._builder.groups_to_read()
        if expect(self._forecast, self._batches(groups)):
            self._forecast.tell()
        self._before_contents()
        read(self._workers, self._forecast, self._batches(groups))
        asked = {group.key for group in groups}
        named = [self._of_groups([group for group in self._builder.groups_to_read() if group.key not in asked])]
        expect(self._forecast, named)
        read(self._workers, self._forecast, named)

    def _batches(self, groups: list[Group]) -> list[Batch[Any]]:
        builder = self._builder
        return [
            self._of_groups(groups),
            Batch(builder.projects_to_read(), self._fetch.project_grants, builder.store_project, self._cost_of_project),
            Batch(
                builder.repositories_to_read(),
                lambda place: self._fetch.repository_grants(place.project_key, place.repository.slug),
                builder.store_repository,
                lambda _: self._cost_of_repository(),
            ),
        ]

    def _of_groups(self, groups: list[Group]) -> Batch[Group]:
        users = self._builder.listings.users
        return Batch(
            groups,
            lambda group: self._fetch.members(group, users),
            self._builder.store_members,
            lambda _: _OF_A_GROUP,
        )
