"""One question of a check to a server."""

from __future__ import annotations

from connector.sources.common.check.asking import Reply
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.endpoints import Address


def ask(bitbucket: Bitbucket, address: Address, **question: str | int) -> Reply:
    """Ask for an address of the REST API."""
    asked = bitbucket.ask(address, question)
    return Reply(f"GET {bitbucket.path_of(address, question)}", asked)
