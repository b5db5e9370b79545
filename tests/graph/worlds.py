"""Small OAA payloads written by hand, and random ones; and access by brute force, sharing no code with the reader."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

APPLICATION = "Bitbucket Server - test"

_READ = ["DataRead", "MetadataRead"]
_WRITE = [*_READ, "DataWrite"]
_ADMIN = [*_WRITE, "MetadataWrite"]
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
_CATEGORIES = {"none": ["NonData"], "read": _READ, "write": _WRITE, "admin": _ADMIN}

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
        return {
            "applications": [
                {
                    "name": APPLICATION,
                    "application_type": "BitbucketServer",
                    "local_users": list(self.users.values()),
                    "local_groups": [{"id": name, "name": name, "groups": of} for name, of in self.groups.items()],
                    "local_access_creds": list(self.credentials.values()),
                    "resources": [self._project(identifier) for identifier in self.projects],
                    "custom_properties": self.properties,
                }
            ],
            "permissions": [
                {"name": name, "permission_type": _CATEGORIES[level], "apply_to_sub_resources": inherits}
                for name, (level, inherits) in PERMISSIONS.items()
            ],
            "identity_to_permissions": [self._granted(*grant) for grant in sorted(self.grants)],
        }

    def _project(self, identifier: str) -> dict[str, Any]:
        key = self.projects[identifier]["custom_properties"]["key"]
        below = [
            {
                "id": own,
                "resource_type": "Repo",
                **raw,
                "custom_properties": {"project_key": key, **raw["custom_properties"]},
            }
            for own, (project, raw) in self.repositories.items()
            if project == identifier
        ]
        return {"id": identifier, "resource_type": "Project", **self.projects[identifier], "sub_resources": below}

    def _granted(self, kind: str, holder: str, permission: str, on: str) -> dict[str, Any]:
        where = {"resources": [self.key(on)]} if on else {"apply_to_application": True}
        held = [{"application": APPLICATION, "permission": permission, **where}]
        return {"identity_type": kind, "identity": holder, "application_permissions": held}


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


def _random_world(chance: Random) -> World:
    """Make a few users, groups in each other, credentials with and without owners, and grants of every kind."""
    world = World()

    def some(of: Iterable[str], most: int, least: int = 0) -> list[str]:
        names = sorted(of)
        return chance.sample(names, chance.randint(min(least, len(names)), min(most, len(names))))

    for name in ("red", "blue", "green")[: chance.randint(1, 3)]:
        world.group(name)
    for name in world.groups:
        world.groups[name] = some(world.groups, 2)
    for user in some("123", 3, 1):
        world.user(user, groups=some(world.groups, 2))
    for credential in some(("key-1", "key-2"), 2):
        world.credential(credential, some(world.users, 2))
    for project in some(("10", "20"), 2, 1):
        world.project(project, f"P{project}")
    for repository in some(("101", "102", "103"), 3):
        world.repository(repository, chance.choice(sorted(world.projects)), f"r{repository}")
    holders = [(USER, user) for user in world.users] + [(GROUP, name) for name in world.groups]
    holders += [(CREDENTIAL, credential) for credential in world.credentials]
    nodes = ["", *world.projects, *world.repositories]
    for _ in range(chance.randint(0, 6)):
        world.grant(*chance.choice(holders), chance.choice(sorted(PERMISSIONS)), chance.choice(nodes))
    return world


# Drawing every part by itself would take four times as long as what is tested.
worlds = st.randoms(use_true_random=True).map(_random_world)
"""Random worlds, each made from one seed."""
