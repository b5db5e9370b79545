"""Differences in access with their reasons: as they are found, and grouped by reason for people. Values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connector.graph.values import Identity, Node, Permission
from connector.review.across.matching import Person
from connector.review.across.people_sets import places

_FEW = 64
"""Up to this number people are kept as places: one high bit makes a long integer, and there may be very many."""


class Cause(StrEnum):
    """Why the one server does not give what the other one gives."""

    GRANT = "grant"
    """The group has no grant that gives as much."""
    GROUP = "group"
    """The group has no counterpart."""
    MEMBERSHIP = "membership"
    """The group has as much, but not these members."""
    MOVE = "move"
    """They have as much on the same project, but the repository lies in another one."""
    DIRECT = "direct"
    """The person was granted it alone, and has no such grant."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is a difference. `step` is what the people have on the server that gives more, by one permission."""

    gained: bool
    step: int
    cause: Cause
    holder: Identity | None
    """The holder of the grant; None where each person was granted administration of everything directly."""
    permission: Permission
    on_paper: bool
    """Whether it is about people who are inactive or have no licence on one of the servers."""
    is_certain: bool
    """Whether the export that shows less is complete there."""


@dataclass(frozen=True, slots=True)
class Found:
    """The same difference of some people on one node; `other` is the step that they have on the other server."""

    reason: Reason
    on: Node
    """The node on which the grant is."""
    other: int
    people: int
    old: Node
    new: Node


@dataclass(frozen=True, slots=True)
class AccessDifference:
    """All differences with one reason. Not every person has one on every node: `combinations` counts them."""

    reason: Reason
    people: tuple[Person, ...]
    nodes: tuple[Node, ...]
    """The nodes that differ, as the old server has them."""
    on: tuple[Node, ...]
    others: frozenset[int]
    combinations: int


def folded(found: Iterable[Found], matched_people: Sequence[Person]) -> list[AccessDifference]:
    """Group what was found by its reason; gains first, the most important ones first."""
    folds: defaultdict[Reason, _Fold] = defaultdict(_Fold)
    for one in found:
        folds[one.reason].add(one)
    return sorted((fold.difference(reason, matched_people) for reason, fold in folds.items()), key=_importance)


class _Fold:
    def __init__(self) -> None:
        self._few: set[int] = set()
        self._many = 0
        self._nodes: list[Node] = []
        self._on: dict[Node, None] = {}
        self._others: set[int] = set()
        self._combinations = 0

    def add(self, found: Found) -> None:
        count = found.people.bit_count()
        if count <= _FEW:
            self._few.update(places(found.people))
        else:
            self._many |= found.people
        # Nodes come one after the other, each with all that is found on it.
        if not self._nodes or self._nodes[-1] is not found.old:
            self._nodes.append(found.old)
        self._on[found.on] = None
        self._others.add(found.other)
        self._combinations += count

    def difference(self, reason: Reason, matched_people: Sequence[Person]) -> AccessDifference:
        everybody = self._few.union(places(self._many)) if self._many else self._few
        people = tuple(matched_people[place] for place in sorted(everybody))
        nodes, on, others = tuple(self._nodes), tuple(self._on), frozenset(self._others)
        return AccessDifference(reason, people, nodes, on, others, self._combinations)


def _importance(one: AccessDifference) -> tuple[object, ...]:
    """Order gains by what they give, and losses by how much one repair would mend."""
    reason = one.reason
    size = (-reason.step, -one.combinations) if reason.gained else (-one.combinations, -reason.step)
    holder = (reason.holder.name.lower(), reason.holder.id) if reason.holder else ("", "")
    names = (reason.cause, *holder, reason.permission.name)
    return not reason.gained, *size, *names, reason.on_paper, reason.is_certain
