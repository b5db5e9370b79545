"""What a finding is: something in an export that deserves a second look. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from connector.graph.export import Export
from connector.graph.values import Identity, Level, Node, Permission, Resource, User

EVERYONE = "bitbucket:everyone"
LICENSED_USERS = "bitbucket:licensed-users"
ANONYMOUS = "bitbucket:anonymous"
EVERYBODY = frozenset({EVERYONE, LICENSED_USERS})


class Urgency(IntEnum):
    """In which order to look at findings."""

    FIRST = 0
    SOON = 1
    KNOW = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found; `about` is what it is about, where that is one thing of the export."""

    what: str
    detail: str = ""
    about: Identity | Node | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: what it is, why it matters, what to do about it, and where it occurs."""

    title: str
    reason: str
    advice: str
    urgency: Urgency
    places: tuple[Place, ...]


def place(node: Node) -> str:
    """Name a project by its key and a repository by `KEY/slug`, or another node by its name."""
    properties = node.properties
    if isinstance(node, Resource) and "slug" in properties:
        return f"{properties.get('project_key')}/{properties['slug']}"
    return str(properties.get("key") or node.name) if isinstance(node, Resource) else node.name


def person(identity: Identity) -> str:
    """Name somebody by display name and user name, since several people may share the former."""
    username = identity.properties.get("username")
    return f"{identity.name} ({username})" if username and username != identity.name else identity.name


def some(names: list[str], most: int = 4) -> str:
    """Name a few things, and count the rest."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:most])} and {rest} more"


def moment(text: object) -> datetime | None:
    """Read an RFC 3339 time; what is none is None."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def newest(export: Export) -> datetime | None:
    """Give the newest time at which anything in the export happened.

    It stands for the time of the export, which holds no clock: "a year ago" means a year before this.
    """
    return max(filter(None, map(moment, _times(export))), default=None)


def _times(export: Export) -> Iterator[str | None]:
    for user in export.users:
        yield user.last_login_at
        yield user.created_at
    for credential in export.credentials:
        yield credential.last_used_at
        yield credential.created_at


def levels(export: Export) -> dict[Permission, Level]:
    """Give the level of each permission, worked out once: there may be a million grants."""
    return {permission: permission.categories.level for permission in export.permissions}


def is_service(user: User) -> bool:
    """Whether an account is known to act for a program."""
    return user.user_type == "service_account"
