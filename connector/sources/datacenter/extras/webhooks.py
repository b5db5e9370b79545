"""Webhooks: which hosts are told what happens in projects and repositories. Nothing else of them is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from connector.rest.workers import Keep
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.errands import Errand
from connector.sources.datacenter.extras.scopes import Scopes, Topic

log = logging.getLogger(__name__)

Hosts = dict[str, tuple[str, ...]]


class Webhooks(Topic):
    """By id, the hosts of each project and each repository that was read, sorted."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self.of_projects: Hosts = {}
        self.of_repositories: Hosts = {}

    def first(self) -> Iterator[Errand]:
        """Ask every repository and every project."""
        for repository in self._scopes.repositories:
            read = partial(_read, f"repository {repository.slug}", self.of_repositories, repository.id)
            yield self._scopes.repository(endpoints.REPOSITORY_WEBHOOKS, repository, read)
        for project in self._scopes.projects:
            read = partial(_read, f"project {project.key}", self.of_projects, project.id)
            yield self._scopes.project(endpoints.PROJECT_WEBHOOKS, project, read)


def _read(scope: str, known: Hosts, scope_id: str, rows: list[Any]) -> Keep:
    where = f"webhooks of {scope}"
    hosts = [parse.webhook_host(row, where) for row in rows]
    if None in hosts:
        log.warning("%s: %d addresses hold no host that could be read; they are left out", where, hosts.count(None))
    return partial(known.__setitem__, scope_id, tuple(sorted(set(filter(None, hosts)))))
