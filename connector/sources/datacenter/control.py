"""Tell answers to a question from those that a cache gives to whatever is asked at the same address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode
from zlib import crc32

from connector.errors import SourceError, Unreadable, Why
from connector.rest.answer import JsonObject
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.paging import LIMIT

NOBODY = "oaa-bitbucket-asks-for-nobody"
"""A name that no group and no user has."""

_APART = 100
"""By up to so many rows differ the pages that questions of one kind ask for."""


class _Asks(Protocol):
    def get(self, address: Address, question: Mapping[str, str | int] = ...) -> JsonObject:
        """Give the JSON object that is answered."""


def apart(question: Mapping[str, str]) -> int:
    """Say how many rows less a question asks for than others of its kind do.

    A cache that does not look at all of a question shows so: its answer is for more rows than were asked for.
    """
    return crc32(urlencode(question).encode()) % _APART


class Control:
    """Asks each endpoint once for what does not exist. Shared by all workers."""

    def __init__(self, bitbucket: _Asks) -> None:
        self._bitbucket = bitbucket
        self._controlled: set[Endpoint] = set()

    def see(self, address: Address, question: Mapping[str, str], nobodys: Mapping[str, str]) -> None:
        """See that an answer depends on the question. `nobodys` is the same question about `NOBODY`.

        It is asked for as many rows as the question was, and for one row. Where a cache does not look at the whole
        question, the first answer has rows, or the second is a page of more than one. Raises `SourceError` then.
        """
        if address.endpoint in self._controlled:
            return
        self._controlled.add(address.endpoint)
        for limit in (LIMIT - apart(question), 1):
            if self._is_anothers(address, {**nobodys, "start": 0, "limit": limit}):
                raise SourceError(
                    f"{address.path} answers with rows when it is asked for something that does not exist: a cache or "
                    "proxy between here and Bitbucket does not look at the question, so no answer can be believed. Let "
                    "requests for /rest pass by it"
                )

    def _is_anothers(self, address: Address, question: Mapping[str, str | int]) -> bool:
        """Whether the answer to a question about nobody is one to another question."""
        try:
            return bool(self._bitbucket.get(address, question).get("values"))
        except Unreadable as unreadable:
            return unreadable.why is Why.CONTRADICTION
