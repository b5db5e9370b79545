"""HTTP access tokens: of projects, of repositories, and of users."""

from __future__ import annotations

from functools import partial

from connector.model import Project, Repository
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.rounds import Requests
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes


class Tokens(ExtraCollector):
    """The user that acts for a project's or repository's token is left out: the token is exported."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder
        self._repositories = scopes.repositories_by_project()

    def contents(self) -> Requests:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = parse.each(parse.token, f"access tokens of repository {repository.slug}")
            store = partial(self._store_repositorys, repository)
            yield self._scopes.repository(endpoints.REPOSITORY_TOKENS, repository, read, store)
        for project in self._scopes.projects:
            read = parse.each(parse.token, f"access tokens of project {project.key}")
            yield self._scopes.project(endpoints.PROJECT_TOKENS, project, read, partial(self._store_projects, project))

    def of_users(self) -> Requests:
        """Ask about every user."""
        for user in self._scopes.people:
            read = parse.each(parse.token, f"access tokens of user {user.name}", user.id)
            yield self._scopes.user(endpoints.USER_TOKENS, user, read, self._store_users, user.slug or user.name)

    def _store_repositorys(self, repository: Repository, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._builder.store_credential(token.credential)
            if token.on_its_repository is not None:
                self._builder.store_on_repository(token.credential, repository.id, token.on_its_repository)

    def _store_projects(self, project: Project, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._builder.store_credential(token.credential)
            if token.on_project is not None:
                self._builder.store_on_project(token.credential, project.id, token.on_project)
            if token.beyond_project is not None:
                for repository in self._repositories[project.id]:
                    self._builder.store_on_repository(token.credential, repository.id, token.beyond_project)

    def _store_users(self, tokens: list[parse.Token]) -> None:
        for token in tokens:
            self._builder.store_credential(token.credential)
