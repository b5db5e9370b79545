"""Queries as texts: those that come along, by name, and others from files. Knows no engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from connector.errors import UsageError


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT with its name; `comes_along` where it is part of this program."""

    name: str
    sql: str
    comes_along: bool

    def reads(self, parameter: str) -> bool:
        """Whether it names a parameter, outside of its comments."""
        code = re.sub("--.*", "", self.sql)
        return re.search(rf"\b{re.escape(parameter)}\b", code, re.IGNORECASE) is not None


def names() -> list[str]:
    """Give the names of the queries that come along."""
    return sorted(Path(each.name).stem for each in _queries().iterdir() if each.name.endswith(".sql"))


def find(wanted: str) -> Query:
    """Find a query by its name, or read it from a file. Raises `UsageError`."""
    if wanted in names():
        return Query(wanted, (_queries() / f"{wanted}.sql").read_text(encoding="utf-8"), comes_along=True)
    try:
        return Query(wanted, Path(wanted).read_text(encoding="utf-8"), comes_along=False)
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(names())
        raise UsageError(f"there is no query {wanted!r}, and no such file: there are {known}") from error


def _queries() -> Traversable:
    return resources.files(__package__) / "queries"
