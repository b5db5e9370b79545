"""A saved OAA Custom Application payload → `Export`, checked on the way.

Knows the sections of a payload as oaaclient writes them and Veza documents them. Anything unknown is a `ReviewError`
that names its place: a skipped grant would look exactly like missing access.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connector.graph.application import ApplicationReader
from connector.graph.export import Assignment, Export
from connector.graph.fields import Record, each, enter, flag, identifier, resolve, text, texts
from connector.graph.values import Category, Permission, ReviewError


def load(source: Path | str | Mapping[str, object]) -> Export:
    """Read a payload from a file, or as parsed JSON.

    Raises `ReviewError` where the file cannot be read, is not JSON, is no whole OAA Custom Application payload,
    or refers to something that it does not define. References are by `id` where there is one, else by `name`,
    in any letter case; resources are referred to by key, exactly.
    """
    if isinstance(source, Mapping):
        return _PayloadReader(source).export()
    try:
        with collector_paused():
            return _PayloadReader(_parse(Path(source))).export()
    except ReviewError as error:
        raise ReviewError(f"{source}: {error}") from error
    except RecursionError as error:
        raise ReviewError(f"{source}: nested deeper than any application") from error


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch the garbage collector off while millions of values are created, none of which is garbage.

    It would take two thirds of the time to load a large export, and a fifth of the time to compare two.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _parse(path: Path) -> Record:
    try:
        payload: object = json.loads(path.read_bytes())
    except OSError as error:
        raise ReviewError(f"cannot be read: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise ReviewError(f"not JSON, or cut short: {error.msg} at {place}") from error
    except ValueError as error:
        raise ReviewError("not JSON: the text is damaged") from error
    if not isinstance(payload, Mapping):
        raise ReviewError("not an OAA payload: its JSON is no object")
    return payload


class _PayloadReader:
    """Reads the sections of one payload in the order in which they refer to each other."""

    def __init__(self, raw: Record) -> None:
        for name in ("applications", "permissions", "identity_to_permissions"):
            if not isinstance(raw.get(name), list):
                raise ReviewError(f"not a whole OAA Custom Application payload: it has no list {name!r}")
        if raw.get("incremental_change"):
            raise ReviewError("an incremental payload: it tells what changed, not who has access")
        self._raw = raw
        self._permissions: dict[str, Permission] = {}
        self._applications: dict[str, ApplicationReader] = {}

    def export(self) -> Export:
        """Read everything."""
        for permission in each(self._raw, "permissions", _permission):
            enter(self._permissions, "permission", permission.name, permission)
        for reader in each(self._raw, "applications", lambda raw: ApplicationReader(raw, self._permissions)):
            enter(self._applications, "application", reader.application.name, reader)
        assignments = each(self._raw, "identity_to_permissions", self._assignments)
        readers = self._applications.values()
        return Export(
            nodes=[node for reader in readers for node in reader.nodes],
            identities=[identity for reader in readers for identity in reader.identities()],
            permissions=tuple(self._permissions.values()),
            memberships={who: groups for reader in readers for who, groups in reader.memberships.items()},
            credentials_by_user={who: own for reader in readers for who, own in reader.credentials_of.items()},
            assignments=[row for rows in assignments for row in rows if row.targets],
            defined=frozenset(_defined(self._raw.get("custom_property_definition"))),
        )

    def _assignments(self, raw: Record) -> list[Assignment]:
        """Read what one identity holds in all applications."""
        kind, name = text(raw, "identity_type"), text(raw, "identity")

        def read_permission(item: Record) -> Assignment:
            application = self._application(item)
            permission = resolve(self._permissions, "permission", text(item, "permission"))
            return Assignment(application.holder(kind, name), permission, (), application.targets(item))

        def read_role(item: Record) -> list[Assignment]:
            application = self._application(item)
            return list(application.role_assignments(application.holder(kind, name), item))

        direct = each(raw, "application_permissions", read_permission)
        through_roles = each(raw, "role_assignments", read_role)
        return [*direct, *(row for rows in through_roles for row in rows)]

    def _application(self, item: Record) -> ApplicationReader:
        return resolve(self._applications, "application", text(item, "application"))


def _defined(definitions: object) -> Iterator[str]:
    """Yield the names of the defined custom properties: in nested objects, the keys whose value is a type name."""
    match definitions:
        case Mapping():
            for name, value in definitions.items():
                if isinstance(value, str):
                    yield name
                yield from _defined(value)
        case list():
            for value in definitions:
                yield from _defined(value)


def _permission(raw: Record) -> Permission:
    categories = Category(0)
    for name in texts(raw, "permission_type"):
        categories |= _category(name)
    return Permission(
        name=identifier({"name": raw.get("name")}),
        categories=categories,
        inherits=bool(flag(raw, "apply_to_sub_resources")),
        resource_types=frozenset(texts(raw, "resource_types")),
    )


def _category(name: str) -> Category:
    for category in Category:
        if category.oaa_name == name:
            return category
    raise ReviewError(f"unknown OAA permission {name!r}")
