"""What in an export deserves a second look, each with its reason and a list. Needs no network.

About Bitbucket's own properties, as `publish.vocabulary` defines them; in another application's payload
there is nothing of it to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.review.access import Access
from connector.review.export import Export
from connector.review.values import Application, Level, Resource, User

_EVERYONE = "bitbucket:everyone"
_LICENSED_USERS = "bitbucket:licensed-users"
_EVERYBODY = frozenset({_EVERYONE, _LICENSED_USERS})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: what it is, why it matters, and where it occurs."""

    title: str
    reason: str
    places: tuple[str, ...]


def second_look(export: Export) -> list[Finding]:
    """Give what was looked for, the widest first; a finding without places was not found."""
    return [
        Finding("public", "anybody can read it, without signing in", tuple(_granted_to(export, _EVERYONE))),
        Finding("open to everybody", "every licensed user has access", tuple(_granted_to(export, _LICENSED_USERS))),
        Finding("administrators", "can do everything everywhere", tuple(_administrators(export))),
        Finding("inactive with grants", "access waits for whoever reactivates them", tuple(_inactive(export))),
    ]


def place(resource: Resource) -> str:
    """Name a project by its key and a repository by `KEY/slug`, or another resource by its name."""
    properties = resource.properties
    if "slug" in properties:
        return f"{properties.get('project_key')}/{properties['slug']}"
    return str(properties.get("key") or resource.name)


def _granted_to(export: Export, group_id: str) -> Iterator[str]:
    for group in export.groups:
        if group.id == group_id:
            for grant in export.grants_of(group):
                if isinstance(grant.on, Resource):
                    yield f"{place(grant.on)} ({grant.permission.name})"


def _administrators(export: Export) -> Iterator[str]:
    access = Access(export)
    for application in export.applications:
        for user, level in access.who_can(application).items():
            if level is Level.ADMIN:
                yield f"{user.name} ({'; '.join(_ways(access, user, application))})"


def _ways(access: Access, user: User, application: Application) -> Iterator[str]:
    for path in access.paths(user, application):
        if path.level is Level.ADMIN:
            through = "".join(f" through {step.name}" for step in path.chain[1:])
            yield f"{path.grant.permission.name}{through}"


def _inactive(export: Export) -> Iterator[str]:
    """Give inactive users with access of their own or a group's, leaving out what everybody has."""
    everybody = [group for group in export.groups if group.id in _EVERYBODY]
    access = Access(export, without=everybody)
    for user in export.users:
        if user.is_active is False and (reached := len(access.reach(user))):
            yield f"{user.name} ({reached} projects and repositories)"
