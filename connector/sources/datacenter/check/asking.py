"""One question of a check to a server."""

from __future__ import annotations

from urllib.parse import urlencode

from connector.sources.common.check.asking import Reply
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.endpoints import Address


def ask(bitbucket: Bitbucket, address: Address, **question: str | int) -> Reply:
    """Ask for an address of the REST API."""
    query = f"?{urlencode(question)}" if question else ""
    asked = bitbucket.ask(address, question)
    version = address.version or (bitbucket.version if bitbucket.version == "latest" else address.endpoint.numbered)
    return Reply(f"GET /rest/{address.endpoint.api}/{version}/{address.path}{query}", asked)
