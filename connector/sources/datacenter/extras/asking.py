"""Ask many scopes for something that a server may not have, and say once what it has not.

Knows listings and refusals, not what is listed. What the version or licence does not have is an optional gap; what
exists and cannot be read is a gap like any other.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from connector.errors import Unreadable, Why
from connector.model import Gap
from connector.rest.workers import Task, Workers
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.collector import Counts
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.fetch import Fetch

log = logging.getLogger(__name__)

T = TypeVar("T")

_LACKS = frozenset({Why.REFUSED, Why.ABSENT, Why.NO_SUCH_ADDRESS, Why.CONFLICT})
"""What a server answers about a scope that has no such thing, where scopes may lack it."""


@dataclass(frozen=True, slots=True)
class ScopeRequest(Generic[T]):
    """One question about one scope.

    `read` makes a value of the rows (of the answer itself, where it is no `is_listing`), `store` keeps it. `formerly`
    is asked of servers that do not know the endpoint yet. `otherwise` is done where the scope is said not to have it,
    `unread` where it has and cannot be read. Where the scope `may_lack` it, no refusal of Bitbucket's is a gap.
    """

    endpoint: Endpoint
    segments: tuple[str, ...]
    thing: tuple[str, str]
    """Kind and id of what it is about."""
    scope: str
    """The same for people, as gaps name it."""
    read: Callable[[Any], T]
    store: Callable[[T], None]
    question: Mapping[str, str] = field(default_factory=dict)
    is_listing: bool = True
    may_lack: bool = False
    formerly: Endpoint | None = None
    otherwise: Callable[[], None] = lambda: None
    unread: Callable[[], None] = lambda: None


class ScopeRequests:
    """Asks, and remembers what the server does not have. Storing runs in the calling thread."""

    def __init__(
        self, bitbucket: Bitbucket, fetch: Fetch, workers: Workers, counts: Counts, server_version: str
    ) -> None:
        self.gaps: list[Gap] = []
        self.gone: list[tuple[tuple[str, str], Gap]] = []
        """What Bitbucket says does not exist, with kind and id: it was listed, so it is gone, renamed, or a gap."""
        self._bitbucket = bitbucket
        self._fetch = fetch
        self._workers = workers
        self._counts = counts
        self._server_version = server_version
        self._absent: set[Endpoint] = set()
        """What the server answered not to know; it is not asked for again."""
        self._known: set[Endpoint] = set()
        """What the server has answered, if only that the scope has none."""
        self._versions: dict[str, str] = {}
        """By API, the version that it answers to, once that is known."""

    def run(self, requests: Callable[[], Iterable[ScopeRequest[Any]]]) -> None:
        """Ask all; the first of each endpoint alone, since its answer may save the others.

        `requests` is called twice and must give the same: there may be too many of them to keep.
        """
        first: dict[Endpoint, ScopeRequest[Any]] = {}
        count = 0
        for request in requests():
            count += 1
            if request.endpoint not in first or first[request.endpoint].may_lack > request.may_lack:
                first[request.endpoint] = request
        self._counts.expect(count, 0)
        asked = {(endpoint, request.thing) for endpoint, request in first.items()}
        self._workers.run(map(self._task, first.values()))
        self._workers.run(self._task(one) for one in requests() if (one.endpoint, one.thing) not in asked)

    def leave_out(self, missing: str, reason: str) -> None:
        """Take note of something that cannot be asked for: a known limit of the account or of its credentials."""
        self.gaps.append(Gap("instance", missing, reason, optional=True))

    def _task(self, request: ScopeRequest[T]) -> Task[T | Unreadable | None]:
        def fetch() -> T | Unreadable | None:
            if request.endpoint in self._absent:
                return None
            try:
                return request.read(self._answer(request))
            except Unreadable as unreadable:
                return unreadable

        def store(fetched: T | Unreadable | None) -> None:
            if isinstance(fetched, Unreadable):
                self._store_failure(request, fetched)
            elif fetched is not None:
                request.store(fetched)
            self._counts.done(1)

        return Task(fetch, store)

    def _answer(self, request: ScopeRequest[Any]) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        for endpoint in self._endpoints(request):
            try:
                return self._ask(request, endpoint)
            except Unreadable as unreadable:
                if unreadable.why is not Why.NO_SUCH_ADDRESS or endpoint in self._known:
                    raise
                last = unreadable
        raise last

    def _endpoints(self, request: ScopeRequest[Any]) -> Iterator[Endpoint]:
        """Give the endpoint, and the one of former times: that alone where the server is known to have it."""
        if request.formerly is None or request.formerly not in self._known:
            yield request.endpoint
        if request.formerly is not None and request.endpoint not in self._known:
            yield request.formerly

    def _ask(self, request: ScopeRequest[Any], endpoint: Endpoint) -> Any:  # noqa: ANN401 - as above
        """Ask in the version that the endpoint's API is known to answer to, or find that out."""
        address = dataclasses.replace(endpoint.at(*request.segments), version=self._versions.get(endpoint.api))
        tells_version = self._bitbucket.version == "latest" and endpoint.api != "api"
        try:
            answer = self._get(request, address)
        except Unreadable as unreadable:
            if unreadable.why in {Why.ABSENT, Why.NONE}:
                self._known.add(endpoint)
            if unreadable.why is not Why.NO_SUCH_ADDRESS or not tells_version or address.version is not None:
                raise
            answer = self._get(request, dataclasses.replace(address, version=endpoint.numbered))
            self._versions[endpoint.api] = endpoint.numbered
        self._known.add(endpoint)
        if tells_version:
            self._versions.setdefault(endpoint.api, "latest")
        return answer

    def _get(self, request: ScopeRequest[Any], address: Address) -> Any:  # noqa: ANN401 - as above
        if request.is_listing:
            return self._fetch.rows(address, **request.question)
        return self._bitbucket.get(address, request.question)

    def _store_failure(self, request: ScopeRequest[Any], unreadable: Unreadable) -> None:
        """Say what it means that one scope cannot be read."""
        gap = Gap(request.scope, request.endpoint.lacks, str(unreadable))
        if unreadable.why is Why.NONE:
            request.otherwise()
        elif request.may_lack and unreadable.why in _LACKS:
            log.debug("%s has no %s: %s", request.scope, request.endpoint.lacks, unreadable)
        elif unreadable.why in {Why.ABSENT, Why.MOVED}:
            request.unread()
            self.gone.append((request.thing, gap))
        elif unreadable.why is Why.NO_SUCH_ADDRESS and not {request.endpoint, request.formerly} & self._known:
            self._note_absence(request, unreadable)
        else:
            request.unread()
            self.gaps.append(gap)

    def _note_absence(self, request: ScopeRequest[Any], unreadable: Unreadable) -> None:
        if request.endpoint in self._absent:
            return
        self._absent.add(request.endpoint)
        since = f" It came with {request.endpoint.since}." if request.endpoint.since else ""
        reason = f"{unreadable} This server is {self._server_version}.{since}"
        self.gaps.append(Gap("instance", request.endpoint.lacks, reason, optional=True))
