"""Look-ups over a workspace, in the order in which Bitbucket lists things.

Built once and thrown away when the workspace changes. Knows neither permissions nor JSON.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.embedded.cloud.workspace import Group, Project, Repository, Workspace


class Catalogue:
    """Where to find each record of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.groups = [group for group in workspace.groups.values() if group.listed]
        self.projects = list(workspace.projects.values())
        self.repositories = list(workspace.repositories.values())
        self._projects_by_key = {project.key.upper(): project for project in self.projects}
        self._repositories_by_slug = {each.slug.lower(): each for each in self.repositories}
        self._repositories_by_project: defaultdict[str, list[Repository]] = defaultdict(list)
        for repository in self.repositories:
            self._repositories_by_project[repository.project_uuid].append(repository)
        self._groups_of: defaultdict[str, list[Group]] = defaultdict(list)
        for group in self.groups:
            for member in group.members:
                self._groups_of[member].append(group)

    def is_called(self, name: str) -> bool:
        """Tell whether a slug, whatever its letter case, or a uuid is that of the workspace."""
        return name.lower() == self.workspace.slug or name == self.workspace.uuid

    def project(self, key: str) -> Project | None:
        """Find a project by key or uuid."""
        return self._projects_by_key.get(key.upper()) or self.workspace.projects.get(key)

    def repository(self, name: str) -> Repository | None:
        """Find a repository by slug, whatever its letter case, or by uuid."""
        return self._repositories_by_slug.get(name.lower()) or self.workspace.repositories.get(name)

    def group(self, slug: str) -> Group | None:
        """Find a group by slug."""
        group = self.workspace.groups.get(slug)
        return group if group and group.listed else None

    def repositories_of(self, project: Project) -> list[Repository]:
        """List the repositories of a project."""
        return self._repositories_by_project.get(project.uuid, [])

    def groups_of(self, account_uuid: str) -> list[Group]:
        """List the groups that somebody belongs to."""
        return self._groups_of.get(account_uuid, [])
