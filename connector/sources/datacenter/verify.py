"""Ask Bitbucket itself who can read, write and administer a repository, to compare an export with it.

`/users` with a permission filter gives everybody who holds the permission in effect, by any way: the only listing
that no export is made from. Knows HTTP; what an export says is `review`'s business.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from connector.errors import Unreadable, Why
from connector.model import PublicAccess, Repository, Server, Snapshot, User
from connector.rest.progress import Forecast, Progress
from connector.rest.statistics import Statistics
from connector.rest.workers import Task
from connector.sources.common.effective import Drawn, Effective
from connector.sources.common.listings import Projects, Repositories
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.collector import Collector
from connector.sources.datacenter.connection import connect
from connector.sources.datacenter.export import keep_to_rate_limit
from connector.sources.datacenter.fetch import Fetch, project_and_owner, projects_of
from connector.sources.datacenter.paging import LIMIT, pages
from connector.sources.datacenter.permissions import GlobalPermission, RepositoryPermission
from connector.sources.datacenter.settings import Settings
from connector.sources.datacenter.snapshot_builder import SnapshotBuilder

_DRAWS = 20
"""Offsets tried for each repository that is wanted, where the account cannot see what lies at many of them."""


def ask_who_can(
    settings: Settings, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]
) -> list[Effective]:
    """Ask about each of some repositories of a snapshot. Raises `SourceError` or `Unreadable`.

    People whom Bitbucket lists although they are inactive or have no licence are left out: they can do nothing.
    """
    with connect(settings, statistics) as connection:
        connection.workers.call(partial(keep_to_rate_limit, connection, settings))
        found: dict[str, Effective] = {}
        drawn = list(drawn)
        connection.workers.run(
            Task(partial(_effective, connection.fetch, one), partial(found.__setitem__, one[1].id)) for one in drawn
        )
        effective = [found[repository.id] for _, repository in drawn]
        licensed = partial(connection.workers.call, partial(_licensed, connection.fetch))
        return without_unlicensed(effective, snapshot.users, licensed)


def collect_some(
    settings: Settings, progress: Progress, statistics: Statistics, *, count: int, seed: int, repository_count: int
) -> Snapshot:
    """Collect what decides about some repositories, drawn at random from a listing of about `repository_count`.

    The snapshot holds those repositories and their projects alone. Raises `SourceError` or `Unreadable`.
    """
    with connect(settings, statistics) as connection:
        connection.workers.call(partial(keep_to_rate_limit, connection, settings))
        chance = random.Random(seed)  # noqa: S311 - likewise
        bitbucket, workers = connection.bitbucket, connection.workers
        rows = workers.call(partial(_some_rows, bitbucket, count, chance, repository_count))
        builder = SnapshotBuilder(granted_groups_only=True)
        forecast = Forecast(connection.clock, connection.throttle, progress, lambda: 0)
        fetch = _Excerpt(bitbucket, connection.server_version, rows)
        Collector(bitbucket, fetch, workers, forecast, builder).collect()
        # Whether anybody at all may read what is public makes no difference to what is verified.
        read = builder.listings.global_permissions.read
        server = Server(settings.base_url, connection.server_version, PublicAccess.UNKNOWN, read)
        return builder.snapshot(server, bitbucket.session.account)


class _Excerpt(Fetch):
    """Shows some rows of the listing of repositories in place of all, and the projects that they name."""

    def __init__(self, bitbucket: Bitbucket, server_version: str, rows: list[Any]) -> None:
        super().__init__(bitbucket, server_version)
        where = endpoints.REPOSITORIES.template
        self._repositories = Repositories(
            {repository.id: repository for repository in (parse.repository(row, where) for row in rows)},
            projects_of([project_and_owner(parse.project_of(row, where), where) for row in rows]),
        )

    def repositories(self, known: Mapping[str, Repository]) -> Repositories:  # noqa: ARG002 - as `Fetch` has it
        """Give those that were drawn."""
        return self._repositories

    def projects(self) -> Projects:
        """Give those that the drawn ones name."""
        return self._repositories.named


def _effective(fetch: Fetch, drawn: Drawn) -> Effective:
    project, repository = drawn
    name = f"{project.key}/{repository.slug}"
    holders: dict[str, tuple[User, RepositoryPermission]] = {}
    try:
        for permission in RepositoryPermission:
            question = {
                "permission.1": permission.value,
                "permission.1.projectKey": project.key,
                "permission.1.repositorySlug": repository.slug,
            }
            for user in fetch.holders(**question):
                holders[user.id] = user, permission
    except Unreadable as unreadable:
        if unreadable.why is Why.ABSENT:
            return Effective(name, None)
        raise
    return Effective(name, tuple(each for each in holders.values() if each[0].active is not False))


def without_unlicensed(
    found: list[Effective], known: Mapping[str, User], licensed: Callable[[], frozenset[str]]
) -> list[Effective]:
    """Leave out users without a licence; those whom the snapshot has as unlicensed are asked about again."""
    listed = {user.id for effective in found for user, _ in effective.holders or ()}
    doubtful = {i for i in listed if i in known and known[i].licensed is False}
    if not doubtful:
        return found
    unlicensed = doubtful - licensed()
    return [_without(effective, unlicensed) for effective in found]


def _licensed(fetch: Fetch) -> frozenset[str]:
    return frozenset(user.id for user in fetch.holders(permission=GlobalPermission.LICENSED_USER.value))


def _without(effective: Effective, ids: set[str]) -> Effective:
    if effective.holders is None:
        return effective
    return Effective(effective.repository, tuple(each for each in effective.holders if each[0].id not in ids))


def _some_rows(bitbucket: Bitbucket, count: int, chance: random.Random, repository_count: int) -> list[Any]:
    """Draw rows of the listing of repositories: from its first page, or at random offsets where it has more."""
    address = endpoints.REPOSITORIES.at()
    first = bitbucket.get(address, {"archived": "ALL", "start": 0, "limit": LIMIT})
    rows = next(pages(lambda _start, _limit: first, address.path))
    if first.get("isLastPage") is not False:
        return chance.sample(rows, min(count, len(rows)))
    found: dict[str, Any] = {}
    for _ in range(count * _DRAWS):
        start = chance.randrange(max(repository_count, len(rows)))
        page = bitbucket.get(address, {"archived": "ALL", "start": start, "limit": 1})
        found |= {parse.repository(row, address.path).id: row for row in page.get("values", [])[:1]}
        if len(found) == count:
            break
    return list(found.values())
