"""One export's flow: listings, what each thing has of its own, the listings again, until everything is settled.

Fetching runs in workers, storing in the calling thread. A listing of the whole instance that cannot be read ends the
run; what belongs to one group, project or repository and cannot be read is a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, Protocol, TypeVar

from connector.errors import Unreadable
from connector.model import GlobalPermissionsRead, Group, Project, ProjectType, Repository
from connector.rest.workers import Task, Workers
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.fetch import Fetch
from connector.sources.datacenter.listings import NOTHING_LISTED, Listings
from connector.sources.datacenter.permissions import ProjectPermission
from connector.sources.datacenter.snapshot_builder import SnapshotBuilder, is_administrator

log = logging.getLogger(__name__)

T = TypeVar("T")

_ROUNDS = 6
"""How often the listings are read at most. Two rounds agree, unless Bitbucket is changed all the time."""

OF_A_GROUP = 1
OF_A_PROJECT = 2 + len(ProjectPermission)
OF_A_REPOSITORY = 2
"""Requests: the grants to users, and those to groups."""


def of_a_project(project: Project) -> int:
    """Count the requests: the grants, and for each possible default permission whether it is that."""
    return 2 if project.type is ProjectType.PERSONAL else OF_A_PROJECT


class Counts(Protocol):
    """Counts what is left."""

    def expect(self, scopes: int, requests: int) -> None:
        """Take note of scopes that are to be asked about, with so many requests in all."""

    def done(self, requests: int) -> None:
        """Take note that one scope is finished, for which so many requests were expected."""

    def tell(self) -> None:
        """Say what is left to be asked."""


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
        self._counts.expect(0, self._extra_requests(listings))
        self._settle(listings)

    def settle_again(self) -> None:
        """Read the listings again, because Bitbucket says that something they showed does not exist."""
        self._settle(self._builder.listings)

    def _settle(self, listings: Listings) -> None:
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
            log.info("something was changed in Bitbucket while it was read: what may be affected is read again")
            listings = again
        self._read_contents()
        self._builder.store_unsettled(
            f"the listings changed between each two of {_ROUNDS} readings, so it is not known what else there is; "
            "run again when less is changed in Bitbucket"
        )

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

    def _warn_of_global_permissions(self, listings: Listings) -> None:
        permissions = listings.global_permissions
        if permissions.read is GlobalPermissionsRead.EFFECTIVE:
            log.warning("global permissions are exported as held by users, not by groups: %s", permissions.reason)
        self._bitbucket.know_administrator(is_administrator(permissions, self._bitbucket.session.account))

    # ---- what each thing has of its own

    def _read_contents(self) -> None:
        """Read what is still open; then the members of groups that only a grant has named."""
        groups, projects = self._builder.groups_to_read(), self._builder.projects_to_read()
        repositories = self._builder.repositories_to_read()
        self._expect(len(groups), len(groups) * OF_A_GROUP)
        self._expect(len(projects), sum(map(of_a_project, projects)))
        self._expect(len(repositories), len(repositories) * OF_A_REPOSITORY)
        if groups or projects or repositories:
            self._counts.tell()
        self._workers.run(
            chain(self._of_groups(groups), self._of_projects(projects), self._of_repositories(repositories))
        )
        asked = {group.key for group in groups}
        named = [group for group in self._builder.groups_to_read() if group.key not in asked]
        self._expect(len(named), len(named) * OF_A_GROUP)
        self._workers.run(self._of_groups(named))

    def _of_groups(self, groups: Iterable[Group]) -> Iterator[Task[Any]]:
        users = self._builder.listings.users
        for group in groups:
            fetch = partial(_fetched, partial(self._fetch.members, group, users))
            yield self._task(fetch, partial(self._builder.store_members, group), OF_A_GROUP)

    def _of_projects(self, projects: Iterable[Project]) -> Iterator[Task[Any]]:
        for project in projects:
            fetch = partial(_fetched, partial(self._fetch.project_grants, project))
            yield self._task(fetch, partial(self._builder.store_project, project), of_a_project(project))

    def _of_repositories(self, repositories: Iterable[tuple[Repository, str]]) -> Iterator[Task[Any]]:
        for repository, key in repositories:
            fetch = partial(_fetched, partial(self._fetch.repository_grants, key, repository.slug))
            yield self._task(fetch, partial(self._builder.store_repository, repository), OF_A_REPOSITORY)

    def _expect(self, scopes: int, requests: int) -> None:
        self._counts.expect(scopes, requests)

    def _task(self, fetch: Callable[[], T], store: Callable[[T], None], requests: int) -> Task[T]:
        def store_and_count(fetched: T) -> None:
            store(fetched)
            self._counts.done(requests)

        return Task(fetch, store_and_count)


def _fetched(fetch: Callable[[], T]) -> T | Unreadable:
    """Give what is fetched, or why it cannot be read."""
    try:
        return fetch()
    except Unreadable as unreadable:
        return unreadable
