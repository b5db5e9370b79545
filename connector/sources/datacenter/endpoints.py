"""Every address that is requested, the right that it needs, and what an export lacks without it.

The README's table of rights is this one; `extras.endpoints` has the addresses of `--include`.
Source: Atlassian's REST documentation, 5.10 to 10.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from connector.rest.answer import JsonObject
from connector.rest.progress import Cost
from connector.sources.common.addresses import filled


class Right(Enum):
    """What an account must hold: its name in Bitbucket's pages, and where it is granted there."""

    NONE = ("none", "")
    LOGIN = ("a valid login", "")
    LICENSED = ("Bitbucket User", "Administration > Global permissions")
    GLOBAL_ADMIN = (
        "Global: Admin",
        "Administration > Global permissions, to an account that signs in by password",
    )
    PROJECT_ADMIN = (
        "Project: Admin",
        "Project settings > Project permissions, or Global: Admin",
        "'Project admin'",
    )
    REPOSITORY_ADMIN = (
        "Repository: Admin",
        "Repository settings > Repository permissions, or Project: Admin, or Global: Admin",
        "'Repository admin' or 'Project admin'",
    )

    def __init__(self, label: str, where: str, of_token: str = "") -> None:
        self.label = label
        self.where = where
        self.of_token = of_token
        """What a token must be allowed to do, in the words of the page that makes tokens."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of address below `/rest/{api}/{version}/`; `{}` stands for a segment."""

    template: str
    right: Right
    lacks: str
    """What the export lacks where this cannot be read."""
    api: str = "api"
    numbered: str = "1.0"
    """The version for servers that do not answer to `latest`."""
    since: str = ""
    """The first version of Bitbucket that has it; empty where all versions do."""
    redact: Callable[[JsonObject], JsonObject] | None = None
    """Removes from an answer what must not be kept, such as the secrets of webhooks."""
    may_be_empty: bool = False
    """Whether no content (204) is an answer: there is nothing."""
    formerly: Endpoint | None = None
    """The endpoint that older servers have instead."""

    @property
    def cost(self) -> Cost:
        """What asking once costs."""
        return Cost(1)

    def at(self, *segments: str) -> Address:
        """Fill in the segments, percent-encoded; `~` stays, it marks personal projects. Raises as `filled` does."""
        return Address(self, filled(self.template, segments, "~"))


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint with its segments filled in; `version` where it differs from the version of the other requests."""

    endpoint: Endpoint
    path: str
    version: str | None = None


APPLICATION_PROPERTIES = Endpoint("application-properties", Right.NONE, "the version")
RECENT_REPOSITORIES = Endpoint("profile/recent/repos", Right.LOGIN, "everything: it proves the login")
ADMIN_USERS = Endpoint("admin/users", Right.LICENSED, "directories, last sign-in and, on some versions, inactive users")
USERS = Endpoint("users", Right.LICENSED, "users")
ADMIN_GROUPS = Endpoint("admin/groups", Right.LICENSED, "groups (the listing `groups` is asked instead)")
GROUPS = Endpoint("groups", Right.LICENSED, "groups")
GROUP_MEMBERS = Endpoint("admin/groups/more-members", Right.LICENSED, "the members of a group")
RATE_LIMIT = Endpoint("admin/rate-limit/settings", Right.LOGIN, "nothing; it tells how fast the server may be asked")
OWN_RATE_LIMIT = Endpoint("admin/rate-limit/settings/users/{}", Right.LOGIN, "nothing; likewise, for the account")
GLOBAL_USERS = Endpoint("admin/permissions/users", Right.GLOBAL_ADMIN, "which users hold global permissions directly")
GLOBAL_GROUPS = Endpoint("admin/permissions/groups", Right.GLOBAL_ADMIN, "which groups hold global permissions")
PROJECTS = Endpoint("projects", Right.LICENSED, "projects without repositories")
PROJECT = Endpoint("projects/{}", Right.NONE, "whether public access is on")
REPOSITORIES = Endpoint("repos", Right.LICENSED, "repositories and personal projects")
REPOSITORY = Endpoint("projects/{}/repos/{}", Right.NONE, "whether public access is on")
PROJECT_USERS = Endpoint("projects/{}/permissions/users", Right.PROJECT_ADMIN, "users' permissions on a project")
PROJECT_GROUPS = Endpoint("projects/{}/permissions/groups", Right.PROJECT_ADMIN, "groups' permissions on a project")
PROJECT_DEFAULT = Endpoint("projects/{}/permissions/{}/all", Right.PROJECT_ADMIN, "the default permission of a project")
REPOSITORY_USERS = Endpoint(
    "projects/{}/repos/{}/permissions/users", Right.REPOSITORY_ADMIN, "users' permissions on a repository"
)
REPOSITORY_GROUPS = Endpoint(
    "projects/{}/repos/{}/permissions/groups", Right.REPOSITORY_ADMIN, "groups' permissions on a repository"
)
