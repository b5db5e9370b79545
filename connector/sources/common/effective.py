"""Who can do what on a repository in effect, according to Bitbucket; and which repositories are asked about."""

from __future__ import annotations

import random
from dataclasses import dataclass

from connector.model import Permission, Project, Repository, Snapshot, User, in_order

Drawn = tuple[Project, Repository]


@dataclass(frozen=True, slots=True)
class Effective:
    """Who has access to one repository: the highest permission of each.

    `holders` is None where the repository does not exist any more.
    """

    repository: str
    holders: tuple[tuple[User, Permission], ...] | None


def draw(snapshot: Snapshot, count: int, seed: int) -> list[Drawn]:
    """Draw repositories of a snapshot at random, leaving out what the snapshot has gaps about."""
    unread = {gap.scope for gap in snapshot.gaps}
    known = [
        (snapshot.projects[repository.project_id], repository) for _, repository in in_order(snapshot.repositories)
    ]
    whole = [
        (project, repository)
        for project, repository in known
        if not {f"project {project.key}", f"repository {project.key}/{repository.slug}"} & unread
    ]
    return random.Random(seed).sample(whole, min(count, len(whole)))  # noqa: S311 - a sample, not a secret
