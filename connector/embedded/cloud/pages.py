"""Bitbucket Cloud's paging: an envelope whose `next` is to be followed as it is.

Page numbers count rows as they are at the time of each answer: a row that comes or goes between two pages
makes another come twice, or not at all.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from connector.embedded.cloud.answers import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.embedded.cloud.settings import Settings
    from connector.embedded.cloud.workspace import Workspace

Row = TypeVar("Row")

_TEXT = r'"(?:[^"\\]|\\.)*"'
_QUERY = re.compile(
    rf"\s*(?P<field>[\w.]+)\s*(?:=\s*(?P<one>{_TEXT})|IN\s*\((?P<many>\s*{_TEXT}\s*(?:,\s*{_TEXT}\s*)*)\))\s*"
)
"""What `q` may be: of Bitbucket's query language, as much as the connector and its tests need.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
"""
_CASELESS = "user.email"
"""The field whose letter case does not count; rows give it in lower case."""
_CURSOR = b"after page "
_PAGE_PARAMETERS = ("page", "ctx")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """What one listing can do: how long its pages are, and the fields that `q` and `sort` may name."""

    pagelen: int = 10
    fields: Mapping[str, Callable[[Workspace, Row], str | None]] = field(default_factory=dict)
    """None where the listing knows neither `q` nor `sort`."""
    tells_size: bool = True

    def arranged(self, workspace: Workspace, rows: Sequence[Row], wanted: Mapping[str, str]) -> Sequence[Row]:
        """Filter and order rows as a query says; raises Refusal for fields that are not known."""
        known = frozenset(self.fields)
        for name in ("q", "sort"):
            if name in wanted and not known:
                raise bad_request(f"Invalid parameter: {name}")
        if "q" in wanted:
            name, texts = _filter(wanted["q"], known)
            rows = [row for row in rows if self.fields[name](workspace, row) in texts]
        if "sort" in wanted:
            name = wanted["sort"].removeprefix("-")
            if name not in known:
                raise bad_request(f"Invalid sort field: {name}")
            backwards = wanted["sort"].startswith("-")
            rows = sorted(rows, key=lambda row: str(self.fields[name](workspace, row)), reverse=backwards)
        return rows


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a listing: page `number`, counted from 1, of `pagelen` rows at most."""

    rows: Sequence[Row]
    number: int
    pagelen: int
    size: int

    def envelope(
        self, shape: Callable[[Row], Any], address: str, wanted: Mapping[str, str], *, opaque: bool, tells_size: bool
    ) -> dict[str, Any]:
        """Write the page as Bitbucket does; the next one is at `address`, with what was asked for this one."""
        envelope: dict[str, Any] = {"values": [shape(row) for row in self.rows], "pagelen": self.pagelen}
        if tells_size:
            envelope["size"] = self.size
        if not opaque:
            envelope["page"] = self.number
        if self.number * self.pagelen < self.size:
            envelope["next"] = _link(address, wanted, self.number + 1, opaque=opaque)
        if self.number > 1:
            envelope["previous"] = _link(address, wanted, self.number - 1, opaque=opaque)
        return envelope


def page_of(rows: Sequence[Row], wanted: Mapping[str, str], pagelen: int, *, opaque: bool) -> Page[Row]:
    """Cut the page that a query asks for out of a listing."""
    if opaque and "page" in wanted:
        raise bad_request("Invalid page")
    number = _number_of(wanted.get("ctx", "")) if opaque else number_in(wanted, "page", 1)
    start = (number - 1) * pagelen
    return Page(rows[start : start + pagelen], number, pagelen, len(rows))


def pagelen_of(wanted: Mapping[str, str], default: int, route: str, settings: Settings) -> int:
    """Read how long pages shall be; raises Refusal for a length that is not allowed."""
    cap = settings.page_caps.get(route, settings.page_cap)
    if "pagelen" not in wanted:
        return min(default, cap)
    pagelen = number_in(wanted, "pagelen", default)
    if pagelen > cap and not settings.lowers_page:
        raise bad_request("Invalid pagelen")
    return min(pagelen, cap)


def number_in(wanted: Mapping[str, str], name: str, default: int) -> int:
    """Read a number above 0 from a query."""
    text = wanted.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise bad_request(f"Invalid {name}")
    return int(text)


def _filter(query: str, known: frozenset[str]) -> tuple[str, frozenset[str]]:
    """Read the field that `q` names, and the texts that it may have; raises Refusal for anything else."""
    match = _QUERY.fullmatch(query)
    if match is None or match["field"] not in known:
        raise bad_request("Invalid query")
    texts = [re.sub(r"\\(.)", r"\1", text[1:-1]) for text in re.findall(_TEXT, match["one"] or match["many"])]
    name = match["field"]
    return name, frozenset(text.lower() if name == _CASELESS else text for text in texts)


def _link(address: str, wanted: Mapping[str, str], number: int, *, opaque: bool) -> str:
    again = {name: value for name, value in wanted.items() if name not in _PAGE_PARAMETERS}
    again |= {"ctx": _cursor_of(number)} if opaque else {"page": str(number)}
    return f"{address}?{urlencode(again)}"


def _cursor_of(number: int) -> str:
    return base64.urlsafe_b64encode(_CURSOR + str(number - 1).encode()).decode()


def _number_of(cursor: str) -> int:
    if not cursor:
        return 1
    try:
        text = base64.urlsafe_b64decode(cursor.encode())
    except binascii.Error:
        text = b""
    if not text.startswith(_CURSOR):
        raise bad_request("Invalid cursor")
    return int(text.removeprefix(_CURSOR)) + 1
