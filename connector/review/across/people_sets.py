"""Who has what on one server, for all matched people at once: a set of people is the bits of one integer.

A step is the level of a grant, as a number from 1 to 3; 0 is none. On repositories these are read, write and admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from connector.graph.access import Access
from connector.graph.export import Assignment, Export
from connector.graph.values import Identity, Node, Permission, Resource, User
from connector.review.vocabulary import EVERYONE

Steps = tuple[int, int, int]
"""Sets of people: on at least the first step, on at least the second one, on the third one."""

NOBODY: Steps = (0, 0, 0)
STEPS = (1, 2, 3)


class PeopleSets:
    """Answers about one export; `numbers` are the places of its users' bits, `step_of` the steps of permissions."""

    def __init__(self, export: Export, numbers: Mapping[User, int], step_of: Callable[[Permission], int]) -> None:
        self.export = export
        self.access = Access(export)
        self._numbers = numbers
        self._everybody = (1 << (max(numbers.values(), default=-1) + 1)) - 1
        self._steps = {permission: step_of(permission) for permission in export.permissions}
        self._people: dict[Identity, int] = {}
        self._sources: dict[Identity, frozenset[Identity]] = {}
        self._latest: dict[bool, tuple[Node, Steps]] = {}

    def on(self, node: Node) -> Steps:
        """Give who is on which step on a node."""
        above = self._from_above(node.parent) if isinstance(node, Resource) else NOBODY
        return self._joined(above, self.export.assignments_on(node))

    def reasons(self, node: Node, step: int) -> Iterator[tuple[Assignment, Node, int]]:
        """Yield the grants that give just this step on a node, what they are on, and to whom."""
        for row, on in self.access.reaching(node):
            if self._steps[row.permission] == step:
                yield row, on, self._people_with(row.holder)

    def reaches(self, identity: Identity, node: Node, step: int) -> bool:
        """Whether a user or a group is on a step on a node."""
        if identity not in self._sources:
            self._sources[identity] = self.access.sources(identity)
        sources = self._sources[identity]
        return any(
            self._steps[row.permission] >= step and row.holder in sources for row, _ in self.access.reaching(node)
        )

    def _from_above(self, node: Node) -> Steps:
        """Give who is on which step by inheritance; the latest answer is kept, since neighbours ask the same."""
        is_top = not isinstance(node, Resource)
        known, steps = self._latest.get(is_top, (None, NOBODY))
        if known is node:
            return steps
        above = self._from_above(node.parent) if isinstance(node, Resource) else NOBODY
        steps = self._joined(above, self.export.assignments_inherited_from(node))
        self._latest[is_top] = node, steps
        return steps

    def _joined(self, above: Steps, rows: Iterable[Assignment]) -> Steps:
        first, second, third = above
        for row in rows:
            step = self._steps[row.permission]
            if step == 1:
                first |= self._people_with(row.holder)
            elif step == 2:  # noqa: PLR2004 - a step
                second |= self._people_with(row.holder)
            elif step:
                third |= self._people_with(row.holder)
        second |= third
        return first | second, second, third

    def _people_with(self, holder: Identity) -> int:
        """Give the people who have what a holder is granted. Public access is for all, whatever members are listed."""
        if isinstance(holder, User):
            return 1 << place if (place := self._numbers.get(holder, -1)) >= 0 else 0
        if holder not in self._people:
            self._people[holder] = self._everybody if holder.id == EVERYONE else self._beneficiaries(holder)
        return self._people[holder]

    def _beneficiaries(self, holder: Identity) -> int:
        users = (one for one in self.access.beneficiaries(holder) if isinstance(one, User))
        return bits([place for user in users if (place := self._numbers.get(user, -1)) >= 0])


def exactly(steps: Steps, step: int) -> int:
    """Give who is on a step and on no higher one; for 0 an endless set, to be intersected with another."""
    reached = steps[step - 1] if step else -1
    return reached & ~steps[step] if step < STEPS[-1] else reached


def bits(places: Sequence[int]) -> int:
    """Make a set of people."""
    digits = bytearray(max(places, default=-1) // 8 + 1)
    for place in places:
        digits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(digits, "little")


def places(people: int) -> Iterator[int]:
    """Yield the places of a set of people."""
    digits = bin(people)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)
