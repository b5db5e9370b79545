"""Findings that a reviewer has accepted until a day: the CSV file of acceptances, and its effect on findings.

Accepted places are kept apart and counted. They are open again after the day until which they were accepted.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.review.findings.catalogue import CHECKS
from connector.review.findings.finding import Acceptance, Finding, Place
from connector.review.text.formats import read_cell
from connector.text import clean

if TYPE_CHECKING:
    from _csv import Reader as _Reader

COLUMNS = ("finding", "subject", "until", "why", "by")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Findings with what is accepted set apart; `unused` acceptances are about nothing in the export."""

    findings: tuple[Finding, ...]
    unused: tuple[Acceptance, ...] = ()

    @property
    def accepted(self) -> int:
        """The number of accepted places."""
        return sum(len(finding.accepted) for finding in self.findings)

    @property
    def returned(self) -> int:
        """The number of places whose acceptance has expired."""
        return sum(len(finding.returned) for finding in self.findings)


def read_accepted(path: Path) -> list[Acceptance]:
    """Read acceptances from a CSV file, with commas or semicolons; further columns are ignored.

    Raises `UsageError`, which names the line.
    """
    try:
        # What Excel saves begins with a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8: save it as 'CSV UTF-8'") from error
    try:
        return _without_repetitions(list(_rows(text)))
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def _rows(text: str) -> Iterator[Acceptance]:
    # Comments are no CSV: a quotation mark in one would begin a cell of many lines.
    lines = ["\n" if line.lstrip().startswith("#") else line for line in io.StringIO(text, newline="")]
    heading = next(filter(str.strip, lines), "")
    reader = csv.reader(lines, delimiter=";" if ";" in heading and "," not in heading else ",", strict=True)
    columns: list[str] | None = None
    for cells in _cells(reader):
        if not "".join(cells).strip():
            continue
        if columns is None:
            columns = _columns(cells, reader.line_num)
            continue
        row = _row(columns, cells, reader.line_num)
        # The CSV that the page saves has open places, too: these columns are empty there.
        if row["until"] or row["why"] or row["by"]:
            yield _acceptance(row, reader.line_num)
    if columns is None:
        raise ValueError(f"line 1: the heading is missing; it is {','.join(COLUMNS)}")


def _cells(reader: _Reader) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}: is a quotation mark missing?") from error


def _columns(cells: Sequence[str], line: int) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    if missing := [name for name in COLUMNS if columns.count(name) != 1]:
        raise ValueError(f"line {line}: the column {missing[0]!r} must be there once; needed are {','.join(COLUMNS)}")
    return columns


def _row(columns: Sequence[str], cells: Sequence[str], line: int) -> dict[str, str]:
    if len(cells) != len(columns):
        raise ValueError(f"line {line}: {len(cells)} cells instead of {len(columns)}; put texts with commas in quotes")
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def _acceptance(row: Mapping[str, str], line: int) -> Acceptance:
    for name in COLUMNS:
        if not row[name]:
            raise ValueError(f"line {line}: {name!r} is empty")
    try:
        until = date.fromisoformat(row["until"])
    except ValueError:
        raise ValueError(f"line {line}: until is {clean(row['until'])!r}; write a day as 2027-03-31") from None
    return Acceptance(_known(row["finding"], line), read_cell(row["subject"]), until, row["why"], row["by"], line)


def _known(name: str, line: int) -> str:
    names = [check.id for check in CHECKS]
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; findings are {', '.join(names)}"
    raise ValueError(f"line {line}: there is no finding {clean(name)!r}{hint}")


def _without_repetitions(found: list[Acceptance]) -> list[Acceptance]:
    lines: dict[tuple[str, str], int] = {}
    for one in found:
        first = lines.setdefault((one.finding, one.subject.lower()), one.line)
        if first != one.line:
            raise ValueError(f"line {one.line}: {one.finding} of {clean(one.subject)} stands in line {first} already")
    return found


def reviewed(findings: Iterable[Finding], acceptances: Iterable[Acceptance], today: date) -> Reviewed:
    """Set accepted places apart; an acceptance counts up to and including its day."""
    by_subject = {(one.finding, one.subject.lower()): one for one in acceptances}
    used: set[Acceptance] = set()
    found = [_reviewed(finding, by_subject, used, today) for finding in findings]
    return Reviewed(tuple(found), tuple(one for one in by_subject.values() if one not in used))


_BySubject = dict[tuple[str, str], Acceptance]


def _reviewed(finding: Finding, by_subject: _BySubject, used: set[Acceptance], today: date) -> Finding:
    accepted: list[tuple[Place, Acceptance]] = []
    returned: list[tuple[Place, Acceptance]] = []
    for place in finding.places:
        named = [by_subject.get((finding.id, subject)) for subject in place.covered_by]
        if about := [one for one in named if one is not None]:
            used.update(about)
            longest = max(about, key=lambda one: one.until)
            (accepted if longest.until >= today else returned).append((place, longest))
    kept = {place for place, _ in accepted}
    places = tuple(place for place in finding.places if place not in kept)
    return replace(finding, places=places, accepted=tuple(accepted), returned=tuple(returned))
