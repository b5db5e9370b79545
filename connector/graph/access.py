"""Effective access by OAA's rules: who reaches what in an export, and why.

Does not know how a payload is written. The rules:

- A grant applies to its node. If its permission inherits (`apply_to_sub_resources`), it applies to all resources
  below the node too. The same holds for a grant on the application.
- A user has the access of its groups and of their parent groups, through any nesting; cycles are tolerated.
- A user has the access of its credentials. A credential without grants of its own acts for its owners and has
  their access, but not that of their other credentials.
- An inactive user keeps its grants; callers decide by `User.is_active`.

Access is computed from the grants for each call, so that 50,000 users times 100,000 repositories need no memory.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import TypeVar

from connector.graph.export import Assignment, Export
from connector.graph.values import (
    Category,
    Credential,
    Grant,
    Group,
    Identity,
    Level,
    Node,
    Path,
    Permission,
    Resource,
    User,
    lineage,
)

_MANY = 1000
"""The most paths from one identity to all its sources that are kept; beyond it, each call finds only its own."""

_Step = Callable[[Identity], Sequence[Identity]]
_Reached = TypeVar("_Reached", Identity, Resource)


class Access:
    """The access in one export, optionally without some of its parts.

    `without` takes identities (they and all access through them), permissions (all grants of them), and single
    grants.
    """

    def __init__(self, export: Export, without: Collection[Identity | Permission | Grant] = ()) -> None:
        self.export = export
        self._without = frozenset(without)
        self._beneficiaries: dict[Identity, frozenset[Identity]] = {}
        self._latest_chains: tuple[Identity | None, Mapping[Identity, Sequence[tuple[Identity, ...]]] | None]
        self._latest_chains = None, None

    def effective(self, identity: Identity, node: Node) -> Category:
        """Give the OAA permissions that an identity has on a node, through any grant."""
        sources = self.sources(identity)
        mask = 0
        for row, _ in self.reaching(node):
            if row.holder in sources:
                mask |= row.permission.categories.value
        return Category(mask)

    def level(self, identity: Identity, node: Node) -> Level:
        """Give the level that an identity has on a node."""
        return self.effective(identity, node).level

    def who_can(self, node: Node) -> dict[User, Level]:
        """Give all users that reach a node, with their level; inactive ones too."""
        return {who: level for who, level in self.holders(node).items() if isinstance(who, User)}

    def holders(self, node: Node) -> dict[Identity, Level]:
        """Give all identities that reach a node, with their level: users, groups, credentials and others."""
        granted: defaultdict[Identity, int] = defaultdict(int)
        for row, _ in self.reaching(node):
            granted[row.holder] |= row.permission.categories.value
        masks: defaultdict[Identity, int] = defaultdict(int)
        for holder, mask in granted.items():
            for identity in self.beneficiaries(holder):
                masks[identity] |= mask
        return _levels(masks)

    def reach(self, identity: Identity) -> dict[Resource, Level]:
        """Give the resources that an identity reaches, with its level."""
        masks: defaultdict[Resource, int] = defaultdict(int)
        for source in self.sources(identity):
            for row in self.export.assignments_of(source):
                mask = row.permission.categories.value
                for resource in self._reached_by(row):
                    masks[resource] |= mask
        return _levels(masks)

    def paths(self, identity: Identity, node: Node, *, limit: int = 1000) -> list[Path]:
        """Give every reason why an identity reaches a node, shortest first.

        A permission without a level (`Level.NONE`) is a reason too. Nested groups can make very many reasons: beyond
        `limit`, the longest ones are left out.
        """
        chains = self._chains_of(identity)
        sources = self.sources(identity) if chains is None else chains.keys()
        rows: defaultdict[Identity, list[tuple[Assignment, Node]]] = defaultdict(list)
        for row, on in self.reaching(node):
            if row.holder in sources:
                rows[row.holder].append((row, on))
        if chains is None:
            useful = self._chains(identity, rows.keys())
        else:
            useful = (chain for holder in rows for chain in chains[holder])
        found = (
            Path(chain, row.grant(on), _descent(on, node)) for chain in useful for row, on in rows.get(chain[-1], ())
        )
        return sorted(dict.fromkeys(islice(found, limit)), key=lambda path: (path.length, str(path)))

    def sources(self, identity: Identity) -> frozenset[Identity]:
        """Give the identities whose grants apply to this one: itself, its groups, their parents, its credentials."""
        return self._closure(identity, self.direct_sources)

    def beneficiaries(self, holder: Identity) -> frozenset[Identity]:
        """Give the identities to which the grants of a holder apply; the reverse of `sources`."""
        if not isinstance(holder, Group):
            return self._closure(holder, self._direct_users)
        if holder not in self._beneficiaries:
            self._beneficiaries[holder] = self._closure(holder, self._direct_users)
        return self._beneficiaries[holder]

    def reaching(self, node: Node) -> Iterator[tuple[Assignment, Node]]:
        """Yield the grants that apply to a node, each with the node that it is on: this one, or an ancestor."""
        for on in lineage(node):
            granted = self.export.assignments_on if on is node else self.export.assignments_inherited_from
            for row in granted(on):
                if self._applies(row, on):
                    yield row, on

    def granted_to(self, identity: Identity) -> Iterator[tuple[Assignment, Node]]:
        """Yield the grants that apply to an identity, each with a node that it is on; inheritance is not expanded."""
        for source in self.sources(identity):
            for row in self.export.assignments_of(source):
                yield from ((row, node) for node in row.targets if self._applies(row, node))

    def direct_sources(self, identity: Identity) -> Sequence[Identity]:
        """Give the identities whose access this one has directly: one step of `sources`, ignoring `without`."""
        match identity:
            case User():
                own = [item for item in self.export.credentials_of(identity) if self._stands_alone(item)]
                return [*self.export.groups_of(identity), *own]
            case Group():
                return self.export.groups_of(identity)
            case Credential() if not self._stands_alone(identity):
                return self.export.owners_of(identity)
            case _:
                return ()

    def _closure(self, start: Identity, step: _Step) -> frozenset[Identity]:
        if start in self._without:
            return frozenset()
        found = {start: None}
        queue = deque(found)
        while queue:
            for identity in step(queue.popleft()):
                # A token acts for its owner, not for the owner's other keys.
                is_other_key = isinstance(start, Credential) and isinstance(identity, Credential)
                if identity not in found and identity not in self._without and not is_other_key:
                    found[identity] = None
                    queue.append(identity)
        return frozenset(found)

    def _direct_users(self, identity: Identity) -> Sequence[Identity]:
        match identity:
            case User():
                return [item for item in self.export.credentials_of(identity) if not self._stands_alone(item)]
            case Group():
                return self.export.members_of(identity)
            case Credential() if self._stands_alone(identity):
                return self.export.owners_of(identity)
            case _:
                return ()

    def _stands_alone(self, credential: Credential) -> bool:
        return bool(self.export.assignments_of(credential))

    def _reached_by(self, row: Assignment) -> Iterator[Resource]:
        for node in row.targets:
            if not self._applies(row, node):
                continue
            if isinstance(node, Resource):
                yield node
            if row.permission.inherits:
                yield from self.export.descendants_of(node)

    def _applies(self, row: Assignment, node: Node) -> bool:
        if not self._without:
            return True
        return self._without.isdisjoint((row.holder, row.permission, row.grant(node)))

    def _chains_of(self, identity: Identity) -> Mapping[Identity, Sequence[tuple[Identity, ...]]] | None:
        """Give the paths from an identity to each of its sources with grants; None if they are very many.

        The latest result is kept, for callers that pass each of a hundred thousand resources with one identity.
        """
        if self._latest_chains[0] is not identity:
            holders = [one for one in self.sources(identity) if self.export.assignments_of(one)]
            found = list(islice(self._chains(identity, holders), _MANY + 1))
            by_holder: dict[Identity, list[tuple[Identity, ...]]] = {}
            for chain in found:
                by_holder.setdefault(chain[-1], []).append(chain)
            self._latest_chains = identity, by_holder if len(found) <= _MANY else None
        return self._latest_chains[1]

    def _chains(self, start: Identity, holders: Collection[Identity]) -> Iterator[tuple[Identity, ...]]:
        """Yield every path from one identity to a holder, shortest first; none has the same identity twice."""
        useful = self._between(start, holders)
        queue: deque[tuple[Identity, ...]] = deque([(start,)] if start in useful else [])
        while queue:
            chain = queue.popleft()
            if chain[-1] in holders:
                yield chain
            steps = dict.fromkeys(self.direct_sources(chain[-1]))
            queue.extend((*chain, step) for step in steps if step in useful and step not in chain)

    def _between(self, start: Identity, holders: Collection[Identity]) -> set[Identity]:
        """Give the identities on any path to a holder, so that other paths are not tried."""
        users_of: defaultdict[Identity, list[Identity]] = defaultdict(list)
        sources = self.sources(start)
        for one in sources:
            for source in self.direct_sources(one):
                users_of[source].append(one)
        useful = set(holders)
        queue = list(holders)
        while queue:
            fresh = [one for one in users_of[queue.pop()] if one not in useful]
            useful.update(fresh)
            queue.extend(fresh)
        return useful & sources


def _levels(masks: Mapping[_Reached, int]) -> dict[_Reached, Level]:
    """Turn sets of categories into levels, leaving out those without a level."""
    levels = {mask: Category(mask).level for mask in set(masks.values())}
    return {reached: levels[mask] for reached, mask in masks.items() if levels[mask]}


def _descent(on: Node, node: Node) -> tuple[Resource, ...]:
    steps = takewhile(lambda step: step is not on, lineage(node))
    return tuple(step for step in steps if isinstance(step, Resource))[::-1]
