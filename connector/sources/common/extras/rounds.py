"""What can be included, one kind each: its requests, in rounds that each know the answers of the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from operator import methodcaller
from typing import Any

from connector.sources.common.extras.asking import ScopeRequest, ScopeRequests

Requests = Iterator[ScopeRequest[Any]]


class ExtraCollector:
    """One kind of what can be included."""

    def settings(self) -> Requests:
        """Ask what decides whether anything else is asked."""
        return iter(())

    def contents(self) -> Requests:
        """Ask what is asked in any case."""
        return iter(())

    def inherited(self) -> Requests:
        """Ask what the first round left open."""
        return iter(())

    def models(self) -> Requests:
        """Ask what the first two left open."""
        return iter(())

    def finish(self) -> None:
        """Store what only all answers together tell."""


_ROUNDS = [methodcaller(name) for name in ("settings", "contents", "inherited", "models")]


def ask_in_rounds(collectors: Sequence[ExtraCollector], requests: ScopeRequests) -> None:
    """Go through the rounds of all collectors."""
    for of_round in _ROUNDS:
        requests.run(partial(_round, of_round, collectors))


def _round(of_round: Callable[[ExtraCollector], Requests], collectors: Sequence[ExtraCollector]) -> Requests:
    return chain.from_iterable(map(of_round, collectors))
