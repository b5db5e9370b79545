"""Requests about the projects and repositories of a snapshot: how each is addressed, and named in a gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from connector.model import Project, ProjectType, Repository, Snapshot
from connector.sources.common.contents import place_of
from connector.sources.common.extras.asking import Endpoint, ScopeRequest

T = TypeVar("T")

WHOLE, PROJECT, REPOSITORY, USER = "whole", "project", "repository", "user"
"""Kinds of scopes."""


class Scopes:
    """Everything of a snapshot that can be asked about. `whole` is what gaps call all of it."""

    def __init__(self, snapshot: Snapshot, whole: str) -> None:
        self._snapshot = snapshot
        self._whole = whole
        self.project_by_id = snapshot.projects
        self.projects = tuple(snapshot.projects.values())
        self.repositories = tuple(snapshot.repositories.values())

    def repositories_by_project(self) -> dict[str, list[Repository]]:
        """Give the repositories of each project; a project without any has an empty list."""
        found: dict[str, list[Repository]] = {project.id: [] for project in self.projects}
        for repository in self.repositories:
            found[repository.project_id].append(repository)
        return found

    def segments_of(self, repository: Repository) -> tuple[str, ...]:
        """Give what stands for a repository in an address."""
        return self._snapshot.projects[repository.project_id].key, repository.slug

    def whole(self, endpoint: Endpoint, read: Callable[[Any], T], store: Callable[[T], None]) -> ScopeRequest[T]:
        """Ask something about all of it."""
        return ScopeRequest(endpoint, (), (WHOLE, ""), self._whole, read, store)

    def project(
        self, endpoint: Endpoint, project: Project, read: Callable[[Any], T], store: Callable[[T], None]
    ) -> ScopeRequest[T]:
        """Ask about one project; versions that keep nothing for personal ones refuse in various ways."""
        may_lack = project.type is ProjectType.PERSONAL
        thing, scope = (PROJECT, project.id), f"project {project.key}"
        return ScopeRequest(endpoint, (project.key,), thing, scope, read, store, may_lack=may_lack)

    def repository(
        self,
        endpoint: Endpoint,
        repository: Repository,
        read: Callable[[Any], T],
        store: Callable[[T], None],
        **question: str,
    ) -> ScopeRequest[T]:
        """Ask about one repository."""
        thing, scope = (REPOSITORY, repository.id), f"repository {place_of(repository, self._snapshot.projects)}"
        return ScopeRequest(endpoint, self.segments_of(repository), thing, scope, read, store, question)
