"""A plain HTTP client with one credential, on one connection; what each product's tests of its server ask with."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from typing import Any, Generic, Self, TypeVar

import requests

JSON = Any
"""What an answer holds; the tests find out whether it is what they expect."""

ServerT = TypeVar("ServerT")


def basic(user: str, password: str) -> str:
    """Write credentials as they stand in the header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Asking(ABC, Generic[ServerT]):
    """Asks one embedded server; the proxies of the machine are not used."""

    def __init__(self, server: ServerT, user: str = "", password: str = "", token: str = "") -> None:
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        if user:
            self.session.headers["Authorization"] = basic(user, password)
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    @abstractmethod
    def get(self, path: str, *, api: str = ..., **query: JSON) -> requests.Response:
        """Ask for an address below that of an API."""

    @abstractmethod
    def pages(self, path: str, **query: JSON) -> list[JSON]:
        """Give every page of a listing."""

    def json(self, path: str, **query: JSON) -> JSON:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **query: JSON) -> list[JSON]:
        return [row for page in self.pages(path, **query) for row in page["values"]]
