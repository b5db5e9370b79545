"""What people, groups and repositories of two servers are called, so that nobody is taken for a namesake."""

from __future__ import annotations

from collections.abc import Iterator

from connector.graph.values import Group, Identity, Node, Resource, User
from connector.review.across.people import username
from connector.review.across.resources import is_personal
from connector.review.findings.finding import is_service
from connector.review.text.names import state, where, who
from connector.review.vocabulary import ANONYMOUS
from connector.text import clean

Thing = Identity | Node


def called(one: Thing) -> str:
    """Call something so that it is known among others of its server."""
    match one:
        case User() if one.id == ANONYMOUS:
            return "anybody who is not signed in"
        case User():
            own = username(one) or one.email or one.id
            return clean(one.name if own == one.name else f"{one.name} ({own})")
        case Identity():
            return clean(who(one))
        case _:
            return clean(where(one))


def remarks(one: Thing) -> Iterator[str]:
    """Yield what matters about something that may have no counterpart."""
    match one:
        case User():
            yield from filter(None, [state(one), "service account" if is_service(one) else ""])
            if one.properties.get("in_directory") is False or one.properties.get("is_member") is False:
                yield "named by grants or groups only"
        case Group() if one.properties.get("in_directory") is False:
            yield "named by grants only"
        case Resource():
            if is_personal(one):
                yield "personal"
            if one.properties.get("is_archived") is True:
                yield "archived"


def with_remarks(one: Thing) -> str:
    """Call something, and say what matters about it."""
    return ", ".join((called(one), *remarks(one)))
