"""Checks of what is open to everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.graph.access import Access
from connector.graph.values import Grant, Level, Resource
from connector.review.findings.finding import Place
from connector.review.text.names import counted, resources, where
from connector.review.vocabulary import EVERYONE, LICENSED_USERS


def public(access: Access) -> Iterator[Place]:
    """Find projects and repositories that can be read without signing in."""
    return (_place(access, grant) for grant in _granted_to(access, EVERYONE))


def public_note(access: Access, places: Sequence[Place]) -> str:
    """Say how many repositories these are, as the figure above says it."""
    marked = resources(place.about for place in places if isinstance(place.about, Resource))
    return f"{marked} marked public, which makes {counted(len(public_leaves(access)), 'repository', 'repositories')}"


def public_leaves(access: Access) -> set[Resource]:
    """Give the resources without any resource in them that can be read without signing in."""
    everyone = [group for group in access.export.groups if group.id == EVERYONE]
    reached = {resource for group in everyone for resource in access.reach(group)}
    return reached - {resource.parent for resource in reached}


def default_write(access: Access) -> Iterator[Place]:
    """Find projects that every licensed user can change."""
    granted = _granted_to(access, LICENSED_USERS)
    return (_place(access, grant) for grant in granted if _level(grant) >= Level.WRITE)


def default_read(access: Access) -> Iterator[Place]:
    """Find projects that every licensed user can read, but not change."""
    granted = _granted_to(access, LICENSED_USERS)
    return (_place(access, grant) for grant in granted if _level(grant) is Level.READ)


def _granted_to(access: Access, group_id: str) -> Iterator[Grant]:
    for group in access.export.groups:
        if group.id == group_id:
            yield from access.export.grants_of(group)


def _level(grant: Grant) -> Level:
    return grant.permission.categories.level


def _place(access: Access, grant: Grant) -> Place:
    what, name = where(grant.on), grant.on.name
    below = len(access.export.descendants_of(grant.on)) if grant.permission.inherits else 0
    holds = [f"with {counted(below, 'repository', 'repositories')}"] if below else []
    return Place(what, ", ".join([*([name] if name not in what else []), *holds]), grant.on)
