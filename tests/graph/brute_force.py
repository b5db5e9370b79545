"""Access by brute force, from the JSON of a payload: shares no code with the reader, the rows or the queries.

Every way from an identity to every holder is walked, and every grant is tried on every resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Who = tuple[str, str]
"""Kind and id of an identity."""

LEVELS = ["none", "read", "write", "admin"]
_KINDS = {
    "local_user": "user",
    "local_group": "group",
    "local_access_creds": "credential",
    "local_agent": "agent",
    "idp": "idp",
}


@dataclass(frozen=True)
class Grant:
    """One permission of one holder on one node; the empty key is the application."""

    holder: Who
    permission: str
    key: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """One grant that reaches a resource, and one way to its holder, who included."""

    way: tuple[Who, ...]
    grant: Grant
    key: str


class World:
    """What a payload says, and what follows from it."""

    def __init__(self, payload: Json) -> None:
        self.application = payload["applications"][0]
        self.permissions = {item["name"]: item for item in payload["permissions"]}
        self.users = {_id(item): item for item in self.application["local_users"]}
        self.groups = {_id(item): item for item in self.application["local_groups"]}
        self.credentials = {_id(item): item for item in self.application["local_access_creds"]}
        self.agents = {_id(item): item for item in self.application.get("local_agents", [])}
        self.resources: dict[str, Json] = {}
        self.above: dict[str, list[str]] = {}
        self._walk(self.application["resources"], [""])
        self.grants = set(self._grants(payload))
        self._reasons: dict[Who, set[Reason]] = {}
        self._holders = {grant.holder for grant in self.grants}
        self.identities: list[Who] = [
            *(("user", one) for one in self.users),
            *(("group", one) for one in self.groups),
            *(("credential", one) for one in self.credentials),
            *(("agent", one) for one in self.agents),
            *sorted(
                {
                    ("idp", item["identity"])
                    for item in payload["identity_to_permissions"]
                    if item["identity_type"] == "idp"
                }
            ),
        ]

    def _walk(self, items: list[Json], above: list[str]) -> None:
        for item in items:
            key = f"{above[0]}.{_id(item)}" if above[0] else _id(item)
            self.resources[key] = item
            self.above[key] = [key, *above]
            self._walk(item.get("sub_resources", []), [key, *above])

    def _grants(self, payload: Json) -> Iterator[Grant]:
        for entry in payload["identity_to_permissions"]:
            holder = _KINDS[entry["identity_type"]], entry["identity"]
            for item in entry.get("application_permissions", []):
                yield from (Grant(holder, item["permission"], key, ()) for key in _keys(item))
            for item in entry.get("role_assignments", []):
                for permission, roles in self._of_role(item["role"]).items():
                    fitting = self.permissions[permission]["resource_types"]
                    for key in _keys(item):
                        if not key or not fitting or self.resources[key]["resource_type"] in fitting:
                            yield Grant(holder, permission, key, roles)

    def _of_role(self, name: str) -> dict[str, tuple[str, ...]]:
        roles = {_id(role): role for role in self.application["local_roles"]}
        found: dict[str, tuple[str, ...]] = {}
        queue: list[tuple[str, ...]] = [(name,)]
        seen = {name}
        for way in queue:
            for permission in roles[way[-1]]["permissions"]:
                found.setdefault(permission, tuple(roles[step]["name"] for step in way))
            for below in roles[way[-1]].get("roles", []):
                if below not in seen:
                    seen.add(below)
                    queue.append((*way, below))
        return found

    def level(self, permission: str) -> int:
        """Give the level of a permission, 0 to 3."""
        categories = self.permissions[permission]["permission_type"]
        names = ("DataRead", "DataWrite", "MetadataWrite")
        return max((number for number, name in enumerate(names, 1) if name in categories), default=0)

    def _draws_on(self, way: tuple[Who, ...]) -> Iterator[Who]:
        kind, one = way[-1]
        if kind == "user":
            yield from (("group", group) for group in self.users[one].get("groups", []))
            own = self.users[one].get("access_creds", []) if way[0][0] != "credential" else []
            yield from (("credential", key) for key in own if ("credential", key) in self._holders)
        if kind == "group":
            yield from (("group", group) for group in self.groups[one].get("groups", []))
        if kind == "credential" and way[-1] not in self._holders:
            yield from (("user", user) for user, item in self.users.items() if one in item.get("access_creds", []))

    def ways(self, who: Who) -> set[tuple[Who, ...]]:
        """Give every way from somebody to those whose grants count, that passes nobody twice."""
        found: set[tuple[Who, ...]] = set()
        left: list[tuple[Who, ...]] = [(who,)]
        while left:
            way = left.pop()
            found.add(way)
            left.extend((*way, step) for step in self._draws_on(way) if step not in way)
        return found

    def reasons(self, who: Who) -> set[Reason]:
        """Give every reason why somebody has some level on some resource."""
        if who not in self._reasons:
            self._reasons[who] = {
                Reason(way, grant, key)
                for way in self.ways(who)
                for grant in self.grants
                if grant.holder == way[-1] and self.level(grant.permission)
                for key in self.above
                if self._reaches(grant, key)
            }
        return self._reasons[who]

    def _reaches(self, grant: Grant, key: str) -> bool:
        inherits = self.permissions[grant.permission]["apply_to_sub_resources"]
        return grant.key == key or (inherits and grant.key in self.above.get(key, ()))

    def categories(self, who: Who, key: str) -> set[str]:
        """Give the names of OAA's permissions that somebody has on a resource, or on the application."""
        holders = {way[-1] for way in self.ways(who)}
        grants = [grant for grant in self.grants if grant.holder in holders and self._reaches(grant, key)]
        return {name for grant in grants for name in self.permissions[grant.permission]["permission_type"]}

    def levels(self) -> dict[tuple[Who, str], int]:
        """Give who reaches what at which level; groups left out."""
        found: dict[tuple[Who, str], int] = {}
        for who in self.identities:
            for reason in self.reasons(who) if who[0] != "group" else ():
                place = who, reason.key
                found[place] = max(found.get(place, 0), self.level(reason.grant.permission))
        return found

    def item(self, who: Who) -> Json:
        """Give what the payload says of somebody."""
        of_kind = {"user": self.users, "group": self.groups, "credential": self.credentials, "agent": self.agents}
        return of_kind[who[0]][who[1]] if who[0] in of_kind else {"name": who[1]}

    def called(self, who: Who) -> str:
        """Call somebody as a step of a way."""
        item = self.item(who)
        if who[0] == "user":
            return str(item.get("custom_properties", {}).get("username", item["name"]))
        return str(item["name"]) if who[0] == "idp" else f"{who[0]} {item['name']}"

    def path(self, key: str) -> str:
        """Call a project by its key, a repository `KEY/slug`, anything else by the names from the top."""
        properties = self.resources[key].get("custom_properties", {})
        if "slug" in properties:
            return f"{properties['project_key']}/{properties['slug']}"
        names = [self.resources[step]["name"] for step in self.above[key] if step]
        return str(properties.get("key", "/".join(reversed(names))))

    def text_of(self, reason: Reason) -> str:
        """Tell a reason in one line."""
        on = self.path(reason.grant.key) if reason.grant.key else self.application["name"]
        return " → ".join((*map(self.called, reason.way), *reason.grant.roles, f"{reason.grant.permission} on {on}"))


def _keys(item: Json) -> list[str]:
    return [*item.get("resources", []), *([""] if item.get("apply_to_application") else [])]


def _id(item: Json) -> str:
    return str(item.get("id", item["name"]))
