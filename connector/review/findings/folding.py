"""Many places of a finding → few lines: a group or a project with all its places, instead of each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connector.graph.export import Export
from connector.graph.values import Resource
from connector.review.findings.finding import Place
from connector.review.text.names import FEW, both, counted, some, where

_FEW = 12
"""Places that are shown one by one, even if they lie in one project."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One line: a single place, the places of a group, or those of a project with `size` repositories."""

    places: tuple[Place, ...]
    project: Resource | None = None
    size: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is about every repository of a project."""
        return self.project is not None and len({place.about for place in self.places}) == self.size

    @property
    def what(self) -> str:
        """What stands at the beginning of the line."""
        if self.project is not None:
            return where(self.project)
        return self.places[0].group or self.places[0].what

    @property
    def detail(self) -> str:
        """What stands behind that."""
        if self.project is None and not self.places[0].group:
            return self.places[0].detail
        details = {place.detail for place in self.places}
        common = f": {details.pop()}" if len(details) == 1 and "" not in details else ""
        if self.is_whole:
            return f"all {counted(self.size, 'repository', 'repositories')}{common}"
        of = f" of {counted(self.size, 'repository', 'repositories')}" if self.project else ""
        names = some([place.what.removeprefix(f"{self.what}/") for place in self.places], FEW)
        return f"{len(self.places):,}{of}{common} ({names})" if of else names

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


def folded(export: Export, places: Iterable[Place]) -> list[Fold]:
    """Fold places: whole projects first, then parts of projects, then the others in their order."""
    found = tuple(places)
    keyed: dict[object, list[Place]] = {}
    for place in found:
        key = place.group or (place.project if len(found) > _FEW else None) or place
        keyed.setdefault(key, []).append(place)
    folds = [_fold(export, tuple(same), key) for key, same in keyed.items()]
    return sorted(folds, key=lambda fold: (not fold.is_whole, fold.project is None, -len(fold.places)))


def in_short(folds: Iterable[Fold]) -> str:
    """Say how much is folded: `all repositories of 61 projects, and 34 others`; nothing if no project is whole."""
    lines = list(folds)
    whole = [fold for fold in lines if fold.is_whole]
    others = sum(len(fold.places) for fold in lines if not fold.is_whole)
    if not whole:
        return ""
    return both([f"all repositories of {counted(len(whole), 'project')}", *([f"{others:,} others"] if others else [])])


def _fold(export: Export, places: tuple[Place, ...], key: object) -> Fold:
    if not isinstance(key, Resource) or len(places) == 1:
        return Fold(places)
    return Fold(places, key, len(export.descendants_of(key)))
