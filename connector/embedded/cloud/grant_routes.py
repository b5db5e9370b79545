"""The REST resources of grants: explicit ones, effective ones, and the groups and privileges of API 1.0.

Source: the official OpenAPI file, Atlassian's pages on the API 1.0. Knows neither sockets nor credentials.
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import product
from typing import TYPE_CHECKING

from connector.embedded.cloud.answers import broken_off, error, forbidden, gone, no_route
from connector.embedded.cloud.call import Call
from connector.embedded.cloud.pages import Listing
from connector.embedded.cloud.routes import For, Route
from connector.embedded.cloud.rules import REPOSITORY, REPOSITORY_WORDS
from connector.embedded.cloud.settings import Privileges
from connector.embedded.cloud.workspace import Account, Group, Project, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.embedded.cloud.shapes import Json

Place = Project | Repository
Effective = tuple[Account, Repository, str]
Privilege = tuple[Group, Repository, str]

EXPLICIT: Listing[tuple[str, str]] = Listing(10)
"""Neither `q` nor `sort`."""
EFFECTIVE: Listing[Effective] = Listing(10, {"user.uuid": lambda _, row: row[0].uuid}, tells_size=False)

_EVERY = 3
"""Which of the rows of `group-privileges` it loses or tells wrong."""


def users(call: Call, place: Place) -> Json:
    """List the users with an explicit grant on a project or a repository."""
    accounts, grants = call.workspace.accounts, call.backend.grants
    rows = list(place.users.items())
    return call.page(EXPLICIT, rows, lambda row: grants.user_grant(place, accounts[row[0]], row[1]))


def groups(call: Call, place: Place) -> Json:
    """List the groups with an explicit grant on a project or a repository."""
    known, grants = call.workspace.groups, call.backend.grants
    rows = list(place.groups.items())
    return call.page(EXPLICIT, rows, lambda row: grants.group_grant(place, known[row[0]], row[1]))


def effective(call: Call) -> Json:
    """List who may do what on every repository, whichever way it comes."""
    call.require_owner()
    rows = call.backend.kept(effective, lambda: [row for each in _repositories(call) for row in _holders(call, each)])
    return call.page(EFFECTIVE, rows, lambda row: call.backend.grants.effective(*row))


def repository_effective(call: Call, name: str) -> Json:
    """List who may do what on one repository."""
    rows = list(_holders(call, call.administered_repository(name)))
    return call.page(EFFECTIVE, rows, lambda row: call.backend.grants.effective(*row))


def own_effective(call: Call) -> Json:
    """List what the caller may do on every repository that it was granted anything on."""
    account, rights = call.account, call.rights
    ranked = ((each, rights.repository_rank(each)) for each in _repositories(call))
    rows = [(account, each, REPOSITORY_WORDS[rank]) for each, rank in ranked if rank]
    return call.page(EFFECTIVE, rows, lambda row: call.backend.grants.effective(*row))


def groups_v1(call: Call) -> list[Json]:
    """List all groups at once, with all members unless told not to; that may take too long."""
    call.require_owner()
    settings, groups = call.backend.settings, call.backend.catalogue.groups
    with_members = call.query.get("exclude_members", "").lower() != "true"
    if with_members:
        _break_off(call, sum(len(group.members) for group in groups), settings.groups_cut_off)
    return [call.backend.grants.group_v1(group, members=with_members) for group in groups]


def group_members_v1(call: Call, slug: str) -> list[Json]:
    """List the members of one group."""
    call.require_owner()
    group = call.backend.catalogue.group(slug)
    if group is None:
        raise error(HTTPStatus.NOT_FOUND, "No Group matches the given query.")
    return call.backend.grants.members_v1(group)


def privileges_v1(call: Call, slug: str | None = None) -> list[Json]:
    """List the grants of all groups on all repositories at once, or on one, as truly as the settings say."""
    call.require_owner()
    settings = call.backend.settings
    match settings.privileges:
        case Privileges.GONE:
            raise gone()
        case Privileges.REFUSED:
            raise forbidden()
        case Privileges.UNKNOWN:
            raise no_route()
    rows = [row for row in _privileges(call) if slug in (None, row[1].slug)]
    _break_off(call, len(rows), settings.privileges_cut_off)
    return [call.backend.grants.privilege(*row) for row in rows]


def _explicit(path: str, find: Callable[[Call, str], Place], oauth: str, token: str) -> dict[str, Route]:
    """Make the routes of the explicit grants on a kind of place."""

    def route(answer: Callable[[Call, Place], Json]) -> Route:
        return Route(lambda call, name: answer(call, find(call, name)), (oauth,), (token,), For.PERMISSIONS)

    return {
        f"{path}/permissions-config/users": route(users),
        f"{path}/permissions-config/groups": route(groups),
    }


_PROJECT = "2.0/workspaces/{ws}/projects/{}"
_REPOSITORY = "2.0/repositories/{ws}/{}"
_READ_REPOSITORY = ("read:repository:bitbucket",)
_GROUPS = ("account",), ("read:permission:bitbucket",), For.PERMISSIONS

GRANT_ROUTES = {
    **_explicit(_PROJECT, Call.administered_project, "project:admin", "read:project:bitbucket"),
    **_explicit(_REPOSITORY, Call.administered_repository, "repository:admin", "read:repository:bitbucket"),
    "2.0/workspaces/{ws}/permissions/repositories": Route(effective, ("account",), _READ_REPOSITORY, For.PERMISSIONS),
    "2.0/workspaces/{ws}/permissions/repositories/{}": Route(
        repository_effective, ("repository",), _READ_REPOSITORY, For.PERMISSIONS
    ),
    "2.0/user/workspaces/{ws}/permissions/repositories": Route(
        own_effective, ("account", "repository"), _READ_REPOSITORY, For.ACCOUNTS
    ),
    "1.0/groups/{ws}": Route(groups_v1, *_GROUPS),
    "1.0/groups/{ws}/{}/members": Route(group_members_v1, *_GROUPS),
    "1.0/group-privileges/{ws}": Route(privileges_v1, *_GROUPS),
    "1.0/group-privileges/{ws}/{}": Route(privileges_v1, *_GROUPS),
}


def _repositories(call: Call) -> list[Repository]:
    return call.backend.catalogue.repositories


def _holders(call: Call, repository: Repository) -> Iterator[Effective]:
    """Give who may do what on a repository, as far as the listing counts it."""
    settings, workspace = call.backend.settings, call.workspace
    project = workspace.projects[repository.project_uuid]
    for uuid in _candidates(call, repository, project):
        account = workspace.accounts[uuid]
        rights = call.backend.rules.rights(account)
        if not rights.is_member and not settings.effective_outsiders:
            continue
        if rights.is_owner:
            rank = REPOSITORY["admin"] if settings.effective_owners else 0
        else:
            rank = rights.repository_rank(repository)
        if not rank and settings.effective_public and rights.is_member and not repository.is_private:
            rank = REPOSITORY["read"]
        if rank:
            yield account, repository, REPOSITORY_WORDS[rank]


def _candidates(call: Call, repository: Repository, project: Project) -> list[str]:
    """Give everybody who may have access to a repository, each once, in no order that means anything."""
    workspace = call.workspace
    found = dict.fromkeys([*repository.users, *project.users])
    for slug in (*repository.groups, *project.groups):
        group = call.backend.catalogue.group(slug)
        found |= dict.fromkeys(sorted(group.members)) if group else {}
    found |= dict.fromkeys(call.backend.kept(_owners, lambda: _owners(call)))
    if call.backend.settings.effective_public and not repository.is_private:
        found |= dict.fromkeys(workspace.members)
    return list(found)


def _owners(call: Call) -> list[str]:
    return [uuid for uuid, account in call.workspace.accounts.items() if call.backend.rules.rights(account).is_owner]


def _privileges(call: Call) -> list[Privilege]:
    groups, mode = call.workspace.groups, call.backend.settings.privileges
    rows = [
        (groups[slug], repository, level)
        for repository in _repositories(call)
        for slug, level in repository.groups.items()
        if level != "none"
    ]
    match mode:
        case Privileges.EMPTY:
            return []
        case Privileges.LOSES:
            return [row for number, row in enumerate(rows, 1) if number % _EVERY]
        case Privileges.STALE:
            return [
                (group, repository, level if number % _EVERY else "read")
                for number, (group, repository, level) in enumerate(rows, 1)
            ]
        case Privileges.INVENTS:
            granted = {group.slug for group, _, _ in rows}
            return rows + [
                (group, repository, "read")
                for group, repository in product(call.backend.catalogue.groups, _repositories(call)[:1])
                if group.slug not in granted
            ]
        case Privileges.WITH_PROJECTS:
            return rows + list(_from_projects(call, {(group.slug, each.uuid) for group, each, _ in rows}))
    return rows


def _from_projects(call: Call, known: set[tuple[str, str]]) -> Iterator[Privilege]:
    workspace = call.workspace
    for repository in _repositories(call):
        for slug, level in workspace.projects[repository.project_uuid].groups.items():
            if level != "none" and (slug, repository.uuid) not in known:
                yield workspace.groups[slug], repository, "write" if level == "create-repo" else level


def _break_off(call: Call, size: int, limit: int | None) -> None:
    settings = call.backend.settings
    if limit is not None and size > limit:
        raise broken_off(settings.cut_off, settings.cut_off_after)
