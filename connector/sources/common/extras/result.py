"""What `--include` found, and how it is added to a settled snapshot."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from connector.model import Extras, Gap, Snapshot

log = logging.getLogger(__name__)

T = TypeVar("T")

_TIMES = 3
"""How often what is included is asked for at most, while names change."""


@dataclass(frozen=True, slots=True)
class CollectedExtras:
    """What was found, what could not be read, and what Bitbucket says does not exist, with kind and id."""

    extras: Extras
    gaps: tuple[Gap, ...]
    gone: tuple[tuple[tuple[str, str], Gap], ...]

    def added_to(self, snapshot: Snapshot) -> Snapshot:
        """Add them to a settled snapshot. What it still has, under any name, is a gap; the rest is gone."""
        present = {"user": snapshot.users, "project": snapshot.projects, "repository": snapshot.repositories}
        still_there = [gap for (kind, identifier), gap in self.gone if identifier in present[kind]]
        gaps = tuple(sorted({*snapshot.gaps, *self.gaps, *still_there}))
        return dataclasses.replace(snapshot, extras=_of_present(self.extras, snapshot), gaps=gaps)


def _of_present(extras: Extras, snapshot: Snapshot) -> Extras:
    """Leave out what belongs to something that is gone."""

    def present(found: Mapping[str, T], things: Mapping[str, object]) -> dict[str, T]:
        return {i: value for i, value in found.items() if i in things}

    projects, repositories = snapshot.projects, snapshot.repositories
    credentials = (
        dataclasses.replace(
            credential,
            on_projects=present(credential.on_projects, projects),
            on_repositories=present(credential.on_repositories, repositories),
        )
        for credential in extras.credentials
        if credential.owner_id is None or credential.owner_id in snapshot.users
    )
    return dataclasses.replace(
        extras,
        credentials=tuple(credentials),
        project_webhook_hosts=present(extras.project_webhook_hosts, projects),
        repository_webhook_hosts=present(extras.repository_webhook_hosts, repositories),
        default_branches=present(extras.default_branches, repositories),
    )


def with_extras(
    whole: str,
    snapshot: Snapshot,
    ask: Callable[[Snapshot], CollectedExtras],
    settle_again: Callable[[], None],
    settled: Callable[[], Snapshot],
) -> Snapshot:
    """Ask until the listings, read again afterwards, show everything under the names that it was asked about by.

    Names may be exchanged meanwhile, and then the answers are about something else. The last result is added; `whole`
    is what gaps call the whole source.
    """
    for _ in range(_TIMES):
        extras = ask(snapshot)
        settle_again()
        again = settled()
        if _names(again) <= _names(snapshot):
            return extras.added_to(again)
        log.info("Bitbucket changed while what --include adds was read: reading it again")
        snapshot = again
    changing = Gap(whole, "what --include adds", "it was changed all the time; run again when less is changed")
    return extras.added_to(dataclasses.replace(again, gaps=(*again.gaps, changing)))


def _names(snapshot: Snapshot) -> set[tuple[str, ...]]:
    """Give what everything is asked about by, with its id."""
    return {
        *(("user", i, user.name, user.slug or "") for i, user in snapshot.users.items()),
        *(("project", i, project.key) for i, project in snapshot.projects.items()),
        *(("repository", i, one.project_id, one.slug) for i, one in snapshot.repositories.items()),
    }
