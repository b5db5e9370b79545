"""Days as people write them into a sheet. What can be read in two ways is not read."""

from __future__ import annotations

import re
from datetime import date, datetime

from openpyxl.utils.datetime import from_excel

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
        return _of_serial(value, epoch)
    return _of_text(str(value or ""))


def _of_serial(value: float, epoch: datetime) -> str | None:
    if not _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return None
    moment = from_excel(value, epoch)
    return moment.date().isoformat() if isinstance(moment, datetime) else None


def _of_text(text: str) -> str | None:
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
