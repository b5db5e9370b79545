"""The answers in one returned workbook, however it was edited, and what could not be read.

Answers are found by the hidden ids and the headers, wherever these stand by now: sheets may be renamed, rows sorted,
filtered or copied, columns moved or added. A row that shows other names than its id was written for is not read, nor
is a day that can be read in two ways.
A file that breaks off is not read at all.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import from_excel

from connector.review.certification.rows import RowId, plain, read_row_id
from connector.review.certification.workbook import (
    DATE,
    DATE_LABEL,
    DECIDE,
    DECISION,
    HOLDER,
    ID,
    KEYS,
    NAME_LABEL,
    ON,
    ONE_BY_ONE,
    REASON,
    REVIEWER,
    RIGHT,
)
from connector.review.text.names import counted
from connector.text import clean

_LARGEST = 4 << 30
"""Bytes that a workbook may unfold to; a million rows take a quarter of it."""

_LAST_HEADER_ROW = 100
"""Where a header is looked for at most."""

_WITHOUT_ANSWERS = re.compile(r"(Start|People|For information|Words)( \(\d+\))?")
_WITH_ANSWERS = re.compile(rf"({DECIDE}|{KEYS}|{ONE_BY_ONE})( \(\d+\))?")
_MERGED = b"mergeCell "
_BLOCK = 1 << 20

_SHOWN = (HOLDER, RIGHT, ON)
_NEEDED = (DECISION, *_SHOWN)
_ANSWERED = frozenset({DECISION, REASON, REVIEWER, DATE})
_KNOWN = {plain(name).casefold(): name for name in (ID, *_NEEDED, REASON, REVIEWER, DATE)}

_Values = Sequence[object]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, and where; `is_note` where no decision depends on it."""

    place: str
    text: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """What a reviewer wrote in one row. A `day` that could not be read is as it was written."""

    text: str
    reason: str
    reviewer: str
    day: str
    place: str


Key = tuple[int, str]
"""The number of a workbook of the review, and the id of a grant or of a folded row in it."""


@dataclass(slots=True)
class Returned:
    """What one file says: the answers in each row, by workbook of the review and grant or fold; none where empty."""

    answers: dict[Key, list[WrittenAnswer]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_workbook(path: Path, name: str, review: str) -> Returned:
    """Read what came back in a file, of which people know the name. Never raises for what stands in it."""
    try:
        inside = _look_inside(path)
        found = _read(path, name, review)
        if inside.has_merged_cells:
            found.problems.extend(_merged(path, name))
    except Exception as error:  # noqa: BLE001 - openpyxl raises any exception for a broken file
        text = f"is no Excel workbook that can be read (damaged, or with a password?), so nothing of it counts: {error}"
        return Returned(problems=[Problem(clean(name), clean(text))])
    if inside.has_comments:
        found.problems.append(Problem(clean(name), "has comments, which are not read: look at them", is_note=True))
    return found


def _read(path: Path, name: str, review: str) -> Returned:
    with warnings.catch_warnings():
        # About parts that it does not read, such as drop-downs.
        warnings.simplefilter("ignore")
        try:
            return _Reading(name, review, takes_formulas=False).returned(_sheets(path))
        except _FormulaError:
            return _Reading(name, review, takes_formulas=True).returned(_computed_sheets(path))


_Sheets = Iterator[tuple[str, datetime, Iterator[_Values]]]
"""Each sheet by its title, with the day from which its workbook counts, and its rows."""


class _FormulaError(Exception):
    """An answer is a formula: what it shows has to be read, too, which takes twice the time."""


def _sheets(path: Path, *, computed: bool = False) -> _Sheets:
    """Yield the sheets with formulas as they are written, or with what they showed when the file was saved."""
    book = load_workbook(path, read_only=True, data_only=computed, keep_links=False)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            yield clean(sheet.title), book.epoch, sheet.iter_rows(values_only=True)
    finally:
        book.close()


def _computed_sheets(path: Path) -> _Sheets:
    """Yield the sheets with what formulas show; a formula of which that was not saved stays one."""
    for (title, epoch, written), (_, _, shown) in zip(_sheets(path), _sheets(path, computed=True), strict=True):
        yield title, epoch, (_shown_or_written(*rows) for rows in zip_longest(shown, written, fillvalue=()))


def _shown_or_written(shown: _Values, written: _Values) -> _Values:
    return [other if one is None else one for one, other in zip_longest(shown, written)]


@dataclass(frozen=True, slots=True)
class _Inside:
    """What a workbook has that is not seen while its rows are read."""

    has_comments: bool
    has_merged_cells: bool


def _look_inside(path: Path) -> _Inside:
    """Look at the parts of a workbook. Raises ValueError where it unfolds to more than any review."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        size = sum(part.file_size for part in archive.infolist())
        if size > _LARGEST:
            raise ValueError(f"it unfolds to {size:,} bytes")
        return _Inside(
            has_comments=any("comments" in name.lower() for name in names),
            has_merged_cells=any(_holds(archive, name, _MERGED) for name in names if "worksheets/" in name),
        )


def _holds(archive: zipfile.ZipFile, name: str, word: bytes) -> bool:
    """Whether a word stands in a part, which may be too large for memory."""
    end = b""
    with archive.open(name) as part:
        while block := part.read(_BLOCK):
            if word in end + block:
                return True
            end = block[-len(word) :]
    return False


def _merged(path: Path, name: str) -> Iterator[Problem]:
    """Name the cells that somebody merged. This takes the whole workbook into memory."""
    for sheet in load_workbook(path, keep_links=False).worksheets:
        for cells in sorted(map(str, sheet.merged_cells.ranges)):
            text = "are merged, so only the first of them holds anything: answer each row"
            yield Problem(clean(f"{name}, sheet {sheet.title}, cells {cells}"), text, is_note=True)


class _Reading:
    """Reads one file. Its name for the reviewer and the day is known when all sheets were seen."""

    def __init__(self, name: str, review: str, *, takes_formulas: bool) -> None:
        self._name, self._review, self._takes_formulas = clean(name), review, takes_formulas
        self._result = Returned()
        self._others: Counter[str] = Counter()
        self._labels: dict[str, object] = {}

    def returned(self, sheets: _Sheets) -> Returned:
        """Read all sheets. Raises `_FormulaError` where an answer is a formula."""
        epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - a day is one everywhere
        for title, epoch, rows in sheets:
            self._read(title, rows, epoch)
        self._fill_in(epoch)
        self._tell_strangers()
        return self._result

    def _read(self, sheet: str, rows: Iterator[_Values], epoch: datetime) -> None:
        place = f"{self._name}, sheet {sheet}"
        columns: dict[str, int] | None = None
        is_known, is_empty = False, True
        for number, values in enumerate(rows, 1):
            is_empty = is_empty and not any(map(_text, values))
            names = _names(values)
            if ID in names or (columns is None and {DECISION, HOLDER} <= set(names)):
                columns, is_known = self._columns(f"{place}, row {number}", names), True
            elif columns:
                self._read_row(_Row(place, number, columns, values), epoch)
            elif number > _LAST_HEADER_ROW:
                break
            elif not is_known and any(read_row_id(_text(value)) for value in values):
                text = "is a row of the review without a header above it, so no answer below can be read"
                self._tell(f"{place}, row {number}", text)
                is_known = True
            else:
                is_known = self._look_for_labels(values) or is_known
        if not is_known and not is_empty:
            self._tell_of_a_stranger(place, sheet)

    def _tell_of_a_stranger(self, place: str, sheet: str) -> None:
        """Name a sheet in which nothing of the review was found, where something should have been or may be."""
        if _WITH_ANSWERS.fullmatch(sheet):
            self._tell(place, "has no header of the review, so no answer in it can be read")
        elif not _WITHOUT_ANSWERS.fullmatch(sheet):
            self._tell(place, "is no sheet of the review, and was not read", is_note=True)

    def _columns(self, place: str, names: Sequence[str | None]) -> dict[str, int] | None:
        """Give where the columns stand; None where one that is needed is missing or there twice."""
        missing = [name for name in (ID, *_NEEDED) if name not in names]
        twice = [name for name in (ID, *_NEEDED) if names.count(name) > 1]
        for found, what in ((missing, "is missing"), (twice, "is there twice")):
            for name in found:
                self._tell(place, f"the column {name!r} {what}, so no answer below can be read")
        return None if missing or twice else {name: place for place, name in enumerate(names) if name}

    def _read_row(self, row: _Row, epoch: datetime) -> None:
        if not self._takes_formulas and any(row.text(name).startswith("=") for name in _ANSWERED):
            raise _FormulaError
        decision, hidden = row.text(DECISION), row.text(ID)
        found = read_row_id(hidden)
        if not hidden and not decision:
            if written := " ".join(filter(None, map(_text, row.values))):
                self._tell(f"{row.sheet}, row {row.number}", f"is no row of the review: {written!r}", is_note=True)
        elif found is None:
            self._tell(row.place(ID), f"the hidden id {hidden!r} is none, so {decision or 'nothing'!r} is no answer")
        elif found.review != self._review:
            self._others[found.review] += 1
        elif not found.fits(*map(row.text, _SHOWN)):
            shown = ", ".join(map(row.text, _SHOWN))
            self._tell(
                row.place(ID),
                f"the hidden id is not the one of {shown!r}: one of the two was changed, or they were sorted apart, "
                f"so {decision or 'nothing'!r} is no answer",
            )
        else:
            self._take(found, row, epoch)

    def _take(self, found: RowId, row: _Row, epoch: datetime) -> None:
        answers = self._result.answers.setdefault((found.workbook, found.grant), [])
        written = row.text(DATE)
        day = read_day(row.value(DATE), epoch)
        if day is None:
            self._tell(row.place(DATE), f"{written!r} is no day, or can be read as two", is_note=True)
        answer = WrittenAnswer(
            row.text(DECISION), row.text(REASON), row.text(REVIEWER), day or written, row.place(DECISION)
        )
        if answer.text or answer.reason:
            answers.append(answer)

    def _look_for_labels(self, values: _Values) -> bool:
        """Remember what stands to the right of a label on the first sheet. Give whether there is one."""
        is_there = False
        for place, value in enumerate(values):
            for label in (NAME_LABEL, DATE_LABEL):
                if isinstance(value, str) and plain(value).casefold() == label.casefold():
                    right = (other for other in values[place + 1 :] if other not in {None, ""})
                    self._labels[label] = next(right, None)
                    is_there = True
        return is_there

    def _fill_in(self, epoch: datetime) -> None:
        """Take the name and the day of the first sheet for answers without their own."""
        reviewer, written = (_text(self._labels.get(label)) for label in (NAME_LABEL, DATE_LABEL))
        day = read_day(self._labels.get(DATE_LABEL), epoch)
        if day is None:
            self._tell(f"{self._name}, {DATE_LABEL!r}", f"{written!r} is no day, or can be read as two", is_note=True)
        for answers in self._result.answers.values():
            answers[:] = [
                replace(one, reviewer=one.reviewer or reviewer, day=one.day or day or written) for one in answers
            ]

    def _tell_strangers(self) -> None:
        for review, count in self._others.items():
            self._tell(self._name, f"{counted(count, 'row')} of another review ({review}), so they are no answers here")
        if not self._result.answers and not self._result.problems:
            self._tell(self._name, "no sheet of it has rows of this review", is_note=True)

    def _tell(self, place: str, text: str, *, is_note: bool = False) -> None:
        self._result.problems.append(Problem(place, clean(text), is_note))


@dataclass(frozen=True, slots=True)
class _Row:
    """One row, and where its columns are."""

    sheet: str
    number: int
    columns: dict[str, int]
    values: _Values

    def value(self, name: str) -> object:
        place = self.columns.get(name, len(self.values))
        return self.values[place] if place < len(self.values) else None

    def text(self, name: str) -> str:
        return _text(self.value(name))

    def place(self, name: str) -> str:
        return f"{self.sheet}, cell {get_column_letter(self.columns.get(name, 0) + 1)}{self.number}"


def _text(value: object) -> str:
    """Give a cell as text; `_x005F_` is how workbooks write an underscore that begins an escape."""
    return "" if value is None else " ".join(str(value).replace("_x005F_", "_").split())


def _names(values: _Values) -> list[str | None]:
    """Give which of our headers stand in a row."""
    return [_KNOWN.get(plain(value).casefold()) if isinstance(value, str) else None for value in values]


_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_050
"""2000 to 2099, as Excel counts days; a cell that lost its format shows such a number."""

_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y")
_EITHER_WAY = ("%d/%m/%Y", "%m/%d/%Y")


def read_day(value: object, epoch: datetime) -> str | None:
    """Give a day as `2026-11-25`; None for what is no day, or for `03/04/2026`, which is two. Empty stays empty."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return _day_of_serial(value, epoch)
    return _day_of_text(str(value or ""))


def _day_of_serial(value: float, epoch: datetime) -> str | None:
    if not _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return None
    moment = from_excel(value, epoch)
    return moment.date().isoformat() if isinstance(moment, datetime) else None


def _day_of_text(text: str) -> str | None:
    words = " ".join(re.sub(r"[,\s]+", " ", text).split())
    if not words:
        return ""
    words = re.sub(r"^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d.*$", r"\1", words)
    found = {day for form in (*_FORMS, *_EITHER_WAY) if (day := _parsed(words, form))}
    return found.pop() if len(found) == 1 else None


def _parsed(text: str, form: str) -> str | None:
    try:
        return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day is one everywhere
    except ValueError:
        return None
