"""The decisions of a review as CSV: one row a grant, with the exact grant, who decided, and when.

Written by `collect` and read by `prove`, also after a spreadsheet saved it with another separator. The column `grant`
names the grant for programs; the columns before it are for people.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from connector.graph.values import Level, ReviewError
from connector.review.certification.answers import Decision, Verdict
from connector.review.certification.grants import Reference, reference_from
from connector.review.certification.manifest import Review
from connector.review.text.formats import BYTE_ORDER_MARK, csv_lines, read_cell


class State(StrEnum):
    """Whether a grant was decided on, and if not, why."""

    DECIDED = "decided"
    UNDECIDED = "undecided"
    UNREADABLE = "unreadable"
    CONTRADICTORY = "contradictory"
    MISSING = "row missing"
    NOT_RETURNED = "workbook missing"


@dataclass(frozen=True, slots=True)
class GrantDecision:
    """What was decided on one grant. `decision` is None unless the state is DECIDED."""

    reference: Reference
    state: State
    decision: Decision | None
    holder: str
    name: str
    level: Level
    on: str
    project: str
    reviewer: str = ""
    day: str = ""
    reason: str = ""
    place: str = ""

    @property
    def is_to_do(self) -> bool:
        """Whether something is to be taken away."""
        return self.decision is not None and self.decision.verdict is not Verdict.KEEP

    @property
    def to_do(self) -> str:
        """Say what is to be done; nothing where nothing is."""
        if self.decision is None or not self.is_to_do:
            return ""
        away = f"take {self.name} on {self.on} from {self.reference.holder_kind} {self.holder}"
        return f"{away}, and leave {self.decision.leave} there" if self.decision.leave else away


@dataclass(frozen=True, slots=True)
class Header:
    """What a file of decisions says of its review, in every row; `rows` is how many there are."""

    review: str
    application: str
    collected_at: str
    at_least: Level
    rows: int


_LONGEST_HEADER = 1_000

COLUMNS = (
    "decision", "leave", "to_do", "holder_kind", "holder", "permission", "level", "on", "project",
    "state", "reviewer", "date", "reason", "answered_in", "holder_id", "node", "grant",
    "review", "application", "collected_at", "at_least", "row", "rows",
)  # fmt: skip


def is_decisions(path: Path) -> bool:
    """Whether a file is one that `csv_of` wrote; one that cannot be read is none."""
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_HEADER)
    except OSError:
        return False
    return start.removeprefix(codecs.BOM_UTF8).startswith(",".join(COLUMNS).encode())


def header_of(review: Review, rows: int) -> Header:
    """Give what the rows say of a review."""
    return Header(review.id, review.application, review.collected_at, review.at_least, rows)


def csv_of(header: Header, decided: Iterable[GrantDecision], *, for_excel: bool = False) -> Iterator[str]:
    """Yield the lines, headers first; with a byte order mark Excel reads them as UTF-8."""
    yield from (f"{BYTE_ORDER_MARK if for_excel else ''}{line}" for line in csv_lines([COLUMNS]))
    yield from csv_lines(_row(header, one, number) for number, one in enumerate(decided, 1))


def _row(header: Header, one: GrantDecision, number: int) -> tuple[object, ...]:
    reference = one.reference
    verdict, leave = (one.decision.verdict, one.decision.leave) if one.decision else ("", Level.NONE)
    what = (verdict, leave or "", one.to_do)
    whose = (reference.holder_kind, one.holder, one.name, one.level, one.on, one.project)
    who = (one.state, one.reviewer, one.day, one.reason, one.place)
    exactly = (reference.holder_id, reference.node, json.dumps(reference.as_list()))
    review = (header.review, header.application, header.collected_at, header.at_least)
    return *what, *whose, *who, *exactly, *review, number, header.rows


def read_decisions(path: Path) -> tuple[Header, Iterator[GrantDecision]]:
    """Read a file that `csv_of` wrote, row by row. Raises `ReviewError`, for a later row when that is reached."""
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise ReviewError(f"{path}: holds no decisions")
    header = _header(*first)
    return header, _all(path, header, chain([first], rows))


def _all(path: Path, header: Header, rows: Iterable[_Row]) -> Iterator[GrantDecision]:
    """Yield every row. Decisions without some of them would look like those that were carried out: an error."""
    seen = set[int]()
    for place, row in rows:
        if _header(place, row) != header:
            raise ReviewError(f"{place}: is of another review than the rows before: prove one review at a time")
        if (number := _number(place, row)) in seen:
            raise ReviewError(f"{place}: is row {number:,} of the decisions once more: collect again")
        seen.add(number)
        yield _decided(place, row)
    if seen != set(range(1, header.rows + 1)):
        raise ReviewError(f"{path}: {len(seen):,} of {header.rows:,} rows are left: collect again")


_Row = tuple[str, dict[str, str]]
"""Which file and line, and the cells by column."""


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
        encoding = "utf-16" if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
        # Names may be damaged where a spreadsheet saved in another encoding; what names the grant is ASCII.
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=header.count), restval="")
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                raise ReviewError(f"{path}: not written by `review collect`: it has no column {missing[0]!r}")
            yield from ((f"{path}, line {reader.line_num}", row) for row in reader if any(row.values()))
    except OSError as error:
        raise ReviewError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (csv.Error, UnicodeError) as error:
        raise ReviewError(f"{path}: cannot be read as CSV: {error}") from error


def _header(place: str, row: dict[str, str]) -> Header:
    with _understood(place):
        level = Level[row["at_least"].upper()]
        return Header(row["review"], read_cell(row["application"]), row["collected_at"], level, int(row["rows"]))


def _number(place: str, row: dict[str, str]) -> int:
    with _understood(place):
        return int(row["row"])


def _decided(place: str, row: dict[str, str]) -> GrantDecision:
    with _understood(place):
        state = State(row["state"])
        leave = Level[row["leave"].upper()] if row["leave"] else Level.NONE
        decision = Decision(Verdict(row["decision"]), leave) if row["decision"] else None
        if (decision is not None) != (state is State.DECIDED) or (leave > 0) != (row["decision"] == Verdict.REDUCE):
            raise ValueError("decision, leave and state do not go together")
        return GrantDecision(
            reference=reference_from(json.loads(row["grant"])),
            state=state,
            decision=decision,
            holder=read_cell(row["holder"]),
            name=read_cell(row["permission"]),
            level=Level[row["level"].upper()],
            on=read_cell(row["on"]),
            project=read_cell(row["project"]),
            reviewer=read_cell(row["reviewer"]),
            day=read_cell(row["date"]),
            reason=read_cell(row["reason"]),
            place=row["answered_in"],
        )


@contextmanager
def _understood(place: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError) as error:
        text = f"was changed since `review collect` wrote it ({error}): collect again"
        raise ReviewError(f"{place}: {text}") from error
