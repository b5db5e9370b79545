"""Look-ups over an organisation, in the order in which Bitbucket lists things.

Built once and thrown away when the organisation changes. Knows neither permissions nor JSON.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository

_NOT_IN_SLUG = re.compile(r"[^a-z0-9._-]")


def slug_of(name: str) -> str:
    """Give the lower-case, URL-safe form of a user name: `a@b/c` becomes `a_b_c`."""
    return _NOT_IN_SLUG.sub("_", name.lower())


class Catalogue:
    """Where to find each record of an organisation, and in which order they are listed."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.slugs = {account.id: slug_of(account.name) for account in organisation.accounts.values()}
        self.accounts = sorted(
            (account for account in organisation.accounts.values() if account.listed),
            key=lambda account: account.name.lower(),
        )
        self.groups = sorted(
            (group for group in organisation.groups.values() if group.listed),
            key=lambda group: group.name.lower(),
        )
        self.projects = sorted(organisation.projects.values(), key=lambda project: (project.name.lower(), project.id))
        self.repositories = sorted(organisation.repositories.values(), key=lambda repository: repository.id)
        self._accounts_by_name = {account.name.lower(): account for account in self.accounts}
        self._accounts_by_slug = {self.slugs[account.id]: account for account in self.accounts}
        self._projects_by_key = {project.key.upper(): project for project in self.projects}
        self._repositories_by_project: defaultdict[int, dict[str, Repository]] = defaultdict(dict)
        for repository in self.repositories:
            self._repositories_by_project[repository.project_id][repository.slug.lower()] = repository
        self._groups_of: defaultdict[int, set[str]] = defaultdict(set)
        for group in self.groups:
            for member in group.members:
                self._groups_of[member].add(group.name.lower())

    def account_named(self, name: str) -> Account | None:
        """Find a user of the directories by name, whatever its letter case."""
        return self._accounts_by_name.get(name.lower())

    def account_by_slug(self, slug: str) -> Account | None:
        """Find a user of the directories by slug."""
        return self._accounts_by_slug.get(slug.lower())

    def group_named(self, name: str) -> Group | None:
        """Find a group of the directories by name, whatever its letter case."""
        group = self.organisation.groups.get(name.lower())
        return group if group and group.listed else None

    def groups_of(self, account_id: int) -> frozenset[str]:
        """Give the lower-case names of the groups of the directories that a user belongs to."""
        return frozenset(self._groups_of.get(account_id, ()))

    def project_by_key(self, key: str) -> Project | None:
        """Find a project by key, whatever its letter case."""
        return self._projects_by_key.get(key.upper())

    def repositories_of(self, project: Project) -> list[Repository]:
        """List the repositories of a project."""
        return list(self._repositories_by_project.get(project.id, {}).values())

    def repository_by_slug(self, project: Project, slug: str) -> Repository | None:
        """Find a repository of a project by slug, whatever its letter case."""
        return self._repositories_by_project.get(project.id, {}).get(slug.lower())
