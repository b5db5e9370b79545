"""Mapping files: CSV in which a person pairs users or repositories of the two servers.

The header names the columns `old` and `new`; other columns are for people and are not read. A row with both pairs
these two. A row with one of them and `-` says that it has no counterpart. A row with one of them alone is ignored.
Semicolons or tabs, as spreadsheets write them, are read as well as commas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic

from connector.errors import UsageError
from connector.graph.export import Export
from connector.graph.values import Resource, User
from connector.review.across.matches import Hint, Matches, Settled, T, spelling
from connector.review.across.names import Thing, remarks, with_remarks
from connector.review.across.people import addresses, people_of, username
from connector.review.across.resources import names_of_repository
from connector.review.text.formats import csv_lines
from connector.review.text.names import FEW, both, counted, suggestion
from connector.text import clean

NONE = "-"
"""Stands where something has no counterpart."""

_DELIMITERS = (",", ";", "\t")


class Register(Generic[T]):
    """The things of one export by every name that a mapping file may use."""

    def __init__(self, what: str, side: str, things: Sequence[T], names: Callable[[T], Iterable[str]]) -> None:
        self._what, self._side, self._all, self._names = what, side, things, names
        self._things: dict[str, list[T]] = {}
        for one in things:
            for name in {spelling(name) for name in names(one) if name}:
                self._things.setdefault(name, []).append(one)

    def find(self, name: str) -> list[T]:
        """Give what has a name: one thing, if all is well."""
        return self._things.get(spelling(name), [])

    def explain(self, name: str) -> str:
        """Say why a name does not name one thing."""
        if found := self.find(name):
            ids = both([clean(one.id) for one in found[:FEW]])
            return f"{clean(name)!r} names several in the {self._side} export: say which by {ids}"
        hint = suggestion(name, ([own for own in self._names(one) if own] for one in self._all))
        return f"the {self._side} export has no {self._what} {clean(name)!r}{hint}"

    def name(self, one: T) -> str:
        """Give the first name that means nothing else, and that a spreadsheet leaves as it is."""
        return next((name for name in self._names(one) if name and self._is_safe(name)), one.id)

    def _is_safe(self, name: str) -> bool:
        return len(self.find(name)) == 1 and _cell(name).strip('"') == name != NONE


def people_registers(old: Export, new: Export) -> tuple[Register[User], Register[User]]:
    """Give the people of both exports by user name, e-mail address, id, and other identities."""
    return (
        Register("person", "old", people_of(old), _names_of_person),
        Register("person", "new", people_of(new), _names_of_person),
    )


def _names_of_person(user: User) -> Iterator[str]:
    yield from (username(user) or "", *addresses(user), user.id, *user.identities)


def repository_registers(old: Export, new: Export) -> tuple[Register[Resource], Register[Resource]]:
    """Give the repositories of both exports by `KEY/slug`, id, and `workspace/slug` in Bitbucket Cloud."""
    return (
        Register("repository", "old", old.nested_resources, names_of_repository),
        Register("repository", "new", new.nested_resources, names_of_repository),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    old: str
    new: str


def read_mapping(path: Path, old: Register[T], new: Register[T]) -> Settled[T]:
    """Read a mapping file. Raises `UsageError` with the file and the line where it cannot be believed."""
    reader = _Reader(old, new)
    wrong = [(row.line, problem) for row in _rows(path) if (problem := reader.take(row))]
    if wrong:
        line, problem = wrong[0]
        more = f" ({counted(len(wrong) - 1, 'more line')} cannot be used, either)" if len(wrong) > 1 else ""
        raise UsageError(f"{path} line {line}: {problem()}{more}")
    return Settled(reader.pairs, frozenset(reader.without))


class _Reader(Generic[T]):
    """Takes the rows of one file."""

    def __init__(self, old: Register[T], new: Register[T]) -> None:
        self._registers = old, new
        self._lines: dict[T, int] = {}
        self.pairs: dict[T, T] = {}
        self.without: set[T] = set()

    def take(self, row: _Row) -> Callable[[], str] | None:
        """Take a row, or give what says why it cannot be taken: to find near misses takes a while."""
        found: list[T] = []
        for register, name in zip(self._registers, (row.old, row.new), strict=True):
            things = [] if name == NONE else register.find(name)
            if name != NONE and len(things) != 1:
                return partial(register.explain, name)
            found += things
        for one in found:
            if (line := self._lines.setdefault(one, row.line)) != row.line:
                return partial("{} stands in line {:,}, too".format, with_remarks(one), line)
        if len(found) == 1:
            self.without.update(found)
        elif found:
            self.pairs[found[0]] = found[1]
        return None


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the rows that say something."""
    text = _text(path)
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count), strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        if not {"old", "new"} <= {*columns}:
            raise UsageError(f"{path} line 1: the header must name the columns old,new")
        at_old, at_new = columns.index("old"), columns.index("new")
        for cells in filter(None, reader):
            if len(cells) <= max(at_old, at_new):
                raise UsageError(f"{path} line {reader.line_num}: there are fewer columns than in the header")
            old, new = cells[at_old].strip(), cells[at_new].strip()
            if old and new:
                yield _Row(reader.line_num, old, new)
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: no CSV: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{path} line {line}: not UTF-8; save it as 'CSV UTF-8'") from error


def mapping_lines(found: Matches[T], old: Register[T], new: Register[T]) -> Iterator[str]:
    """Yield a mapping file to be completed: what was settled before, then who and what has no counterpart."""
    return (",".join(map(_cell, cells)) for cells in _cells(found, old, new))


def _cell(text: str) -> str:
    """Write a cell; a mark alone is no formula."""
    return text if text in ("", NONE) else next(iter(csv_lines([[text]])))


def _cells(found: Matches[T], old: Register[T], new: Register[T]) -> Iterator[tuple[str, str, str]]:
    yield "old", "new", "about"
    for one, hint in found.hints.items():
        if hint is Hint.FILE:
            yield old.name(one), new.name(found.counterparts[one]), _about(one)
    shared = {one: f"ambiguous: {each.hint} {each.name}" for each in found.ambiguous for one in (*each.old, *each.new)}
    for register, things in ((old, found.old), (new, found.new)):
        for one in things:
            if one not in found.counterparts:
                names = [register.name(one), NONE if one in found.without else ""]
                this, other = names if register is old else reversed(names)
                yield this, other, _about(one, shared.get(one, ""))


def _about(one: Thing, ambiguity: str = "") -> str:
    """Say what helps to find the counterpart."""
    names = [one.name, *addresses(one)] if isinstance(one, User) else []
    return "; ".join(filter(None, (", ".join(dict.fromkeys([*names, *remarks(one)])), ambiguity)))
