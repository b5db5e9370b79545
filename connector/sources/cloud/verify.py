"""Ask Bitbucket Cloud itself who can do what on a repository, to hold an export against.

`permissions/repositories` gives everybody who has access in effect, by any way: the only listing that no export is made
from. Knows HTTP; what an export says is `review`'s business.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial

from connector.errors import Unreadable, Why
from connector.model import Snapshot, User
from connector.rest.progress import Forecast, Progress
from connector.rest.statistics import Statistics
from connector.rest.workers import Task
from connector.sources.cloud import parse
from connector.sources.cloud.collector import Collector
from connector.sources.cloud.connection import connect
from connector.sources.cloud.endpoints import REPOSITORIES, REPOSITORY_EFFECTIVE
from connector.sources.cloud.export import workspace_of
from connector.sources.cloud.fetch import Fetch
from connector.sources.cloud.listings import Repositories
from connector.sources.cloud.permissions import RepositoryPermission
from connector.sources.cloud.settings import Settings
from connector.sources.cloud.snapshot_builder import SnapshotBuilder
from connector.sources.common.effective import Drawn, Effective
from connector.sources.common.listings import Projects


def ask_who_can(settings: Settings, statistics: Statistics, _: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
    """Ask about each of some repositories of a snapshot. Raises `SourceError` or `Unreadable`."""
    with connect(settings, statistics) as connection:
        workspace = connection.bitbucket.workspace.slug
        fetch = Fetch(connection.bitbucket, workspace)
        found: dict[str, Effective] = {}
        drawn = list(drawn)
        connection.workers.run(
            Task(partial(_effective, fetch, workspace, one), partial(found.__setitem__, one[1].id)) for one in drawn
        )
        return [found[repository.id] for _, repository in drawn]


def _effective(fetch: Fetch, workspace: str, drawn: Drawn) -> Effective:
    project, repository = drawn
    name = f"{project.key}/{repository.slug}"
    address = REPOSITORY_EFFECTIVE.at(workspace, repository.slug)
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


def collect_some(
    settings: Settings,
    progress: Progress,
    statistics: Statistics,
    *,
    count: int,
    seed: int,
    repository_count: int,  # noqa: ARG001 - a server's listing is drawn from by number
) -> Snapshot:
    """Collect what decides about some repositories, drawn at random from a page of their listing, sorted by uuid.

    Uuids are random themselves. The snapshot holds those repositories and their projects alone. Raises `SourceError`
    or `Unreadable`.
    """
    with connect(settings, statistics) as connection:
        bitbucket, workers = connection.bitbucket, connection.workers
        builder = SnapshotBuilder(granted_groups_only=True)
        forecast = Forecast(connection.clock, connection.throttle, progress, lambda: 0)
        fetch = _Excerpt(bitbucket, bitbucket.workspace.slug)
        workers.call(partial(fetch.draw, count, random.Random(seed)))  # noqa: S311 - a sample, not a secret
        Collector(bitbucket, fetch, workers, forecast, builder).collect()
        return builder.snapshot(workspace_of(bitbucket), bitbucket.session)


class _Excerpt(Fetch):
    """Shows some rows of the listing of repositories in place of all, and the projects that they name."""

    _drawn = Repositories({}, Projects({}), {})

    def draw(self, count: int, chance: random.Random) -> None:
        """Draw the repositories."""
        page = self.first_page(REPOSITORIES.at(self.workspace))
        shown = [parse.repository(row, REPOSITORIES.template) for row in page]
        drawn = chance.sample(shown, min(count, len(shown)))
        projects = Projects({project.id: project for _, project in drawn})
        self._drawn = Repositories({repository.id: repository for repository, _ in drawn}, projects, {})

    def repositories(self) -> Repositories:
        """Give those that were drawn."""
        return self._drawn

    def projects(self) -> Projects:
        """Give those that the drawn ones name."""
        return self._drawn.named
