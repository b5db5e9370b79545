"""A plain HTTP client and a small workspace for the tests of the embedded Bitbucket Cloud."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from tests.embedded.asking import JSON, Asking, basic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace

RECORDED = Path(__file__).parent / "recorded"
TOKEN = "Token is invalid, expired, or not supported for this endpoint."
MECHANISM = "This API is not accessible by this authentication mechanism"
TOKEN_ADDRESS = "/site/oauth2/access_token"


EVERYWHERE = [
    "user",
    "user/workspaces/acme/permission",
    "user/workspaces/acme/permissions/repositories",
    "workspaces/acme",
    "workspaces/acme/members",
    "workspaces/acme/permissions",
    "workspaces/acme/permissions/repositories",
    "workspaces/acme/permissions/repositories/api",
    "workspaces/acme/projects",
    "workspaces/acme/projects/PAY",
    "workspaces/acme/projects/PAY/permissions-config/users",
    "workspaces/acme/projects/PAY/permissions-config/groups",
    "workspaces/acme/projects/PAY/deploy-keys",
    "workspaces/acme/hooks",
    "repositories/acme",
    "repositories/acme/api",
    "repositories/acme/api/permissions-config/users",
    "repositories/acme/api/permissions-config/groups",
    "repositories/acme/api/deploy-keys",
    "repositories/acme/api/hooks",
    "repositories/acme/api/branch-restrictions",
    "repositories/acme/api/effective-branching-model",
]
V1 = ["groups/acme", "groups/acme/devs-co/members", "group-privileges/acme"]


class Client(Asking[EmbeddedCloud]):
    """Asks one embedded Bitbucket Cloud with one credential, on one connection."""

    def get(self, path: str, *, api: str = "/2.0/", **query: JSON) -> requests.Response:
        url = f"{self.server.base_url}{api}{path}"
        return self.session.get(url, params=query, timeout=30, allow_redirects=False)

    def pages(self, path: str, **query: JSON) -> list[JSON]:
        """Give every page of a listing, following `next` as it is."""
        pages = [self.json(path, **query)]
        while "next" in pages[-1]:
            answer = self.session.get(pages[-1]["next"], timeout=30)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
        return pages

    def token(self, key: str = "consumer", secret: str = "consumer-secret", **form: str) -> requests.Response:  # noqa: S107
        """Ask for an OAuth token."""
        form = {"grant_type": "client_credentials"} | form
        url = self.server.base_url + TOKEN_ADDRESS
        return self.session.post(url, data=form, headers={"Authorization": basic(key, secret)}, timeout=30)


def by_consumer(client: Client) -> Client:
    """Ask the same server with a fresh OAuth token."""
    return Client(client.server, token=client.token().json()["access_token"])


@dataclass(frozen=True, slots=True)
class Small:
    """A workspace with one of each, and the people in it."""

    builder: Builder
    admin: Account
    dev: Account
    outsider: Account
    pay: Project
    api: Repository
    docs: Repository

    @property
    def workspace(self) -> Workspace:
        return self.builder.workspace


def small(**details: JSON) -> Small:
    """An administrator, a developer of group devs, an outsider; PAY with api and docs (public); SEC with keys."""
    builder = Builder("acme", "Acme", **details)
    admin = builder.member("ada", "Ada Min", email="ada@example.com", password="her own")
    dev = builder.member("dee", "Dee Vee", email="dee@example.com")
    outsider = builder.account("otto", "Otto Side", email="otto@example.com")
    builder.group("Administrators", [admin], account_privilege="admin")
    builder.group("Devs & Co", [dev], auto_add=True, default_permission="write")
    pay = builder.project("PAY", "Payments", groups={"devs-co": "write"}, users={outsider.uuid: "none"})
    api = builder.repository(pay, "api", users={dev.uuid: "admin"})
    docs = builder.repository(pay, "docs", is_private=False, groups={"devs-co": "read"})
    secret = builder.project("SEC", "Secret")
    builder.repository(secret, "keys")
    tokens = [ApiToken(f"{account.nickname}-token", account.uuid) for account in (admin, dev, outsider)]
    builder.workspace.api_tokens = tokens
    builder.workspace.consumers = [Consumer("consumer", "consumer-secret", admin.uuid)]
    return Small(builder, admin, dev, outsider, pay, api, docs)


def crowded(count: int) -> Small:
    """The small workspace with so many members more."""
    world = small()
    for number in range(count):
        world.builder.member(f"user{number:03}", f"User {number}", email=f"user{number:03}@example.com")
    return world


@contextmanager
def serving(workspace: Workspace, clock: JSON = None, **settings: JSON) -> Iterator[Client]:
    """Serve a workspace, and ask it as its administrator, by API token."""
    more = {"clock": clock} if clock else {}
    with (
        EmbeddedCloud(workspace, Settings(**settings), **more) as server,
        Client(server, "ada@example.com", "ada-token") as client,
    ):
        yield client


def recorded(name: str) -> JSON:
    """Read a recorded answer."""
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def message_of(answer: requests.Response) -> tuple[int, str]:
    """Give status and message of a refusal, in Bitbucket's shape."""
    body = answer.json()
    assert body["type"] == "error"
    return answer.status_code, body["error"]["message"]


def statuses(client: Client, paths: list[str] = EVERYWHERE, api: str = "/2.0/") -> dict[str, int]:
    """Ask for everything, and give what was not answered 200."""
    answers = {path: client.get(path, api=api).status_code for path in paths}
    return {path: status for path, status in answers.items() if status != 200}
