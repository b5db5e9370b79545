"""What the embedded Bitbucket keeps in its database: plain records, changeable while it serves.

The truth from which both its REST answers and the tests' independent model of effective access
are derived. Permissions are Bitbucket's names as strings; users are referenced by numeric id,
groups by name (compared without regard to case), projects and repositories by numeric id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook


@dataclass(slots=True)
class Account:
    """A user. `listed` is false for one that lingers in grants but is in no directory any more."""

    id: int
    name: str
    display_name: str | None = None
    email: str | None = None
    active: bool = True
    type: Literal["NORMAL", "SERVICE"] = "NORMAL"
    directory: str = "Bitbucket Internal Directory"
    last_authenticated: int | None = None
    """Epoch milliseconds; None for never."""
    created: int | None = None
    """Epoch milliseconds; served from version 10.0 on."""
    password: str = ""
    listed: bool = True


@dataclass(slots=True)
class Group:
    """A group and its members, by user id. `listed` as for accounts."""

    name: str
    members: set[int] = field(default_factory=set)
    listed: bool = True


@dataclass(slots=True)
class Project:
    """A project; `public` is not served for personal ones. `defaults` may hold several rows."""

    id: int
    key: str
    name: str
    description: str | None = None
    public: bool = False
    owner_id: int | None = None
    """The owner of a personal project; None makes it a normal one."""
    defaults: set[str] = field(default_factory=set)
    users: dict[int, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Repository:
    """A repository; `origin_id` is the repository that it is a fork of."""

    id: int
    slug: str
    name: str
    project_id: int
    description: str | None = None
    public: bool = False
    archived: bool = False
    state: str = "AVAILABLE"
    origin_id: int | None = None
    users: dict[int, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    default_branch: str | None = "refs/heads/main"
    """None for a repository without one."""
    development_branch: str | None = None
    """Of its branching model; None where that is the default branch."""
    production_branch: str | None = None
    """Likewise; None for none."""


@dataclass(slots=True)
class Token:
    """An HTTP access token: it acts for a user, and never as a global administrator."""

    secret: str
    user_id: int
    expired: bool = False
    project_permission: str = "PROJECT_ADMIN"
    """The most that it may do on projects, whatever its user may; likewise on repositories."""
    repository_permission: str = "REPO_ADMIN"


@dataclass(slots=True)
class Organisation:
    """One Bitbucket instance, whole."""

    version: str = "9.4.2"
    public_access: bool = False
    """The instance's `feature.public.access`."""
    accounts: dict[int, Account] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    """By name in lower case."""
    projects: dict[int, Project] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    global_users: dict[int, str] = field(default_factory=dict)
    global_groups: dict[str, str] = field(default_factory=dict)
    """Group names as the grant spells them."""
    tokens: list[Token] = field(default_factory=list)
    ssh_enabled: bool = True
    access_keys_enabled: bool = True
    keys: list[SshKey] = field(default_factory=list)
    http_tokens: list[HttpToken] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)
