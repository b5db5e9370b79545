"""Puts an organisation together: gives out ids and slugs, and keeps references right.

Ids of each kind count from 1, so that a user, a project and a repository share theirs, as on real
servers: code that mixes them up fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN_WORDS = re.compile(r"[^a-z0-9._-]+")


class Builder:
    """Builds one organisation; `**details` are the other fields of the record."""

    def __init__(self, **details: Any) -> None:  # noqa: ANN401 - the fields of Organisation
        self.organisation = Organisation(**details)

    def account(self, name: str, display_name: str | None = None, **details: Any) -> Account:  # noqa: ANN401
        """Add a user."""
        accounts = self.organisation.accounts
        account = Account(len(accounts) + 1, name, display_name, **details)
        accounts[account.id] = account
        return account

    def group(self, name: str, members: Iterable[Account] = (), *, listed: bool = True) -> Group:
        """Add a group."""
        group = Group(name, {member.id for member in members}, listed)
        self.organisation.groups[name.lower()] = group
        return group

    def project(self, key: str, name: str, **details: Any) -> Project:  # noqa: ANN401
        """Add a project."""
        projects = self.organisation.projects
        project = Project(len(projects) + 1, key, name, **details)
        projects[project.id] = project
        return project

    def personal_project(self, owner: Account) -> Project:
        """Add the personal project of a user."""
        key = "~" + _BETWEEN_WORDS.sub("_", owner.name.lower()).upper()
        return self.project(key, owner.display_name or owner.name, owner_id=owner.id)

    def repository(self, project: Project, name: str, **details: Any) -> Repository:  # noqa: ANN401
        """Add a repository; its slug is made from its name."""
        repositories = self.organisation.repositories
        slug = _BETWEEN_WORDS.sub("-", name.lower()).strip("-")
        repository = Repository(len(repositories) + 1, slug, name, project.id, **details)
        repositories[repository.id] = repository
        return repository
