"""The flow of what `--include` adds, when everything else is settled: ask, and see what is gone meanwhile."""

from __future__ import annotations

from typing import Any

from connector.errors import Unreadable, Why
from connector.model import Inclusion, Snapshot
from connector.rest.progress import Forecast
from connector.sources.cloud.connection import Connection
from connector.sources.cloud.endpoints import Endpoint
from connector.sources.cloud.extras.inclusions import ROWS
from connector.sources.cloud.extras.scopes import Scopes
from connector.sources.cloud.fetch import Fetch
from connector.sources.cloud.listings import Listings
from connector.sources.cloud.permissions import RANKS
from connector.sources.common.extras.asking import ScopeRequest, ScopeRequests
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.result import CollectedExtras
from connector.sources.common.extras.rounds import ask_in_rounds


def collect_extras(
    connection: Connection,
    fetch: Fetch,
    forecast: Forecast,
    snapshot: Snapshot,
    listings: Listings,
    include: frozenset[Inclusion],
) -> CollectedExtras:
    """Ask everything that is to be included. `forecast` expects the requests already.

    Raises `SourceError` where the run cannot go on.
    """
    scopes, builder = Scopes(snapshot, listings.repository_listing.main_branches), ExtrasBuilder(RANKS)
    collectors = [row.collector(scopes, builder) for row in ROWS.offered(include)]
    not_offered = ROWS.not_offered(include)
    requests = ScopeRequests(Asker(connection, fetch), connection.workers, forecast, "workspace")
    ask_in_rounds(collectors, requests)
    requests.leave_out_all(not_offered)
    for collector in collectors:
        collector.finish()
    extras = builder.extras(include, connection.bitbucket.server_time, not_offered)
    return CollectedExtras(extras, tuple(requests.gaps), tuple(requests.gone))


class Asker:
    """Asks about one scope of a workspace after the other, and remembers what Bitbucket Cloud has."""

    def __init__(self, connection: Connection, fetch: Fetch) -> None:
        self._bitbucket = connection.bitbucket
        self._fetch = fetch
        self._known: set[Endpoint] = set()

    def has(self, endpoint: Endpoint) -> bool:
        """Whether something was answered at an endpoint, if only that a scope has none."""
        return endpoint in self._known

    def explain_absence(self, _: Endpoint) -> str:
        """Say that it was there once."""
        return "Bitbucket Cloud had it in 2026."

    def ask(self, request: ScopeRequest[Any]) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        """Give what is answered. Raises `Unreadable`."""
        endpoint: Endpoint = request.endpoint  # type: ignore[assignment]  # the collectors ask for nothing else
        address = endpoint.at(self._bitbucket.workspace.slug, *request.segments)
        try:
            answer = self._fetch.rows(address) if request.is_listing else self._bitbucket.get(address)
        except Unreadable as unreadable:
            if unreadable.why is Why.ABSENT:
                self._known.add(endpoint)
            raise
        self._known.add(endpoint)
        return answer
