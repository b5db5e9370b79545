"""Ask many scopes for something that a product may not have, and say once what it has not.

Knows listings and refusals, not what is listed. What the version or licence does not have is an optional gap; what
exists and cannot be read is a gap like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from connector.errors import Unreadable, Why
from connector.model import Gap, Inclusion
from connector.rest.progress import Cost, Forecast
from connector.rest.workers import Task, Workers
from connector.sources.common.extras.inclusions import NotOffered

log = logging.getLogger(__name__)

T = TypeVar("T")

_LACKS = frozenset({Why.REFUSED, Why.ABSENT, Why.NO_SUCH_ADDRESS, Why.CONFLICT})
"""What a server answers about a scope that has no such thing, where scopes may lack it."""


class Endpoint(Protocol):
    """One kind of address."""

    @property
    def lacks(self) -> str:
        """What an export lacks where it cannot be read."""

    @property
    def cost(self) -> Cost:
        """What asking once costs."""


@dataclass(frozen=True, slots=True)
class ScopeRequest(Generic[T]):
    """One question about one scope.

    `read` makes a value of the rows (of the answer itself, where it is no `is_listing`), `store` keeps it. `on_none`
    is called where the scope is said not to have it, `on_failure` where it has and cannot be read. Where the scope
    `may_lack` it, no refusal of Bitbucket's is a gap.
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
    on_none: Callable[[], None] = lambda: None
    on_failure: Callable[[], None] = lambda: None


class Asker(Protocol):
    """Asks one product about one scope after the other, and remembers what it has."""

    def ask(self, request: ScopeRequest[Any], /) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        """Give what is answered. Raises `Unreadable`."""

    def has(self, endpoint: Any, /) -> bool:  # noqa: ANN401 - an endpoint of the product's
        """Whether something was answered at an endpoint, if only that a scope has none."""

    def explain_absence(self, endpoint: Any, /) -> str:  # noqa: ANN401 - as above
        """Say in one sentence why there is no such endpoint."""


class ScopeRequests:
    """Asks, and remembers what the product does not have. Storing runs in the calling thread.

    `whole` is what gaps call all that is asked about.
    """

    def __init__(self, asker: Asker, workers: Workers, forecast: Forecast, whole: str) -> None:
        self.gaps: list[Gap] = []
        self.gone: list[tuple[tuple[str, str], Gap]] = []
        """What Bitbucket says does not exist, with kind and id: it was listed, so it is gone, renamed, or a gap."""
        self._asker = asker
        self._workers = workers
        self._forecast = forecast
        self._whole = whole
        self._absent: set[Endpoint] = set()
        """What the product answered not to know; it is not asked for again."""

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
        self._forecast.expect(count, Cost())
        asked = {(endpoint, request.thing) for endpoint, request in first.items()}
        self._workers.run(map(self._task, first.values()))
        self._workers.run(self._task(one) for one in requests() if (one.endpoint, one.thing) not in asked)

    def leave_out(self, missing: str, reason: str) -> None:
        """Take note of something that cannot be asked for: a known limit of the account or of its credentials."""
        self.gaps.append(Gap(self._whole, missing, reason, optional=True))

    def leave_out_all(self, rows: Mapping[Inclusion, NotOffered]) -> None:
        """Take note of what the product does not offer."""
        for row in rows.values():
            self.leave_out(row.missing, f"{row.fact}; {row.advice}")

    def _task(self, request: ScopeRequest[T]) -> Task[T | Unreadable | None]:
        def fetch() -> T | Unreadable | None:
            if request.endpoint in self._absent:
                return None
            try:
                return request.read(self._asker.ask(request))
            except Unreadable as unreadable:
                return unreadable

        def store(fetched: T | Unreadable | None) -> None:
            if isinstance(fetched, Unreadable):
                self._store_failure(request, fetched)
            elif fetched is not None:
                request.store(fetched)
            self._forecast.done(request.endpoint.cost)

        return Task(fetch, store)

    def _store_failure(self, request: ScopeRequest[Any], unreadable: Unreadable) -> None:
        """Say what it means that one scope cannot be read."""
        gap = Gap(request.scope, request.endpoint.lacks, str(unreadable))
        if unreadable.why is Why.NONE:
            request.on_none()
        elif request.may_lack and unreadable.why in _LACKS:
            log.debug("%s has no %s: %s", request.scope, request.endpoint.lacks, unreadable)
        elif unreadable.why in {Why.ABSENT, Why.MOVED}:
            request.on_failure()
            self.gone.append((request.thing, gap))
        elif unreadable.why is Why.NO_SUCH_ADDRESS and not self._asker.has(request.endpoint):
            self._note_absence(request, unreadable)
        else:
            request.on_failure()
            self.gaps.append(gap)

    def _note_absence(self, request: ScopeRequest[Any], unreadable: Unreadable) -> None:
        if request.endpoint in self._absent:
            return
        self._absent.add(request.endpoint)
        reason = f"{unreadable} {self._asker.explain_absence(request.endpoint)}"
        self.gaps.append(Gap(self._whole, request.endpoint.lacks, reason, optional=True))
