"""Where an export may lack access that exists, because something could not be read.

What such an export does not show was not necessarily taken away, so nothing is concluded from it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Group, Node, Resource
from connector.review.across.resources import names_of_repository
from connector.review.text.names import where

_OF_MACHINES = re.compile(r"\b(?:keys|tokens|webhooks|branch)", re.IGNORECASE)
"""What can be missing although the access of all users and groups is known."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """The nodes of one export on which somebody may have more access than it shows; and whether that is everywhere."""

    everywhere: bool = False
    nodes: frozenset[Node] = frozenset()
    public: bool = False
    """Whether public access may be switched off although repositories are marked public."""

    def about(self, node: Node) -> bool:
        """Whether somebody may have more access to a node than the export shows."""
        return self.everywhere or node in self.nodes

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.nodes)


def doubts(export: Export) -> Doubts:
    """Find where an export with one application may lack access, and whether its public access is assumed."""
    properties = export.applications[0].properties
    public = properties.get("public_access") == "unknown"
    if "none" in (properties.get("global_permissions"), properties.get("workspace_permissions")):
        return Doubts(everywhere=True, public=public)
    if properties.get("is_complete") is not False:
        return Doubts(public=public)
    listed = properties.get("not_collected")
    missing = [str(name) for name in listed] if isinstance(listed, list) else []
    scopes = [name.rpartition(": ")[0].lower() for name in missing if not _OF_MACHINES.search(name.rpartition(": ")[2])]
    known = _by_scope(export)
    if not missing or not known.keys() >= set(scopes):
        return Doubts(everywhere=True, public=public)
    nodes = (node for scope in scopes for node in _reached(export, known[scope]))
    return Doubts(nodes=frozenset(nodes), public=public)


def _by_scope(export: Export) -> dict[str, Resource | Group]:
    """Give what a gap can be about, by the name that gaps use."""
    found: dict[str, Resource | Group] = {f"project {where(item)}".lower(): item for item in export.top_resources}
    for item in export.nested_resources:
        found.update((f"repository {name}".lower(), item) for name in names_of_repository(item))
    return found | {f"group {group.name}".lower(): group for group in export.groups}


def _reached(export: Export, unread: Resource | Group) -> Iterable[Node]:
    """Give the nodes on which somebody may have access because of what could not be read."""
    if isinstance(unread, Resource):
        return [unread, *export.descendants_of(unread)]
    access = Access(export)
    application = export.applications[0]
    return [*access.reach(unread), *([application] if access.level(unread, application) else [])]
