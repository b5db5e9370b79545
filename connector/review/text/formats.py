"""Formats of output: CSV that is safe to open, and what self-contained HTML pages share. Knows no question."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

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


def asset(room: str, name: str) -> str:
    """Give the text of a file that stands beside the modules of a package."""
    return files(room).joinpath(name).read_text(encoding="utf-8")


def policy_hash(text: str) -> str:
    """Give the name by which a content security policy allows an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
