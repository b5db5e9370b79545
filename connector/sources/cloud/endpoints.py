"""Every address that is asked, the scope and the right that it needs, and what an export lacks without it.

Source: the official OpenAPI file of 2026-06, Atlassian's pages on the API 1.0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from connector.rest.answer import JsonObject
from connector.rest.progress import Cost
from connector.sources.common.addresses import filled


class Right(Enum):
    """What an account must be or hold: in Bitbucket's words, and where it is given."""

    NONE = ("", "")
    MEMBER = ("member of the workspace", "Workspace settings > User directory")
    WORKSPACE_ADMIN = (
        "administrator of the workspace",
        "Workspace settings > User groups, to a group with 'Administer workspace'",
    )
    PROJECT_ADMIN = ("administrator of the project", "Project settings > Project permissions")
    REPOSITORY_ADMIN = ("administrator of the repository", "Repository settings > Repository permissions")

    def __init__(self, label: str, where: str) -> None:
        self.label = label
        self.where = where


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of address below `/{api}/`; `{}` stands for a segment, of which the first is the workspace.

    `oauth` is the scope that OAuth and access tokens need, `token` the one of API tokens.
    """

    template: str
    oauth: str
    token: str
    right: Right
    lacks: str
    """What the export lacks where this cannot be read."""
    api: str = "2.0"
    sort: str = ""
    """The field that a listing is sorted by; empty where it knows no sorting."""
    attempts: int | None = None
    """How often it is asked at most, where another address may say the same."""
    is_list: bool = False
    """Whether a bare JSON list is answered, and no object."""
    redact: Callable[[JsonObject], JsonObject] | None = None
    """Removes from an answer what must not be kept, such as the secrets of webhooks."""

    @property
    def counts(self) -> bool:
        """Whether it counts for the limit of the rolling hour."""
        return self.api == "2.0" and self.template.startswith("repositories/")

    @property
    def cost(self) -> Cost:
        """What asking once costs."""
        return Cost(1, int(self.counts))

    def at(self, *segments: str) -> Address:
        """Fill in the segments, percent-encoded, braces of uuids too. Raises as `filled` does."""
        return Address(self, filled(self.template, segments))


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint with its segments filled in."""

    endpoint: Endpoint
    path: str


_READ_WORKSPACE, _READ_REPOSITORY = "read:workspace:bitbucket", "read:repository:bitbucket"
_MEMBERS = "account", _READ_WORKSPACE, Right.MEMBER
_GROUPS = "account", "read:permission:bitbucket", Right.WORKSPACE_ADMIN
_PROJECT_GRANTS = "project:admin", "read:project:bitbucket", Right.PROJECT_ADMIN
_REPOSITORY_GRANTS = "repository:admin", _READ_REPOSITORY, Right.REPOSITORY_ADMIN
"""What several endpoints need: the two scopes and the right."""
_WHO_ADMINISTERS = "whether the account administers the workspace"

WORKSPACE = Endpoint("workspaces/{}", "", _READ_WORKSPACE, Right.MEMBER, "everything")
OWN_ROLE = Endpoint("user/workspaces/{}/permission", *_MEMBERS, _WHO_ADMINISTERS)
EFFECTIVE = Endpoint(
    "workspaces/{}/permissions/repositories", "account", _READ_REPOSITORY, Right.WORKSPACE_ADMIN, _WHO_ADMINISTERS
)
REPOSITORY_EFFECTIVE = Endpoint(
    "workspaces/{}/permissions/repositories/{}",
    "repository",
    _READ_REPOSITORY,
    Right.REPOSITORY_ADMIN,
    "nothing; --verify compares with it",
)

ROLES = Endpoint("workspaces/{}/permissions", *_MEMBERS, "members and their roles", sort="user.uuid")
MEMBERS = Endpoint("workspaces/{}/members", *_MEMBERS, "members", sort="user.uuid")
GROUPS = Endpoint("groups/{}", *_GROUPS, "groups, and who is in them", api="1.0", attempts=2, is_list=True)
GROUP_NAMES = dataclasses.replace(GROUPS, lacks="groups", attempts=None)
"""Asked where the listing with members breaks off, which it does after about 28 seconds."""
WITHOUT_MEMBERS = {"exclude_members": "true"}
GROUP_MEMBERS = Endpoint("groups/{}/{}/members", *_GROUPS, "the members of a group", api="1.0", is_list=True)
GROUP_PRIVILEGES = Endpoint(
    "group-privileges/{}",
    *_GROUPS,
    "nothing; with it, a run asks for half as much",
    api="1.0",
    attempts=1,
    is_list=True,
)
PROJECTS = Endpoint(
    "workspaces/{}/projects", "project", "read:project:bitbucket", Right.MEMBER, "projects", sort="uuid"
)
REPOSITORIES = Endpoint("repositories/{}", "repository", _READ_REPOSITORY, Right.MEMBER, "repositories", sort="uuid")
PROJECT_USERS, PROJECT_GROUPS = (
    Endpoint(
        f"workspaces/{{}}/projects/{{}}/permissions-config/{who}", *_PROJECT_GRANTS, f"{who}' permissions on a project"
    )
    for who in ("users", "groups")
)
REPOSITORY_USERS, REPOSITORY_GROUPS = (
    Endpoint(
        f"repositories/{{}}/{{}}/permissions-config/{who}", *_REPOSITORY_GRANTS, f"{who}' permissions on a repository"
    )
    for who in ("users", "groups")
)
