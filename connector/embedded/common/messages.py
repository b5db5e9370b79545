"""What goes into an embedded server and comes out: requests, answers, and who was answered.

Knows neither sockets nor what is asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

HTML_TYPE = "text/html;charset=UTF-8"
TEXT_TYPE = "text/plain"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; the names of `headers` are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path as sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query as sent, still percent-encoded."""
        return self.target.partition("?")[2]

    @property
    def authorization(self) -> str:
        """The credentials as sent, or nothing."""
        return self.headers.get("authorization", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, before anything goes wrong with it on its way; with status 0 the connection ends without one."""

    status: int
    body: bytes
    headers: Headers = ()
    content_type: str = "application/json;charset=UTF-8"
    delay: float = 0.0
    """Seconds of work before it is sent, beside the server's latency."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was answered, as the server knew it: the name of an account, and by which kind of credential."""

    name: str | None = None
    credential: str | None = None


ANONYMOUS = Caller()


def encode(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON as Bitbucket does: without white space, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def html(status: int, title: str) -> Answer:
    """Answer with a page for people, as servlet containers and proxies do."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, page.encode(), content_type=HTML_TYPE)
