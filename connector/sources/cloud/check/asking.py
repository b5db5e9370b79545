"""One question of a check to Bitbucket Cloud, and how large a listing is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from connector.rest.client import Asked
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.credentials import NoToken
from connector.sources.cloud.endpoints import Address
from connector.sources.cloud.paging import LENGTHS
from connector.sources.cloud.problems import Problem
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.sizes import Size

_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """What was learned of a listing: its size, rows of its beginning, and how its first page was answered."""

    size: Size
    rows: list[Any]
    page_size: int
    first: Reply


def ask(bitbucket: Bitbucket, address: Address, **question: str | int) -> Reply:
    """Ask for an address of the API; that no OAuth token is issued is an answer, too."""
    query = f"?{urlencode(question)}" if question else ""
    asked_for = f"GET /{address.endpoint.api}/{address.path}{query}"
    try:
        return Reply(asked_for, bitbucket.ask(address, question))
    except NoToken as error:
        return Reply("POST /site/oauth2/access_token", Asked(None, error.diagnosis))


def survey(bitbucket: Bitbucket, address: Address) -> Listing:
    """Look at a listing: at all of it where it is short or does not state its size, up to `_MOST_PAGES` pages."""
    page = first = _first_page(bitbucket, address)
    rows, told = list(first.rows), first.body.get("size")
    if isinstance(told, int) and not isinstance(told, bool) and told >= len(rows):
        return Listing(Size(told, told), rows, max(1, len(rows)), first)
    pages = 1
    while page.body.get("next") and pages < _MOST_PAGES:
        page = _next_page(bitbucket, address, page)
        rows += page.rows
        pages += 1
    size = Size(len(rows), None if page.body.get("next") else len(rows))
    return Listing(size, rows, max(1, len(first.rows)), first if page.diagnosis is None else page)


def _first_page(bitbucket: Bitbucket, address: Address) -> Reply:
    for length in LENGTHS:
        reply = ask(bitbucket, address, pagelen=length) if length else ask(bitbucket, address)
        if reply.problem is not Problem.BAD_REQUEST:
            break
    return reply


def _next_page(bitbucket: Bitbucket, address: Address, page: Reply) -> Reply:
    following = page.body["next"]
    return Reply(f"GET {urlsplit(str(following)).path}?…", bitbucket.ask_next(address, following))
