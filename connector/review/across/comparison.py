"""Who has more on one server than on the other, how much more, and why.

What is compared is access: the level of each matched person on each matched repository, and on all of the server. It
is computed for all people at once, and a million combinations with one reason are one difference. What was gained is
what the new server gives and the old one does not; a loss is the same with the servers swapped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from connector.graph.export import Assignment
from connector.graph.values import (
    Application,
    Category,
    Group,
    Identity,
    Level,
    Node,
    Permission,
    Resource,
    User,
)
from connector.review.across.differences import AccessDifference, Cause, Found, Reason, folded
from connector.review.across.doubts import Doubts, doubts
from connector.review.across.matches import Matches
from connector.review.across.matching import Matching, Person
from connector.review.across.people_sets import STEPS, PeopleSets, Steps, bits, exactly, places
from connector.review.vocabulary import EVERYONE

CREATE = 2
"""The step on a project of the permission to create repositories, between write and admin."""

_Pair = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Row:
    """One person on one node, with the level on each of the servers."""

    person: Person
    old: Node
    new: Node
    before: Level
    after: Level
    reason: Reason
    on: Node


@dataclass(frozen=True, slots=True)
class Switched:
    """People who can use their access on one server and not on the other; None where an export does not say."""

    old: bool | None
    new: bool | None
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    sets: PeopleSets
    doubts: Doubts


@dataclass(frozen=True, slots=True)
class _View:
    """One node, seen from the server that may give more and from the one that may give less."""

    pair: _Pair
    more: _Side
    less: _Side
    node: Node
    counterpart: Node
    having: Steps
    lacking: Steps
    gained: bool


class ServerComparison:
    """What is different for matched people."""

    def __init__(self, matching: Matching) -> None:
        self.matching = matching
        self.matched_people = matching.matched_people()
        self.doubts = doubts(matching.old), doubts(matching.new)
        self._standings = [(_in_force(person.old), _in_force(person.new)) for person in self.matched_people]
        self._on_paper = bits([place for place, standing in enumerate(self._standings) if False in standing])
        counterparts = chain(matching.people.counterparts.items(), matching.group_counterparts().items())
        self._counterparts: dict[Identity, Identity] = {one: other for one, other in counterparts}  # noqa: C416 - of a wider type
        self._levels = self._sides(lambda permission: int(permission.categories.level))
        self._reached = 0, 0

    @cached_property
    def differences(self) -> list[AccessDifference]:
        """Give the differences on repositories and on all of the server; the most important ones first."""
        return folded(self._walk(self._levels, self._nodes()), self.matched_people)

    @cached_property
    def creators(self) -> list[AccessDifference]:
        """Give who may create repositories in a project on one server, and only writes in it on the other."""
        found = self._walk(self._sides(_step_on_project), _pairs(self.matching.projects))
        return folded(
            (one for one in found if (one.reason.step, one.other) == (CREATE, CREATE - 1)), self.matched_people
        )

    @cached_property
    def switched(self) -> list[Switched]:
        """Give the people who can use their access on one server only, and have some there."""
        _ = self.differences
        found: defaultdict[tuple[bool | None, bool | None], list[Person]] = defaultdict(list)
        for place in places(self._on_paper):
            old, new = self._standings[place]
            reached = self._reached[0 if new is False else 1]
            if old is not new and reached >> place & 1:
                found[old, new].append(self.matched_people[place])
        return [Switched(*standing, tuple(people)) for standing, people in found.items()]

    @property
    def is_conclusive(self) -> bool:
        """Whether both exports are complete, and there was something to compare."""
        return not any(self.doubts) and bool(self.matching.people.hints and self.matching.repositories.hints)

    @property
    def gained(self) -> bool:
        """Whether somebody certainly has more on the new server, and can use it."""
        return any(one.reason.gained for one in self.certain) or any(
            one.old is False and one.new for one in self.switched
        )

    @property
    def lost(self) -> bool:
        """Whether somebody certainly has less on the new server, and could use it."""
        return any(not one.reason.gained for one in self.certain) or any(
            one.old and one.new is False for one in self.switched
        )

    @property
    def certain(self) -> list[AccessDifference]:
        """Give the differences that are beyond doubt, for people who can use what they have."""
        return [one for one in self.differences if one.reason.is_certain and not one.reason.on_paper]

    def rows(self) -> Iterator[Row]:
        """Yield the differences on repositories and on all of the server one by one. There may be millions."""
        for one in self._walk(self._levels, self._nodes()):
            steps = (one.other, one.reason.step) if one.reason.gained else (one.reason.step, one.other)
            before, after = map(Level, steps)
            for place in places(one.people):
                yield Row(self.matched_people[place], one.old, one.new, before, after, one.reason, one.on)

    def _sides(self, step_of: Callable[[Permission], int]) -> tuple[_Side, _Side]:
        olds = {person.old: place for place, person in enumerate(self.matched_people) if person.old is not None}
        news = {person.new: place for place, person in enumerate(self.matched_people) if person.new is not None}
        old = _Side(PeopleSets(self.matching.old, olds, step_of), self.doubts[0])
        return old, _Side(PeopleSets(self.matching.new, news, step_of), self.doubts[1])

    def _nodes(self) -> Iterator[_Pair]:
        yield self.matching.old.applications[0], self.matching.new.applications[0]
        yield from _pairs(self.matching.repositories)

    def _walk(self, sides: tuple[_Side, _Side], nodes: Iterable[_Pair]) -> Iterator[Found]:
        """Yield what is different on each of some nodes."""
        old, new = sides
        for pair in nodes:
            before, after = old.sets.on(pair[0]), new.sets.on(pair[1])
            if sides is self._levels and self._on_paper:
                self._reached = self._reached[0] | before[0], self._reached[1] | after[0]
            if before != after:
                yield from self._risen(_View(pair, new, old, pair[1], pair[0], after, before, gained=True))
                yield from self._risen(_View(pair, old, new, pair[0], pair[1], before, after, gained=False))

    def _risen(self, view: _View) -> Iterator[Found]:
        """Divide the people who have a step on one server only among the grants that give it."""
        for step in STEPS:
            risen = exactly(view.having, step) & ~view.lacking[step - 1]
            for row, on, holders in view.more.sets.reasons(view.node, step) if risen else ():
                if people := risen & holders:
                    risen ^= people
                    yield from self._parts(view, step, row, on, people)
                if not risen:
                    break

    def _parts(self, view: _View, step: int, row: Assignment, on: Node, people: int) -> Iterator[Found]:
        """Divide people by whether they can use their access, and by what they have on the other server."""
        cause = self._cause(view, step, row, on)
        is_supposed = row.holder.id == EVERYONE and view.more.doubts.public
        is_certain = not (view.less.doubts.about(view.counterpart) or is_supposed)
        holder = None if isinstance(on, Application) and cause is Cause.DIRECT else row.holder
        for on_paper, some in ((False, people & ~self._on_paper), (True, people & self._on_paper)):
            reason = Reason(view.gained, step, cause, holder, row.permission, on_paper, is_certain)
            for other in range(step if some else 0):
                if part := some & exactly(view.lacking, other):
                    yield Found(reason, on, other, part, *view.pair)

    def _cause(self, view: _View, step: int, row: Assignment, on: Node) -> Cause:
        """Find out why the grant does not give as much on the other server."""
        is_group = isinstance(row.holder, Group)
        counterpart = self._counterparts.get(row.holder)
        if counterpart is None:
            return Cause.GROUP if is_group else Cause.DIRECT
        if is_group and view.less.sets.reaches(counterpart, view.counterpart, step):
            return Cause.MEMBERSHIP
        project = self.matching.projects.counterparts.get(on) if isinstance(on, Resource) else None
        # What they have on the project they would have on its repositories: this one is no longer one of them.
        if project is not None and view.less.sets.reaches(counterpart, project, step):
            return Cause.MOVE
        return Cause.GRANT if is_group else Cause.DIRECT


def _pairs(found: Matches[Resource]) -> Iterator[_Pair]:
    return ((one, found.counterparts[one]) for one in found.hints)


def _step_on_project(permission: Permission) -> int:
    """Give the step of a permission on a project: nothing, write, create, admin."""
    level = permission.categories.level
    if level is Level.ADMIN:
        return CREATE + 1
    return CREATE - (Category.DATA_CREATE not in permission.categories) if level is Level.WRITE else 0


def _in_force(user: User | None) -> bool | None:
    """Whether somebody can use what they are granted; None where the export does not say."""
    if user is None:
        return None
    if user.is_active is False or user.properties.get("is_licensed") is False:
        return False
    return user.is_active
