"""A small reader of OAA payloads, so that no code of the connector judges the connector.

Reads what the contract of a Cloud export needs: users, groups, resources, and what each user reaches.
Source: https://docs.veza.com, "Custom Application" payloads.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grant:
    """What an identity holds: categories of access on the application or on resources, and below them or not."""

    categories: frozenset[str]
    permission: str
    on_application: bool
    resources: frozenset[str]
    reaches_below: bool

    def covers(self, key: str) -> bool:
        """Tell whether the grant counts on a resource: its key is that of its parent, a dot, and its own id."""
        if key in self.resources:
            return True
        if not self.reaches_below:
            return False
        return self.on_application or any(key.startswith(f"{parent}.") for parent in self.resources)


class Payload:
    """One exported application."""

    def __init__(self, document: Json) -> None:
        (application,) = document["applications"]
        self.application: Json = application
        self.users: dict[str, Json] = {_id(user): user for user in application["local_users"]}
        self.groups: dict[str, Json] = {_id(group): group for group in application["local_groups"]}
        self.projects: dict[str, Json] = {_id(each): each for each in application["resources"]}
        self.repositories: dict[str, Json] = {
            f"{_id(project)}.{_id(each)}": each
            for project in application["resources"]
            for each in project.get("sub_resources", [])
        }
        self._permissions: dict[str, Json] = {each["name"]: each for each in document["permissions"]}
        self.grants: defaultdict[tuple[str, str], list[Grant]] = defaultdict(list)
        for entry in document["identity_to_permissions"]:
            grants = [self._grant(each) for each in entry["application_permissions"]]
            self.grants[entry["identity_type"], entry["identity"]] += grants

    def categories(self, user: str, key: str) -> frozenset[str]:
        """Give the categories of access that a user has on a resource, by itself and through groups."""
        return frozenset().union(*(grant.categories for grant in self._held(user) if grant.covers(key)))

    def on_application(self, user: str) -> frozenset[str]:
        """Give the categories of access that a user has on the application itself."""
        return frozenset().union(*(grant.categories for grant in self._held(user) if grant.on_application))

    def level(self, user: str, key: str) -> str:
        """Give the level of a user on a repository: none, read, write or admin."""
        categories = self.categories(user, key)
        for level, category in (("admin", "MetadataWrite"), ("write", "DataWrite"), ("read", "DataRead")):
            if category in categories:
                return level
        return "none"

    def _held(self, user: str) -> list[Grant]:
        grants = list(self.grants["local_user", user])
        for group in self._groups_of(self.users[user]):
            grants += self.grants["local_group", group]
        return grants

    def _groups_of(self, member: Json) -> set[str]:
        found: set[str] = set()
        waiting = list(member.get("groups", []))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.groups[name].get("groups", [])
        return found

    def _grant(self, entry: Json) -> Grant:
        permission = self._permissions[entry["permission"]]
        return Grant(
            frozenset(permission["permission_type"]),
            entry["permission"],
            bool(entry.get("apply_to_application")),
            frozenset(entry.get("resources", [])),
            bool(permission.get("apply_to_sub_resources")),
        )


def _id(entity: Json) -> str:
    found: str = entity.get("id") or entity["name"]
    return found
