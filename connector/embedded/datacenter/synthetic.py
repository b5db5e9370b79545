"""Organisations of any size for benchmarks, made up from a seed.

Sizes are skewed as in real ones: few groups and projects are large, most are small.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Token
from connector.embedded.datacenter.rules import PROJECT, REPOSITORY
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.embedded.datacenter.organisation import Account, Group, Organisation

EVERYWHERE = "all-engineers"
"""The group that has a grant on every repository."""

_FOUNDED = 1_546_300_800_000
_HOUR = 3_600_000
_GROUP_GRANTS_SHARE = 0.6
_SKEW = 1.2
_PROJECT_PERMISSIONS = tuple(PROJECT)
_REPOSITORY_PERMISSIONS = tuple(REPOSITORY)


def synthetic_organisation(
    *,
    users: int = 2_000,
    groups: int = 200,
    projects: int = 100,
    repositories: int = 2_001,
    grants_per_repository: int = 10,
    seed: int = 0,
) -> Organisation:
    """Make up an organisation; the same arguments give the same one.

    Each repository has `grants_per_repository` grants, one of them to the group `EVERYWHERE`. The
    demo's administrator is among the users, with its password and its token.
    """
    builder = Builder()
    chance = random.Random(seed)  # noqa: S311 - nothing secret comes of it
    people = _people(builder, users, chance)
    teams = _teams(builder, groups, people, chance)
    _projects(builder, projects, people, teams, chance)
    for number in range(repositories):
        project = builder.organisation.projects[_skewed(chance, projects) + 1]
        repository = builder.repository(project, f"service-{number:06}", public=not (number + 1) % 500)
        repository.groups, repository.users = _grants(chance, teams, people, grants_per_repository)
    return builder.organisation


def _people(builder: Builder, count: int, chance: random.Random) -> list[Account]:
    admin = builder.account(DEMO_USER, "Bitbucket Administrator", password=DEMO_PASSWORD)
    builder.organisation.tokens.append(Token(DEMO_TOKEN, admin.id))
    builder.organisation.global_users[admin.id] = "SYS_ADMIN"
    return [admin] + [
        builder.account(
            f"user{number:06}",
            f"User {number}",
            email=f"user{number:06}@example.com",
            active=chance.random() > 0.03,  # noqa: PLR2004 - about as many leave and are kept
            directory="Corporate Directory",
            created=_FOUNDED + number * _HOUR,
            last_authenticated=_FOUNDED + number * 2 * _HOUR if number % 10 else None,
        )
        for number in range(1, count)
    ]


def _teams(builder: Builder, count: int, people: Sequence[Account], chance: random.Random) -> list[Group]:
    """Make the groups: one that licenses everybody, `EVERYWHERE` with half of them, and teams."""
    builder.group("bitbucket-users", people)
    builder.organisation.global_groups["bitbucket-users"] = "LICENSED_USER"
    builder.group(EVERYWHERE, people[: len(people) // 2 + 1])
    for number in range(2, count):
        size = min(int(3 * chance.paretovariate(_SKEW)) + 1, len(people))
        builder.group(f"team-{number:05}", chance.sample(people, size))
    return list(builder.organisation.groups.values())[2:]


def _projects(
    builder: Builder,
    count: int,
    people: Sequence[Account],
    teams: Sequence[Group],
    chance: random.Random,
) -> None:
    for number in range(count):
        project = builder.project(f"P{number:05}", f"Project {number}", public=not (number + 1) % 200)
        project.users = {chance.choice(people).id: chance.choice(_PROJECT_PERMISSIONS) for _ in range(2)}
        project.groups = (
            {chance.choice(teams).name: chance.choice(_PROJECT_PERMISSIONS) for _ in range(2)} if teams else {}
        )
        project.defaults = {"PROJECT_READ"} if number % 10 == 0 else set()


def _grants(
    chance: random.Random, teams: Sequence[Group], people: Sequence[Account], count: int
) -> tuple[dict[str, str], dict[int, str]]:
    to_groups = {EVERYWHERE: "REPO_READ"}
    to_users: dict[int, str] = {}
    most_groups = min(round(count * _GROUP_GRANTS_SHARE), len(teams))
    while len(to_groups) < most_groups:
        to_groups[teams[_skewed(chance, len(teams))].name] = chance.choice(_REPOSITORY_PERMISSIONS)
    while len(to_groups) + len(to_users) < min(count, len(to_groups) + len(people)):
        to_users[people[int(chance.random() * len(people))].id] = chance.choice(_REPOSITORY_PERMISSIONS)
    return to_groups, to_users


def _skewed(chance: random.Random, count: int) -> int:
    """Draw an index below `count`, the lower ones more often."""
    return int(count * chance.random() ** 2)
