"""Webhooks: which hosts receive events of the workspace and its repositories. Nothing else of them is kept."""

from __future__ import annotations

from functools import partial

from connector.sources.cloud.extras import endpoints
from connector.sources.cloud.extras.scopes import Scopes
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.redact import hosts
from connector.sources.common.extras.rounds import ExtraCollector, Requests


class Webhooks(ExtraCollector):
    """The hosts of the workspace and of each repository that was read, sorted."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder

    def contents(self) -> Requests:
        """Ask the workspace and every repository."""
        read = partial(hosts, "webhooks of the workspace")
        yield self._scopes.whole(endpoints.WORKSPACE_WEBHOOKS, read, self._store_workspaces)
        for repository in self._scopes.repositories:
            read = partial(hosts, f"webhooks of repository {repository.slug}")
            store = partial(self._builder.repository_webhook_hosts.__setitem__, repository.id)
            yield self._scopes.repository(endpoints.REPOSITORY_WEBHOOKS, repository, read, store)

    def _store_workspaces(self, found: tuple[str, ...]) -> None:
        self._builder.instance_webhook_hosts = found
