"""What is read of a workspace, and what it costs."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from connector.errors import Unreadable
from connector.model import Project
from connector.rest.progress import Cost
from connector.sources.cloud import group_privileges
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.fetch import Fetch, Grants
from connector.sources.cloud.group_privileges import WORTHWHILE, Told
from connector.sources.cloud.listings import Listings
from connector.sources.common import collector
from connector.sources.common.batches import Batch, read
from connector.sources.common.snapshot_builder import Place

log = logging.getLogger(__name__)


class Collector(collector.Collector[Listings]):
    """Reads one workspace. `extra_cost` says what is asked about the listed things when this is done."""

    _bitbucket: Bitbucket
    _fetch: Fetch
    _has_tried = False
    """Whether it is known whether the shortcut is right."""

    def _questions(self, _: Listings) -> Mapping[str, Callable[[], object]]:
        return {
            "repository_listing": self._fetch.repositories,
            "roles": self._fetch.people,
            "memberships": self._fetch.groups,
            "project_listing": self._fetch.projects,
        }

    def _listings(self, found: Mapping[str, Any]) -> Listings:
        return Listings(users=found["roles"].users, groups=found["memberships"].groups, **found)

    def _cost_of_project(self, _: Project) -> Cost:
        return Cost(2)

    def _cost_of_repository(self) -> Cost:
        return Cost(1, 1) * self._fetch.requests_of_a_repository

    # ---- the shortcut

    def _before_contents(self) -> None:
        """Find out, once, whether one answer tells what groups hold on all repositories."""
        places = self._builder.repositories_to_read()
        if self._has_tried or len(places) < WORTHWHILE:
            return
        self._has_tried = True
        try:
            told = self._workers.call(self._fetch.group_privileges)
        except Unreadable as unreadable:
            log.info("asking every repository for its groups: %s", unreadable)
            return
        everything = group_privileges.of_all(told, (repository for repository, _ in places))
        if everything is not None and self._prove(everything, places):
            self._forecast.expect(0, Cost() - Cost(1, 1) * len(self._builder.repositories_to_read()))
            self._fetch.trust(everything)
            self._forecast.tell()
        else:
            log.info("1.0/group-privileges is not right: asking every repository for its groups")

    def _prove(self, told: Told, places: list[Place]) -> bool:
        """Ask a sample of repositories, and keep what they answer; give whether that is what was told of them."""
        slugs = group_privileges.draw(told, random.Random(self._bitbucket.server_time))  # noqa: S311 - a sample
        equal: list[bool] = []

        def store(place: Place, fetched: Grants | Unreadable) -> None:
            self._builder.store_repository(place, fetched)
            equal.append(
                not isinstance(fetched, Unreadable)
                and group_privileges.is_equal(told[place.repository.slug], fetched.groups)
            )

        drawn = [place for place in places if place.repository.slug in slugs]
        fetch = partial(_of_place, self._fetch)
        read(self._workers, self._forecast, [Batch(drawn, fetch, store, lambda _: self._cost_of_repository())])
        return all(equal)


def _of_place(fetch: Fetch, place: Place) -> Grants:
    return fetch.repository_grants(place.project_key, place.repository.slug)
