"""The flow of what `--include` adds, when everything else is settled: ask, and see what is gone meanwhile."""

from __future__ import annotations

import time
from typing import Any

from connector.errors import Unreadable, Why
from connector.model import Inclusion, Repository, Snapshot
from connector.rest.progress import Cost, Forecast
from connector.sources.cloud.connection import Connection
from connector.sources.cloud.endpoints import Endpoint
from connector.sources.cloud.extras import endpoints
from connector.sources.cloud.extras.branch_restrictions import BranchRestrictions
from connector.sources.cloud.extras.keys import Keys
from connector.sources.cloud.extras.webhooks import Webhooks
from connector.sources.cloud.fetch import Fetch
from connector.sources.cloud.listings import Listings
from connector.sources.cloud.permissions import RANKS
from connector.sources.common.extras import scopes
from connector.sources.common.extras.asking import ScopeRequest, ScopeRequests
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.result import Extras
from connector.sources.common.extras.topics import Topic, ask_about

_WORKSPACE = "workspace"
_NO_TOKENS = (
    "Bitbucket Cloud has no listing of the access tokens of a workspace, its projects and repositories; look at them "
    "in the settings of the workspace, its projects and repositories, under 'Access tokens'"
)


def cost_of(include: frozenset[Inclusion], *, projects: int, repositories: int, branches: int) -> Cost:
    """Count the requests at most; `branches` are the repositories that have one."""
    costs = {
        Inclusion.ACCESS_KEYS: endpoints.REPOSITORY_KEYS.cost * repositories + endpoints.PROJECT_KEYS.cost * projects,
        Inclusion.WEBHOOKS: endpoints.REPOSITORY_WEBHOOKS.cost * repositories + endpoints.WORKSPACE_WEBHOOKS.cost,
        Inclusion.BRANCH_PERMISSIONS: (endpoints.RESTRICTIONS.cost + endpoints.BRANCHING_MODEL.cost) * branches,
    }
    return sum((costs[each] for each in include if each in costs), Cost())


def collect_extras(
    connection: Connection,
    fetch: Fetch,
    counts: Forecast,
    snapshot: Snapshot,
    listings: Listings,
    include: frozenset[Inclusion],
) -> Extras:
    """Ask everything that is to be included. `counts` expects the requests already.

    Raises `SourceError` where the run cannot go on.
    """
    of, builder = Scopes(snapshot, _WORKSPACE), ExtrasBuilder(RANKS)
    topics: dict[Inclusion, Topic] = {
        Inclusion.ACCESS_KEYS: Keys(of, builder),
        Inclusion.WEBHOOKS: Webhooks(of, builder),
        Inclusion.BRANCH_PERMISSIONS: BranchRestrictions(of, builder, listings.repositories.main_branches),
    }
    included = [topic for inclusion, topic in topics.items() if inclusion in include]
    requests = ScopeRequests(Asker(connection, fetch), connection.workers, counts, _WORKSPACE)
    ask_about(included, requests)
    if Inclusion.TOKENS in include:
        requests.leave_out("access tokens", _NO_TOKENS)
    for topic in included:
        topic.finish()
    now = connection.bitbucket.server_time
    machines = builder.machines(include, round(time.time() * 1000) if now is None else now)
    return Extras(machines, tuple(requests.gaps), tuple(requests.gone))


class Scopes(scopes.Scopes):
    """Everything of a workspace that can be asked about."""

    def segments_of(self, repository: Repository) -> tuple[str, ...]:
        """Give what stands for a repository in an address: its slug is the only one in the workspace."""
        return (repository.slug,)


class Asker:
    """Asks about one scope of a workspace after the other, and remembers what Bitbucket Cloud has."""

    def __init__(self, connection: Connection, fetch: Fetch) -> None:
        self._bitbucket = connection.bitbucket
        self._fetch = fetch
        self._known: set[Endpoint] = set()

    def has(self, endpoint: Endpoint) -> bool:
        """Whether something was answered at an endpoint, if only that a scope has none."""
        return endpoint in self._known

    def lacks(self, _: Endpoint) -> str:
        """Say that it was there once."""
        return "Bitbucket Cloud had it in 2026."

    def ask(self, request: ScopeRequest[Any]) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        """Give what is answered. Raises `Unreadable`."""
        endpoint: Endpoint = request.endpoint  # type: ignore[assignment]  # the topics ask for nothing else
        address = endpoint.at(self._bitbucket.workspace.slug, *request.segments)
        try:
            answer = self._fetch.rows(address) if request.is_listing else self._bitbucket.get(address)
        except Unreadable as unreadable:
            if unreadable.why is Why.ABSENT:
                self._known.add(endpoint)
            raise
        self._known.add(endpoint)
        return answer
