"""Which things of two exports are the same: those with the same id, under any name and in any place.

Within one export values are compared by identity. Across two exports a value has a counterpart in the other, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from connector.graph.export import Assignment, Export
from connector.graph.values import Application, Identity, Node, Resource

ExtraGrant = tuple[Identity, str, Node]
"""Holder, permission (its name in lower case), and the node that it is on."""

_Thing = TypeVar("_Thing", bound=Node | Identity)


class Matching:
    """Two exports, and the counterpart of each thing in the other one. Works in both directions."""

    def __init__(self, old: Export, new: Export) -> None:
        self.old, self.new = old, new
        self._extra_grants: dict[Export, list[ExtraGrant]] = {}
        self._nodes: dict[Node, Node] = {}
        self._nodes.update(_counterparts(_applications(old), _applications(new)))
        self._identities = _counterparts(self._identified(old), self._identified(new))
        self._nodes.update(_counterparts(self._keyed(old), self._keyed(new)))
        self._nodes.update(_counterparts(self._unmatched(old), self._unmatched(new)))

    def other(self, export: Export) -> Export:
        """Give the other one of the two exports."""
        return self.old if export is self.new else self.new

    def identity(self, one: Identity) -> Identity | None:
        """Give an identity as the other export has it."""
        return self._identities.get(one)

    def node(self, one: Node) -> Node | None:
        """Give a resource or an application as the other export has it."""
        return self._nodes.get(one)

    def has_moved(self, one: Resource) -> bool:
        """Whether a resource has another parent in the other export."""
        counterpart = self._nodes.get(one)
        return isinstance(counterpart, Resource) and self._nodes.get(one.parent) is not counterpart.parent

    def extra_grants(self, export: Export) -> list[ExtraGrant]:
        """Give the grants of one export that the other one lacks; permissions are compared by name."""
        if export not in self._extra_grants:
            self._extra_grants[export] = list(self._extra(export))
        return self._extra_grants[export]

    def _extra(self, export: Export) -> Iterator[ExtraGrant]:
        other = self.other(export)
        for holder in export.identities:
            counterpart = self._identities.get(holder)
            theirs = _by_permission(other.assignments_of(counterpart)) if counterpart else {}
            for permission, nodes in _by_permission(export.assignments_of(holder)).items():
                for node in self._missing(nodes, theirs.get(permission, [])):
                    yield holder, permission, node

    def _missing(self, nodes: list[Node], theirs: list[Node]) -> Iterable[Node]:
        """Give the nodes that have no counterpart among those of the other export."""
        counterparts = list(map(self._nodes.get, nodes))
        if counterparts == theirs:
            return ()
        known = frozenset(theirs)
        return dict.fromkeys(node for node, other in zip(nodes, counterparts, strict=True) if other not in known)

    def _scope(self, application: Application) -> str:
        """Give a name for an application that is the same in both exports."""
        counterpart = self._nodes.get(application)
        return min(application.name, counterpart.name) if counterpart else application.name

    def _identified(self, export: Export) -> Iterator[tuple[Hashable, Identity]]:
        scopes = {application: self._scope(application) for application in export.applications}
        return (((scopes[one.application], type(one), one.id.lower()), one) for one in export.identities)

    def _keyed(self, export: Export) -> Iterator[tuple[Hashable, Resource]]:
        scope = ""
        for node in export.nodes:
            if isinstance(node, Application):
                scope = self._scope(node)
            else:
                yield (scope, node.key), node

    def _unmatched(self, export: Export) -> Iterator[tuple[Hashable, Resource]]:
        """Give repositories that may have moved, by number: Bitbucket numbers them across projects."""
        lost = [item for item in export.resources if "slug" in item.properties and item not in self._nodes]
        counts = Counter((item.type, item.id) for item in lost)
        return (((item.type, item.id), item) for item in lost if counts[item.type, item.id] == 1)


def _applications(export: Export) -> Iterable[tuple[Hashable, Application]]:
    """Give applications by name; a single one matches a single one under any name."""
    if len(export.applications) == 1:
        return [("", export.applications[0])]
    return [(application.name.lower(), application) for application in export.applications]


def _counterparts(
    old: Iterable[tuple[Hashable, _Thing]], new: Iterable[tuple[Hashable, _Thing]]
) -> dict[_Thing, _Thing]:
    named = dict(new)
    counterparts: dict[_Thing, _Thing] = {}
    for name, thing in old:
        if (counterpart := named.get(name)) is not None:
            counterparts[thing], counterparts[counterpart] = counterpart, thing
    return counterparts


def _by_permission(rows: Iterable[Assignment]) -> dict[str, list[Node]]:
    """Give the nodes on which each permission is granted, by the permission's name."""
    found: dict[str, list[Node]] = {}
    for row in rows:
        found.setdefault(row.permission.name.lower(), []).extend(row.targets)
    return found
