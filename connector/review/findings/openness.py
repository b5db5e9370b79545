"""Second looks at what is open to everybody."""

from __future__ import annotations

from collections.abc import Iterator

from connector.graph.access import Access
from connector.graph.values import Grant, Level
from connector.review.findings.finding import EVERYONE, LICENSED_USERS, Finding, Place, Urgency, place


def public(access: Access) -> Finding:
    """Find what can be read without signing in."""
    return Finding(
        "Readable without signing in",
        "Whoever reaches the server can read and clone these, without any account.",
        "Keep public only what is meant for the world.",
        Urgency.FIRST,
        tuple(_place(access, grant) for grant in _granted_to(access, EVERYONE)),
    )


def everybody_writes(access: Access) -> Finding:
    """Find what every licensed user can change."""
    return Finding(
        "Everybody with a licence can write",
        "The default permission of these projects lets each licensed user push, contractors and programs included.",
        "Lower the default permission, and grant write to the teams that need it.",
        Urgency.FIRST,
        tuple(_place(access, grant) for grant in _granted_to(access, LICENSED_USERS) if _level(grant) >= Level.WRITE),
    )


def everybody_reads(access: Access) -> Finding:
    """Find what every licensed user can read, and no more."""
    return Finding(
        "Everybody with a licence can read",
        "The default permission of these projects shows them to each licensed user.",
        "Fine for what the whole company shares; check that nothing confidential is among it.",
        Urgency.KNOW,
        tuple(_place(access, grant) for grant in _granted_to(access, LICENSED_USERS) if _level(grant) is Level.READ),
    )


def _granted_to(access: Access, group_id: str) -> Iterator[Grant]:
    for group in access.export.groups:
        if group.id == group_id:
            yield from access.export.grants_of(group)


def _level(grant: Grant) -> Level:
    return grant.permission.categories.level


def _place(access: Access, grant: Grant) -> Place:
    what, name = place(grant.on), grant.on.name
    below = len(access.export.descendants_of(grant.on)) if grant.permission.inherits else 0
    holds = [f"with {below} {'repository' if below == 1 else 'repositories'}"] if below else []
    return Place(what, ", ".join([*([name] if name not in what else []), *holds]), grant.on)
