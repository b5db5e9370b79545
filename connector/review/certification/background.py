"""What a reviewer should know and cannot decide: who gets in by other ways than the grants of a project.

Defaults and public access are settings of the project, global permissions are granted on the whole application, and
the owner of a personal project is its owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.graph.values import Application, Group, Identity, Level, Node, Permission, Resource, lineage
from connector.review.certification.grants import Grants, HeldGrant
from connector.review.certification.people import People
from connector.review.certification.rows import project_of, shown
from connector.review.text.names import counted, some, where, who, widest
from connector.review.vocabulary import EVERYONE, LICENSED_USERS

_NAMES = 12
"""Things or people that are named one by one, the rest counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One way to get access: what it is, the level, on what, for whom, and how it is changed."""

    what: str
    level: Level
    on: str
    whom: str
    how: str


class Background:
    """The ways in of one export that no reviewer of a project decides on."""

    def __init__(self, grants: Grants, people: People) -> None:
        self._grants, self._people = grants, people
        self._known: dict[Application, list[Fact]] = {}

    def of(
        self, nodes: Iterable[Node], for_information: Iterable[HeldGrant], unasked: Mapping[Level, int]
    ) -> list[Fact]:
        """Give what there is to know about some projects; `unasked` counts grants below the level of the review."""
        return [*self._settings(for_information), *self._everywhere(nodes), *_left_out(unasked)]

    def _settings(self, for_information: Iterable[HeldGrant]) -> Iterator[Fact]:
        folds: defaultdict[tuple[str, str, Level, Node], list[HeldGrant]] = defaultdict(list)
        for held in for_information:
            folds[held.holder.id, held.right, held.level, project_of(held.on)].append(held)
        for (holder, _, level, _), same in folds.items():
            on = some([where(held.on) for held in same], _NAMES)
            what, how = _SETTINGS.get(holder, _OWNER)
            whom = self._named(same[0].holder)
            yield Fact(what, level, shown(on), shown(whom), how)

    def _everywhere(self, nodes: Iterable[Node]) -> Iterator[Fact]:
        """Yield who has access to everything in the applications of these projects."""
        tops = ([*lineage(node)][-1] for node in nodes if isinstance(node, Resource))
        for top in dict.fromkeys(tops):
            if isinstance(top, Application):
                if top not in self._known:
                    self._known[top] = [*self._from_above(top)]
                yield from self._known[top]

    def _from_above(self, application: Application) -> Iterator[Fact]:
        holders: defaultdict[Permission, list[str]] = defaultdict(list)
        for row in self._grants.export.assignments_inherited_from(application):
            holders[row.permission].append(self._named(row.holder))
        for permission, names in holders.items():
            level = permission.categories.level
            if level:
                what, how = f"{widest(application)} {permission.name}", "By an administrator of everything."
                yield Fact(shown(what), level, "everything", shown(some(sorted(names), _NAMES)), how)

    def _named(self, holder: Identity) -> str:
        if not isinstance(holder, Group):
            return who(holder)
        name = holder.name if holder.id in _SETTINGS else who(holder)
        return f"{name} ({self._people.let_in_by(holder)})"


_OWNER = ("owner of the personal project", "Not at all: the project is theirs.")
_SETTINGS = {
    LICENSED_USERS: ("default permission of the project", "In the project's settings: default permission."),
    EVERYONE: ("public access", "In the settings of the project or repository: public access."),
}


def _left_out(unasked: Mapping[Level, int]) -> Iterator[Fact]:
    for level, number in sorted(unasked.items(), reverse=True):
        what = f"{counted(number, 'grant')} not asked about"
        yield Fact(what, level, "", "", "This review is about higher levels only.")
