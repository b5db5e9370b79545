"""What changed grants and memberships mean: who gained or lost which level on which resource, and through what.

There are too many combinations of a user and a resource to look at each. Only subjects and resources that a
change can affect are compared, and a set of subjects is one integer with a bit for each of them, so that
thousands are compared at once. A gain is a level that is higher in the new export, a loss one that is higher in
the old export.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from connector.graph.access import Access
from connector.graph.export import Assignment, Export
from connector.graph.values import Credential, Group, Identity, Level, Node, Permission, Resource, User, lineage
from connector.review.diff.matching import Matching

_SHORT = 4096
_LEVELS = (Level.READ, Level.WRITE, Level.ADMIN)


class Cause(StrEnum):
    """Why somebody gained or lost access: what the export with the higher level has and the other lacks."""

    GRANT = "grant"
    MEMBERSHIP = "membership"
    RESOURCE = "resource"
    MOVE = "move"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Subjects:
    """A set of identities: those in `everybody` whose bits are set."""

    bits: int
    everybody: Sequence[Identity]

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __iter__(self) -> Iterator[Identity]:
        digits = bin(self.bits)[:1:-1]
        place = digits.find("1")
        while place >= 0:
            yield self.everybody[place]
            place = digits.find("1", place + 1)


@dataclass(frozen=True, slots=True)
class Part:
    """All the subjects have the level `other` on each of the resources in the export with the lower level."""

    subjects: Subjects
    other: Level
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Consequence:
    """A level that several subjects gained or lost, through the grants of one identity and for one cause."""

    gained: bool
    level: Level
    cause: Cause
    through: Identity
    parts: tuple[Part, ...]

    @property
    def subjects(self) -> Subjects:
        """The subjects of all parts."""
        bits = 0
        for part in self.parts:
            bits |= part.subjects.bits
        return Subjects(bits, self.parts[0].subjects.everybody)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of all parts, once each."""
        return tuple(dict.fromkeys(item for part in self.parts for item in part.resources))

    @property
    def pairs(self) -> int:
        """The number of combinations of a subject and a resource."""
        return sum(len(part.subjects) * len(part.resources) for part in self.parts)


def consequences(matching: Matching) -> list[Consequence]:
    """Give who gained and who lost what; gains first, then by level and number of combinations.

    Subjects are users, and credentials and others with grants of their own. Groups are none: they only pass
    their access on.
    """
    old, new = _Side(matching, matching.old), _Side(matching, matching.new)
    changed, others = _changed_and_others(old, new, matching)
    subjects = [*changed, *others]
    gains, losses = _Found(), _Found()
    for side in (old, new):
        side.number(subjects)
    for some in (range(len(changed)), range(len(changed), len(subjects))):
        for side in (old, new):
            side.select(some)
        _collect(gains, old, new, matching)
        _collect(losses, new, old, matching)
    found = [*_consequences_of(gains, subjects, gained=True), *_consequences_of(losses, subjects, gained=False)]
    return sorted(found, key=_importance)


def _importance(one: Consequence) -> tuple[object, ...]:
    return not one.gained, -one.level, -one.pairs, one.cause, one.through.name.lower(), one.through.id


class _Side:
    """One of the two exports, and what it has that the other one lacks."""

    def __init__(self, matching: Matching, export: Export) -> None:
        self.export = export
        self.access = Access(export)
        self._matching = matching
        self._levels = {permission: permission.categories.level for permission in export.permissions}
        self._by_name = {permission.name.lower(): permission for permission in export.permissions}
        self._extra = self._extra_grants()
        self._arrived = {item for item in export.resources if self._has_arrived(item)}
        self._newcomers = 0
        self._numbers: dict[Identity, int] = {}
        self.select(range(0))

    def number(self, subjects: Sequence[Identity]) -> None:
        """Give each subject its bit, the same as that of its counterpart."""
        for place, one in enumerate(subjects):
            own: Identity | None = one if one.application in self.export.applications else self._matching.identity(one)
            if own is not None:
                self._numbers[own] = place
                self._newcomers |= (self._matching.identity(own) is None) << place

    def select(self, some: range) -> None:
        """Restrict all that follows to some of the subjects."""
        self._some = some
        self._everybody = (1 << some.stop) - (1 << some.start)
        self._bits: dict[Identity, int] = {}
        self._facts: dict[Assignment, tuple[Level, int]] = {}
        self._latest: dict[bool, tuple[Node, int, _Bits]] = {}

    def changed(self) -> set[Identity]:
        """Give the identities that may have more access here because of a link or grant of their own."""
        holders = {borrower for borrower, _ in self._extra_links}
        holders.update(holder for holder, _, _ in self._extra if not isinstance(holder, Group))
        return {one for holder in holders for one in self.access.beneficiaries(holder)}

    def affected(self) -> set[Identity]:
        """Give the identities that may have more access here than in the other export."""
        holders = {holder for holder, _, _ in self._extra}
        holders.update(row.holder for item in self._arrived for row, _ in self.access.reaching(item))
        return self.changed().union(*(self.access.beneficiaries(holder) for holder in holders))

    def candidates(self) -> Iterator[tuple[Resource, int]]:
        """Yield the resources on which somebody may have more access here, and the subjects that may have it."""
        here: dict[Node, int] = defaultdict(int)
        below: dict[Node, int] = defaultdict(int)
        for holder, permission, node in self._extra:
            (below if permission.inherits else here)[node] |= self._drawing_on(holder)
        for lender, bits in self._newly_drawn_on().items():
            for row in self.export.assignments_of(lender):
                for node in row.targets if self._levels[row.permission] else ():
                    (below if row.permission.inherits else here)[node] |= bits
        for item in self.export.resources:
            if (above := below.get(item.parent, 0)) or item in below:
                below[item] |= above
            mask = self._everybody if item in self._arrived else here.get(item, 0) | below.get(item, 0)
            if mask:
                yield item, mask

    def levels(self, node: Resource | None, mask: int) -> _Bits:
        """Give the subjects, among some, with at least read, at least write, and admin on a node; nobody on None."""
        if node is None:
            return _NOBODY
        return self._joined(self._from_above(node.parent, mask), self.export.assignments_on(node), mask)

    def attributed(self, node: Resource, level: Level, risen: int) -> Iterator[tuple[Cause, Identity, int]]:
        """Divide the subjects that have a level only here among the grants that give it."""
        for row, on in self.access.reaching(node):
            given, bits = self._fact(row)
            if given is level and (through_this := risen & bits):
                risen ^= through_this
                if newcomers := through_this & self._newcomers:
                    yield Cause.SUBJECT, row.holder, newcomers
                if others := through_this ^ newcomers:
                    yield self._cause(node, row, on), row.holder, others
                if not risen:
                    return

    def _cause(self, node: Resource, row: Assignment, on: Node) -> Cause:
        if self._matching.node(node) is None:
            return Cause.RESOURCE
        if (row.holder, row.permission, on) in self._extra:
            return Cause.GRANT
        counterpart, source = self._matching.node(node), self._matching.node(on)
        stays = counterpart is not None and any(step is source for step in lineage(counterpart))
        return Cause.MEMBERSHIP if stays else Cause.MOVE

    @cached_property
    def _extra_links(self) -> list[tuple[Identity, Identity]]:
        """Give pairs of identities: the first has the access of the second here, but not in the other export."""
        other = Access(self._matching.other(self.export))
        links: list[tuple[Identity, Identity]] = []
        for one in self.export.identities:
            counterpart = self._matching.identity(one)
            theirs = other.direct_sources(counterpart) if counterpart else ()
            known = {self._matching.identity(lender) for lender in theirs}
            links.extend((one, lender) for lender in self.access.direct_sources(one) if lender not in known)
        return links

    def _extra_grants(self) -> dict[tuple[Identity, Permission, Node], None]:
        """Give the grants that the other export lacks, or that mean something else there; in a fixed order."""
        extra = ((holder, self._by_name[name], node) for holder, name, node in self._matching.extra_grants(self.export))
        found = {grant: None for grant in extra if self._levels[grant[1]]}
        theirs = {item.name.lower(): item for item in self._matching.other(self.export).permissions}
        for row in self.export.assignments:
            same = theirs.get(row.permission.name.lower(), row.permission)
            if (same.categories, same.inherits) != (row.permission.categories, row.permission.inherits):
                found.update(((row.holder, row.permission, node), None) for node in row.targets)
        return found

    def _newly_drawn_on(self) -> dict[Identity, int]:
        """Give the identities whose grants may count for more subjects here than in the other export, and for which."""
        found: defaultdict[Identity, int] = defaultdict(int)
        for borrower, lender in self._extra_links:
            bits = self._drawing_on(borrower)
            for source in self.access.sources(lender) if bits else ():
                found[source] |= bits
        return found

    def _has_arrived(self, item: Resource) -> bool:
        steps = (step for step in lineage(item) if isinstance(step, Resource))
        return any(self._matching.node(step) is None or self._matching.has_moved(step) for step in steps)

    def _from_above(self, node: Node, mask: int) -> _Bits:
        """Give who has what by inheritance. The latest answer is kept, because the next resource asks for the same."""
        is_top = not isinstance(node, Resource)
        known, asked, bits = self._latest.get(is_top, (None, 0, _NOBODY))
        if known is node and asked == mask:
            return bits
        above = self._from_above(node.parent, mask) if isinstance(node, Resource) else _NOBODY
        bits = self._joined(above, self.export.assignments_inherited_from(node), mask)
        self._latest[is_top] = node, mask, bits
        return bits

    def _joined(self, above: _Bits, rows: Iterable[Assignment], mask: int) -> _Bits:
        read, write, admin = above
        for row in rows:
            level, bits = self._facts.get(row) or self._fact(row)
            if level is Level.READ:
                read |= bits & mask
            elif level is Level.WRITE:
                write |= bits & mask
            elif level is Level.ADMIN:
                admin |= bits & mask
        write |= admin
        return read | write, write, admin

    def _fact(self, row: Assignment) -> tuple[Level, int]:
        """Give the level of a grant and the subjects that it counts for; kept, unless it is a long integer for one."""
        if (known := self._facts.get(row)) is not None:
            return known
        fact = self._levels[row.permission], self._drawing_on(row.holder)
        if isinstance(row.holder, Group) or fact[1].bit_length() < _SHORT:
            self._facts[row] = fact
        return fact

    def _drawing_on(self, holder: Identity) -> int:
        """Give the subjects for which the grants of a holder count."""
        if isinstance(holder, User) and not self.export.credentials_of(holder):
            place = self._numbers.get(holder, -1)
            return 1 << place if place in self._some else 0
        if holder not in self._bits:
            places = (self._numbers.get(one, -1) for one in self.access.beneficiaries(holder))
            self._bits[holder] = _bitset([place for place in places if place in self._some])
        return self._bits[holder]


_Bits = tuple[int, int, int]
"""Sets of subjects: at least read, at least write, admin."""

_NOBODY: _Bits = (0, 0, 0)


def _bitset(places: Sequence[int]) -> int:
    digits = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        digits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(digits, "little")


def _changed_and_others(old: _Side, new: _Side, matching: Matching) -> tuple[list[Identity], list[Identity]]:
    """Give the subjects that may have gained or lost anything, in the order of the exports, counterparts once.

    The first list holds those whose own links or grants changed: they are few, and much may have changed for
    each. The second list holds the others.
    """
    old_only = (one for one in matching.old.identities if matching.identity(one) is None)
    subjects = [one for one in (*matching.new.identities, *old_only) if _is_subject(one, matching)]
    changed = old.changed() | new.changed()
    affected = old.affected() | new.affected()
    first = [one for one in subjects if one in changed or matching.identity(one) in changed]
    known = frozenset(first)
    others = (one for one in subjects if one in affected or matching.identity(one) in affected)
    return first, [one for one in others if one not in known]


def _is_subject(one: Identity, matching: Matching) -> bool:
    if isinstance(one, Credential):
        counterpart = matching.identity(one)
        exports = (matching.new, matching.old)
        return any(export.assignments_of(each) for export in exports for each in (one, counterpart) if each is not None)
    return not isinstance(one, Group)


_Reason = tuple[Level, Cause, Identity]


class _Found(defaultdict[_Reason, defaultdict[tuple[Level, int], list[Resource]]]):
    """Higher levels by level, cause and holder; then the resources by level before and set of subjects."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(list))


def _collect(found: _Found, before: _Side, after: _Side, matching: Matching) -> None:
    """Find the levels that are higher after than before; swap the two to find losses."""
    is_new = after.export is matching.new
    for node, mask in after.candidates():
        counterpart = matching.node(node)
        then = before.levels(counterpart if isinstance(counterpart, Resource) else None, mask)
        shown = node if is_new or not isinstance(counterpart, Resource) else counterpart
        for level, cause, holder, other, bits in _risen(after, node, then, mask):
            through = holder if is_new else matching.identity(holder) or holder
            found[level, cause, through][other, bits].append(shown)


def _consequences_of(found: _Found, subjects: Sequence[Identity], *, gained: bool) -> Iterator[Consequence]:
    for (level, cause, through), resources in found.items():
        parts = [Part(Subjects(bits, subjects), other, tuple(items)) for (other, bits), items in resources.items()]
        yield Consequence(gained, level, cause, through, tuple(parts))


def _risen(after: _Side, node: Resource, then: _Bits, mask: int) -> Iterator[tuple[Level, Cause, Identity, Level, int]]:
    now = after.levels(node, mask)
    if now == then:
        return
    for level in _LEVELS:
        risen = _exactly(now, level) & ~then[level - 1]
        for cause, holder, subjects in after.attributed(node, level, risen) if risen else ():
            for other in range(level):
                if bits := subjects & _exactly(then, Level(other)):
                    yield level, cause, holder, Level(other), bits


def _exactly(bits: _Bits, level: Level) -> int:
    """Give the subjects with a level and no higher one; for NONE an endless set, to be intersected with another."""
    reached = bits[level - 1] if level else -1
    return reached & ~bits[level] if level < Level.ADMIN else reached
