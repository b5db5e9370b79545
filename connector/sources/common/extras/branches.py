"""Flags of a default branch that may not be known. Pure; knows no product."""

from __future__ import annotations

from collections.abc import Iterable

from connector.model import DefaultBranch


def certain_only(found: DefaultBranch) -> DefaultBranch:
    """Keep the flags that stay true if there are more restrictions than were read."""
    return DefaultBranch(
        name=found.name,
        protected=found.protected or None,
        pull_request_only=found.pull_request_only or None,
        no_rewrite=found.no_rewrite or None,
        no_deletion=found.no_deletion or None,
        exempt=None,
    )


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Give True where one is, else None where one is not known."""
    answers = set(answers)
    return True if True in answers else None if None in answers else False
