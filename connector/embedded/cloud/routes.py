"""The REST resources of people, projects and repositories: which addresses there are, and what each answers.

Source: the official OpenAPI file, Atlassian's pages on the API 1.0. Knows neither sockets nor credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from connector.embedded.cloud.answers import bad_request, forbidden, no_workspace
from connector.embedded.cloud.call import removed
from connector.embedded.cloud.pages import Listing
from connector.embedded.cloud.partial import adds
from connector.embedded.cloud.rules import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.embedded.cloud.call import Call
    from connector.embedded.cloud.shapes import Json
    from connector.embedded.cloud.workspace import Account, Project, Repository

_MOST_ADDRESSES = 90


class For(Enum):
    """Which kinds of credentials an address is for."""

    ALL = auto()
    ACCOUNTS = auto()
    """Not access tokens, which are no account, nor OAuth consumers where they are not taken for their owner."""
    PERMISSIONS = auto()
    """Officially not access tokens."""


@dataclass(frozen=True, slots=True)
class Route:
    """What an address answers, and what it wants: scopes of OAuth and access tokens, or those of an API token."""

    answer: Callable[..., Any]
    oauth: tuple[str, ...] = ()
    token: tuple[str, ...] = ()
    kinds: For = For.ALL
    anonymous: bool = False
    """Whether somebody who is not signed in may ask."""


MEMBERS: Listing[Account] = Listing(
    50,
    {
        "user.uuid": lambda _, account: account.uuid,
        "user.nickname": lambda _, account: account.nickname,
        "user.email": lambda _, account: (account.email or "").lower(),
    },
)
ROLES: Listing[tuple[Account, str]] = Listing(
    50, {"permission": lambda _, row: row[1], "user.uuid": lambda _, row: row[0].uuid}
)
PROJECTS: Listing[Project] = Listing(50, {"uuid": lambda _, project: project.uuid})
REPOSITORIES: Listing[Repository] = Listing(
    10,
    {
        "uuid": lambda _, repository: repository.uuid,
        "slug": lambda _, repository: repository.slug,
        "name": lambda _, repository: repository.name,
        "project.key": lambda workspace, repository: workspace.projects[repository.project_uuid].key,
    },
)


def user_permission(call: Call) -> Json:
    """Show the role of the caller."""
    call.require_member()
    return call.backend.shapes.membership(call.account, call.rights.role)


def workspace(call: Call) -> Json:
    """Show the workspace; a private one is hidden from outsiders."""
    if call.workspace.is_private and not call.rights.is_member:
        raise no_workspace(call.workspace.slug)
    return call.backend.shapes.whole_workspace()


def members(call: Call) -> Json:
    """List members; addresses are confirmed to administrators who name them, ninety at a time."""
    call.require_member()
    shapes = call.backend.shapes
    by_address = "user.email" in call.query.get("q", "")
    if by_address:
        _check_addresses(call)
    asked = call.query["q"].lower() if by_address and adds(call.query.get("fields", ""), "values.user.email") else ""

    def shape(account: Account) -> Json:
        row = shapes.membership(account)
        if account.email and f'"{account.email.lower()}"' in asked:
            row["user"]["email"] = account.email
        return row

    return call.page(MEMBERS, _members(call), shape)


def roles(call: Call) -> Json:
    """List members with their roles."""
    call.require_member()
    rows = call.backend.kept(roles, lambda: [(account, _role(call, account)) for account in _members(call)])
    return call.page(ROLES, rows, lambda row: call.backend.shapes.membership(*row))


def projects(call: Call) -> Json:
    """List the projects that the caller may view."""
    rows = [each for each in call.backend.catalogue.projects if call.rights.sees_project(each)]
    return call.page(PROJECTS, rows, call.backend.shapes.project)


def repositories(call: Call) -> Json:
    """List the repositories that the caller can read: for strangers, the public ones."""
    rows: Sequence[Repository] = call.backend.catalogue.repositories
    if not call.rights.is_owner:
        rows = [each for each in rows if call.rights.sees_repository(each)]
    return call.page(REPOSITORIES, rows, call.backend.shapes.repository)


_ACCOUNT = ("account",)
_READ_WORKSPACE = ("read:workspace:bitbucket",)
_READ_PROJECT = ("read:project:bitbucket",)
_READ_REPOSITORY = ("read:repository:bitbucket",)

ROUTES = {
    "2.0/user": Route(
        lambda call: call.backend.shapes.own_user(call.account), _ACCOUNT, ("read:user:bitbucket",), For.ACCOUNTS
    ),
    "2.0/user/workspaces/{ws}/permission": Route(user_permission, _ACCOUNT, _READ_WORKSPACE, For.ACCOUNTS),
    "2.0/workspaces/{ws}": Route(workspace, (), _READ_WORKSPACE, anonymous=True),
    "2.0/workspaces/{ws}/members": Route(members, _ACCOUNT, _READ_WORKSPACE),
    "2.0/workspaces/{ws}/permissions": Route(roles, _ACCOUNT, _READ_WORKSPACE, For.PERMISSIONS),
    "2.0/workspaces/{ws}/projects": Route(projects, ("project",), _READ_PROJECT, anonymous=True),
    "2.0/workspaces/{ws}/projects/{}": Route(
        lambda call, key: call.backend.shapes.project(call.project(key)), ("project",), _READ_PROJECT, anonymous=True
    ),
    "2.0/repositories/{ws}": Route(repositories, ("repository",), _READ_REPOSITORY, anonymous=True),
    "2.0/repositories/{ws}/{}": Route(
        lambda call, name: call.backend.shapes.repository(call.repository(name)),
        ("repository",),
        _READ_REPOSITORY,
        anonymous=True,
    ),
    # Removed in 2026 (CHANGE-2770).
    "2.0/workspaces": Route(removed, anonymous=True),
}
"""By address; `{ws}` stands for the workspace, `{}` for whatever the resource is then called with."""


def _members(call: Call) -> list[Account]:
    return [call.workspace.accounts[uuid] for uuid in call.workspace.members]


def _role(call: Call, account: Account) -> str:
    """Tell the role as the listing does; a deactivated member keeps it."""
    role = role_of(call.backend.catalogue, account.uuid) or call.workspace.members[account.uuid]
    return "member" if role == "create-project" and not call.backend.settings.lists_creators else role


def _check_addresses(call: Call) -> None:
    if not call.rights.confirms_addresses:
        raise forbidden()
    if call.query["q"].count("@") > _MOST_ADDRESSES:
        raise bad_request(f"Cannot query more than {_MOST_ADDRESSES} email addresses")
