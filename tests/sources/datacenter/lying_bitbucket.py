"""A Bitbucket behind a proxy, as its clients see it: some answers are replaced by the lies that a test tells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from connector.embedded.common.faults import Effect
from connector.embedded.common.messages import ANONYMOUS, Answer, Caller, Request
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, as it is sent; the server adds its length and date."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def page(self) -> dict[str, Any]:
        page: dict[str, Any] = json.loads(self.body)
        return page

    def saying(self, content: Any) -> Said:
        """Give the same headers with another body."""
        return Said(self.status, self.headers, json.dumps(content).encode())


def refusal(status: int, body: str = "", **headers: str) -> Said:
    """Give an answer of the proxy's own; underscores in names of headers stand for hyphens."""
    kind = "application/json" if body.startswith("{") else "text/html"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, {"Content-Type": kind, **named}, body.encode())


def bitbuckets(exception: str) -> str:
    """Give the body of an error as Bitbucket writes it."""
    return json.dumps({"errors": [{"context": None, "message": "It was said.", "exceptionName": exception}]})


@dataclass(frozen=True, slots=True)
class Heard:
    """A request, and how often the same path was asked for before. `pass_on` gives Bitbucket's own answer."""

    path: str
    query: Mapping[str, list[str]]
    times: int
    pass_on: Callable[[], Said]


Lie = Callable[[Heard], Said | None]
"""Gives what is answered instead; None for Bitbucket's own answer. Runs in the thread of the server."""


class LyingBitbucket(EmbeddedBitbucket):
    """An embedded Bitbucket that tells the truth until `tell` gives it a lie."""

    def __init__(self, organisation: Organisation, settings: Settings | None = None) -> None:
        super().__init__(organisation, settings)
        self.tell(lambda _: None)

    def tell(self, lie: Lie) -> None:
        """Answer by this lie from now on, and count from nought how often each path is asked for."""
        self._lie = lie
        self._times: Counter[str] = Counter()

    def _answer(self, request: Request, effect: Effect | None) -> tuple[Answer, Caller]:
        def pass_on() -> Said:
            answer, _ = answered()
            return Said(answer.status, {"Content-Type": answer.content_type, **dict(answer.headers)}, answer.body)

        def answered() -> tuple[Answer, Caller]:
            return super(LyingBitbucket, self)._answer(request, effect)

        times = self._times[request.path]
        self._times[request.path] += 1
        said = self._lie(Heard(request.path, parse_qs(request.query), times, pass_on))
        if said is None:
            return answered()
        headers = dict(said.headers)
        content_type = headers.pop("Content-Type", "")
        return Answer(said.status, said.body, tuple(headers.items()), content_type), ANONYMOUS
