"""The contents of an OAA Custom Application payload, as frozen values.

Uses OAA's terms and knows no product. Values are compared by identity, so that sets of a hundred thousand of them are
cheap. One export holds each thing once; things of two exports are compared by their `id` or `key`.
`None` means that the payload does not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Flag, IntEnum, auto

from connector.errors import ConnectorError


class ReviewError(ConnectorError):
    """The file is no complete OAA payload; the message names the place of the error."""

    exit_code = 2


class Level(IntEnum):
    """The level of access to a resource; a higher one implies the lower ones."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()


class Category(Flag):
    """OAA's canonical permissions, to which each application maps its own."""

    DATA_READ = auto()
    DATA_WRITE = auto()
    DATA_CREATE = auto()
    DATA_DELETE = auto()
    METADATA_READ = auto()
    METADATA_WRITE = auto()
    METADATA_CREATE = auto()
    METADATA_DELETE = auto()
    NON_DATA = auto()
    UNCATEGORIZED = auto()

    @property
    def oaa_name(self) -> str:
        """The name of one category as payloads spell it, `DataRead` for DATA_READ."""
        return (self.name or "").title().replace("_", "")

    @property
    def level(self) -> Level:
        """The highest level that these categories give."""
        if Category.METADATA_WRITE in self:
            return Level.ADMIN
        if Category.DATA_WRITE in self:
            return Level.WRITE
        return Level.READ if Category.DATA_READ in self else Level.NONE


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """The root of a tree of resources."""

    name: str
    type: str | None
    description: str | None
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """A resource at any depth. Grants refer to it by `key`: the ids from the top, joined by dots."""

    key: str
    id: str
    name: str
    type: str | None
    description: str | None
    parent: Application | Resource
    properties: Mapping[str, object]


Node = Application | Resource
"""What a permission can be granted on."""


def lineage(node: Node) -> Iterator[Node]:
    """Yield a node, its parent, and so on up to its application."""
    while isinstance(node, Resource):
        yield node
        node = node.parent
    yield node


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """What a permission can be granted to. References use `id`, which is the name where there is no id."""

    application: Application
    id: str
    name: str
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class User(Identity):
    """A local user. Times are as the payload spells them (RFC 3339)."""

    email: str | None
    identities: tuple[str, ...]
    is_active: bool | None
    user_type: str | None
    created_at: str | None
    last_login_at: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Group(Identity):
    """A local group."""


@dataclass(frozen=True, slots=True, eq=False)
class Credential(Identity):
    """An access credential: a key or a token. Times are as the payload spells them (RFC 3339)."""

    is_active: bool | None
    can_expire: bool | None
    created_at: str | None
    expires_at: str | None
    last_used_at: str | None


@dataclass(frozen=True, slots=True, eq=False)
class IdpIdentity(Identity):
    """An identity of an identity provider, known by its grants alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Agent(Identity):
    """A local agent."""


@dataclass(frozen=True, slots=True, eq=False)
class Permission:
    """A permission of the application; with `inherits` it applies to all resources below its node too."""

    name: str
    categories: Category
    inherits: bool
    resource_types: frozenset[str]
    """If not empty: as part of a role it applies only where the role is assigned on resources of these types."""


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A named bundle of permissions."""

    id: str
    name: str
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission that one identity holds on one node; `roles` lead from the assigned role to the permission."""

    holder: Identity
    permission: Permission
    on: Node
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """One reason why an identity reaches a node.

    `chain` leads from the identity to the holder of the grant (user, group, parent group). `inherited` leads from
    below the node of the grant down to the node; it is empty for a grant on the node itself.
    """

    chain: tuple[Identity, ...]
    grant: Grant
    inherited: tuple[Resource, ...]

    @property
    def length(self) -> int:
        """The number of steps; a direct grant has one."""
        return len(self.chain) + len(self.grant.roles) + len(self.inherited)

    @property
    def level(self) -> Level:
        """The level that this reason alone gives."""
        return self.grant.permission.categories.level

    def __str__(self) -> str:
        names = [identity.name for identity in self.chain] + [role.name for role in self.grant.roles]
        names.append(f"{self.grant.permission.name} on {self.grant.on.name}")
        return " → ".join((*names, *(resource.name for resource in self.inherited)))
