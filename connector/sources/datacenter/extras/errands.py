"""Ask many scopes for something that a server may not have, and say once what it has not.

Knows listings and refusals, not what is listed. What the version or licence does not know, or the account may
not see, is an optional gap; what breaks otherwise is an ordinary one.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.errors import BitbucketError, Conflict, Gone, Missing, Refused, Unreadable
from connector.model import Gap
from connector.rest.fields import Malformed
from connector.rest.workers import Crew, Keep
from connector.sources.datacenter.collector import Asks
from connector.sources.datacenter.cost import Counts
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.paging import LIMIT, pages

log = logging.getLogger(__name__)

_NOT_THERE = (Refused, Missing, Conflict)


@dataclass(frozen=True, slots=True)
class Errand:
    """One question about one scope.

    `read` makes of the rows (of the answer itself, where it is no `listing`) what remains to be done with them.
    `formerly` is asked of servers that do not know the endpoint yet. `otherwise` is done where the scope is said
    not to have it, `unread` where it has and cannot be read. Where the scope `may_lack` it, no refusal is a gap.
    """

    endpoint: Endpoint
    segments: tuple[str, ...]
    scope: str
    read: Callable[[Any], Keep]
    question: Mapping[str, str] = field(default_factory=dict)
    listing: bool = True
    may_lack: bool = False
    formerly: Endpoint | None = None
    otherwise: Keep | None = None
    unread: Keep | None = None


class Errands:
    """Sends a crew on errands, and remembers what a server does not have."""

    def __init__(self, client: Asks, crew: Crew, counts: Counts, rest_version: str, server_version: str) -> None:
        self.absent: set[Endpoint] = set()
        """What the server answered not to know; nobody is sent for it again."""
        self._client = client
        self._crew = crew
        self._counts = counts
        self._rest_version = rest_version
        self._server_version = server_version
        self._versions: dict[str, str] = {}
        """By API, the version that it answers to, once that is known."""
        self._asked: Counter[Endpoint] = Counter()
        self._known: set[Endpoint] = set()
        """What the server has answered, were it that the scope has none."""
        self._doubtful: dict[Endpoint, tuple[Endpoint, Missing]] = {}
        """What may be absent from the server, or only from the scopes that were asked about."""
        self._refused: defaultdict[Endpoint, list[Gap]] = defaultdict(list)
        self._gaps: list[Gap] = []

    def run(self, errands: Callable[[], Iterable[Errand]]) -> None:
        """Do them all; the first of each kind alone, since its answer may save the others.

        `errands` is called twice and must give the same: there may be too many of them to keep.
        """
        first: dict[Endpoint, Errand] = {}
        count = 0
        for errand in errands():
            count += 1
            if errand.endpoint not in first or first[errand.endpoint].may_lack > errand.may_lack:
                first[errand.endpoint] = errand
        self._counts.expect(count, 0)
        self._send(first.values())
        self._send(errand for errand in errands() if not _is_same(errand, first[errand.endpoint]))

    def leave_out(self, missing: str, reason: str) -> None:
        """Note something optional that is not even asked for."""
        self._gaps.append(Gap("instance", missing, reason, optional=True))

    @property
    def gaps(self) -> list[Gap]:
        """Give what could not be read; where it is the same everywhere, as one."""
        gaps = list(self._gaps)
        for endpoint, refused in self._refused.items():
            gaps += [_everywhere(refused)] if len(refused) == self._asked[endpoint] > 1 else refused
        for endpoint, (formerly, why) in self._doubtful.items():
            if not self._known & {endpoint, formerly}:
                gaps.append(self._absence(endpoint, why))
        return gaps

    def _send(self, errands: Iterable[Errand]) -> None:
        self._crew.add(partial(self._run, errand) for errand in errands)
        self._crew.run()

    def _run(self, errand: Errand) -> Keep:
        return partial(self._finish, self._done(errand))

    def _finish(self, keep: Keep) -> None:
        keep()
        self._counts.done(1)

    def _done(self, errand: Errand) -> Keep:
        if errand.endpoint in self.absent:
            return _nothing
        try:
            keep = errand.read(self._answer(errand))
        except Gone as gone:
            return partial(self._keep_gone, errand, gone)
        except _NOT_THERE as not_there:
            return partial(self._keep_not_there, errand, not_there)
        except (Unreadable, Malformed) as broken:
            return partial(self._keep_broken, errand, broken)
        return partial(self._keep, errand, keep)

    def _answer(self, errand: Errand) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        formerly = errand.formerly
        if formerly is not None and formerly in self._known:
            return self._ask(errand, formerly)
        try:
            return self._ask(errand, errand.endpoint)
        except Gone:
            raise
        except Missing:
            if formerly is None or errand.endpoint in self._known:
                raise
            return self._ask(errand, formerly)

    def _ask(self, errand: Errand, endpoint: Endpoint) -> Any:  # noqa: ANN401 - as above
        """Ask in the version that the endpoint's API is known to answer to, or find that out."""
        api = endpoint.api
        address = dataclasses.replace(endpoint.at(*errand.segments), version=self._versions.get(api))
        try:
            answer = self._get(errand, address)
        except Gone:
            self._known.add(endpoint)
            raise
        except Missing:
            if api == "api" or self._rest_version != "latest" or address.version is not None:
                raise
            answer = self._get(errand, dataclasses.replace(address, version=endpoint.numbered))
            self._versions[api] = endpoint.numbered
        self._known.add(endpoint)
        if self._rest_version == "latest":
            self._versions.setdefault(api, "latest")
        return answer

    def _get(self, errand: Errand, address: Address) -> Any:  # noqa: ANN401 - as above
        ask = partial(self._client.get, address, **errand.question)
        if not errand.listing:
            return ask()
        return [row for rows in pages(ask, address.path, LIMIT) for row in rows]

    def _keep(self, errand: Errand, keep: Keep) -> None:
        self._asked[errand.endpoint] += 1
        keep()

    def _keep_gone(self, errand: Errand, gone: Gone) -> None:
        log.debug("%s has no %s (any more): %s", errand.scope, errand.endpoint.lacks, gone)
        _do(errand.otherwise)

    def _keep_not_there(self, errand: Errand, why: Unreadable) -> None:
        if errand.formerly is not None and isinstance(why, Missing):
            self._doubtful.setdefault(errand.endpoint, (errand.formerly, why))
        elif errand.may_lack:
            log.debug("%s has no %s: %s", errand.scope, errand.endpoint.lacks, why)
        elif isinstance(why, Conflict):
            self._keep_broken(errand, why)
        elif isinstance(why, Refused) or errand.endpoint in self._known:
            _do(errand.unread)
            self._asked[errand.endpoint] += 1
            self._refused[errand.endpoint].append(Gap(errand.scope, errand.endpoint.lacks, str(why), optional=True))
        elif errand.endpoint not in self.absent:
            self.absent.add(errand.endpoint)
            self._gaps.append(self._absence(errand.endpoint, why))

    def _absence(self, endpoint: Endpoint, why: Unreadable) -> Gap:
        since = f" It came with {endpoint.since}." if endpoint.since else ""
        return Gap("instance", endpoint.lacks, f"{why} This server is {self._server_version}.{since}", optional=True)

    def _keep_broken(self, errand: Errand, why: BitbucketError) -> None:
        _do(errand.unread)
        self._gaps.append(Gap(errand.scope, errand.endpoint.lacks, str(why)))


def _everywhere(refused: list[Gap]) -> Gap:
    first = min(refused)
    return dataclasses.replace(first, scope="instance", reason=f"refused {len(refused)} times: {first.reason}")


def _is_same(one: Errand, other: Errand) -> bool:
    return (one.endpoint, one.scope) == (other.endpoint, other.scope)


def _do(keep: Keep | None) -> None:
    if keep is not None:
        keep()


def _nothing() -> None:
    """Leave everything as it is."""
