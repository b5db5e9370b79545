"""A later export, to which the decisions about an earlier one are compared: whether a grant is still there.

Things are the same by their ids, whatever they are called by now; a repository is the same one in another project.
That something is not there proves something only where the export would show it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Application, Identity, Level, Node, Resource, lineage
from connector.review.caveats import caveats, is_complete
from connector.review.certification.grants import Grants, HeldGrant, Reference
from connector.review.certification.people import credential_kind
from connector.review.text.names import kind
from connector.review.text.reasons import reason
from connector.review.vocabulary import CREDENTIALS

_GLOBAL = ("global_permissions", "workspace_permissions")
"""Properties that say whether it is known who holds global permissions, and through what."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a later export shows of a grant.

    `rights` are all that the holder was granted on the same node; `doubt` says why it may be there unseen.
    """

    is_there: bool
    holder: Identity | None
    node: Node | None
    rights: tuple[HeldGrant, ...]
    doubt: str

    @property
    def is_gone(self) -> bool:
        """Whether it is certain that the grant is not there any more."""
        return not self.is_there and not self.doubt


class Later:
    """One later export."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.grants = Grants(export)
        self.access = Access(export)
        self._is_single = len(export.applications) == 1
        self._holders = {(self._scope(one.application), kind(one), one.id.lower()): one for one in export.identities}
        self._nodes: dict[tuple[str, str], Node] = {}
        scope = ""
        for node in export.nodes:
            if isinstance(node, Application):
                scope = self._scope(node)
            self._nodes[scope, node.key if isinstance(node, Resource) else ""] = node
        repositories = [one for one in export.resources if "slug" in one.properties]
        counts = Counter(map(self._number, repositories))
        self._moved = {self._number(one): one for one in repositories if counts[self._number(one)] == 1}
        self._kinds = {credential_kind(one.id) for one in export.credentials}
        hidden = "; ".join(caveat.text for caveat in caveats(export) if caveat.hides_access)
        self._doubt = "" if is_complete(export) else f"the export is not whole: {hidden}"

    def _number(self, repository: Resource) -> tuple[str, str, str]:
        """Give what a repository keeps when it moves to another project."""
        *_, top = lineage(repository)
        scope = self._scope(top) if isinstance(top, Application) else ""
        return scope, repository.type or "", repository.id

    def _scope(self, application: Application) -> str:
        return "" if self._is_single else application.name.lower()

    def holder(self, reference: Reference) -> Identity | None:
        """Give the holder of a grant; None where there is no such holder any more."""
        return self._holders.get((self._scoped(reference), reference.holder_kind, reference.holder_id.lower()))

    def node(self, reference: Reference) -> Node | None:
        """Give what a grant is on; None where there is no such thing any more."""
        there = self._nodes.get((self._scoped(reference), reference.node))
        return there or self._moved.get((self._scoped(reference), reference.node_type, reference.node_id))

    def _scoped(self, reference: Reference) -> str:
        return "" if self._is_single else reference.application.lower()

    def sight(self, reference: Reference) -> Sight:
        """Give what the export shows of a grant."""
        holder, node = self.holder(reference), self.node(reference)
        rights = tuple(self.grants.of(holder, node)) if holder is not None and node is not None else ()
        is_there = any(same_right(held.reference, reference) for held in rights)
        return Sight(is_there, holder, node, rights, "" if is_there else self._doubt_about(reference))

    def other_ways(self, holder: Identity, node: Node, above: Level) -> str:
        """Say how somebody still reaches something at more than a level; nothing where they do not."""
        level = self.access.level(holder, node)
        if level <= above:
            return ""
        paths = (path for path in self.access.paths(holder, node, limit=50) if path.level is level)
        return f"{level}: {reason(path)}" if (path := next(paths, None)) else str(level)

    def _doubt_about(self, reference: Reference) -> str:
        """Say why a grant may be there although the export does not show it."""
        if self._doubt:
            return self._doubt
        if not reference.node and not self._knows_global_permissions():
            return "the export does not know through whom global permissions are held"
        return self._doubt_about_a_key(reference.holder_id) if reference.holder_kind == "credential" else ""

    def _doubt_about_a_key(self, identifier: str) -> str:
        """Say why a key may exist although the export lacks it: the kinds that were collected are defined in it."""
        kind = credential_kind(identifier)
        name, asked_by = CREDENTIALS.get(kind, (kind, ""))
        if kind in self._kinds or asked_by in self.export.defined:
            return ""
        return f"the export has no {name} at all; were they collected (--include)?"

    def _knows_global_permissions(self) -> bool:
        said = [one.properties.get(name) for one in self.export.applications for name in _GLOBAL]
        return all(value in {None, "full"} for value in said)


def same_right(one: Reference, other: Reference) -> bool:
    """Whether two grants give the same right."""
    return (one.right.lower(), one.is_role) == (other.right.lower(), other.is_role)
