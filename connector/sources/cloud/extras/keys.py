"""Deploy keys of projects and repositories: each reads, and no more."""

from __future__ import annotations

from functools import partial

from connector.model import Credential, Project, Repository
from connector.sources.cloud.extras import endpoints, parse
from connector.sources.cloud.extras.scopes import Scopes
from connector.sources.cloud.permissions import ProjectPermission, RepositoryPermission
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.rounds import ExtraCollector, Requests


class Keys(ExtraCollector):
    """Asks every repository and every project: a repository does not list the keys of its project."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder

    def contents(self) -> Requests:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = partial(parse.deploy_keys, f"deploy keys of repository {repository.slug}")
            store = partial(self._store_on_repository, repository)
            yield self._scopes.repository(endpoints.REPOSITORY_KEYS, repository, read, store)
        for project in self._scopes.projects:
            read = partial(parse.deploy_keys, f"deploy keys of project {project.key}")
            yield self._scopes.project(endpoints.PROJECT_KEYS, project, read, partial(self._store_on_project, project))

    def _store_on_repository(self, repository: Repository, keys: list[Credential]) -> None:
        for key in keys:
            self._builder.store_on_repository(key, repository.id, RepositoryPermission.READ)

    def _store_on_project(self, project: Project, keys: list[Credential]) -> None:
        for key in keys:
            self._builder.store_on_project(key, project.id, ProjectPermission.READ)
