"""Which things of two servers are the same. Values, and the rule by which names agree.

Ids differ between servers, so things are matched by hints: names that both servers have. Two things are matched where
each is the only one that all hints about the other one allow. Everything else is reported, and nothing is guessed.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Generic, TypeVar

from connector.graph.values import Identity, Resource

T = TypeVar("T", bound=Identity | Resource)


class Hint(StrEnum):
    """What two things were matched by, or could not be matched by."""

    FILE = "mapping file"
    EMAIL = "e-mail address"
    USERNAME = "user name"
    NAME = "name"
    KEY = "key"
    PLACE = "project key and slug"
    SLUG = "slug alone"


@dataclass(frozen=True, slots=True)
class Ambiguity(Generic[T]):
    """Things of both servers that share a name, so that it cannot tell them apart."""

    hint: Hint
    name: str
    old: tuple[T, ...]
    new: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """What a mapping file says: pairs from old to new, and things that have no counterpart on purpose."""

    pairs: Mapping[T, T] = field(default_factory=dict)
    without: frozenset[T] = frozenset()

    def leaves_open(self, things: Iterable[T]) -> list[T]:
        """Give the things that the mapping file does not name."""
        said = {*self.pairs.keys(), *self.pairs.values(), *self.without}
        return [one for one in things if one not in said]


@dataclass(frozen=True, slots=True)
class Matches(Generic[T]):
    """The things of both servers, and which of them are the same."""

    old: Sequence[T]
    new: Sequence[T]
    hints: Mapping[T, Hint]
    """The hint by which each pair was matched, by its old thing, in the order of the old export."""
    counterparts: Mapping[T, T]
    """The counterpart of each matched thing, in both directions."""
    ambiguous: tuple[Ambiguity[T], ...]
    without: frozenset[T]
    """The things that have no counterpart according to the mapping file."""

    @property
    def undecided(self) -> frozenset[T]:
        """The things that are not matched because a name of theirs is ambiguous."""
        named = (one for each in self.ambiguous for one in (*each.old, *each.new))
        return frozenset(one for one in named if one not in self.counterparts)

    @property
    def is_open(self) -> bool:
        """Whether a thing of the old server is neither matched nor said to have no counterpart."""
        return bool(self.ambiguous) or bool(self.alone(self.old))

    def alone(self, things: Sequence[T]) -> list[T]:
        """Give the things of one side that are neither matched, nor ambiguous, nor named by the mapping file."""
        known = self.counterparts.keys() | self.undecided | self.without
        return [one for one in things if one not in known]


def spelling(name: str) -> str:
    """Give what two spellings of one name have in common: letter case and Unicode's composed forms do not matter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).lower())


Names = Callable[[T], Iterable[str]]
"""The names that a thing has by one kind of hint, as `spelling` gives them."""


def matches(old: Sequence[T], new: Sequence[T], by: Mapping[Hint, Names[T]], settled: Settled[T]) -> Matches[T]:
    """Match the things whose hints agree, the stronger kind of hint first in `by`."""
    shared = [_Shared(hint, names, settled.leaves_open(old), settled.leaves_open(new)) for hint, names in by.items()]
    hints = {one: Hint.FILE for one in old if one in settled.pairs}
    counterparts = both_ways(settled.pairs)
    for one in settled.leaves_open(old):
        other = _only(shared, one)
        if other is not None and _only(shared, other) is one:
            hints[one] = _decisive(shared, one)
            counterparts[one], counterparts[other] = other, one
    ambiguous = [each for kind in shared for each in kind.ambiguities(counterparts)]
    return Matches(old, new, hints, counterparts, tuple(ambiguous), settled.without)


def both_ways(pairs: Mapping[T, T]) -> dict[T, T]:
    """Give the counterpart of each, in both directions."""
    return {**pairs, **{new: old for old, new in pairs.items()}}


class _Shared(Generic[T]):
    """One kind of name, and the things of both sides that have it."""

    def __init__(self, hint: Hint, names: Names[T], old: Sequence[T], new: Sequence[T]) -> None:
        self.hint = hint
        self._names = names
        self._old, self._new = by_name(names, old), by_name(names, new)
        self.candidates: dict[T, frozenset[T]] = {}
        """Those of the other side that share a name with each."""
        for these, others in ((old, self._new), (new, self._old)):
            # The set of a name is one object: hundreds of accounts may share an address, on both sides.
            sets = {name: frozenset(some) for name, some in others.items()}
            for one in these:
                found = [sets[name] for name in dict.fromkeys(names(one)) if name in sets]
                self.candidates[one] = found[0] if len(found) == 1 else frozenset().union(*found)

    def ambiguities(self, counterparts: Mapping[T, T]) -> Iterator[Ambiguity[T]]:
        """Yield the names that both sides have, where a thing with that name has no counterpart."""
        for name, olds in self._old.items():
            news = self._new.get(name, [])
            if news and any(one not in counterparts for one in (*olds, *news)):
                yield Ambiguity(self.hint, name, tuple(olds), tuple(news))


def by_name(names: Names[T], things: Iterable[T]) -> dict[str, list[T]]:
    """Give the things that have each name."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for one in things:
        for name in dict.fromkeys(names(one)):
            found[name].append(one)
    return dict(found)


def _only(shared: Sequence[_Shared[T]], one: T) -> T | None:
    """Give the only thing of the other side that every kind of hint allows, if there is exactly one."""
    allowed = list(filter(None, (kind.candidates[one] for kind in shared)))
    left = reduce(and_, allowed) if allowed else frozenset()
    return next(iter(left)) if len(left) == 1 else None


def _decisive(shared: Sequence[_Shared[T]], one: T) -> Hint:
    """Give the strongest kind of hint that is sufficient alone."""
    known = [kind for kind in shared if kind.candidates[one]]
    return next((kind.hint for kind in known if len(kind.candidates[one]) == 1), known[-1].hint)
