"""Webhooks: which hosts receive events of projects and repositories. Nothing else of them is kept."""

from __future__ import annotations

from functools import partial

from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.redact import hosts
from connector.sources.common.extras.rounds import Requests
from connector.sources.datacenter.extras import endpoints
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes


class Webhooks(ExtraCollector):
    """The hosts of each project and each repository that was read, sorted."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder

    def contents(self) -> Requests:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = partial(hosts, f"webhooks of repository {repository.slug}")
            store = partial(self._builder.repository_webhook_hosts.__setitem__, repository.id)
            yield self._scopes.repository(endpoints.REPOSITORY_WEBHOOKS, repository, read, store)
        for project in self._scopes.projects:
            read = partial(hosts, f"webhooks of project {project.key}")
            store = partial(self._builder.project_webhook_hosts.__setitem__, project.id)
            yield self._scopes.project(endpoints.PROJECT_WEBHOOKS, project, read, store)
