"""One export → the rows of each table, in the order of its columns. Knows no file format.

What an export does not say is None. What a table has no column for stands in `other_properties`: nothing is lost.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC

from connector.graph.access import Access
from connector.graph.export import Assignment, Export
from connector.graph.values import (
    Agent,
    Application,
    Category,
    Credential,
    Group,
    Identity,
    IdpIdentity,
    Node,
    Permission,
    Resource,
    ReviewError,
    User,
    lineage,
)
from connector.outputs.tables.schema import TABLES, Column, Table, Type
from connector.review.caveats import caveats
from connector.review.findings.catalogue import findings_of
from connector.review.provenance import moment
from connector.review.text.names import where
from connector.text import rfc3339

Row = tuple[object, ...]
"""Values are None, bool, int or str; times are RFC 3339, UTC."""

_Values = Mapping[str, object]

_MOST_WAYS = 1000
"""The limit for each group: nested groups can make exponentially many ways."""


class Rows:
    """The rows of an export that has one application: a method for each table, of its name."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._access = Access(export)

    def of(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table. Raises `ReviewError` where two of an export's things cannot be told apart."""
        rows: Iterator[Row] = getattr(self, table.name)()
        yield from rows

    def exports(self) -> Iterator[Row]:
        """Yield the one row about the export itself."""
        for application in self._export.applications:
            known = {
                "application_type": application.type,
                "not_known": _json([str(caveat) for caveat in caveats(self._export)]),
            }
            yield _row("exports", known, application.properties)

    def users(self) -> Iterator[Row]:
        """Yield the local users."""
        for user in self._export.users:
            known = {
                "user_id": user.id,
                "name": user.name,
                "email": user.email,
                "identities": _json(user.identities),
                "is_active": user.is_active,
                "user_type": user.user_type,
                "created_at": user.created_at,
                "last_login_at": user.last_login_at,
            }
            yield _row("users", known, user.properties)

    def groups(self) -> Iterator[Row]:
        """Yield the local groups."""
        for group in self._export.groups:
            yield _row("groups", {"group_id": group.id, "name": group.name}, group.properties)

    def memberships(self) -> Iterator[Row]:
        """Yield who is a direct member of which group."""
        for member in (*self._export.users, *self._export.groups):
            for group in dict.fromkeys(self._export.groups_of(member)):
                yield kind(member), storable(member.id), storable(group.id)

    def closure(self) -> Iterator[Row]:
        """Yield the holders whose grants apply to each identity."""
        for identity in self._export.identities:
            for holder in self._access.sources(identity):
                yield kind(identity), storable(identity.id), kind(holder), storable(holder.id)

    def nesting(self) -> Iterator[Row]:
        """Yield the ways from each group to the groups that it is in, the shortest first."""
        for group in self._export.groups:
            for way in self._ways(group):
                names = " → ".join(f"group {storable(one.name)}" for one in way[1:])
                yield storable(group.id), storable(way[-1].id), _json([one.id for one in way]), names, len(way)

    def _ways(self, group: Group) -> Iterator[tuple[Group, ...]]:
        """Yield the ways up that pass no group twice; of very many the shortest, and one to each group in any case."""
        queue: deque[tuple[Group, ...]] = deque([(group,)])
        reached, number = set[Group](), 0
        while queue:
            way = queue.popleft()
            if number >= _MOST_WAYS and way[-1] in reached:
                continue
            reached.add(way[-1])
            number += 1
            yield way
            above = dict.fromkeys(self._export.groups_of(way[-1]))
            queue.extend((*way, one) for one in above if one not in way)

    def projects(self) -> Iterator[Row]:
        """Yield what lies directly in the application."""
        for resource in self._resources():
            if isinstance(resource.parent, Application):
                yield _row("projects", _resource(resource), resource.properties)

    def repositories(self) -> Iterator[Row]:
        """Yield what lies in something else."""
        for resource in self._resources():
            if isinstance(resource.parent, Resource):
                known = _resource(resource) | {"parent_key": resource.parent.key}
                yield _row("repositories", known, resource.properties)

    def _resources(self) -> Iterator[Resource]:
        keys = set[str]()
        for resource in self._export.resources:
            if resource.key in keys:
                raise ReviewError(f"two resources have the key {resource.key!r}, so their grants cannot be told apart")
            keys.add(resource.key)
            yield resource

    def containment(self) -> Iterator[Row]:
        """Yield what lies in what."""
        for resource in self._export.resources:
            key = storable(resource.key)
            yield from ((key, node_key(above), distance) for distance, above in enumerate(lineage(resource)))

    def permissions(self) -> Iterator[Row]:
        """Yield the permissions."""
        for permission in self._export.permissions:
            names = [category.oaa_name for category in Category if category in permission.categories]
            yield storable(permission.name), *_amount(permission), _json(names)

    def grants(self) -> Iterator[Row]:
        """Yield each grant once."""
        for holder in self._export.identities:
            own = kind(holder), storable(holder.id)
            granted = (
                (name, node_key(node), roles, *amount)
                for row in self._export.assignments_of(holder)
                for name, roles, amount in [_granted(row)]
                for node in row.targets
            )
            yield from ((*own, *rest) for rest in dict.fromkeys(granted))

    def credentials(self) -> Iterator[Row]:
        """Yield the keys and tokens."""
        for credential in self._export.credentials:
            known = {
                "credential_id": credential.id,
                "name": credential.name,
                "is_active": credential.is_active,
                "has_grants": bool(self._export.assignments_of(credential)),
                "can_expire": credential.can_expire,
                "created_at": credential.created_at,
                "expires_at": credential.expires_at,
                "last_used_at": credential.last_used_at,
            }
            yield _row("credentials", known, credential.properties)

    def credential_owners(self) -> Iterator[Row]:
        """Yield whose keys and tokens they are."""
        for credential in self._export.credentials:
            for owner in dict.fromkeys(self._export.owners_of(credential)):
                yield storable(credential.id), storable(owner.id)

    def other_identities(self) -> Iterator[Row]:
        """Yield agents, and identities of identity providers."""
        for identity in self._export.identities:
            if isinstance(identity, Agent | IdpIdentity):
                yield kind(identity), storable(identity.id), storable(identity.name)

    def findings(self) -> Iterator[Row]:
        """Yield the findings, a row for each place."""
        number = 0
        for finding in findings_of(self._export):
            found = finding.id, finding.urgency.name.lower(), finding.title, finding.reason, finding.advice
            for place in finding.places:
                number += 1
                texts = (place.subject, place.group, place.what, place.detail)
                yield number, *found, *map(storable, texts), *_about(place.about)


_COLUMNS = {table.name: table.columns for table in TABLES}


def kind(identity: Identity) -> str:
    """Say what an identity is, as the tables call it."""
    return _KINDS[type(identity)]


_KINDS: dict[type[Identity], str] = {
    User: "user",
    Group: "group",
    Credential: "credential",
    Agent: "agent",
    IdpIdentity: "idp",
}


def node_key(node: Node) -> str:
    """Give what the tables call what a grant is on; the application is the empty text."""
    return storable(node.key) if isinstance(node, Resource) else ""


def _granted(row: Assignment) -> tuple[str, str, tuple[str, int, bool]]:
    roles = " → ".join(storable(role.name) for role in row.roles)
    return storable(row.permission.name), roles, _amount(row.permission)


def _amount(permission: Permission) -> tuple[str, int, bool]:
    level = permission.categories.level
    return str(level), level.value, permission.inherits


def _resource(resource: Resource) -> dict[str, object]:
    return {
        "resource_key": resource.key,
        "resource_id": resource.id,
        "name": resource.name,
        "path": where(resource),
        "type": resource.type,
        "description": resource.description,
    }


def _about(about: Identity | Node) -> tuple[str, str]:
    match about:
        case Resource():
            return "resource", node_key(about)
        case Application():
            return "application", storable(about.name)
        case _:
            return kind(about), storable(about.id)


def _row(table: str, known: _Values, properties: _Values) -> Row:
    """Fill the columns of a table from what is known of a thing, and its custom properties; the last has the rest."""
    left = dict(properties)
    values: list[object] = []
    for column in _COLUMNS[table]:
        raw = properties.get(column.name) if column.is_property else known.get(column.name)
        value = _value(column, raw)
        if value is None and raw is not None:
            left[column.name] = raw
        elif column.is_property:
            left.pop(column.name, None)
        values.append(value)
    return (*values[:-1], _json(left) if left else None)


def _value(column: Column, raw: object) -> object:
    """Give a value as its column holds it; None where it is not of the column's type."""
    match column.type:
        case Type.TEXT:
            return storable(raw) if isinstance(raw, str) else None
        case Type.BOOLEAN:
            return raw if isinstance(raw, bool) else None
        case Type.NUMBER:
            return raw if isinstance(raw, int) and not isinstance(raw, bool) else None
        case Type.TIME:
            return _time(raw)


def _time(raw: object) -> str | None:
    time = moment(raw)
    try:
        return None if time is None else rfc3339(time.astimezone(UTC))
    except OverflowError:
        return None


_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, and halves of characters: neither databases nor UTF-8 have a place for them."""


def storable(text: str) -> str:
    """Give a text as every format can hold it."""
    return text if text.isascii() and "\x00" not in text else _NOT_STORABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _json(value: object) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
