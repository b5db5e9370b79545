"""SSH keys: access keys of projects and repositories, and the keys of users."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from connector.model import Credential, Project, Repository, User
from connector.rest.workers import Keep
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.credentials import Credentials
from connector.sources.datacenter.extras.errands import Errand
from connector.sources.datacenter.extras.scopes import Scopes, Topic

log = logging.getLogger(__name__)


class Keys(Topic):
    """The effective listing of a repository has its project's keys too.

    A server that shows one there is trusted to do so everywhere; until then projects are asked as well.
    """

    def __init__(self, scopes: Scopes, credentials: Credentials) -> None:
        self._scopes = scopes
        self._credentials = credentials
        self._read_projects: set[str] = set()
        """Ids of projects of which a repository's effective listing was read."""
        self._seen_projects_key = False
        self._user_keys_work = self._access_keys_work = True

    def before(self) -> Iterator[Errand]:
        """Ask whether SSH works, and whether access keys do: what is switched off opens nothing."""
        yield self._scopes.instance(endpoints.SSH_SETTINGS, self._read_settings)

    def first(self) -> Iterator[Errand]:
        """Ask every repository, and the projects that have none."""
        if not self._access_keys_work:
            return
        for project_id, repositories in self._scopes.repositories_by_project().items():
            for repository in repositories:
                read = partial(self._read_effective, repository)
                yield self._scopes.repository(endpoints.REPOSITORY_KEYS, repository, read, effective="true")
            if not repositories:
                yield self._of_project(project_id)

    def second(self) -> Iterator[Errand]:
        """Ask the projects whose keys no repository has shown."""
        if not self._access_keys_work:
            return
        for project_id, repositories in self._scopes.repositories_by_project().items():
            shown = self._seen_projects_key and project_id in self._read_projects
            if repositories and not shown:
                yield self._of_project(project_id)

    def of_users(self) -> Iterator[Errand]:
        """Ask about every user."""
        if not self._user_keys_work:
            return
        for user in self._scopes.people:
            yield self._scopes.user(endpoints.USER_KEYS, user, partial(self._read_users, user), user=user.name)

    def _of_project(self, project_id: str) -> Errand:
        project = self._scopes.project_by_id[project_id]
        return self._scopes.project(endpoints.PROJECT_KEYS, project, partial(self._read_projects_own, project))

    def _read_settings(self, settings: Any) -> Keep:  # noqa: ANN401 - JSON
        return partial(self._keep_settings, *parse.ssh_enabled(settings))

    def _keep_settings(self, user_keys: bool, access_keys: bool) -> None:  # noqa: FBT001 - as the server says
        self._user_keys_work, self._access_keys_work = user_keys, access_keys
        if not access_keys:
            log.info("%s switched off, so nobody is asked for them", "access keys are" if user_keys else "SSH is")

    def _read_effective(self, repository: Repository, rows: list[Any]) -> Keep:
        where = f"access keys of repository {repository.slug}"
        return partial(self._keep_effective, repository, [parse.access_key(row, where) for row in rows])

    def _read_projects_own(self, project: Project, rows: list[Any]) -> Keep:
        where = f"access keys of project {project.key}"
        return partial(self._keep_projects_own, project, [parse.access_key(row, where) for row in rows])

    def _read_users(self, user: User, rows: list[Any]) -> Keep:
        where = f"SSH keys of user {user.name}"
        return partial(self._keep_users, [parse.user_key(row, where, user.id) for row in rows])

    def _keep_effective(self, repository: Repository, keys: list[parse.AccessKey]) -> None:
        self._read_projects.add(repository.project_id)
        for key in keys:
            if key.of_project:
                self._seen_projects_key = True
                permission = key.project_permission
                self._credentials.grant_on_project(key.credential, repository.project_id, permission)
            else:
                self._credentials.grant_on_repository(key.credential, repository.id, key.repository_permission)

    def _keep_projects_own(self, project: Project, keys: list[parse.AccessKey]) -> None:
        for key in keys:
            self._credentials.grant_on_project(key.credential, project.id, key.project_permission)

    def _keep_users(self, keys: list[Credential]) -> None:
        for key in keys:
            self._credentials.add(key)
