"""Puts a workspace together: gives out uuids and slugs, and keeps references right.

Uuids are made from what a record is called first, so that the same workspace is built every time; nothing
of a name can be read from them, and their order is not that of the names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from typing import TYPE_CHECKING, Any

from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN_WORDS = re.compile(r"[^a-z0-9._-]+")
_LONGEST_GROUP_SLUG = 62


def uuid_of(*names: str) -> str:
    """Make a uuid, in the braces that belong to it on Bitbucket."""
    return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, '/'.join(names))}}}"


def slug_of(name: str) -> str:
    """Make the slug of a repository or group from its name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _BETWEEN_WORDS.sub("-", plain).strip("-")


class Builder:
    """Builds one workspace; `**details` are the other fields of the record."""

    def __init__(self, slug: str = "harbour", name: str | None = None, **details: Any) -> None:  # noqa: ANN401 - the fields of Workspace
        identity = details.pop("uuid", uuid_of(slug))
        self.workspace = Workspace(slug, identity, name or slug.title(), **details)

    def account(self, nickname: str, display_name: str | None = None, **details: Any) -> Account:  # noqa: ANN401
        """Add somebody who is no member, unless made one."""
        identity = details.pop("uuid", None) or uuid_of(self.workspace.slug, "user", nickname)
        details.setdefault("account_id", hashlib.sha256(identity.encode()).hexdigest()[:24])
        account = Account(identity, display_name or nickname, nickname, **details)
        self.workspace.accounts[identity] = account
        return account

    def member(
        self,
        nickname: str,
        display_name: str | None = None,
        *,
        role: str = "member",
        **details: Any,  # noqa: ANN401 - the fields of Account
    ) -> Account:
        """Add a member of the workspace, with the role that it has by itself."""
        account = self.account(nickname, display_name, **details)
        self.workspace.members[account.uuid] = role
        return account

    def group(self, name: str, members: Iterable[Account] = (), **details: Any) -> Group:  # noqa: ANN401
        """Add a group; its slug is made from its name."""
        slug = details.pop("slug", None) or slug_of(name)[:_LONGEST_GROUP_SLUG]
        group = Group(slug, name, {member.uuid for member in members}, **details)
        self.workspace.groups[slug] = group
        return group

    def project(self, key: str, name: str, **details: Any) -> Project:  # noqa: ANN401
        """Add a project."""
        project = Project(uuid_of(self.workspace.slug, "project", key), key, name, **details)
        self.workspace.projects[project.uuid] = project
        return project

    def repository(self, project: Project, name: str, **details: Any) -> Repository:  # noqa: ANN401
        """Add a repository; its slug is made from its name, and one of its kind in the workspace."""
        slug = details.pop("slug", None) or slug_of(name)
        repository = Repository(uuid_of(self.workspace.slug, "repository", slug), slug, name, project.uuid, **details)
        self.workspace.repositories[repository.uuid] = repository
        return repository
