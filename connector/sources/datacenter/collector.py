"""One export's flow: listings, what each thing has of its own, the listings again, until everything is settled.

Fetching runs in workers, storing in the calling thread. A listing of the whole instance that cannot be read ends the
run; what belongs to one group, project or repository and cannot be read is a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from connector.model import GlobalPermissionsRead, Group, Project, ProjectType
from connector.rest.progress import Cost, Counts
from connector.rest.workers import Task, Workers
from connector.sources.common.settling import Batch, expect, read, settle
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.fetch import Fetch
from connector.sources.datacenter.listings import NOTHING_LISTED, Listings
from connector.sources.datacenter.permissions import ProjectPermission
from connector.sources.datacenter.snapshot_builder import SnapshotBuilder, is_administrator

log = logging.getLogger(__name__)

OF_A_GROUP = 1
OF_A_PROJECT = 2 + len(ProjectPermission)
OF_A_REPOSITORY = 2
"""Requests: the grants to users, and those to groups."""


def of_a_project(project: Project) -> Cost:
    """Count the requests: the grants, and for each possible default permission whether it is that."""
    return Cost(2 if project.type is ProjectType.PERSONAL else OF_A_PROJECT)


class Collector:
    """Reads one server. `extra_requests` counts what is asked about the listed things when this is done.

    `learn_rate_limit` asks how fast the server may be asked; it runs beside the first listings.
    """

    def __init__(
        self,
        bitbucket: Bitbucket,
        fetch: Fetch,
        workers: Workers,
        counts: Counts,
        builder: SnapshotBuilder,
        extra_requests: Callable[[Listings], int] = lambda _: 0,
        learn_rate_limit: Callable[[], None] | None = None,
    ) -> None:
        self._bitbucket = bitbucket
        self._fetch = fetch
        self._workers = workers
        self._counts = counts
        self._builder = builder
        self._extra_requests = extra_requests
        self._learn_rate_limit = learn_rate_limit

    def collect(self) -> None:
        """Read everything into the builder. Raises `SourceError` or `Unreadable` where the run cannot go on."""
        beside = [Task(self._learn_rate_limit, lambda _: None)] if self._learn_rate_limit else []
        listings = self._read_listings(NOTHING_LISTED, beside)
        self._warn_of_global_permissions(listings)
        self._counts.expect(0, Cost(self._extra_requests(listings)))
        self._settle(listings)

    def settle_again(self) -> None:
        """Read the listings again, because Bitbucket says that something they showed does not exist."""
        self._settle(self._builder.listings)

    def _settle(self, listings: Listings) -> None:
        settle(listings, self._builder, self._read_contents, self._read_listings_again)

    # ---- the listings

    def _read_listings(self, before: Listings, beside: Iterable[Task[Any]] = ()) -> Listings:
        found: dict[str, Any] = {}
        questions: dict[str, Callable[[], object]] = {
            "repositories": partial(self._fetch.repositories, before.repositories.repositories),
            "users": partial(self._fetch.users, before.users),
            "groups": self._fetch.groups,
            "listed": self._fetch.projects,
            "global_permissions": self._fetch.global_permissions,
        }
        tasks = [Task(fetch, partial(found.__setitem__, name)) for name, fetch in questions.items()]
        self._workers.run([*tasks, *beside])
        return Listings(**found)

    def _read_listings_again(self, before: Listings) -> Listings:
        self._bitbucket.round += 1
        return self._read_listings(before)

    def _warn_of_global_permissions(self, listings: Listings) -> None:
        permissions = listings.global_permissions
        if permissions.read is GlobalPermissionsRead.EFFECTIVE:
            log.warning("global permissions are exported as held by users, not by groups: %s", permissions.reason)
        self._bitbucket.know_administrator(is_administrator(permissions, self._bitbucket.session.account))

    # ---- what each thing has of its own

    def _read_contents(self) -> None:
        """Read what is still open; then the members of groups that only a grant has named."""
        builder = self._builder
        groups = builder.groups_to_read()
        batches: list[Batch[Any]] = [
            self._groups(groups),
            Batch(builder.projects_to_read(), self._fetch.project_grants, builder.store_project, of_a_project),
            Batch(
                builder.repositories_to_read(),
                lambda place: self._fetch.repository_grants(place[1], place[0].slug),
                builder.store_repository,
                lambda _: Cost(OF_A_REPOSITORY),
            ),
        ]
        if expect(self._counts, batches):
            self._counts.tell()
        read(self._workers, self._counts, batches)
        asked = {group.key for group in groups}
        named = [self._groups([group for group in builder.groups_to_read() if group.key not in asked])]
        expect(self._counts, named)
        read(self._workers, self._counts, named)

    def _groups(self, groups: list[Group]) -> Batch[Group]:
        users = self._builder.listings.users
        return Batch(
            groups,
            lambda group: self._fetch.members(group, users),
            self._builder.store_members,
            lambda _: Cost(OF_A_GROUP),
        )
