"""Fields of JSON objects: each is present and of the right kind, or an error names its place.

Knows kinds of values, not what they mean.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from connector.errors import Unreadable, Why
from connector.rest.answer import one_line

C = TypeVar("C", bound=StrEnum)
T = TypeVar("T")

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""A lone surrogate: a program has cut a text of UTF-16 in the middle of a character."""

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_LARGEST_ID = (1 << 63) - 1
"""Ids are at most a `long` of Java; Python refuses to read much longer numbers."""

_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999, where RFC 3339 ends."""


class Malformed(Unreadable):
    """An answer lacks a required value, or holds one that this connector does not know."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Why.MALFORMED)


def moment(row: object, name: str, where: str) -> int | None:
    """Read a time as epoch milliseconds; None where there is none.

    Sent as a number or as digits, with zero and less for "never"; documented as ISO 8601 in some versions.
    """
    value = get(row, name, where)
    if isinstance(value, str):
        value = int(value) if _NUMBER.fullmatch(value) else _iso(value)
    if value is None or isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= _LATEST else None


def _iso(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def choice(kind: type[C], value: str, name: str, where: str) -> C:
    """Read a value of a closed vocabulary."""
    try:
        return kind(value)
    except ValueError:
        raise Malformed(f"{where}: {name} is {one_line(value)!r}, which this connector does not know") from None


def get(row: object, name: str, where: str) -> Any:  # noqa: ANN401 - any JSON; the caller checks
    """Give the value of a field; None where there is none."""
    if not isinstance(row, dict):
        raise Malformed(f"{where}: a row is no object, so it has no {name}")
    return row.get(name)


def field(row: object, name: str, where: str) -> Any:  # noqa: ANN401
    """Give the value of a required field."""
    value = get(row, name, where)
    if value is None:
        raise Malformed(f"{where}: the answer lacks {name}")
    return value


def text(row: object, name: str, where: str) -> str:
    """Read a required text that is not empty."""
    value = field(row, name, where)
    if not isinstance(value, str) or not value or not is_text(value):
        raise Malformed(f"{where}: {name} is no text")
    return value


def is_text(value: str) -> bool:
    """Whether a string can be encoded: JSON can hold lone surrogates."""
    return _HALF_CHARACTER.search(value) is None


def flag(row: object, name: str, where: str) -> bool:
    """Read a required boolean."""
    value = field(row, name, where)
    if not isinstance(value, bool):
        raise Malformed(f"{where}: {name} is neither true nor false")
    return value


def number_id(row: object, name: str, where: str) -> str:
    """Read an id that is a number, as a text; audit events and some proxies send numbers as strings."""
    value = field(row, name, where)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_ID:
        raise Malformed(f"{where}: {name} is no number that an id can be")
    return str(value)


def maybe_text(row: object, name: str, where: str) -> str | None:
    """Read an optional text; lone surrogates become replacement characters."""
    value = maybe(row, name, str, where)
    return None if value is None else _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", value)


def maybe(row: object, name: str, kind: type[T], where: str) -> T | None:
    """Read an optional field of one kind."""
    value = get(row, name, where)
    if value is not None and not isinstance(value, kind):
        raise Malformed(f"{where}: {name} is of an unexpected kind")
    return value
