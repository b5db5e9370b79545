"""Which listings of a server are read, and what each thing costs. A listing that cannot be read ends the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from connector.model import GlobalPermissionsRead, Project, ProjectType
from connector.rest.progress import Cost, Forecast
from connector.rest.workers import Task, Workers
from connector.sources.common import collector
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.fetch import Fetch
from connector.sources.datacenter.listings import Listings
from connector.sources.datacenter.permissions import ProjectPermission
from connector.sources.datacenter.snapshot_builder import SnapshotBuilder, is_administrator

log = logging.getLogger(__name__)

OF_A_GROUP = 1
OF_A_PROJECT = 2 + len(ProjectPermission)
OF_A_REPOSITORY = 2
"""Requests: the grants to users, and those to groups."""


class Collector(collector.Collector[Listings]):
    """Reads one server. `extra_requests` counts what is asked about the listed things when this is done.

    `learn_rate_limit` asks how fast the server may be asked; it runs beside the first listings.
    """

    _bitbucket: Bitbucket
    _fetch: Fetch

    def __init__(
        self,
        bitbucket: Bitbucket,
        fetch: Fetch,
        workers: Workers,
        forecast: Forecast,
        builder: SnapshotBuilder,
        extra_requests: Callable[[Listings], int] = lambda _: 0,
        learn_rate_limit: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(bitbucket, fetch, workers, forecast, builder, lambda listings: Cost(extra_requests(listings)))
        self._learn_rate_limit = learn_rate_limit

    def _questions(self, before: Listings) -> Mapping[str, Callable[[], object]]:
        return {
            "repository_listing": partial(self._fetch.repositories, before.repositories),
            "users": partial(self._fetch.users, before.users),
            "groups": self._fetch.groups,
            "project_listing": self._fetch.projects,
            "global_permissions": self._fetch.global_permissions,
        }

    def _listings(self, found: Mapping[str, Any]) -> Listings:
        return Listings(**found)

    def _first_tasks(self) -> Iterable[Task[Any]]:
        return [Task(self._learn_rate_limit, lambda _: None)] if self._learn_rate_limit else []

    def _note_first_listings(self, listings: Listings) -> None:
        permissions = listings.global_permissions
        if permissions.read is GlobalPermissionsRead.EFFECTIVE:
            log.warning("global permissions are exported as held by users, not by groups: %s", permissions.reason)
        self._bitbucket.note_administrator(is_administrator(permissions, self._bitbucket.session.account))

    def _cost_of_project(self, project: Project) -> Cost:
        """Count the grants, and for each possible default permission whether it is that."""
        return Cost(2 if project.type is ProjectType.PERSONAL else OF_A_PROJECT)

    def _cost_of_repository(self) -> Cost:
        return Cost(OF_A_REPOSITORY)
