"""Random payloads with everything that OAA knows, from a seed, and what they may be a night later."""

from __future__ import annotations

import copy
import random
from typing import Any

from tests.graph import payloads

Json = dict[str, Any]

READ, WRITE, ADMIN = ["DataRead"], ["DataRead", "DataWrite"], ["DataRead", "DataWrite", "MetadataWrite"]
KEYS = ("p", "p.r", "p.s", "p.s.deep", "q", "q.t")
"""Resources that are in every random payload, by what grants call them; `p` and `p.r` look like Bitbucket's."""

_GROUPS = ("g1", "g2", "g3", "g4", "g5")
_USERS = ("u1", "u2", "u3", "u4", "u5", "u6")
_CREDENTIALS = ("c1", "c2", "c3", "c4")
_ROLES = ("r1", "r2", "r3")
_PERMISSIONS = {
    "SEE": (READ, False, ()),
    "SEE_ALL": (READ, True, ()),
    "PUSH": (WRITE, False, ("Repo",)),
    "PUSH_ALL": (WRITE, True, ()),
    "RULE_ALL": (ADMIN, True, ("Project",)),
    "OWN": (["MetadataWrite"], False, ()),
    "LICENCE": (["NonData"], False, ()),
}
_TIMES = (None, "2026-11-20T08:00:00Z", "2026-01-02T03:04:05.678+02:00", "2024-05-06T00:00:00Z")
_AWKWARD = (
    "=1+1",
    'say "x"',
    "a,b",
    "two\nlines",
    "\r\n\t",
    '"\n"u1","x",\n"',
    "Grüße → ☃",
    "\\N",
    "'",
    "semi;colon",
    "emoji 🦊",
)


def payload(seed: int, application: str) -> Json:
    """Make a payload up."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret comes of it

    def some(names: tuple[str, ...], most: int = 2) -> list[str]:
        return chance.sample(names, chance.randint(0, min(most, len(names))))

    users = []
    for name in _USERS:
        properties = {
            "username": f"{name}.name",
            "in_directory": chance.random() < 0.9,
            "shoe_size": chance.randint(36, 46),
        }
        users.append(
            {
                "id": name,
                "name": f"{chance.choice(_AWKWARD)} {name}",
                "email": f"{name}@example.com",
                "groups": some(_GROUPS),
                "access_creds": some(_CREDENTIALS),
                "is_active": chance.choice((True, True, False, None)),
                "user_type": chance.choice((None, None, "service_account")),
                "created_at": chance.choice(_TIMES),
                "last_login_at": chance.choice(_TIMES),
                "custom_properties": properties,
            }
        )
    groups = [{"id": name, "name": f"{name} {chance.choice(_AWKWARD)}", "groups": some(_GROUPS)} for name in _GROUPS]
    credentials = [
        {
            "id": name,
            "name": f"{chance.choice(_AWKWARD)} {name}",
            "is_active": chance.choice((True, True, False)),
            "can_expire": chance.choice((True, False, None)),
            "created_at": chance.choice(_TIMES),
            "expires_at": chance.choice(_TIMES),
            "last_used_at": chance.choice(_TIMES),
            "custom_properties": {"kind": chance.choice(("http-token", "ssh-user-key"))},
        }
        for name in _CREDENTIALS
    ]
    roles = [
        {"id": name, "name": f"Role {name}", "permissions": some(tuple(_PERMISSIONS)), "roles": some(_ROLES)}
        for name in _ROLES
    ]
    granted = [_entry(chance, application, kind, name) for kind, names in _HOLDERS.items() for name in names]
    return payloads.payload(
        *(entry for entry in granted if len(entry) > 2),
        users=users,
        groups=groups,
        credentials=credentials,
        roles=roles,
        resources=_resources(chance),
        permissions=(
            payloads.permission(name, categories, inherits=inherits, types=types)
            for name, (categories, inherits, types) in _PERMISSIONS.items()
        ),
        name=application,
        local_agents=[{"id": "a1", "name": "Agent one"}],
        custom_properties={"is_complete": chance.random() < 0.8, "collected_at": "2026-11-21T23:30:00-02:00"},
    )


_HOLDERS = {
    "local_user": _USERS,
    "local_group": _GROUPS,
    "local_access_creds": _CREDENTIALS,
    "local_agent": ("a1",),
    "idp": ("somebody@idp.example",),
}


def _resources(chance: random.Random) -> list[Json]:
    return [
        {
            "id": "p",
            "name": f"Payments {chance.choice(_AWKWARD)}",
            "resource_type": "Project",
            "custom_properties": {"key": "PAY", "is_public": False},
            "sub_resources": [
                {
                    "id": "r",
                    "name": "API",
                    "resource_type": "Repo",
                    "custom_properties": {"project_key": "PAY", "slug": "api", "is_archived": chance.random() < 0.5},
                },
                {
                    "id": "s",
                    "name": "Shelf",
                    "resource_type": "Folder",
                    "sub_resources": [{"id": "deep", "name": "Deep", "resource_type": "Repo"}],
                },
            ],
        },
        {
            "id": "q",
            "name": "Queue",
            "resource_type": "Project",
            "description": chance.choice(_AWKWARD),
            "sub_resources": [{"id": "t", "name": "Tail", "resource_type": "Repo"}],
        },
    ]


def _entry(chance: random.Random, application: str, kind: str, name: str) -> Json:
    entry: Json = {"identity": name, "identity_type": kind}
    for section, what, names in (
        ("application_permissions", "permission", tuple(_PERMISSIONS)),
        ("role_assignments", "role", _ROLES),
    ):
        number = chance.choice((0, 0, 0, 1, 1, 2) if section == "application_permissions" else (0, 0, 0, 0, 1))
        held = [
            {
                "application": application,
                what: chance.choice(names),
                "resources": chance.sample(KEYS, chance.randint(0, 2)),
                "apply_to_application": chance.random() < 0.1,
            }
            for _ in range(number)
        ]
        if held:
            entry[section] = held
    return entry


def next_night(before: Json, seed: int) -> Json:
    """Give what the payload is a night later: people come and go, groups and grants change, a repository moves in."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret comes of it
    after = copy.deepcopy(before)
    application = after["applications"][0]
    application["custom_properties"]["collected_at"] = "2026-11-23T02:00:00Z"
    for user in application["local_users"]:
        if chance.random() < 0.3:
            user["groups"] = chance.sample(_GROUPS, chance.randint(0, 2))
        if chance.random() < 0.3:
            user["is_active"] = chance.choice((True, False, None))
        user["name"] += chance.choice(("", "", " renamed"))
    gone = chance.choice(application["local_users"])["id"]
    application["local_users"] = [user for user in application["local_users"] if user["id"] != gone]
    application["local_users"].append({"id": "u7", "name": "New one", "groups": ["g1"], "is_active": True})
    application["resources"][1]["sub_resources"] = [{"id": "new", "name": "New", "resource_type": "Repo"}]
    entries = after["identity_to_permissions"]
    entries[:] = [entry for entry in entries if entry["identity"] != gone and chance.random() < 0.8]
    for entry in entries:
        for item in (*entry.get("application_permissions", ()), *entry.get("role_assignments", ())):
            item["resources"] = [key for key in item["resources"] if key != "q.t"]
    name = application["name"]
    entries.append({"identity": "u7", "identity_type": "local_user", "application_permissions": [
        {"application": name, "permission": "PUSH", "resources": ["p.r", "q.new"]}]})  # fmt: skip
    return after
