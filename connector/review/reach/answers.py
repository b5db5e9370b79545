"""Who can reach what, and why: the rows of an answer, folded where the reasons are the same.

Works by OAA's rules alone (`access`). Somebody who reaches a project reaches most of its repositories for the
same reasons: these are one row, and its `resources` unfold it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from connector.graph.access import Access
from connector.graph.export import Assignment, Export
from connector.graph.values import (
    Application,
    Group,
    Identity,
    Level,
    Node,
    Path,
    Permission,
    Resource,
    lineage,
)
from connector.review.reach.questions import Question
from connector.review.text.names import kind, where
from connector.review.text.reasons import reason


@dataclass(frozen=True, slots=True)
class Answer:
    """One identity, one level, and the resources that it reaches at this level for the same reasons.

    `top` is where these reasons come from: the first of the resources, or the parent of all of them.
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
        self._levels = {permission: permission.categories.level for permission in export.permissions}

    def rows(self) -> Iterator[Answer]:
        """Yield the rows, sorted; one of level NONE only where both sides were asked about by name.

        What identities reach is worked out for one of them at a time, so that there may be any number of them.
        """
        question = self.question
        if question.nodes and not question.identities:
            found = [row for node in question.nodes for row in self._who_reaches(node)]
            yield from sorted(self._wanted(found), key=_by_place)
            return
        for one in sorted(question.identities, key=lambda one: (one.name.lower(), one.id)):
            if question.nodes:
                found = [row for node in question.nodes for row in self._between(one, node)]
            else:
                found = list(self._reached_by(one))
            yield from sorted(self._wanted(found), key=_by_level)

    def _wanted(self, rows: Iterable[Answer]) -> Iterator[Answer]:
        return (row for row in rows if row.level >= self.question.at_least)

    def paths(self, row: Answer) -> list[Path]:
        """Give the reasons for a row, shortest first; those without a level only where there is no other."""
        paths = self.access.paths(row.who, row.resources[0])
        giving = [path for path in paths if path.level] or paths
        return sorted(giving, key=lambda path: (path.length, -path.level))

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
        yield from (Answer(one, level, node, (node,)) for one, level in holders.items() if not isinstance(one, Group))
        for row in self._more_inside(node, holders, lambda row: self.access.beneficiaries(row.holder)):
            if not isinstance(row.who, Group):
                yield row

    def _more_inside(self, node: Resource, levels: Mapping[Identity, Level], whose: _Whose) -> Iterator[Answer]:
        """Give those who have a higher level on something in a node than on the node itself."""
        for inside in self.export.descendants_of(node):
            more: dict[Identity, Level] = {}
            for row, _ in takewhile(lambda found: found[1] is not node, self.access.reaching(inside)):
                level = self._levels[row.permission]
                for one in whose(row) if level else ():
                    if level > max(levels.get(one, Level.NONE), more.get(one, Level.NONE)):
                        more[one] = level
            yield from (Answer(one, level, inside, (inside,)) for one, level in more.items())

    def _reached_by(self, one: Identity) -> Iterator[Answer]:
        """Give everything that an identity reaches, folded by the nodes of its grants."""
        own = self._granted_to(one)
        inherited: dict[Node, Level] = {}
        for node, below in self._folded(own).items():
            above = next((inherited[step] for step in lineage(node) if step in inherited), Level.NONE)
            inherited[node] = max([above, *(self._levels[item] for item in own[node] if item.inherits)])
            on_node = max([above, *(self._levels[item] for item in own[node])])
            if isinstance(node, Application) or not all(item.inherits for item in own[node]):
                yield from _row(one, on_node, node, [] if isinstance(node, Application) else [node])
                yield from _row(one, inherited[node], node, below)
            else:
                yield from _row(one, on_node, node, [node, *below])

    def _granted_to(self, one: Identity) -> dict[Node, set[Permission]]:
        """Give each node with a grant that counts for an identity, and the permissions granted on it."""
        granted: defaultdict[Node, set[Permission]] = defaultdict(set)
        for row, node in self.access.granted_to(one):
            granted[node].add(row.permission)
        return granted

    def _folded(self, marked: Collection[Node]) -> dict[Node, list[Resource]]:
        """Give marked nodes, upper ones first, each with the resources in it that are in no marked node below."""
        folded: dict[Node, list[Resource]] = {}
        nearest: dict[Node, Node] = {}
        for node in sorted(marked, key=_depth):
            folded[node] = []
            nearest[node] = node
            # Deeper marked nodes come later and take the resources in them.
            nearest.update(dict.fromkeys(self.export.descendants_of(node), node))
        for node, top in nearest.items():
            if node is not top and isinstance(node, Resource):
                folded[top].append(node)
        return folded


_Whose = Callable[[Assignment], Collection[Identity]]


def _row(one: Identity, level: Level, top: Node, resources: list[Resource]) -> Iterator[Answer]:
    if level and resources:
        yield Answer(one, level, top, resources)


def _depth(node: Node) -> int:
    return sum(1 for _ in lineage(node))


def _by_level(row: Answer) -> tuple[object, ...]:
    return -row.level, where(row.top).lower(), row.resources[0].key


def _by_place(row: Answer) -> tuple[object, ...]:
    return (
        where(row.top).lower(),
        row.resources[0].key,
        -row.level,
        kind(row.who) != "user",
        row.who.name.lower(),
        row.who.id,
    )
