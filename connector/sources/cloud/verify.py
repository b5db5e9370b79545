"""Ask Bitbucket Cloud itself who can read, write and administer a repository, to hold an export against.

The effective listing of a repository gives the highest permission of each, by any way: no export is made from it.
Knows HTTP; what an export says is `review`'s business.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial

from connector.errors import Unreadable, Why
from connector.model import Snapshot, User
from connector.rest.client import Statistics
from connector.rest.progress import Forecast, Progress
from connector.rest.workers import Task
from connector.sources.cloud import endpoints, parse, workspace_of
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.collector import Collector
from connector.sources.cloud.connection import connect
from connector.sources.cloud.fetch import Fetch
from connector.sources.cloud.permissions import RepositoryPermission
from connector.sources.cloud.settings import Settings
from connector.sources.cloud.snapshot_builder import SnapshotBuilder
from connector.sources.common.effective import Drawn, Effective
from connector.sources.common.listings import Projects, Repositories


def ask_who_can(settings: Settings, statistics: Statistics, _: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
    """Ask about each of some repositories of a snapshot. Raises `SourceError` or `Unreadable`."""
    with connect(settings, statistics) as connection:
        fetch = Fetch(connection.bitbucket, connection.bitbucket.workspace.slug)
        found: dict[str, Effective] = {}
        drawn = list(drawn)
        connection.workers.run(
            Task(
                partial(_effective, fetch, connection.bitbucket.workspace.slug, one),
                partial(found.__setitem__, one[1].id),
            )
            for one in drawn
        )
        connection.workers.call(connection.bitbucket.conclude)
        return [found[repository.id] for _, repository in drawn]


def collect_some(
    settings: Settings,
    progress: Progress,
    statistics: Statistics,
    *,
    count: int,
    seed: int,
    behind: int,  # noqa: ARG001 - the whole listing is read, whose rows have no offset
) -> Snapshot:
    """Collect what decides about some repositories, drawn at random from the listing.

    The snapshot holds those repositories and their projects alone. Raises `SourceError` or `Unreadable`.
    """
    with connect(settings, statistics) as connection:
        bitbucket, workers = connection.bitbucket, connection.workers
        fetch = _Excerpt(bitbucket, count, seed)
        builder = SnapshotBuilder(granted_groups_only=True)
        forecast = Forecast(connection.clock, connection.throttle, progress, lambda: 0)
        Collector(bitbucket, fetch, workers, forecast, builder).collect()
        workers.call(bitbucket.conclude)
        return builder.snapshot(workspace_of(bitbucket), bitbucket.session)


class _Excerpt(Fetch):
    """Shows some repositories in place of all, and the projects that they name."""

    def __init__(self, bitbucket: Bitbucket, count: int, seed: int) -> None:
        super().__init__(bitbucket, bitbucket.workspace.slug)
        self._count = count
        self._seed = seed
        self._drawn: frozenset[str] | None = None

    def repositories(self) -> Repositories:
        """Give those that were drawn from the first reading of the listing."""
        listed = super().repositories()
        known = listed.repositories
        if self._drawn is None:
            chance = random.Random(self._seed)  # noqa: S311 - a sample, not a secret
            self._drawn = frozenset(chance.sample(sorted(known), min(self._count, len(known))))
        drawn = {i: repository for i, repository in known.items() if i in self._drawn}
        named = {repository.project_id for repository in drawn.values()}
        return Repositories(drawn, Projects({i: one for i, one in listed.of.projects.items() if i in named}))

    def projects(self) -> Projects:
        """Give none but those that the drawn repositories name."""
        return Projects({})


def _effective(fetch: Fetch, workspace: str, drawn: Drawn) -> Effective:
    project, repository = drawn
    name = f"{project.key}/{repository.slug}"
    address = endpoints.REPOSITORY_EFFECTIVE.at(workspace, repository.slug)
    holders: dict[str, tuple[User, RepositoryPermission]] = {}
    try:
        for row in fetch.rows(address):
            user, permission = parse.effective(row, address.path)
            if user.id not in holders or permission.rank > holders[user.id][1].rank:
                holders[user.id] = user, permission
    except Unreadable as unreadable:
        if unreadable.why is Why.ABSENT:
            return Effective(name, None)
        raise
    return Effective(name, tuple(holders.values()))
