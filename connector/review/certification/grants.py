"""What an access review decides on: a grant, under an identity that later exports share.

A grant is one permission, or one role, of one holder on one node. A role is one decision, whatever permissions it
bundles: nobody can take away one of them. What everybody has and what an owner of a personal project has cannot be
taken away by removing a grant: it is for information, and not decided on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connector.graph.export import Assignment, Export
from connector.graph.values import Application, Category, Group, Identity, Level, Node, Permission, Resource, Role
from connector.review.text.names import kind
from connector.review.text.reasons import is_owner
from connector.review.vocabulary import EVERYBODY


@dataclass(frozen=True, slots=True)
class Reference:
    """A grant by what stays the same from export to export, although things may be renamed.

    `application` is empty where an export has only one, `node` where the grant is on the application itself.
    """

    application: str
    holder_kind: str
    holder_id: str
    right: str
    is_role: bool
    node: str
    node_id: str
    node_type: str

    @property
    def digest(self) -> str:
        """The grant's id: 16 hexadecimal digits, the same in every export."""
        holder = (self.holder_kind, self.holder_id.lower())
        return digest("grant", self.application.lower(), *holder, self.right.lower(), str(self.is_role), self.node)

    def as_list(self) -> list[str | bool]:
        """Give its parts in their order, for JSON."""
        holder = [self.application, self.holder_kind, self.holder_id]
        return [*holder, self.right, self.is_role, self.node, self.node_id, self.node_type]


def digest(*parts: str) -> str:
    """Give 16 hexadecimal digits that stand for some texts; among a million, the same twice is one in 40 million."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def reference_from(parts: object) -> Reference:
    """Read what `as_list` gave. Raises ValueError."""
    kinds = [type(part) for part in parts] if isinstance(parts, list) else []
    if not isinstance(parts, list) or kinds != [str, str, str, str, bool, str, str, str]:
        raise ValueError("no reference to a grant")
    return Reference(*parts)


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """One grant as an export has it; `right` is the name of the permission, or `role NAME`."""

    holder: Identity
    right: str
    level: Level
    on: Node
    reference: Reference


class Grants:
    """The grants of one export, node by node: those to decide on, and those that are only for information."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self._is_single = len(export.applications) == 1
        self._levels = {permission: permission.categories.level for permission in export.permissions}
        self._targets: dict[Assignment, frozenset[Node]] = {}

    def to_decide(self, node: Node) -> list[HeldGrant]:
        """Give what is granted on just this node and can be taken away."""
        return [held for held, row in self._on(node) if not _is_for_information(row, node)]

    def of(self, holder: Identity, node: Node) -> list[HeldGrant]:
        """Give what somebody was granted on just this node."""
        rows = [row for row in self.export.assignments_of(holder) if node in self._targets_of(row)]
        return [held for held, _ in self._each(node, rows)]

    def for_information(self, node: Node) -> list[HeldGrant]:
        """Give what is granted on just this node to everybody, or to the owner of a personal project."""
        return [held for held, row in self._on(node) if _is_for_information(row, node)]

    def _targets_of(self, row: Assignment) -> frozenset[Node]:
        if row not in self._targets:
            self._targets[row] = frozenset(row.targets)
        return self._targets[row]

    def _on(self, node: Node) -> Iterator[tuple[HeldGrant, Assignment]]:
        return self._each(node, self.export.assignments_on(node))

    def _each(self, node: Node, granted: Iterable[Assignment]) -> Iterator[tuple[HeldGrant, Assignment]]:
        """Yield each grant once: a role with all that it gives, a permission that is granted twice as one."""
        rows: dict[tuple[Identity, Permission | Role], list[Assignment]] = {}
        for row in granted:
            rows.setdefault((row.holder, row.roles[0] if row.roles else row.permission), []).append(row)
        for (holder, right), same in rows.items():
            name = f"role {right.name}" if isinstance(right, Role) else right.name
            yield HeldGrant(holder, name, self._level(same), node, self._reference(holder, right, node)), same[0]

    def _level(self, rows: list[Assignment]) -> Level:
        if len(rows) == 1:
            return self._levels[rows[0].permission]
        mask = Category(0)
        for row in rows:
            mask |= row.permission.categories
        return mask.level

    def _reference(self, holder: Identity, right: Permission | Role, node: Node) -> Reference:
        place = (node.key, node.id, node.type or "") if isinstance(node, Resource) else ("", "", "")
        return Reference(
            application="" if self._is_single else holder.application.name,
            holder_kind=kind(holder),
            holder_id=holder.id,
            right=right.id if isinstance(right, Role) else right.name,
            is_role=isinstance(right, Role),
            node=place[0],
            node_id=place[1],
            node_type=place[2],
        )


def _is_for_information(row: Assignment, node: Node) -> bool:
    for_everybody = isinstance(row.holder, Group) and row.holder.id in EVERYBODY
    return for_everybody or (not isinstance(node, Application) and is_owner(row.grant(node)))
