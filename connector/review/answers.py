"""Who can reach what, and why: the rows of an answer, folded where the reasons are the same.

Works by OAA's rules alone (`access`). Somebody who reaches a project reaches most of its repositories for the
very same reasons: these are one row, which `resources` unfolds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.review.access import Access
from connector.review.caveats import is_complete
from connector.review.export import Assignment, Export
from connector.review.names import where
from connector.review.questions import Question
from connector.review.reasons import reason
from connector.review.values import (
    Application,
    Category,
    Credential,
    Group,
    Identity,
    Level,
    Node,
    Path,
    Resource,
    User,
    lineage,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One identity, one level, and the resources that it reaches so for the same reasons.

    `top` is where these reasons come from: the first of the resources, or what they all lie in.
    """

    who: Identity
    level: Level
    top: Node
    resources: Sequence[Resource]


class Answers:
    """The answer to one question: its rows, sorted, and the reasons for each."""

    def __init__(self, export: Export, question: Question) -> None:
        self.export = export
        self.question = question
        self.access = Access(export, question.without)

    def rows(self) -> list[Answer]:
        """Give the rows, the highest level first; one of level NONE only where it was asked about by name."""
        question = self.question
        if not question.nodes:
            rows = [row for one in question.identities for row in self._reached_by(one)]
        elif not question.identities:
            rows = [row for node in question.nodes for row in self._who_reaches(node)]
        else:
            rows = [row for one in question.identities for node in question.nodes for row in self._between(one, node)]
        named = bool(question.nodes and question.identities)
        wanted = [row for row in rows if row.level >= question.at_least or (named and question.at_least <= Level.READ)]
        return sorted(wanted, key=_order)

    def paths(self, row: Answer) -> list[Path]:
        """Give the reasons for a row, shortest first; those that give no level only where there is no other."""
        paths = self.access.paths(row.who, row.resources[0])
        return [path for path in paths if path.level] or paths

    def reasons(self, row: Answer) -> list[str]:
        """Give the reasons for a row, one line each."""
        return list(dict.fromkeys(map(reason, self.paths(row))))

    def _between(self, one: Identity, node: Resource) -> Iterator[Answer]:
        level = self.access.level(one, node)
        yield Answer(one, level, node, (node,))
        sources = self.access.sources(one)
        yield from self._more_inside(node, {one: level}, lambda row: (one,) if row.holder in sources else ())

    def _who_reaches(self, node: Resource) -> Iterator[Answer]:
        holders = self.access.holders(node)
        for one, level in holders.items():
            if not isinstance(one, Group):
                yield Answer(one, level, node, (node,))
        yield from self._more_inside(node, holders, lambda row: self.access.beneficiaries(row.holder))

    def _more_inside(self, node: Resource, levels: Mapping[Identity, Level], whose: _Whose) -> Iterator[Answer]:
        """Give who reaches more of what lies in a node than of the node itself."""
        asked = set(self.question.identities)
        for inside in self.export.descendants_of(node):
            more: dict[Identity, Level] = {}
            for row, _ in self.access.reaching(inside):
                level = row.permission.categories.level
                for one in whose(row) if level else ():
                    if level > max(levels.get(one, Level.NONE), more.get(one, Level.NONE)):
                        more[one] = level
            for one, level in more.items():
                if one in asked or not isinstance(one, Group):
                    yield Answer(one, level, inside, (inside,))

    def _reached_by(self, one: Identity) -> Iterator[Answer]:
        """Give all that somebody reaches, folded by where its grants are."""
        own = self._granted_to(one)
        below = self._unmarked(own)
        inherited: dict[Node, Category] = {}
        for node in sorted(own, key=_depth):
            on_it, reaching_down = own[node]
            above = next((inherited[step] for step in lineage(node) if step in inherited), Category(0))
            inherited[node] = above | reaching_down
            folded = below.get(node, [])
            here = [node] if isinstance(node, Resource) else []
            if on_it == reaching_down:
                here, folded = [*here, *folded], []
            if here and (level := (above | on_it).level):
                yield Answer(one, level, node, here)
            if folded and (level := inherited[node].level):
                yield Answer(one, level, node, folded)

    def _granted_to(self, one: Identity) -> dict[Node, tuple[Category, Category]]:
        """Give each node with a grant that counts for somebody: what is granted on it, and how much of it inherits."""
        granted: dict[Node, tuple[Category, Category]] = {}
        for row, node in self.access.rows_of(one):
            on_it, reaching_down = granted.get(node, (Category(0), Category(0)))
            categories = row.permission.categories
            granted[node] = on_it | categories, reaching_down | categories if row.permission.inherits else reaching_down
        return granted

    def _unmarked(self, marked: Mapping[Node, object]) -> dict[Node, list[Resource]]:
        """Give what lies in each marked node, without what a deeper marked one accounts for."""
        below: dict[Node, list[Resource]] = {}
        nearest: dict[Node, Node] = {}
        for node in self._under(marked):
            top = node if node in marked else nearest.get(node.parent) if isinstance(node, Resource) else None
            if top is not None:
                nearest[node] = top
                if top is not node and isinstance(node, Resource):
                    below.setdefault(top, []).append(node)
        return below

    def _under(self, marked: Mapping[Node, object]) -> Iterable[Node]:
        """Give marked nodes and all that lies in them, once each, parents first."""
        found: dict[Node, None] = {}
        for node in sorted(marked, key=_depth):
            if node not in found:
                found[node] = None
                found.update(dict.fromkeys(self.export.descendants_of(node)))
        return found
