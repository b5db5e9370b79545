"""Values of findings: what a check looks for, where it was found, and what was accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Grant, Identity, Level, Node, Permission, Resource, User
from connector.review.text.names import handle, where


class Urgency(IntEnum):
    """In which order to look at findings."""

    FIRST = 0
    SOON = 1
    KNOW = 2


@dataclass(frozen=True, slots=True)
class Place:
    """One occurrence of a finding. `about` is the identity or node that it is about, `grants` the grants if only some.

    Places of one `group` are shown together; without it, repositories of one project are.
    """

    what: str
    detail: str
    about: Identity | Node
    group: str = ""
    grants: tuple[Grant, ...] = ()

    @property
    def subject(self) -> str:
        """The name by which it is accepted: a user name, the name of a group, the id of a key, `KEY` or `KEY/slug`."""
        return handle(self.about) if isinstance(self.about, Identity) else where(self.about)

    @property
    def covered_by(self) -> set[str]:
        """The subjects that accept it, in lower case: its own, its group, and for a repository its project."""
        names = [self.subject, *filter(None, [self.group]), *([where(self.project)] if self.project else [])]
        return {name.lower() for name in names}

    @property
    def project(self) -> Resource | None:
        """The project of the repository that it is about."""
        parent = self.about.parent if isinstance(self.about, Resource) else None
        return parent if isinstance(parent, Resource) else None

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.group, self.what, self.detail)))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The decision that a finding is acceptable for a subject, up to and including a day."""

    finding: str
    subject: str
    until: date
    why: str
    by: str
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `places` are open; of them, `returned` holds those whose acceptance has expired."""

    id: str
    title: str
    reason: str
    advice: str
    urgency: Urgency
    places: tuple[Place, ...]
    note: str = ""
    """How its number relates to other numbers, if that needs to be said."""
    accepted: tuple[tuple[Place, Acceptance], ...] = ()
    returned: tuple[tuple[Place, Acceptance], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look for in an export. `id` is fixed, because files of acceptances and links name it."""

    id: str
    title: str
    reason: str
    advice: str
    urgency: Urgency
    find: Callable[[Access], Iterable[Place]]
    note: Callable[[Access, Sequence[Place]], str] = lambda _access, _places: ""
    flags_grants: bool = False
    """Whether a review marks the grants of the identities found: those that the place names, or else all."""

    def run(self, access: Access) -> Finding:
        """Look for it in one export."""
        places = tuple(self.find(access))
        note = self.note(access, places) if places else ""
        return Finding(self.id, self.title, self.reason, self.advice, self.urgency, places, note)


def levels(export: Export) -> dict[Permission, Level]:
    """Give the level of each permission, worked out once: there may be a million grants."""
    return {permission: permission.categories.level for permission in export.permissions}


def is_service(user: User) -> bool:
    """Whether an account is known to act for a program."""
    return user.user_type == "service_account"
