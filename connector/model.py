"""The model: what Bitbucket says about access, as frozen values in Bitbucket's own terms.

Server, Data Center and Cloud share it; a field that only one of them has is None for the other. A permission is its
name, as the product writes it.

Imports nothing of ours. References are ids, never objects: a user, a project and a repository are their ids
(texts, since not every source has numbers), a group its key (the name in lower case, since Bitbucket compares
names without regard to case). Times are epoch milliseconds, as Bitbucket sends them.
`None` means that Bitbucket did not say; no default ever replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

LICENSED_USERS = "bitbucket:licensed-users"
EVERYONE = "bitbucket:everyone"
ANONYMOUS = "bitbucket:anonymous"
"""Ids of groups and a user that Bitbucket does not list: in an export they hold the permissions of everybody."""

Permission = str
"""A permission by its name: `PROJECT_WRITE` of a server, `write` of Bitbucket Cloud."""


def in_order(things: Mapping[str, T]) -> list[tuple[str, T]]:
    """Sort things by their ids, ids that are numbers by their size."""
    return sorted(things.items(), key=lambda item: (len(item[0]), item[0]))


class UserType(StrEnum):
    """NORMAL is a person or a technical account; SERVICE acts for an access token."""

    NORMAL = "NORMAL"
    SERVICE = "SERVICE"


class ProjectType(StrEnum):
    """PERSONAL projects belong to one user and have a key that starts with a tilde."""

    NORMAL = "NORMAL"
    PERSONAL = "PERSONAL"


class PublicAccess(StrEnum):
    """Whether users who are not signed in can read public projects and repositories."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class GlobalPermissionsRead(StrEnum):
    """How much of the permissions on the whole instance could be read."""

    FULL = "full"
    """Every direct grant, to users and to groups."""
    EFFECTIVE = "effective"
    """Who holds them, but not through which group."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    """A Bitbucket Server or Data Center instance, and how it was read."""

    base_url: str
    version: str
    public_access: PublicAccess
    global_permissions: GlobalPermissionsRead
    collected_at: int | None = None
    """When collecting began, in epoch milliseconds, by the server's clock."""
    collected_by: str | None = None
    """The account that was used to collect."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of Bitbucket Cloud, and how it was read. `base_url` is its page, `slug` its name in addresses."""

    base_url: str
    slug: str
    uuid: str
    is_private: bool | None
    global_permissions: GlobalPermissionsRead
    collected_at: int | None = None
    collected_by: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """An account. `in_directory` is false where only a grant or a membership names it.

    `name` is the login name on a server, and the nickname (not unique) on Bitbucket Cloud.
    """

    id: str
    name: str
    display_name: str | None
    active: bool | None
    in_directory: bool
    email_address: str | None = None
    type: UserType | None = None
    slug: str | None = None
    """Its name in addresses of a server."""
    licensed: bool | None = None
    directory_name: str | None = None
    last_authentication_timestamp: int | None = None
    created_timestamp: int | None = None
    account_id: str | None = None
    """The Atlassian account, on Bitbucket Cloud."""


def group_key(name: str) -> str:
    """Normalise the name of a group or user.

    Bitbucket's directories compare names in lower case, without the foldings of `str.casefold`:
    "strasse" and "straße" are two groups.
    """
    return name.lower()


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users. `in_directory` is false where only a grant names it.

    `slug` identifies it on Bitbucket Cloud; on a server its name does.
    """

    name: str
    in_directory: bool
    slug: str | None = None
    auto_add: bool | None = None
    """Whether new members of the workspace join it by themselves."""

    @property
    def key(self) -> str:
        """The reference by which grants and memberships name this group."""
        return group_key(self.name) if self.slug is None else self.slug

    @property
    def id(self) -> str:
        """Its identifier in an export."""
        return self.name if self.slug is None else self.slug


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `url` is its page.

    `public` is None for personal projects, which a server sends without it, and on Bitbucket Cloud, where a project
    has `private` instead. `owner_id` is the owner of a personal project.
    """

    id: str
    key: str
    name: str
    description: str | None
    type: ProjectType
    public: bool | None = None
    owner_id: str | None = None
    url: str | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository. `forked_from` is `KEY/slug` on a server, `workspace/slug` on Bitbucket Cloud.

    `archived` is None before Bitbucket 8.0, and on Bitbucket Cloud like `state`; `fork_policy` on a server.
    """

    id: str
    slug: str
    name: str
    description: str | None
    project_id: str
    public: bool
    forked_from: str | None = None
    url: str | None = None
    archived: bool | None = None
    state: str | None = None
    fork_policy: str | None = None


@dataclass(frozen=True, slots=True)
class UserGrant:
    """A permission given to one user by name."""

    user_id: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class GroupGrant:
    """A permission given to a group."""

    group_key: str
    permission: Permission


Grant = UserGrant | GroupGrant


class CredentialKind(StrEnum):
    """Kinds of keys and tokens."""

    SSH_ACCESS_KEY = "ssh-access-key"
    """An SSH key of projects and repositories."""
    SSH_USER_KEY = "ssh-user-key"
    """An SSH key of a user."""
    HTTP_TOKEN = "http-token"  # noqa: S105 - the kind, not one of them
    """An HTTP access token of a project, a repository or a user."""
    DEPLOY_KEY = "deploy-key"
    """An SSH key of projects and repositories on Bitbucket Cloud: it only reads."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or a token, without its key text or secret.

    `owner_id` is the user it acts for; without one it has the grants in `on_projects` and `on_repositories`, by
    project and repository. `permissions` bound the permissions that a token has from its owner.
    `fingerprint` is that of a key, as `ssh-keygen -l` prints it.
    """

    kind: CredentialKind
    id: str
    name: str
    owner_id: str | None = None
    on_projects: Mapping[str, Permission] = field(default_factory=dict)
    on_repositories: Mapping[str, Permission] = field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()
    created_at: int | None = None
    expires_at: int | None = None
    last_used_at: int | None = None
    can_expire: bool | None = None
    algorithm: str | None = None
    bit_length: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class DefaultBranch:
    """What branch restrictions, inherited ones included, say about a repository's default branch.

    A flag is None where it is not known whether a restriction applies. `exempt` counts the users, groups and keys that
    restrictions exempt.
    """

    name: str
    protected: bool | None
    pull_request_only: bool | None
    no_rewrite: bool | None
    no_deletion: bool | None
    exempt: int | None


@dataclass(frozen=True, slots=True)
class Extras:
    """What `--include` collected beyond users, groups and permissions.

    `taken_at` is the time of collecting, in epoch milliseconds: credentials that expired before it are inactive.
    What has no entry in a mapping is not known.
    """

    included: frozenset[Inclusion] = frozenset()
    not_offered: frozenset[Inclusion] = frozenset()
    """Those of the included that the product does not list; a gap names each."""
    taken_at: int | None = None
    credentials: tuple[Credential, ...] = ()
    instance_webhook_hosts: tuple[str, ...] | None = None
    """Of the workspace on Bitbucket Cloud; None on a server, and where webhooks are not included."""
    project_webhook_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repository_webhook_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_branches: Mapping[str, DefaultBranch] = field(default_factory=dict)

    @property
    def webhook_hosts(self) -> set[str]:
        """Every host that some webhook sends to."""
        of_things = (*self.project_webhook_hosts.values(), *self.repository_webhook_hosts.values())
        return set(self.instance_webhook_hosts or ()).union(*of_things)

    def counts(self) -> dict[tuple[str, str], int]:
        """Count what was collected, by the words for one of it and for more."""
        return {each.counted: each.number_in(self) for each in sorted(self.included - self.not_offered)}


class Inclusion(StrEnum):
    """What `--include` can collect beyond users, groups and permissions: a row for each word.

    How a source reads it stands in `extras/inclusions.py` of the source; its properties in `oaa.vocabulary`.
    """

    label: str
    """What reports call it."""
    marker: str
    """A property that an export defines only where this was included."""
    counted: tuple[str, str]
    """What is counted of it, for the last line of the log: the words for one, and for more."""
    number_in: Callable[[Extras], int]

    def __new__(
        cls, word: str, label: str, marker: str, counted: tuple[str, str], number_in: Callable[[Extras], int]
    ) -> Inclusion:
        """Make a member; its value is the word of `--include`."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.label, member.marker, member.counted, member.number_in = label, marker, counted, number_in
        return member

    ACCESS_KEYS = (
        "access-keys",
        "SSH keys",
        "fingerprint",
        ("SSH key", "SSH keys"),
        lambda extras: sum(each.kind is not CredentialKind.HTTP_TOKEN for each in extras.credentials),
    )
    TOKENS = (
        "tokens",
        "HTTP access tokens",
        "permissions",
        ("token", "tokens"),
        lambda extras: sum(each.kind is CredentialKind.HTTP_TOKEN for each in extras.credentials),
    )
    WEBHOOKS = (
        "webhooks",
        "webhooks",
        "webhook_hosts",
        ("webhook host", "webhook hosts"),
        lambda extras: len(extras.webhook_hosts),
    )
    BRANCH_PERMISSIONS = (
        "branch-permissions",
        "branch restrictions",
        "default_branch_protected",
        ("protected default branch", "protected default branches"),
        lambda extras: sum(branch.protected is True for branch in extras.default_branches.values()),
    )


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that belongs to the export and could not be read.

    `scope` is an object ("repository PAY/api"), `missing` what is not known of it ("permissions of users"), `reason`
    what Bitbucket answered and what to do about it, on one line. An `optional` gap leaves the export complete: the
    version, the licence or the account has no such thing.
    """

    scope: str
    missing: str
    reason: str
    optional: bool = False

    @property
    def name(self) -> str:
        """What is missing, and of what, in one phrase."""
        return f"{self.scope}: {self.missing}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was collected, and the gaps in it.

    The mappings are keyed by the ids that `users`, `groups`, `projects` and `repositories` are
    keyed by; each user and group of a grant or a membership is in `users` or `groups`. A project or a
    repository without an entry in `*_grants` has no grants, or a gap says why they are unknown.
    """

    source: Server | Workspace
    users: Mapping[str, User]
    groups: Mapping[str, Group]
    members: Mapping[str, frozenset[str]]
    projects: Mapping[str, Project]
    repositories: Mapping[str, Repository]
    global_grants: tuple[Grant, ...]
    project_grants: Mapping[str, tuple[Grant, ...]]
    repository_grants: Mapping[str, tuple[Grant, ...]]
    default_permissions: Mapping[str, Permission]
    gaps: tuple[Gap, ...]
    extras: Extras = field(default_factory=Extras)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing that affects access."""
        return all(gap.optional for gap in self.gaps)
