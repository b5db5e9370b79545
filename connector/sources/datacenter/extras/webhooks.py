"""Webhooks: which hosts are told what happens in projects and repositories. Nothing else of them is kept."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.builder import ExtrasBuilder
from connector.sources.datacenter.extras.scopes import Requests, Scopes, Topic

log = logging.getLogger(__name__)


class Webhooks(Topic):
    """The hosts of each project and each repository that was read, sorted."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder

    def first(self) -> Requests:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = partial(_hosts, f"webhooks of repository {repository.slug}")
            store = partial(self._builder.repository_webhook_hosts.__setitem__, repository.id)
            yield self._scopes.repository(endpoints.REPOSITORY_WEBHOOKS, repository, read, store)
        for project in self._scopes.projects:
            read = partial(_hosts, f"webhooks of project {project.key}")
            store = partial(self._builder.project_webhook_hosts.__setitem__, project.id)
            yield self._scopes.project(endpoints.PROJECT_WEBHOOKS, project, read, store)


def _hosts(where: str, rows: list[Any]) -> tuple[str, ...]:
    hosts = [parse.webhook_host(row, where) for row in rows]
    if None in hosts:
        log.warning("%s: %d addresses hold no host that could be read; they are left out", where, hosts.count(None))
    return tuple(sorted(set(filter(None, hosts))))
