"""Reads a workspace from the embedded server over HTTP, every list to its end, and nothing but what it tells.

So that the server is judged by the model before any connector is: what cannot be read here cannot be asked of one.
"""

from __future__ import annotations

from typing import Any

import requests

from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace

Json = dict[str, Any]
Row = Any


class Reader:
    """Asks as an administrator; `base_url` is that of the server."""

    def __init__(self, base_url: str, email: str, token: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (email, token)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def workspace(self, slug: str) -> Workspace:
        """Read everything of a workspace that says who may do what."""
        top = self._json(f"2.0/workspaces/{slug}")
        read = Workspace(slug, top["uuid"], top["name"], top["is_private"])
        for row in self._rows(f"2.0/workspaces/{slug}/permissions"):
            read.members[_account(read, row["user"])] = row["permission"]
        for row in self._json(f"1.0/groups/{slug}"):
            members = {_account(read, member) for member in row["members"]}
            read.groups[row["slug"]] = Group(row["slug"], row["name"], members)
        for row in self._rows(f"2.0/workspaces/{slug}/projects"):
            project = Project(row["uuid"], row["key"], row["name"], row["description"], row["is_private"])
            read.projects[project.uuid] = project
            self._grants(read, project, f"2.0/workspaces/{slug}/projects/{project.key}/permissions-config")
        for row in self._rows(f"2.0/repositories/{slug}"):
            repository = Repository(row["uuid"], row["slug"], row["name"], row["project"]["uuid"])
            repository.is_private = row["is_private"]
            read.repositories[repository.uuid] = repository
            self._grants(read, repository, f"2.0/repositories/{slug}/{repository.slug}/permissions-config")
        return read

    def _grants(self, read: Workspace, place: Project | Repository, path: str) -> None:
        place.users = {_account(read, row["user"]): row["permission"] for row in self._rows(f"{path}/users")}
        for row in self._rows(f"{path}/groups"):
            slug = row["group"]["slug"]
            read.groups.setdefault(slug, Group(slug, row["group"]["name"], listed=False))
            place.groups[slug] = row["permission"]

    def _rows(self, path: str) -> list[Row]:
        page = self._json(path)
        rows = list(page["values"])
        while "next" in page:
            page = self._get(page["next"])
            rows += page["values"]
        return rows

    def _json(self, path: str) -> Row:
        return self._get(f"{self._base_url}/{path}")

    def _get(self, url: str) -> Row:
        answer = self._session.get(url, timeout=10)
        assert answer.status_code == 200, f"{url}: {answer.text}"
        assert answer.headers["X-Credential-Type"]
        return answer.json()


def _account(read: Workspace, row: Json) -> str:
    """Note somebody by uuid; who is active is told by groups alone."""
    account = read.accounts.setdefault(
        row["uuid"], Account(row["uuid"], row["display_name"], row.get("nickname"), row.get("account_id"))
    )
    account.active = row.get("is_active", account.active)
    return account.uuid
