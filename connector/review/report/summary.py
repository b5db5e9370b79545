"""The state in a few figures, and what the export does not tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Application, Credential, Group, Level, Resource, User
from connector.review.findings.caveats import caveats
from connector.review.findings.finding import ANONYMOUS, EVERYBODY, EVERYONE, levels

_BITBUCKET = "BitbucketServer"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the state, and what it means."""

    number: int
    what: str
    detail: str = ""


def figures(export: Export) -> list[Figure]:
    """Count what the export holds; the accounts and groups that stand for everybody are left out."""
    users = [user for user in export.users if user.id != ANONYMOUS]
    off = sum(user.is_active is False for user in users)
    groups = [group for group in export.groups if group.id not in EVERYBODY]
    top = [resource for resource in export.resources if isinstance(resource.parent, Application)]
    below = len(export.resources) - len(top)
    administrators = _administrators(export)
    found = [
        Figure(len(users), "users", f"{off:,} switched off" if off else ""),
        Figure(len(groups), "groups"),
        Figure(len(top), _plural(top, "projects"), _personal(top)),
        Figure(below, "repositories" if _is_bitbucket(export) else "resources below"),
        Figure(administrators, "administrators", "of everything"),
        Figure(_public(export), "public", "readable without an account"),
        Figure(len(export.credentials), "keys and tokens"),
    ]
    return [figure for figure in found if figure.number or figure.what in {"users", "administrators"}]


def _plural(top: list[Resource], default: str) -> str:
    kinds = {resource.type for resource in top}
    return default if kinds <= {"Project"} else "top resources"


def _personal(top: list[Resource]) -> str:
    personal = sum(resource.properties.get("project_type") == "PERSONAL" for resource in top)
    return f"{personal:,} of them personal" if personal else ""


def _administrators(export: Export) -> int:
    access = Access(export)
    everything = [access.who_can(application) for application in export.applications]
    return len({user for who in everything for user, level in who.items() if level is Level.ADMIN})


def _public(export: Export) -> int:
    access = Access(export)
    everyone = [group for group in export.groups if group.id == EVERYONE]
    reached = [resource for group in everyone for resource in access.reach(group)]
    parents = {resource.parent for resource in reached}
    return sum(resource not in parents for resource in reached)


def ways(export: Export) -> list[Figure]:
    """Count grants by whom they are given to, the licence to sign in aside."""
    count: Counter[str] = Counter()
    level_of = levels(export)
    for row in export.assignments:
        if level_of[row.permission]:
            count[_way(row.holder)] += len(row.targets)
    return [Figure(count[way], way) for way in ("to groups", "to single users", "to everybody", "to keys", "to others")]


def _way(holder: object) -> str:
    match holder:
        case Group() if holder.id in EVERYBODY:
            return "to everybody"
        case Group():
            return "to groups"
        case User():
            return "to single users"
        case Credential():
            return "to keys"
        case _:
            return "to others"


def not_collected(export: Export) -> list[str]:
    """Say what could not be read: whoever reads the rest must know it."""
    found = caveats(export)
    if _is_bitbucket(export) and not any("is_licensed" in user.properties for user in export.users):
        found.append("who has a licence: every active user counts as licensed")
    return found


def not_asked(export: Export) -> list[str]:
    """Say what the export holds nothing of, because nobody asked for it, or because there is none."""
    if not _is_bitbucket(export):
        return []
    names = {name for resource in export.resources for name in resource.properties}
    kinds = {credential.id.partition(":")[0] for credential in export.credentials}
    held = {
        "SSH keys": any(kind.startswith("ssh-") for kind in kinds),
        "HTTP access tokens": "http-token" in kinds,
        "webhooks": "webhook_hosts" in names,
        "branch rules": "default_branch_protected" in names,
    }
    return [name for name, is_held in held.items() if not is_held]


def _is_bitbucket(export: Export) -> bool:
    return any(application.type == _BITBUCKET for application in export.applications)
