"""A plain HTTP client and a few organisations for the tests of the embedded Bitbucket."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from tests.embedded.asking import JSON, Asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.embedded.datacenter.organisation import Account, Organisation

RECORDED = Path(__file__).parent / "recorded"
API = "/rest/api/latest"


class Client(Asking[EmbeddedBitbucket]):
    """Asks one embedded Bitbucket with one set of credentials, on one connection."""

    def get(self, path: str, *, api: str = API, **query: JSON) -> requests.Response:
        url = f"{self.server.base_url}{api}/{path}" if path else self.server.base_url + api
        return self.session.get(url, params=query, timeout=5, allow_redirects=False)

    def pages(self, path: str, **query: JSON) -> list[JSON]:
        start, pages = 0, []
        while True:
            page = self.json(path, start=start, **query)
            pages.append(page)
            if page["isLastPage"]:
                return pages
            assert page["nextPageStart"] > start
            start = page["nextPageStart"]


@dataclass(frozen=True, slots=True)
class Small:
    """An organisation with one of each, and the people in it."""

    builder: Builder
    admin: Account
    dev: Account
    guest: Account

    @property
    def organisation(self) -> Organisation:
        return self.builder.organisation


def small(*, version: str = "9.4.2", public_access: bool = False) -> Small:
    """One administrator, a developer of team devs, an unlicensed guest; PAY with api, docs (public)."""
    builder = Builder(version=version, public_access=public_access)
    admin = builder.account("admin", "Ada Min", email="ada@example.com", password="root")
    dev = builder.account("dev", "Dee Vee", email="dee@example.com", password="code")
    guest = builder.account("guest", "Guest", password="hello")
    builder.group("devs", [dev])
    builder.organisation.global_users = {admin.id: "ADMIN"}
    builder.organisation.global_groups = {"DEVS": "LICENSED_USER"}
    pay = builder.project("PAY", "Payments", groups={"Devs": "PROJECT_WRITE"})
    builder.repository(pay, "api")
    builder.repository(pay, "docs", public=True)
    secret = builder.project("SEC", "Secret")
    builder.repository(secret, "keys")
    return Small(builder, admin, dev, guest)


def accounts(count: int) -> Organisation:
    """Somebody called admin, who is one, and so many users."""
    builder = Builder()
    admin = builder.account("admin", "Ada Min", password="root")
    builder.organisation.global_users = {admin.id: "SYS_ADMIN"}
    for number in range(count):
        builder.account(f"user{number:03}", f"User {number}")
    return builder.organisation


@contextmanager
def serving(organisation: Organisation, **settings: JSON) -> Iterator[Client]:
    """Serve an organisation, and ask it as its administrator."""
    with EmbeddedBitbucket(organisation, Settings(**settings)) as server, Client(server, "admin", "root") as client:
        yield client


def recorded(name: str) -> JSON:
    """Read a recorded answer."""
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def error_of(answer: requests.Response) -> tuple[int, str | None]:
    """Give status and exception of a refusal, in Bitbucket's shape."""
    (error,) = answer.json()["errors"]
    assert error.keys() == {"context", "message", "exceptionName"}
    return answer.status_code, error["exceptionName"] and error["exceptionName"].rpartition(".")[2]
