"""Asks a server about one scope, in the version of each API and at the address that this server has."""

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
    """Asks one server, and keeps which endpoints and API versions it has."""

    def __init__(self, bitbucket: Bitbucket, fetch: Fetch, server_version: str) -> None:
        self._bitbucket = bitbucket
        self._fetch = fetch
        self._server_version = server_version
        self._known: set[Endpoint] = set()
        """Endpoints that have answered, if only that the scope has nothing."""
        self._versions: dict[str, str] = {}
        """The version of each API, once that is known."""

    def has(self, endpoint: Endpoint) -> bool:
        """Whether the server has answered at an endpoint, or at its former address."""
        return endpoint in self._known or endpoint.formerly in self._known

    def explain_absence(self, endpoint: Endpoint) -> str:
        """Explain that this version of the server does not have it."""
        since = f" It came with {endpoint.since}." if endpoint.since else ""
        return f"This server is {self._server_version}.{since}"

    def ask(self, request: ScopeRequest[Any]) -> Any:  # noqa: ANN401 - rows or an object; `read` checks
        """Ask at the endpoint, or at its former address. Raises `Unreadable`."""
        for endpoint in self._endpoints(cast("Endpoint", request.endpoint)):
            try:
                return self._ask(request, endpoint)
            except Unreadable as unreadable:
                if unreadable.why is not Why.NO_SUCH_ADDRESS or endpoint in self._known:
                    raise
                last = unreadable
        raise last

    def _endpoints(self, endpoint: Endpoint) -> Iterator[Endpoint]:
        """Give the endpoint and its former address, or only the one that the server is known to have."""
        if endpoint.formerly is None or endpoint.formerly not in self._known:
            yield endpoint
        if endpoint.formerly is not None and endpoint not in self._known:
            yield endpoint.formerly

    def _ask(self, request: ScopeRequest[Any], endpoint: Endpoint) -> Any:  # noqa: ANN401 - as above
        """Ask in the known version of the endpoint's API, or find that version."""
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
