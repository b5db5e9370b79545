"""Small OAA payloads written by hand, and random ones; and access by brute force, sharing no code with the reader."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.graph.payloads import ADMIN, READ, WRITE, granted, payload, permission, resource

APPLICATION = "Bitbucket Server - test"

PERMISSIONS: dict[str, tuple[str, bool]] = {
    "LICENSED_USER": ("none", False),
    "ADMIN": ("admin", True),
    "PROJECT_READ": ("read", True),
    "PROJECT_WRITE": ("write", True),
    "PROJECT_ADMIN": ("admin", True),
    "REPO_READ": ("read", False),
    "REPO_WRITE": ("write", False),
    "REPO_ADMIN": ("admin", False),
    "PUBLIC_READ": ("read", True),
}
LEVELS = ["none", "read", "write", "admin"]
_CATEGORIES = {"none": ["NonData"], "read": READ, "write": WRITE, "admin": ADMIN}

USER, GROUP, CREDENTIAL = "local_user", "local_group", "local_access_creds"


@dataclass
class World:
    """What a payload is made of. Users, groups and credentials by id; repositories lie in a project by key."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    credentials: dict[str, dict[str, Any]] = field(default_factory=dict)
    projects: dict[str, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    grants: set[tuple[str, str, str, str]] = field(default_factory=set)
    """Kind and id of the holder, permission, and what on: `""` for the application, else an id as below."""
    properties: dict[str, Any] = field(default_factory=lambda: {"is_complete": True, "public_access": "on"})

    def user(self, identifier: str, name: str | None = None, groups: Iterable[str] = (), **more: Any) -> World:
        properties = {
            "username": more.pop("username", name or identifier),
            "is_licensed": True,
            **more.pop("properties", {}),
        }
        self.users[identifier] = {
            "id": identifier,
            "name": name or identifier,
            "groups": list(groups),
            "is_active": True,
            "custom_properties": properties,
            **more,
        }
        return self

    def group(self, name: str, groups: Iterable[str] = ()) -> World:
        self.groups[name] = list(groups)
        return self

    def credential(self, identifier: str, owners: Iterable[str] = (), **more: Any) -> World:
        self.credentials[identifier] = {"id": identifier, "name": identifier, "is_active": True, **more}
        for owner in owners:
            self.users[owner].setdefault("access_creds", []).append(identifier)
        return self

    def project(self, identifier: str, key: str, name: str | None = None, **properties: Any) -> World:
        self.projects[identifier] = {"name": name or key, "custom_properties": {"key": key, **properties}}
        return self

    def repository(self, identifier: str, project: str, slug: str, name: str | None = None, **properties: Any) -> World:
        self.repositories[identifier] = (
            project,
            {"name": name or slug, "custom_properties": {"slug": slug, **properties}},
        )
        return self

    def grant(self, kind: str, holder: str, permission: str, on: str = "") -> World:
        self.grants.add((kind, holder, permission, on))
        return self

    def revoke(self, kind: str, holder: str, permission: str, on: str = "") -> World:
        self.grants.remove((kind, holder, permission, on))
        return self

    def changed(self) -> World:
        """Give a copy to change."""
        return copy.deepcopy(self)

    def key(self, identifier: str) -> str:
        """Give the key of a project or repository in grants."""
        return f"{self.repositories[identifier][0]}.{identifier}" if identifier in self.repositories else identifier

    def payload(self) -> dict[str, Any]:
        """Give the payload, as a connector would write it."""
        return payload(
            *(
                granted(kind, holder, name, on and self.key(on), APPLICATION)
                for kind, holder, name, on in sorted(self.grants)
            ),
            users=self.users.values(),
            groups=({"id": name, "name": name, "groups": above} for name, above in self.groups.items()),
            credentials=self.credentials.values(),
            resources=map(self._project, self.projects),
            permissions=(
                permission(name, _CATEGORIES[level], inherits=inherits)
                for name, (level, inherits) in PERMISSIONS.items()
            ),
            name=APPLICATION,
            application_type="BitbucketServer",
            custom_properties=self.properties,
        )

    def _project(self, identifier: str) -> dict[str, Any]:
        own = self.projects[identifier]
        key = {"project_key": own["custom_properties"]["key"]}
        below = (
            resource(kind="Repo", id=each, **raw | {"custom_properties": key | raw["custom_properties"]})
            for each, (project, raw) in self.repositories.items()
            if project == identifier
        )
        return resource(own["name"], *below, kind="Project", id=identifier, custom_properties=own["custom_properties"])


Levels = dict[tuple[str, str], str]
"""By the ids of a subject and a project or repository; no entry where there is no access."""


def levels(world: World) -> Levels:
    """Compute access by trying each subject on each node. Credentials without grants are no subjects."""
    own = {credential for kind, credential, _, _ in world.grants if kind == CREDENTIAL}
    found: Levels = {}
    for kind, subject in [*((USER, user) for user in world.users), *((CREDENTIAL, one) for one in own)]:
        holders = {(kind, subject)}
        if kind == USER:
            holders |= {(GROUP, group) for group in _groups(world, world.users[subject]["groups"])}
            holders |= {(CREDENTIAL, one) for one in world.users[subject].get("access_creds", []) if one in own}
        for node in [*world.projects, *world.repositories]:
            level = max((_given(world, grant, node) for grant in world.grants if grant[:2] in holders), default=0)
            if level:
                found[subject, node] = LEVELS[level]
    return found


def _groups(world: World, names: Iterable[str]) -> set[str]:
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(world.groups[name])
    return found


def _given(world: World, grant: tuple[str, str, str, str], node: str) -> int:
    _, _, permission, on = grant
    level, inherits = PERMISSIONS[permission]
    lies_in = {"", world.repositories[node][0]} if node in world.repositories else {""}
    return LEVELS.index(level) if on == node or (inherits and on in lies_in) else 0


def _random_world(seeds: Iterable[float]) -> World:
    """Make a few users, groups in each other, credentials with and without owners, and grants of every kind.

    There is one seed for each of these parts: groups, users, credentials, projects and repositories, grants.
    """
    groups, users, credentials, places, grants = map(Random, seeds)
    world = World()
    for name in ("red", "blue", "green")[: groups.randint(1, 3)]:
        world.group(name)
    for name in world.groups:
        world.groups[name] = _some(groups, world.groups)
    for user in _some(users, "123", 1, 3):
        world.user(user, groups=_some(users, world.groups))
    for credential in _some(credentials, ("key-1", "key-2")):
        world.credential(credential, _some(credentials, world.users))
    for project in _some(places, ("10", "20"), 1):
        world.project(project, f"P{project}")
    for repository in _some(places, ("101", "102", "103"), most=3):
        world.repository(repository, places.choice(sorted(world.projects)), f"r{repository}")
    holders = [(USER, user) for user in world.users] + [(GROUP, name) for name in world.groups]
    holders += [(CREDENTIAL, credential) for credential in world.credentials]
    nodes = ["", *world.projects, *world.repositories]
    for _ in range(grants.randint(0, 6)):
        world.grant(*grants.choice(holders), grants.choice(sorted(PERMISSIONS)), grants.choice(nodes))
    return world


def _some(chance: Random, names: Iterable[str], least: int = 0, most: int = 2) -> list[str]:
    known = sorted(names)
    return chance.sample(known, chance.randint(least, min(most, len(known))))


def _two_random_worlds(chance: Random) -> tuple[World, World]:
    """Make two worlds that have some of their parts in common: a change of one part shows best alone."""
    old = [chance.random() for _ in range(5)]
    return _random_world(old), _random_world(seed if chance.random() < 0.6 else chance.random() for seed in old)


def pairs_of_worlds() -> st.SearchStrategy[tuple[World, World]]:
    """Draw two worlds, from one seed: drawing every part took ten times as long as what is tested."""
    return st.randoms(use_true_random=True).map(_two_random_worlds)


def worlds() -> st.SearchStrategy[World]:
    """Draw one world."""
    return pairs_of_worlds().map(lambda pair: pair[0])
