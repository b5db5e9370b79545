"""What a pipeline asserts about access: that somebody has the level they need, or no more than they should.

An assertion that cannot be proven fails. Somebody who cannot sign in has no access that they need, even if it is
granted. What an incomplete export does not know may be more than somebody should have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Credential, Identity, Level, Resource, User
from connector.review.caveats import is_complete
from connector.review.reach.questions import Question
from connector.review.text.names import where, who
from connector.text import clean


@dataclass(frozen=True, slots=True)
class Limits:
    """The levels asserted about everybody and everything in the question; None asserts nothing."""

    needs: Level | None = None
    at_most: Level | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold, as a sentence; `who` and `on` are None if it is about the whole export."""

    sentence: str
    who: Identity | None = None
    on: Resource | None = None


def failures(export: Export, question: Question, limits: Limits) -> list[Failure]:
    """Give the assertions that do not hold; a project stands for itself and all resources in it."""
    inside = (item for node in question.nodes for item in (node, *export.descendants_of(node)))
    nodes = tuple(dict.fromkeys(inside))
    found: list[Failure] = []
    if limits.needs is not None:
        found += _lacking(export, question, nodes, limits.needs)
    if limits.at_most is not None:
        found += _exceeding(export, question, nodes, limits.at_most)
    return found


def _lacking(export: Export, question: Question, nodes: tuple[Resource, ...], needed: Level) -> Iterator[Failure]:
    unusable = [one for one in export.identities if _is_switched_off(one)]
    access = Access(export, (*question.without, *unusable))
    for one in question.identities:
        levels = access.reach(one)
        ceiling = _ceiling(one)
        for node in nodes:
            level = min(levels.get(node, Level.NONE), ceiling)
            if level < needed:
                why = ", because the account is inactive" if one in unusable else ""
                yield Failure(
                    f"{clean(who(one))} needs {needed} on {clean(where(node))}, but has {level}{why}", one, node
                )


def _exceeding(export: Export, question: Question, nodes: tuple[Resource, ...], most: Level) -> Iterator[Failure]:
    if not is_complete(export):
        yield Failure("the export is incomplete: what it does not know may be more than is allowed")
    access = Access(export, question.without)
    for one in question.identities:
        levels = access.reach(one)
        for node in nodes or levels:
            level = levels.get(node, Level.NONE)
            if level > most:
                yield Failure(
                    f"{clean(who(one))} may have {most} at most on {clean(where(node))}, but has {level}", one, node
                )


def _is_switched_off(identity: Identity) -> bool:
    match identity:
        case User():
            return identity.is_active is False or identity.properties.get("is_licensed") is False
        case Credential():
            return identity.is_active is False
        case _:
            return False


def _ceiling(identity: Identity) -> Level:
    """Give the level that the permissions of a personal token allow at most, without regard to its owner."""
    permissions = identity.properties.get("permissions") if isinstance(identity, Credential) else None
    if not isinstance(permissions, str) or not permissions:
        return Level.ADMIN
    words = permissions.upper().replace(",", " ").split()
    return max(_level_named(word) for word in words)


def _level_named(permission: str) -> Level:
    return next((level for level in reversed(Level) if permission.endswith(f"_{level.name}")), Level.NONE)
