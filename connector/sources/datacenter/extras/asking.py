"""How a server is asked about one scope: in the version of each API that it answers to, at the address that it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, cast

from connector.errors import Unreadable, Why
from connector.sources.common.extras.asking import ScopeRequest
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.fetch import Fetch


class Asker:
    """Asks one server, and remembers what it has."""

    def __init__(self, bitbucket: Bitbucket, fetch: Fetch, server_version: str) -> None:
        self._bitbucket = bitbucket
        self._fetch = fetch
        self._server_version = server_version
        self._known: set[Endpoint] = set()
        """What the server has answered, if only that the scope has none."""
        self._versions: dict[str, str] = {}
        """By API, the version that it answers to, once that is known."""

    def has(self, endpoint: Endpoint) -> bool:
        """Whether the server has answered at an endpoint, or at the one of former times."""
        return endpoint in self._known or endpoint.formerly in self._known

    def lacks(self, endpoint: Endpoint) -> str:
        """Say that it is a matter of the version."""
        since = f" It came with {endpoint.since}." if endpoint.since else ""
        return f"This server is {self._server_version}.{since}"

    def ask(self, request: ScopeRequest[Any]) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        """Ask at the endpoint, or at the one of former times. Raises `Unreadable`."""
        for endpoint in self._endpoints(cast("Endpoint", request.endpoint)):
            try:
                return self._ask(request, endpoint)
            except Unreadable as unreadable:
                if unreadable.why is not Why.NO_SUCH_ADDRESS or endpoint in self._known:
                    raise
                last = unreadable
        raise last

    def _endpoints(self, endpoint: Endpoint) -> Iterator[Endpoint]:
        """Give the endpoint, and the one of former times: that alone where the server is known to have it."""
        if endpoint.formerly is None or endpoint.formerly not in self._known:
            yield endpoint
        if endpoint.formerly is not None and endpoint not in self._known:
            yield endpoint.formerly

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
