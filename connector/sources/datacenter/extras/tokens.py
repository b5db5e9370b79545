"""HTTP access tokens: of projects, of repositories, and of users."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from connector.model import Project, Repository, User
from connector.rest.workers import Keep
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.credentials import Credentials
from connector.sources.datacenter.extras.errands import Errand
from connector.sources.datacenter.extras.scopes import Scopes, Topic


class Tokens(Topic):
    """The user that acts for a project's or repository's token is left out: the token is exported."""

    def __init__(self, scopes: Scopes, credentials: Credentials) -> None:
        self._scopes = scopes
        self._credentials = credentials
        self._repositories = scopes.repositories_by_project()

    def first(self) -> Iterator[Errand]:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = partial(self._read_repositorys, repository)
            yield self._scopes.repository(endpoints.REPOSITORY_TOKENS, repository, read)
        for project in self._scopes.projects:
            yield self._scopes.project(endpoints.PROJECT_TOKENS, project, partial(self._read_projects, project))

    def of_users(self) -> Iterator[Errand]:
        """Ask about every user."""
        for user in self._scopes.people:
            yield self._scopes.user(
                endpoints.USER_TOKENS, user, partial(self._read_users, user), user.slug or user.name
            )

    def _read_repositorys(self, repository: Repository, rows: list[Any]) -> Keep:
        where = f"access tokens of repository {repository.slug}"
        return partial(self._keep_repositorys, repository, [parse.token(row, where) for row in rows])

    def _read_projects(self, project: Project, rows: list[Any]) -> Keep:
        where = f"access tokens of project {project.key}"
        return partial(self._keep_projects, project, [parse.token(row, where) for row in rows])

    def _read_users(self, user: User, rows: list[Any]) -> Keep:
        where = f"access tokens of user {user.name}"
        return partial(self._keep_users, [parse.token(row, where, user.id) for row in rows])

    def _keep_repositorys(self, repository: Repository, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._credentials.add(token.credential)
            if token.on_its_repository is not None:
                self._credentials.grant_on_repository(token.credential, repository.id, token.on_its_repository)

    def _keep_projects(self, project: Project, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._credentials.add(token.credential)
            if token.on_project is not None:
                self._credentials.grant_on_project(token.credential, project.id, token.on_project)
            if token.beyond_project is not None:
                for repository in self._repositories[project.id]:
                    self._credentials.grant_on_repository(token.credential, repository.id, token.beyond_project)

    def _keep_users(self, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._credentials.add(token.credential)
