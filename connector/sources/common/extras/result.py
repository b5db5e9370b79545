"""What comes of `--include`, and how it is added to a settled snapshot."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from connector.model import Gap, Machines, Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Extras:
    """What was found, what could not be read, and what Bitbucket says does not exist, with kind and id."""

    machines: Machines
    gaps: tuple[Gap, ...]
    gone: tuple[tuple[tuple[str, str], Gap], ...]

    def added_to(self, snapshot: Snapshot) -> Snapshot:
        """Add them to a settled snapshot. What it still has, under whatever name, is a gap; the rest is gone."""
        present = {"user": snapshot.users, "project": snapshot.projects, "repository": snapshot.repositories}
        still_there = [gap for (kind, identifier), gap in self.gone if identifier in present[kind]]
        gaps = tuple(sorted({*snapshot.gaps, *self.gaps, *still_there}))
        return dataclasses.replace(snapshot, machines=_of_present(self.machines, snapshot), gaps=gaps)


def _of_present(machines: Machines, snapshot: Snapshot) -> Machines:
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
        for credential in machines.credentials
        if credential.owner_id is None or credential.owner_id in snapshot.users
    )
    return dataclasses.replace(
        machines,
        credentials=tuple(credentials),
        project_webhook_hosts=present(machines.project_webhook_hosts, projects),
        repository_webhook_hosts=present(machines.repository_webhook_hosts, repositories),
        default_branches=present(machines.default_branches, repositories),
    )
