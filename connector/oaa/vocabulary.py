"""What a mapping consists of: permissions with their meaning, properties with their getters, names. Values only.

`server` and `cloud` hold the tables of the two products; the documentation's tables are these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from oaaclient.templates import OAAPermission as Oaa
from oaaclient.templates import OAAPropertyType as Kind

from connector.model import (
    ANONYMOUS,
    EVERYONE,
    LICENSED_USERS,
    Credential,
    DefaultBranch,
    Group,
    Inclusion,
    Project,
    Repository,
    Snapshot,
    User,
)

__all__ = ["ANONYMOUS", "EVERYONE", "LICENSED_USERS", "Kind", "Oaa"]

T = TypeVar("T")

PROJECT = "Project"
REPOSITORY = "Repo"

LICENSED_USERS_NAME = "All licensed users"
EVERYONE_NAME = "Everyone, signed in or not"
ANONYMOUS_NAME = "Anonymous"

READ = (Oaa.DataRead, Oaa.MetadataRead)
WRITE = (Oaa.DataRead, Oaa.DataWrite, Oaa.MetadataRead)
CREATE = (Oaa.DataRead, Oaa.DataWrite, Oaa.DataCreate, Oaa.MetadataRead)
ADMIN = (
    Oaa.DataRead,
    Oaa.DataWrite,
    Oaa.DataCreate,
    Oaa.DataDelete,
    Oaa.MetadataRead,
    Oaa.MetadataWrite,
    Oaa.MetadataCreate,
    Oaa.MetadataDelete,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one of Bitbucket's permissions means in OAA's terms."""

    categories: tuple[Oaa, ...]
    sub_resources: bool
    resource_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property(Generic[T]):
    """A custom property: its name, its type, and how it is taken from a value; None is left out."""

    name: str
    kind: Kind
    get: Callable[[T], object]


@dataclass(frozen=True, slots=True)
class Implied:
    """Access that no listing shows, for one snapshot.

    `groups` are ids with names, and the id of the group that each is a member of; `users` are ids with names, and the
    ids of their groups. `groups_of` gives the ids of the groups that a user of the snapshot belongs to.
    """

    groups: tuple[tuple[str, str, str | None], ...] = ()
    users: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    groups_of: Callable[[User], Iterator[str]] = lambda _: iter(())
    grants: Callable[[], Iterator[tuple[str, str, str, str]]] = lambda: iter(())
    """Gives kind and id of the holder (`local_user`, `local_group`), the permission, and the resource's place: its
    own id, or `project id/repository id`."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that the mapping of one product's snapshots needs to know."""

    application_type: str
    provider_name: str
    application_name: Callable[[Snapshot], str]
    permissions: Mapping[str, Meaning]
    application: tuple[Property[Snapshot], ...]
    user: tuple[Property[User], ...]
    group: tuple[Property[Group], ...]
    project: tuple[Property[tuple[Snapshot, Project]], ...]
    repository: tuple[Property[tuple[Snapshot, Repository]], ...]
    identities: Callable[[User], tuple[str | None, ...]]
    implied: Callable[[Snapshot], Implied]
    reserved: frozenset[str] = field(default_factory=frozenset)
    """Ids of groups that a snapshot must not have, since the export uses them."""


# ---- what `--include` adds, the same for both products

CREDENTIAL_PROPERTIES: dict[Inclusion, tuple[Property[Credential], ...]] = {
    Inclusion.ACCESS_KEYS: (
        Property("kind", Kind.STRING, lambda credential: credential.kind.value),
        Property("algorithm", Kind.STRING, lambda credential: credential.algorithm),
        Property("bit_length", Kind.NUMBER, lambda credential: credential.bit_length),
        Property("fingerprint", Kind.STRING, lambda credential: credential.fingerprint),
    ),
    Inclusion.TOKENS: (
        Property("kind", Kind.STRING, lambda credential: credential.kind.value),
        Property(
            "permissions",
            Kind.STRING_LIST,
            lambda credential: list(credential.permissions) if credential.owner_id is not None else None,
        ),
    ),
}
"""By what is included, the properties of credentials; likewise the hosts of webhooks, and default branches."""

WEBHOOK_HOSTS: Property[tuple[str, ...]] = Property("webhook_hosts", Kind.STRING_LIST, list)

DEFAULT_BRANCH_PROPERTIES: tuple[Property[DefaultBranch], ...] = (
    Property("default_branch", Kind.STRING, lambda branch: branch.name),
    Property("default_branch_protected", Kind.BOOLEAN, lambda branch: branch.protected),
    Property("default_branch_pull_request_only", Kind.BOOLEAN, lambda branch: branch.pull_request_only),
    Property("default_branch_no_rewrite", Kind.BOOLEAN, lambda branch: branch.no_rewrite),
    Property("default_branch_no_deletion", Kind.BOOLEAN, lambda branch: branch.no_deletion),
    Property("default_branch_exempt_count", Kind.NUMBER, lambda branch: branch.exempt),
)
