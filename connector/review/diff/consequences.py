"""What changed grants and memberships mean: who gained or lost which level on what, and through what.

Nothing is computed for each user and resource. Only subjects and resources that a change can touch are looked
at; sets of subjects are the bits of one integer, so that a whole crowd is compared at once. What was gained is
what rises from the old export to the new one, and what was lost rises from the new one to the old one.
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
from connector.review.diff.matching import Pairing

_SHORT = 4096
_LEVELS = (Level.READ, Level.WRITE, Level.ADMIN)


class Cause(StrEnum):
    """Why somebody gained, or lost: what is new in the export that has more."""

    GRANT = "grant"
    MEMBERSHIP = "membership"
    RESOURCE = "resource"
    MOVE = "move"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Crowd:
    """A set of subjects: those of the roster whose bits are set."""

    bits: int
    roster: Sequence[Identity]

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __iter__(self) -> Iterator[Identity]:
        digits = bin(self.bits)[:1:-1]
        place = digits.find("1")
        while place >= 0:
            yield self.roster[place]
            place = digits.find("1", place + 1)


@dataclass(frozen=True, slots=True)
class Part:
    """Everybody in the crowd has `other` on each of the resources in the export that has less."""

    crowd: Crowd
    other: Level
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Consequence:
    """A level that a crowd gained, or lost, through one holder of grants and for one cause."""

    gained: bool
    level: Level
    cause: Cause
    through: Identity
    parts: tuple[Part, ...]

    @property
    def crowd(self) -> Crowd:
        """Everybody in any of the parts."""
        bits = 0
        for part in self.parts:
            bits |= part.crowd.bits
        return Crowd(bits, self.parts[0].crowd.roster)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of all parts, once each."""
        return tuple(dict.fromkeys(item for part in self.parts for item in part.resources))

    @property
    def pairs(self) -> int:
        """How many combinations of somebody and a resource it is about."""
        return sum(len(part.crowd) * len(part.resources) for part in self.parts)


def consequences(pairing: Pairing) -> list[Consequence]:
    """Give who gained and who lost what, the highest level and the most affected first.

    Subjects are users, and credentials and others with grants of their own; groups only pass on what they have.
    """
    old, new = _Side(pairing, pairing.old), _Side(pairing, pairing.new)
    changed, others = _rosters(old, new, pairing)
    roster = [*changed, *others]
    gains, losses = _Folds(), _Folds()
    for side in (old, new):
        side.number(roster)
    for some in (range(len(changed)), range(len(changed), len(roster))):
        for side in (old, new):
            side.look_at(some)
        _collect(gains, old, new, pairing)
        _collect(losses, new, old, pairing)
    found = [*_unfolded(gains, roster, gained=True), *_unfolded(losses, roster, gained=False)]
    return sorted(found, key=_importance)


def _importance(one: Consequence) -> tuple[object, ...]:
    return not one.gained, -one.level, -one.pairs, one.cause, one.through.name.lower(), one.through.id


class _Side:
    """One of the two exports, and what it has that the other one has not."""

    def __init__(self, pairing: Pairing, export: Export) -> None:
        self.export = export
        self.access = Access(export)
        self._pairing = pairing
        self._levels = {permission: permission.categories.level for permission in export.permissions}
        self._by_name = {permission.name.lower(): permission for permission in export.permissions}
        self._extra = self._extra_grants()
        self._arrived = {item for item in export.resources if self._has_arrived(item)}
        self._newcomers = 0
        self._numbers: dict[Identity, int] = {}
        self.look_at(range(0))

    def number(self, roster: Sequence[Identity]) -> None:
        """Give each subject the place of its bit, which it shares with its twin."""
        for place, one in enumerate(roster):
            own: Identity | None = one if one.application in self.export.applications else self._pairing.identity(one)
            if own is not None:
                self._numbers[own] = place
                self._newcomers |= (self._pairing.identity(own) is None) << place

    def look_at(self, some: range) -> None:
        """Look at some of the subjects only, from now on."""
        self._some = some
        self._everybody = (1 << some.stop) - (1 << some.start)
        self._bits: dict[Identity, int] = {}
        self._facts: dict[Assignment, tuple[Level, int]] = {}
        self._latest: dict[bool, tuple[Node, int, _Bits]] = {}

    def changed(self) -> set[Identity]:
        """Give everybody who may have more here because of a link or grant of their own."""
        holders = {borrower for borrower, _ in self._extra_links}
        holders.update(holder for holder, _, _ in self._extra if not isinstance(holder, Group))
        return {one for holder in holders for one in self.access.beneficiaries(holder)}

    def affected(self) -> set[Identity]:
        """Give everybody who may have more here than in the other export."""
        holders = {holder for holder, _, _ in self._extra}
        holders.update(row.holder for item in self._arrived for row, _ in self.access.reaching(item))
        return self.changed().union(*(self.access.beneficiaries(holder) for holder in holders))

    def suspects(self) -> Iterator[tuple[Resource, int]]:
        """Yield the resources of which somebody may have more here, and who that may be."""
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
        """Give who among some has at least read, at least write, and admin; nobody on what does not exist here."""
        if node is None:
            return _NOBODY
        return self._joined(self._from_above(node.parent, mask), self.export.assignments_on(node), mask)

    def attributed(self, node: Resource, level: Level, risen: int) -> Iterator[tuple[Cause, Identity, int]]:
        """Share out those who have a level here and not there among the grants that give it."""
        for row, on in self.access.reaching(node):
            given, bits = self._fact(row)
            if given is level and (crowd := risen & bits):
                risen ^= crowd
                if newcomers := crowd & self._newcomers:
                    yield Cause.SUBJECT, row.holder, newcomers
                if others := crowd ^ newcomers:
                    yield self._cause(node, row, on), row.holder, others
                if not risen:
                    return

    def _cause(self, node: Resource, row: Assignment, on: Node) -> Cause:
        if self._pairing.node(node) is None:
            return Cause.RESOURCE
        if (row.holder, row.permission, on) in self._extra:
            return Cause.GRANT
        twin, source = self._pairing.node(node), self._pairing.node(on)
        stays = twin is not None and any(step is source for step in lineage(twin))
        return Cause.MEMBERSHIP if stays else Cause.MOVE

    @cached_property
    def _extra_links(self) -> list[tuple[Identity, Identity]]:
        """Give who has somebody's access here, of whom it has none in the other export."""
        other = Access(self._pairing.other(self.export))
        links: list[tuple[Identity, Identity]] = []
        for one in self.export.identities:
            twin = self._pairing.identity(one)
            theirs = other.draws_on(twin) if twin else ()
            known = {self._pairing.identity(lender) for lender in theirs}
            links.extend((one, lender) for lender in self.access.draws_on(one) if lender not in known)
        return links

    def _extra_grants(self) -> dict[tuple[Identity, Permission, Node], None]:
        """Give grants that the other export has not, or in which it does not see the same; in a fixed order."""
        extra = ((holder, self._by_name[name], node) for holder, name, node in self._pairing.extra_grants(self.export))
        found = {grant: None for grant in extra if self._levels[grant[1]]}
        theirs = {item.name.lower(): item for item in self._pairing.other(self.export).permissions}
        for row in self.export.assignments:
            same = theirs.get(row.permission.name.lower(), row.permission)
            if (same.categories, same.inherits) != (row.permission.categories, row.permission.inherits):
                found.update(((row.holder, row.permission, node), None) for node in row.targets)
        return found

    def _newly_drawn_on(self) -> dict[Identity, int]:
        """Give whose grants count for somebody for whom they may not count in the other export, and for whom."""
        found: defaultdict[Identity, int] = defaultdict(int)
        for borrower, lender in self._extra_links:
            bits = self._drawing_on(borrower)
            for source in self.access.sources(lender) if bits else ():
                found[source] |= bits
        return found

    def _has_arrived(self, item: Resource) -> bool:
        steps = (step for step in lineage(item) if isinstance(step, Resource))
        return any(self._pairing.node(step) is None or self._pairing.has_moved(step) for step in steps)

    def _from_above(self, node: Node, mask: int) -> _Bits:
        """Give who has what by inheritance; the latest answer is kept, since neighbours ask the same."""
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
        """Give what a grant amounts to, and for whom; kept, unless it is a long integer for a single person."""
        if (known := self._facts.get(row)) is not None:
            return known
        fact = self._levels[row.permission], self._drawing_on(row.holder)
        if isinstance(row.holder, Group) or fact[1].bit_length() < _SHORT:
            self._facts[row] = fact
        return fact

    def _drawing_on(self, holder: Identity) -> int:
        """Give who has what a holder is granted."""
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


def _rosters(old: _Side, new: _Side, pairing: Pairing) -> tuple[list[Identity], list[Identity]]:
    """Give the subjects that may have gained or lost anything, in the order of the exports, twins once.

    First those with links or grants of their own that changed: they are few, and much may have changed for them.
    """
    old_only = (one for one in pairing.old.identities if pairing.identity(one) is None)
    subjects = [one for one in (*pairing.new.identities, *old_only) if _is_subject(one, pairing)]
    changed = old.changed() | new.changed()
    affected = old.affected() | new.affected()
    first = [one for one in subjects if one in changed or pairing.identity(one) in changed]
    known = frozenset(first)
    others = (one for one in subjects if one in affected or pairing.identity(one) in affected)
    return first, [one for one in others if one not in known]


def _is_subject(one: Identity, pairing: Pairing) -> bool:
    if isinstance(one, Credential):
        twin = pairing.identity(one)
        exports = (pairing.new, pairing.old)
        return any(export.assignments_of(each) for export in exports for each in (one, twin) if each is not None)
    return not isinstance(one, Group)


_Fold = tuple[Level, Cause, Identity]


class _Folds(defaultdict[_Fold, defaultdict[tuple[Level, int], list[Resource]]]):
    """What rose, by level, cause and holder; in each of them the resources for which it is the same crowd."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(list))


def _collect(folds: _Folds, before: _Side, after: _Side, pairing: Pairing) -> None:
    """Find what somebody has after and not before; swap the two for what was lost."""
    is_new = after.export is pairing.new
    for node, mask in after.suspects():
        twin = pairing.node(node)
        then = before.levels(twin if isinstance(twin, Resource) else None, mask)
        shown = node if is_new or not isinstance(twin, Resource) else twin
        for level, cause, holder, other, bits in _risen(after, node, then, mask):
            through = holder if is_new else pairing.identity(holder) or holder
            folds[level, cause, through][other, bits].append(shown)


def _unfolded(folds: _Folds, roster: Sequence[Identity], *, gained: bool) -> Iterator[Consequence]:
    for (level, cause, through), parts in folds.items():
        found = [Part(Crowd(bits, roster), other, tuple(items)) for (other, bits), items in parts.items()]
        yield Consequence(gained, level, cause, through, tuple(found))


def _risen(after: _Side, node: Resource, then: _Bits, mask: int) -> Iterator[tuple[Level, Cause, Identity, Level, int]]:
    now = after.levels(node, mask)
    if now == then:
        return
    for level in _LEVELS:
        risen = _exactly(now, level) & ~then[level - 1]
        for cause, holder, crowd in after.attributed(node, level, risen) if risen else ():
            for other in range(level):
                if bits := crowd & _exactly(then, Level(other)):
                    yield level, cause, holder, Level(other), bits


def _exactly(bits: _Bits, level: Level) -> int:
    """Give who has a level and no higher one; for NONE a set without end, to be cut with another."""
    reached = bits[level - 1] if level else -1
    return reached & ~bits[level] if level < Level.ADMIN else reached
