"""Workspaces of any size for benchmarks, made up from a seed.

Sizes are skewed as in real ones: few groups and projects are large, most are small.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.rules import PROJECT, REPOSITORY
from connector.embedded.cloud.sample import DEMO_CONSUMER, DEMO_EMAIL, DEMO_SECRET, DEMO_TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.embedded.cloud.workspace import Account, Group, Workspace

EVERYWHERE = "everybody"
"""The group that has a grant on every repository."""

_SKEW = 1.2
_GROUP_GRANTS_SHARE = 0.4
_NAMES_SHARED_BY = 40
"""So many people share a display name."""
_PUBLIC_EVERY = 200


def synthetic_workspace(
    *,
    users: int = 200,
    groups: int = 15,
    projects: int = 20,
    repositories: int = 1_000,
    grants_per_repository: int = 10,
    seed: int = 0,
) -> Workspace:
    """Make up a workspace; the same arguments give the same one.

    Each repository has `grants_per_repository` grants, one of them to the group `EVERYWHERE`. The demo's administrator
    and its consumer are there, with their credentials.
    """
    builder = Builder("synthetic", "Synthetic")
    chance = random.Random(seed)  # noqa: S311 - nothing secret comes of it
    people = _people(builder, users)
    teams = _teams(builder, groups, people, chance)
    for number in range(projects):
        project = builder.project(f"P{number:05}", f"Project {number}")
        project.users, project.groups = _grants(chance, teams, people, 3, tuple(PROJECT))
    made = list(builder.workspace.projects.values())
    for number in range(repositories):
        project = made[_skewed(chance, projects)]
        repository = builder.repository(project, f"service-{number:06}", is_private=bool((number + 1) % _PUBLIC_EVERY))
        repository.users, repository.groups = _grants(
            chance, teams, people, grants_per_repository - 1, tuple(REPOSITORY)
        )
        repository.groups[EVERYWHERE] = "read"
    return builder.workspace


def _people(builder: Builder, count: int) -> list[Account]:
    admin = builder.member("admin", "Administrator", email=DEMO_EMAIL, role="owner")
    builder.workspace.api_tokens.append(ApiToken(DEMO_TOKEN, admin.uuid))
    builder.workspace.consumers.append(Consumer(DEMO_CONSUMER, DEMO_SECRET, admin.uuid))
    return [admin] + [
        builder.member(
            f"user{number:06}",
            f"User {number % max(1, count // _NAMES_SHARED_BY)}",
            email=f"user{number:06}@example.com",
            active=number % 33 > 0,
        )
        for number in range(1, count)
    ]


def _teams(builder: Builder, count: int, people: Sequence[Account], chance: random.Random) -> list[Group]:
    """Make the groups: one with everybody, one of administrators, and teams."""
    builder.group(EVERYWHERE, people)
    builder.group("administrators", people[:2], account_privilege="admin")
    for number in range(2, count):
        size = min(int(3 * chance.paretovariate(_SKEW)) + 1, len(people))
        builder.group(f"team-{number:05}", chance.sample(people, size))
    return list(builder.workspace.groups.values())[2:]


def _grants(
    chance: random.Random, teams: Sequence[Group], people: Sequence[Account], count: int, words: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    most_groups = min(round(count * _GROUP_GRANTS_SHARE), len(teams))
    slugs = {teams[_skewed(chance, len(teams))].slug for _ in range(most_groups)}
    chosen = chance.sample(people, min(count - len(slugs), len(people)))
    return (
        {account.uuid: chance.choice(words) for account in chosen},
        {slug: chance.choice(words) for slug in sorted(slugs)},
    )


def _skewed(chance: random.Random, count: int) -> int:
    """Draw an index below `count`, the lower ones more often."""
    return int(count * chance.random() ** 2)
