"""One application of a payload: its resources, identities and roles, and references to them.

Knows the format of an application in the payload. References are by id, or by name where there is no id. References
to resources are by key, which is built along the tree and never split.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from connector.graph.export import Assignment
from connector.graph.fields import (
    Record,
    each,
    enter,
    flag,
    identifier,
    listed,
    properties,
    resolve,
    shared_text,
    text,
    texts,
)
from connector.graph.values import (
    Agent,
    Application,
    Credential,
    Group,
    Identity,
    IdpIdentity,
    Node,
    Permission,
    Resource,
    ReviewError,
    Role,
    User,
)

_Identity = TypeVar("_Identity", bound=Identity)
_RolePermissions = Mapping[Permission, tuple[Role, ...]]
"""The permissions of a role, each with the chain of roles that leads to it."""


class ApplicationReader:
    """Reads one application, then resolves the references of grants."""

    def __init__(self, raw: Record, permissions: Mapping[str, Permission]) -> None:
        self.application = Application(
            name=identifier({"name": raw.get("name")}),
            type=text(raw, "application_type"),
            description=text(raw, "description"),
            properties=properties(raw),
        )
        self.nodes: list[Node] = [self.application]
        self.memberships: dict[Identity, list[Group]] = {}
        self.credentials_of: dict[User, list[Credential]] = {}
        self._resources: dict[str, Resource] = {}
        self._ambiguous: set[str] = set()
        self._read_resources(raw, "resources", self.application, "")
        self._users = self._register(raw, "local_users", _user)
        self._groups = self._register(raw, "local_groups", lambda *item: Group(*_common(*item)))
        self._credentials = self._register(raw, "local_access_creds", _credential)
        self._agents = self._register(raw, "local_agents", lambda *item: Agent(*_common(*item)))
        self._idp_identities: dict[str, IdpIdentity] = {}
        self._read_links(raw)
        self._roles = _read_roles(raw, permissions)

    def identities(self) -> Iterator[Identity]:
        """Yield all identities, with those that only grants name: call it after the grants are read."""
        yield from self._users.values()
        yield from self._groups.values()
        yield from self._credentials.values()
        yield from self._agents.values()
        yield from self._idp_identities.values()

    def holder(self, kind: str | None, name: str | None) -> Identity:
        """Resolve the identity of a grant. Identities of a provider are defined by their grants alone."""
        match kind:
            case "local_user":
                return resolve(self._users, "local user", name)
            case "local_group":
                return resolve(self._groups, "local group", name)
            case "local_access_creds":
                return resolve(self._credentials, "access credential", name)
            case "local_agent":
                return resolve(self._agents, "local agent", name)
            case "idp" if name is not None:
                identity = IdpIdentity(self.application, name, name, {})
                return self._idp_identities.setdefault(name.lower(), identity)
            case _:
                raise ReviewError(f"unknown identity {name!r} of type {kind!r}")

    def targets(self, raw: Record) -> list[Node]:
        """Resolve the nodes of a grant or of a role assignment."""
        keys = listed(raw, "resources")
        nodes: list[Node] = [self.application] if flag(raw, "apply_to_application") else []
        try:
            nodes.extend([self._resources[key] for key in keys])  # type: ignore[index]  # any other is unknown too
        except (KeyError, TypeError) as error:
            unknown = next(key for key in keys if not isinstance(key, str) or key not in self._resources)
            raise ReviewError(f"unknown resource {unknown!r}") from error
        if self._ambiguous and not self._ambiguous.isdisjoint(keys):
            raise ReviewError(f"two resources have the key {min(self._ambiguous.intersection(keys))!r}")
        return nodes

    def role_assignments(self, holder: Identity, raw: Record) -> Iterator[Assignment]:
        """Expand a role assignment to one assignment for each permission of the role.

        A permission with resource types applies where the role is assigned on such a resource, or on the application.
        Whether the resources below inherit it depends on the permission alone.
        """
        targets = self.targets(raw)
        for permission, roles in resolve(self._roles, "role", text(raw, "role")).items():
            fitting = [node for node in targets if _fits(permission, node)]
            yield Assignment(holder, permission, roles, fitting)

    def _read_resources(self, raw: Record, section: str, parent: Node, prefix: str) -> None:
        def read(item: Record) -> None:
            resource = _resource(item, parent, prefix)
            if self._resources.setdefault(resource.key, resource) is not resource:
                self._ambiguous.add(resource.key)
            self.nodes.append(resource)
            if "sub_resources" in item:
                self._read_resources(item, "sub_resources", resource, f"{resource.key}.")

        each(raw, section, read)

    def _register(
        self, raw: Record, section: str, make: Callable[[Application, Record], _Identity]
    ) -> dict[str, _Identity]:
        registry: dict[str, _Identity] = {}

        def read(item: Record) -> None:
            identity = make(self.application, item)
            enter(registry, "identity", identity.id, identity)

        each(raw, section, read)
        return registry

    def _read_links(self, raw: Record) -> None:
        def read_group(item: Record) -> None:
            self._join(resolve(self._groups, "local group", identifier(item)), item)

        def read_user(item: Record) -> None:
            user = resolve(self._users, "local user", identifier(item))
            self._join(user, item)
            names = texts(item, "access_creds")
            if names:
                self.credentials_of[user] = [resolve(self._credentials, "access credential", name) for name in names]

        each(raw, "local_groups", read_group)
        each(raw, "local_users", read_user)

    def _join(self, member: Identity, raw: Record) -> None:
        names = texts(raw, "groups")
        if names:
            self.memberships[member] = [resolve(self._groups, "local group", name) for name in names]


def _resource(raw: Record, parent: Node, prefix: str) -> Resource:
    own = identifier(raw)
    return Resource(
        key=prefix + own,
        id=own,
        name=text(raw, "name") or own,
        type=shared_text(raw, "resource_type"),
        description=text(raw, "description"),
        parent=parent,
        properties=properties(raw),
    )


def _user(application: Application, raw: Record) -> User:
    return User(
        *_common(application, raw),
        email=text(raw, "email"),
        identities=texts(raw, "identities"),
        is_active=flag(raw, "is_active"),
        user_type=shared_text(raw, "user_type"),
        created_at=text(raw, "created_at"),
        last_login_at=text(raw, "last_login_at"),
    )


def _credential(application: Application, raw: Record) -> Credential:
    return Credential(
        *_common(application, raw),
        is_active=flag(raw, "is_active"),
        can_expire=flag(raw, "can_expire"),
        created_at=text(raw, "created_at"),
        expires_at=text(raw, "expires_at"),
        last_used_at=text(raw, "last_used_at"),
    )


def _common(application: Application, raw: Record) -> tuple[Application, str, str, Record]:
    """Read what every identity has: its application, id, name and custom properties."""
    own = identifier(raw)
    return application, own, text(raw, "name") or own, properties(raw)


def _fits(permission: Permission, node: Node) -> bool:
    if not permission.resource_types or isinstance(node, Application):
        return True
    return node.type in permission.resource_types


@dataclass(frozen=True, slots=True)
class _RoleRecord:
    role: Role
    permissions: list[Permission]
    nested: tuple[str, ...]


def _read_roles(raw: Record, permissions: Mapping[str, Permission]) -> dict[str, _RolePermissions]:
    registry: dict[str, _RoleRecord] = {}

    def read(item: Record) -> None:
        own = identifier(item)
        record = _RoleRecord(
            role=Role(own, text(item, "name") or own, properties(item)),
            permissions=[resolve(permissions, "permission", name) for name in texts(item, "permissions")],
            nested=texts(item, "roles"),
        )
        enter(registry, "role", own, record)

    each(raw, "local_roles", read)
    return {name: _unnested(record, registry) for name, record in registry.items()}


def _unnested(start: _RoleRecord, registry: Mapping[str, _RoleRecord]) -> _RolePermissions:
    """Give the permissions of a role, each with the shortest chain of roles; cycles of roles are tolerated."""
    found: dict[Permission, tuple[Role, ...]] = {}
    seen = {start.role}
    queue: deque[tuple[tuple[Role, ...], _RoleRecord]] = deque([((start.role,), start)])
    while queue:
        path, record = queue.popleft()
        for permission in record.permissions:
            found.setdefault(permission, path)
        for name in record.nested:
            nested = resolve(registry, "role", name)
            if nested.role not in seen:
                seen.add(nested.role)
                queue.append(((*path, nested.role), nested))
    return found
