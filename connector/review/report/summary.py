"""The state in a few figures, and what the export was not asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Credential, Group, Identity, Level, Resource, User
from connector.model import Inclusion
from connector.review.findings.finding import levels
from connector.review.findings.openness import public_leaves
from connector.review.text.names import counted
from connector.review.vocabulary import ANONYMOUS, BITBUCKET, EVERYBODY


class Figure(NamedTuple):
    """One number of the state, and what it means."""

    number: int
    what: str
    detail: str = ""


def figures(export: Export) -> list[Figure]:
    """Count what the export holds, without the account and the groups that stand for everybody."""
    users = [user for user in export.users if user.id != ANONYMOUS]
    inactive = sum(user.is_active is False for user in users)
    groups = [group for group in export.groups if group.id not in EVERYBODY]
    top = export.top_resources
    below = len(export.resources) - len(top)
    public = len(public_leaves(Access(export)))
    found = [
        Figure(len(users), _plural("user", len(users)), f"{inactive:,} inactive" if inactive else ""),
        Figure(len(groups), _plural("group", len(groups))),
        Figure(len(top), _tops(top), _personal(top)),
        Figure(below, _belows(export, below)),
        Figure(administrators := _administrators(export), _plural("administrator", administrators), "of everything"),
        Figure(public, f"public {_belows(export, public)}", "readable without an account"),
        Figure(len(export.credentials), "keys and tokens"),
    ]
    return [figure for figure in found if figure.number or figure.what in {"users", "administrators"}]


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _belows(export: Export, count: int) -> str:
    if not _is_bitbucket(export):
        return "resources below" if count != 1 else "resource below"
    return counted(count, "repository", "repositories").partition(" ")[2]


def _tops(top: Sequence[Resource]) -> str:
    is_project = {resource.type for resource in top} <= {"Project"}
    return _plural("project" if is_project else "top resource", len(top))


def _personal(top: Sequence[Resource]) -> str:
    personal = sum(resource.properties.get("project_type") == "PERSONAL" for resource in top)
    return f"{personal:,} of them personal" if personal else ""


def _administrators(export: Export) -> int:
    access = Access(export)
    everything = [access.who_can(application) for application in export.applications]
    return len({user for who in everything for user, level in who.items() if level is Level.ADMIN})


def ways(export: Export) -> list[Figure]:
    """Count grants by the kind of their holder, without those that give no level."""
    count: Counter[str] = Counter()
    level_of = levels(export)
    for row in export.assignments:
        if level_of[row.permission]:
            count[_way(row.holder)] += len(row.targets)
    return [Figure(count[way], way) for way in ("to groups", "to single users", "to everybody", "to keys", "to others")]


def _way(holder: Identity) -> str:
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


def not_asked(export: Export) -> list[str]:
    """Name what could have been collected, but was not asked for."""
    if not (_is_bitbucket(export) and export.defined):
        return []
    return [each.label for each in Inclusion if each.marker not in export.defined]


def _is_bitbucket(export: Export) -> bool:
    return any(application.type == BITBUCKET for application in export.applications)
