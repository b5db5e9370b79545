"""Excel workbooks as this review writes them: row by row, protected but for the answers. Knows XlsxWriter alone.

A large workbook never stands in memory: its rows go to disk as they are written. Every text is written as text, also
one that begins like a formula. A table that outgrows a sheet goes on in another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, auto
from math import ceil, inf
from pathlib import Path
from types import MappingProxyType

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from connector.files import new_file

LAST_ROW = 1_048_575
"""Excel's last row, counted from 0."""

_LONGEST_CELL = 32_767
_MANY_ROWS = 20_000
"""From this number on, rows go to disk as they are written."""
_A4 = 9
_LINE = 15
"""Points that a line takes in height."""
_WORDS = "Words"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_ALLOWED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
"""What a protected sheet still lets people do, besides answering."""


class CellStyle(IntEnum):
    """How a cell looks."""

    TITLE = auto()
    HEADING = auto()
    PLAIN = auto()
    QUIET = auto()
    WARNING = auto()
    TEXT = auto()
    NUMBER = auto()
    LINK = auto()
    ALARM = auto()
    HEADER = auto()
    ANSWER_HEADER = auto()
    ANSWER = auto()
    DATE = auto()
    READ = auto()
    WRITE = auto()
    ADMIN = auto()


_CELL = {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#D9D6CC", "quote_prefix": True}
_HEADER = {**_CELL, "bold": True, "valign": "vcenter", "bg_color": "#26313F", "font_color": "#FFFFFF"}
_ANSWER = {**_CELL, "bg_color": "#FFF9DF", "border_color": "#C9B458", "locked": False, "quote_prefix": False}
_STYLES: dict[CellStyle, dict[str, object]] = {
    CellStyle.TITLE: {"bold": True, "font_size": 18, "quote_prefix": True},
    CellStyle.HEADING: {"bold": True, "font_size": 12, "font_color": "#26313F", "quote_prefix": True},
    CellStyle.TEXT: _CELL,
    CellStyle.PLAIN: {"valign": "top", "quote_prefix": True},
    CellStyle.QUIET: {"text_wrap": True, "valign": "top", "font_color": "#59626F", "quote_prefix": True},
    CellStyle.ALARM: {**_CELL, "bg_color": "#FDF0EC", "font_color": "#8C2A12", "bold": True},
    CellStyle.WARNING: {"bold": True, "font_color": "#8C2A12", "quote_prefix": True},
    CellStyle.NUMBER: {**_CELL, "num_format": "#,##0", "quote_prefix": False},
    CellStyle.LINK: {**_CELL, "font_color": "#1F5FA8", "underline": 1},
    CellStyle.HEADER: _HEADER,
    CellStyle.ANSWER_HEADER: {**_HEADER, "bg_color": "#7A5B00"},
    CellStyle.ANSWER: _ANSWER,
    CellStyle.DATE: {**_ANSWER, "num_format": "yyyy-mm-dd"},
    CellStyle.READ: {**_CELL, "bg_color": "#D5E5F3", "font_color": "#10314E"},
    CellStyle.WRITE: {**_CELL, "bg_color": "#F8DDA8", "font_color": "#3D2800"},
    CellStyle.ADMIN: {**_CELL, "bg_color": "#A92A52", "font_color": "#FFFFFF", "bold": True},
}
"""The colours are those of the report."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its header, its width in characters, and how its cells look."""

    header: str
    width: float
    style: CellStyle = CellStyle.TEXT
    is_hidden: bool = False

    @property
    def letters(self) -> float:
        """How many letters fit into a line; a hidden column holds any number."""
        return inf if self.is_hidden else self.width

    @property
    def is_answered(self) -> bool:
        """Whether a reviewer writes there."""
        return self.style in {CellStyle.ANSWER, CellStyle.DATE}


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down in a column. The word in another column of the row decides how many of the words it offers."""

    column: str
    depends_on: str
    words: Sequence[str]
    counts: Mapping[str, int]
    otherwise: int
    message: str


@contextmanager
def workbook(path: Path, title: str, rows: int, *, is_protected: bool = True) -> Iterator[Book]:
    """Write a new file of about `rows` rows, mode 0600. Raises OSError, and may leave an unfinished file behind.

    Protection is against accidents, without a password: what is no answer cannot be changed until it is lifted.
    """
    with open(new_file(path), "wb") as file:  # noqa: PTH123 - a descriptor, no path
        # What is small is made in memory, without a dozen temporary files.
        way = {"in_memory": True} if rows < _MANY_ROWS else {"constant_memory": True, "tmpdir": str(path.parent)}
        book = xlsxwriter.Workbook(file, way)
        # Otherwise the time of the run: the same review would be another file each time.
        book.set_properties({"title": title, "created": _EPOCH})
        try:
            yield Book(book, is_protected=is_protected)
            book.close()
        except XlsxWriterException as error:
            raise OSError(str(error)) from error


class Book:
    """One workbook while it is written."""

    def __init__(self, book: xlsxwriter.Workbook, *, is_protected: bool) -> None:
        self._book, self._is_protected = book, is_protected
        self._formats = {style: book.add_format(properties) for style, properties in _STYLES.items()}

    def format(self, style: CellStyle) -> Format:
        """Give the format of a style."""
        return self._formats[style]

    def page(self, name: str, widths: Sequence[float]) -> Page:
        """Add a sheet of free text, with columns of these widths."""
        return Page(self, self.add(name), widths)

    def table(self, name: str, columns: Sequence[Column], choice: Choice | None = None) -> Table:
        """Add a sheet that is one table, or several where it grows too long."""
        return Table(self, name, columns, choice)

    def offer(self, words: Sequence[str]) -> None:
        """Write the words of drop-downs into a hidden sheet."""
        sheet: Worksheet = self._book.add_worksheet(_WORDS)
        sheet.hide()
        self.protect(sheet)
        for row, word in enumerate(words):
            sheet.write_string(row, 0, word)

    def protect(self, sheet: Worksheet) -> None:
        """Protect a sheet, where the workbook is."""
        if self._is_protected:
            sheet.protect("", _ALLOWED)

    def add(self, name: str) -> Worksheet:
        """Add a sheet that prints on A4, as wide as a page."""
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&F&C&A&RPage &P of &N")
        return sheet


class Page:
    """A sheet of free text, written from the top."""

    def __init__(self, book: Book, sheet: Worksheet, widths: Sequence[float]) -> None:
        self._book, self._sheet, self.row = book, sheet, 0
        sheet.hide_gridlines(2)
        book.protect(sheet)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)

    def line(self, *cells: tuple[object, CellStyle], height: float | None = None) -> None:
        """Write cells from the left, and go to the next row."""
        if height is not None:
            self._sheet.set_row(self.row, height)
        self._write(0, cells)

    def link(self, label: str, cells: str, *rest: tuple[object, CellStyle]) -> None:
        """Write a label that marks cells of another sheet when it is clicked, and cells to the right of it."""
        self._sheet.write_url(self.row, 0, f"internal:{cells}", self._book.format(CellStyle.LINK), label)
        self._write(1, rest)

    def formula(self, label: str, formula: str, value: object) -> None:
        """Write a label and a formula, with its value before anything is answered."""
        self._sheet.write_formula(self.row, 1, formula, self._book.format(CellStyle.NUMBER), value)
        self._write(0, [(label, CellStyle.TEXT)])

    def _write(self, first: int, cells: Iterable[tuple[object, CellStyle]]) -> None:
        for place, (value, style) in enumerate(cells, first):
            _write(self._sheet, self.row, place, value, self._book.format(style))
        self.row += 1


_NO_STYLES: Mapping[str, CellStyle] = MappingProxyType({})


@dataclass(slots=True)
class Table:
    """A table that is written row by row, over as many sheets as it takes."""

    book: Book
    name: str
    columns: Sequence[Column]
    choice: Choice | None = None
    sheets: list[tuple[str, int]] = field(default_factory=list)
    """The name of each sheet that was written, and its last row as people count."""
    _sheet: Worksheet | None = None
    _row: int = 0

    def add(self, values: Mapping[str, object], styles: Mapping[str, CellStyle] = _NO_STYLES) -> tuple[str, int]:
        """Write a row of values by header; a style, where one is given, goes before that of the column.

        Give the sheet, and the row in it as people count.
        """
        if self._sheet is None or self._row == LAST_ROW:
            self.close()
            self._sheet = self._begin()
        self._row += 1
        written = [(place, values.get(column.header), column) for place, column in enumerate(self.columns)]
        # Excel fits rows to their text when it opens a file, LibreOffice does not.
        lines = max(len(value) / column.letters for _, value, column in written if isinstance(value, str))
        if lines > 1:
            self._sheet.set_row(self._row, _LINE * ceil(lines))
        for place, value, column in written:
            # The lines of a table that is answered are drawn through; in a long list that would double the cells.
            if value or self.choice is not None:
                _write(self._sheet, self._row, place, value, self.book.format(styles.get(column.header, column.style)))
        return self._sheet.get_name(), self._row + 1

    def _begin(self) -> Worksheet:
        number = len(self.sheets) + 1
        sheet = self.book.add(self.name if number == 1 else f"{self.name} ({number})")
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        for place, column in enumerate(self.columns):
            sheet.set_column(place, place, column.width, None, {"hidden": column.is_hidden})
            style = CellStyle.ANSWER_HEADER if column.is_answered else CellStyle.HEADER
            _write(sheet, 0, place, column.header, self.book.format(style))
        self._row = 0
        return sheet

    def close(self) -> None:
        """End the sheet that is being written: its filter, its drop-downs, its protection."""
        if self._sheet is None:
            return
        self._sheet.autofilter(0, 0, self._row, len(self.columns) - 1)
        if self.choice is not None:
            self._offer(self._sheet, self.choice)
        self.book.protect(self._sheet)
        self.sheets.append((self._sheet.get_name(), self._row + 1))
        self._sheet = None

    def ranges(self, header: str) -> list[str]:
        """Give the cells of a column, as formulas name them."""
        return [self.cells(header, name, 2, last) for name, last in self.sheets]

    def cells(self, header: str, sheet: str, first: int, last: int) -> str:
        """Give the cells of a column in some rows, as formulas name them."""
        column = self._letter(header)
        return f"'{sheet}'!${column}${first}:${column}${last}"

    def _letter(self, header: str) -> str:
        headers = [column.header for column in self.columns]
        return str(xl_col_to_name(headers.index(header)))

    def _offer(self, sheet: Worksheet, choice: Choice) -> None:
        column, word = self._letter(choice.column), f"${self._letter(choice.depends_on)}2"
        source = _words(choice.otherwise)
        for value, count in choice.counts.items():
            source = f'IF({word}="{value}",{_words(count)},{source})'
        options = {
            "validate": "list",
            "source": f"={source}",
            "error_title": "No such answer",
            "error_message": choice.message,
        }
        sheet.data_validation(f"{column}2:{column}{self._row + 1}", options)


def _words(count: int) -> str:
    return f"{_WORDS}!$A$1:$A${count}"


def _write(sheet: Worksheet, row: int, column: int, value: object, style: Format) -> None:
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value)[:_LONGEST_CELL], style)
