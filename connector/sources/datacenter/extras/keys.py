"""SSH keys: access keys of projects and repositories, and the keys of users."""

from __future__ import annotations

import dataclasses
import logging
from functools import partial
from typing import Any

from connector.model import Credential, Project, Repository
from connector.sources.common.extras.asking import ScopeRequest
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.rounds import Requests
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes

log = logging.getLogger(__name__)


class Keys(ExtraCollector):
    """The effective listing of a repository has its project's keys too.

    A server that shows one there is trusted to do so everywhere; until then projects are asked as well.
    """

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder
        self._read_projects: set[str] = set()
        """Ids of projects of which a repository's effective listing was read."""
        self._seen_projects_key = False
        self._user_keys_work = self._access_keys_work = True

    def settings(self) -> Requests:
        """Ask whether SSH works, and whether access keys do: what is switched off opens nothing."""
        request = self._scopes.whole(endpoints.SSH_SETTINGS, parse.ssh_enabled, self._store_settings)
        yield dataclasses.replace(request, is_listing=False, may_lack=True)

    def contents(self) -> Requests:
        """Ask every repository, and the projects that have none."""
        if not self._access_keys_work:
            return
        for project_id, repositories in self._scopes.repositories_by_project().items():
            for repository in repositories:
                read = parse.each(parse.access_key, f"access keys of repository {repository.slug}")
                store = partial(self._store_effective, repository)
                yield self._scopes.repository(endpoints.REPOSITORY_KEYS, repository, read, store, effective="true")
            if not repositories:
                yield self._of_project(project_id)

    def inherited(self) -> Requests:
        """Ask the projects whose keys no repository has shown."""
        if not self._access_keys_work:
            return
        for project_id, repositories in self._scopes.repositories_by_project().items():
            shown = self._seen_projects_key and project_id in self._read_projects
            if repositories and not shown:
                yield self._of_project(project_id)

    def of_users(self) -> Requests:
        """Ask about every user."""
        if not self._user_keys_work:
            return
        for user in self._scopes.people:
            read = parse.each(parse.user_key, f"SSH keys of user {user.name}", user.id)
            yield self._scopes.user(endpoints.USER_KEYS, user, read, self._store_users, user=user.name)

    def _of_project(self, project_id: str) -> ScopeRequest[Any]:
        project = self._scopes.project_by_id[project_id]
        read = parse.each(parse.access_key, f"access keys of project {project.key}")
        return self._scopes.project(endpoints.PROJECT_KEYS, project, read, partial(self._store_projects_own, project))

    def _store_settings(self, enabled: tuple[bool, bool]) -> None:
        self._user_keys_work, self._access_keys_work = enabled
        if not self._access_keys_work:
            what = "access keys are" if self._user_keys_work else "SSH is"
            log.info("%s switched off, so there are none to ask for", what)

    def _store_effective(self, repository: Repository, keys: list[parse.AccessKey]) -> None:
        self._read_projects.add(repository.project_id)
        for key in keys:
            if key.of_project:
                self._seen_projects_key = True
                self._builder.store_on_project(key.credential, repository.project_id, key.project_permission)
            else:
                self._builder.store_on_repository(key.credential, repository.id, key.repository_permission)

    def _store_projects_own(self, project: Project, keys: list[parse.AccessKey]) -> None:
        for key in keys:
            self._builder.store_on_project(key.credential, project.id, key.project_permission)

    def _store_users(self, keys: list[Credential]) -> None:
        for key in keys:
            self._builder.store_credential(key)
