"""What the embedded Bitbucket Cloud keeps: one workspace in plain records, changeable while it serves.

The truth from which both its REST answers and the tests' independent model of effective access are derived.
Levels are Bitbucket's words. Accounts, projects and repositories are referenced by uuid, braces included,
groups by slug.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.embedded.cloud.credentials import AccessToken, ApiToken, Consumer
    from connector.embedded.cloud.machines import DeployKey, Restriction, Webhook

FOUNDED = "2019-01-01T08:00:00.000000+00:00"


@dataclass(slots=True)
class Account:
    """A person, or whatever else stands where people stand; an Atlassian account, not one of the workspace."""

    uuid: str
    display_name: str
    nickname: str | None = None
    account_id: str | None = None
    email: str | None = None
    """Never listed; confirmed to administrators of a workspace whose member it is."""
    active: bool = True
    """A deactivated account stays in lists and grants, and loses all access."""
    type: str = "user"
    created_on: str = FOUNDED
    password: str = ""
    """Of the account: refused by the API since 2022."""


@dataclass(slots=True)
class Group:
    """A group of a workspace: flat, its members by uuid. Unlisted, only grants know it, and nobody is in it."""

    slug: str
    name: str
    members: set[str] = field(default_factory=set)
    account_privilege: str | None = None
    """`admin` administers the workspace, `collaborator` creates projects."""
    default_permission: str | None = None
    """A template for repositories to come, and no grant."""
    auto_add: bool = False
    listed: bool = True


@dataclass(slots=True)
class Project:
    """A project; the levels of users and groups are read, write, create-repo, admin, and none."""

    uuid: str
    key: str
    name: str
    description: str | None = None
    is_private: bool = True
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    created_on: str = FOUNDED


@dataclass(slots=True)
class Repository:
    """A repository; the levels of users and groups are read, write, admin, and none."""

    uuid: str
    slug: str
    name: str
    project_uuid: str
    description: str = ""
    is_private: bool = True
    fork_policy: str = "no_public_forks"
    parent_uuid: str | None = None
    """The repository of this workspace that it is a fork of."""
    parent_elsewhere: str | None = None
    """Likewise, `workspace/slug` of one that belongs to somebody else."""
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    main_branch: str | None = "main"
    """None for a repository without any branch."""
    development_branch: str | None = None
    """Of its branching model; None where that is the main branch."""
    production_branch: str | None = None
    """Likewise; None for none."""
    branch_types: dict[str, str] = field(default_factory=lambda: {"release": "release/", "hotfix": "hotfix/"})
    """Prefixes of the branching model, by kind."""
    created_on: str = FOUNDED


@dataclass(slots=True)
class Workspace:
    """One workspace, whole, and the accounts that Atlassian knows beside its members."""

    slug: str
    uuid: str
    name: str
    is_private: bool = True
    """Hides the page of the workspace, and nothing else."""
    owner_uuid: str | None = None
    """The person whose personal workspace it is; then `uuid` is that person's too."""
    is_privacy_enforced: bool | None = None
    """None where the answer does not say it, as before 2022."""
    forking_mode: str | None = None
    marked_as_spam: bool = False
    centrally_administered: bool = False
    """At admin.atlassian.com: memberships tell no dates any more."""
    paid_users: int = 60
    created_on: str = FOUNDED
    accounts: dict[str, Account] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    """By uuid: the role that a member has by itself, such as `member`; groups may raise it to `owner`."""
    groups: dict[str, Group] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    api_tokens: list[ApiToken] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    access_tokens: list[AccessToken] = field(default_factory=list)
    deploy_keys: list[DeployKey] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)
