"""The owner of a journal: the options that decide what is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from connector.rest.journal import Journal

_HOW = frozenset({"base_url", "credentials", "concurrency", "patience", "max_rate", "resume", "resume_max_age"})
"""Settings that decide how something is asked, and not what."""


@contextmanager
def closing(journal: Journal | None) -> Iterator[Journal | None]:
    """Close a journal in the end, where there is one."""
    try:
        yield journal
    finally:
        if journal is not None:
            journal.close()


def unused_answers(journal: Journal | None) -> Callable[[], int]:
    """Give a function that counts the answers that a journal still holds."""
    return lambda: journal.unused if journal is not None else 0


def options_of(settings: Any) -> str:  # noqa: ANN401 - any dataclass
    """Name the settings that decide what is asked, on one line."""
    options = {
        field.name: _told(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
        if field.name not in _HOW
    }
    return ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def _told(value: object) -> str:
    """Say what a setting is; of addresses only how many they are, and what tells two lists apart."""
    if isinstance(value, tuple):
        return f"{len(value)} ({sha256(repr(value).encode()).hexdigest()[:8]})"
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | set) else str(value)
