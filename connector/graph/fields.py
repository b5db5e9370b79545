"""Typed access to the records of a payload: a missing field is None or empty, one of a wrong type an error.

Does not know OAA's sections. `each` prefixes the place of a record to a `ReviewError`, so that a message reads
`applications[0]: local_users[3]: unknown group 'x'`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import TypeVar

from connector.graph.values import ReviewError

Record = Mapping[str, object]
_T = TypeVar("_T")


def each(record: Record, section: str, read: Callable[[Record], _T]) -> list[_T]:
    """Read the records of a list, which may be absent, one by one."""
    found = []
    for index, item in enumerate(listed(record, section)):
        try:
            found.append(read(_as_record(item)))
        except ReviewError as error:
            raise ReviewError(f"{section}[{index}]: {error}") from error
    return found


def _as_record(value: object) -> Record:
    if not isinstance(value, dict):
        raise ReviewError("no object")
    return value


def listed(record: Record, name: str) -> Sequence[object]:
    """Give a list; an absent one is empty."""
    value = record.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ReviewError(f"{name!r} is no list")
    return value


def texts(record: Record, name: str) -> tuple[str, ...]:
    """Give a list of texts; an absent one is empty."""
    return tuple(_as_text(value, name) or "" for value in listed(record, name))


def text(record: Record, name: str) -> str | None:
    """Give a text; one that is absent or empty is None."""
    return _as_text(record.get(name), name)


def _as_text(value: object, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ReviewError(f"{name!r} is no text")


def shared_text(record: Record, name: str) -> str | None:
    """Give a text that many records repeat, such as a type; interned."""
    value = text(record, name)
    # A payload that comes straight from oaaclient holds members of string enums, which cannot be interned.
    return value if value is None else sys.intern(str.__str__(value))


def flag(record: Record, name: str) -> bool | None:
    """Give a boolean; an absent one is None."""
    value = record.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise ReviewError(f"{name!r} is neither true nor false")


def properties(record: Record) -> Record:
    """Give the custom properties."""
    value = record.get("custom_properties")
    if value is None or isinstance(value, dict):
        return value or {}
    raise ReviewError("'custom_properties' is no object")


def identifier(record: Record) -> str:
    """Give the reference to a record: its id, or its name where it has none."""
    found = text(record, "id") or text(record, "name")
    if found is None:
        raise ReviewError("neither id nor name")
    return found


def enter(registry: MutableMapping[str, _T], what: str, name: str, value: _T) -> None:
    """Register a value under a name; letter case does not matter."""
    if registry.setdefault(name.lower(), value) is not value:
        raise ReviewError(f"a second {what} {name!r}")


def resolve(registry: Mapping[str, _T], what: str, name: str | None) -> _T:
    """Give the value that a reference names."""
    found = None if name is None else registry.get(name.lower())
    if found is None:
        raise ReviewError(f"no {what} is named" if name is None else f"unknown {what} {name!r}")
    return found
