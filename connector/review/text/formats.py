"""Formats of output, and CSV that is safe to open. Knows no question."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache

from connector.text import clean

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets know the wide ones, too

BYTE_ORDER_MARK = "\ufeff"
"""What Excel needs at the beginning of a file to read it as UTF-8."""


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield rows as lines of CSV; no cell of them is a formula to a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def read_cell(text: str) -> str:
    """Read a cell as `csv_lines` and the page write it: without the apostrophe before what would be a formula."""
    return text[1:] if text.startswith("'") and text[1:].lstrip().startswith(_FORMULA) else text


def _cell(value: object) -> str:
    return "" if value is None else _harmless(str(value))


@lru_cache(maxsize=10_000)
def _harmless(text: str) -> str:
    """Remembered, because names and levels come again in a million rows."""
    harmless = clean(text)
    return f"'{harmless}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else harmless
