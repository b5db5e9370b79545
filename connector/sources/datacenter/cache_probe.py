"""Find caches that answer different questions at one address with the same page."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from zlib import crc32

from connector.errors import SourceError, Unreadable, Why
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.paging import LIMIT

UNKNOWN_NAME = "oaa-bitbucket-asks-for-nobody"
"""A name that no group and no user has."""

_PAGE_SIZES = 100
"""How many page sizes the questions of one kind are spread over."""


def fewer_rows(question: Mapping[str, str]) -> int:
    """Give by how many rows the pages of this question are to be smaller than the usual ones.

    Different questions mostly get different page sizes, so a cache that ignores part of the question is noticed: its
    page is for more rows than were asked for.
    """
    return crc32(urlencode(question).encode()) % _PAGE_SIZES


class CacheProbe:
    """Asks each endpoint once about something that does not exist. Shared by all workers."""

    def __init__(self, bitbucket: Bitbucket) -> None:
        self._bitbucket = bitbucket
        self._probed: set[Endpoint] = set()

    def probe(self, address: Address, question: Mapping[str, str], control_question: Mapping[str, str]) -> None:
        """Verify that answers depend on the question. `control_question` is the same question about `UNKNOWN_NAME`.

        It is asked for as many rows as the question was, and for one row. Where a cache ignores part of the question,
        the first answer has rows, or the second is a page of more than one. Raises `SourceError` then.
        """
        if address.endpoint in self._probed:
            return
        self._probed.add(address.endpoint)
        for limit in (LIMIT - fewer_rows(question), 1):
            if self._answers_another_question(address, {**control_question, "start": 0, "limit": limit}):
                raise SourceError(
                    f"{address.path} answers with rows when it is asked for something that does not exist: a cache or "
                    "proxy between here and Bitbucket does not look at the question, so no answer can be trusted. Let "
                    "requests for /rest pass by it"
                )

    def _answers_another_question(self, address: Address, question: Mapping[str, str | int]) -> bool:
        """Whether a question about `UNKNOWN_NAME` gets the answer to another question."""
        try:
            return bool(self._bitbucket.get(address, question).get("values"))
        except Unreadable as unreadable:
            return unreadable.why is Why.CONTRADICTION
