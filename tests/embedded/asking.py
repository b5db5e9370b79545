"""A plain HTTP client with one credential, on one connection; what each product's tests of its server ask with."""

from __future__ import annotations

import base64
from typing import Generic, Self, TypeVar

import requests

ServerT = TypeVar("ServerT")


def basic(user: str, password: str) -> str:
    """Write credentials as they stand in the header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Asking(Generic[ServerT]):
    """Asks one embedded server; the proxies of the machine are none of its business."""

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
