"""The REST resources: which addresses there are, and what each answers.

Source: Atlassian's REST documentation, 5.10 to 10.3. Knows neither sockets nor credentials.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.embedded.common.addresses import matching, patterns
from connector.embedded.datacenter.answers import Refusal, bad_request, no_such
from connector.embedded.datacenter.call import DEFAULT_LIMIT
from connector.embedded.datacenter.machine_routes import MACHINE_ROUTES
from connector.embedded.datacenter.rules import GLOBAL, PROJECT, REPOSITORY
from connector.embedded.datacenter.settings import PersonalGrants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connector.embedded.datacenter.call import Call
    from connector.embedded.datacenter.organisation import Account, Project, Repository
    from connector.embedded.datacenter.shapes import Json

_LOSSLESS_LIMIT = 500
_LOST_EVERY = 3
"""With BSERV-11884, every third user is left out: enough to be seen in a small organisation."""
_MOST_PERMISSION_FILTERS = 50
_REPO_CREATE_SINCE = (8, 3)
_ARCHIVES_SINCE = (8,)


def recent_repositories(call: Call) -> Json:
    """List repositories to a user who is signed in; never to an anonymous one, even where something is public."""
    call.require_login()
    return call.page(call.rights.repositories[:10], call.backend.shapes.repository)


def users(call: Call) -> Json:
    """List users, all or those who hold every permission that the query names."""
    call.require_login()
    backend = call.backend
    accounts = backend.catalogue.accounts
    if "filter" in call.query:
        accounts = [account for account in accounts if _matches(call, account)]
    if backend.settings.active_users_only:
        accounts = [account for account in accounts if account.active]
    holders = _holders(call)
    if holders is not None:
        accounts = [account for account in accounts if account.id in holders]
        if backend.settings.loses_users and call.number("limit", DEFAULT_LIMIT, least=1) > _LOSSLESS_LIMIT:
            accounts = [account for index, account in enumerate(accounts, 1) if index % _LOST_EVERY]
    return call.page(accounts, backend.shapes.user)


def user(call: Call, slug: str) -> Json:
    """Show one user."""
    call.require_login()
    account = call.backend.catalogue.account_by_slug(slug)
    if account is None:
        raise no_such("user.User", f"User {slug} does not exist.")
    return call.backend.shapes.user(account)


def admin_users(call: Call) -> Json:
    """List users with their directories."""
    call.require_login()
    accounts = call.backend.catalogue.accounts
    if "filter" in call.query:
        accounts = [account for account in accounts if _matches(call, account)]
    return call.page(accounts, call.backend.shapes.detailed_user)


def admin_groups(call: Call) -> Json:
    """List groups."""
    call.require_login()
    rows = [group for group in call.backend.catalogue.groups if call.contains("filter", group.name)]
    return call.page(rows, call.backend.shapes.group)


def groups(call: Call) -> Json:
    """List the names of groups."""
    call.require_login()
    rows = [group.name for group in call.backend.catalogue.groups if call.contains("filter", group.name)]
    return call.page(rows, str)


def group_members(call: Call) -> Json:
    """List the members of the group that `context` names."""
    call.require_login()
    name = call.query.get("context", "")
    group = call.backend.catalogue.group_named(name)
    if group is None:
        raise no_such("user.Group", f"Group {name} does not exist.")
    accounts = call.backend.organisation.accounts
    members = sorted((accounts[member] for member in group.members), key=lambda each: each.name.lower())
    return call.page([each for each in members if _matches(call, each)], call.backend.shapes.detailed_user)


def rate_limit_settings(call: Call) -> Json:
    """Show the rate limit that everybody has unless a user has one of its own."""
    call.require_login()
    limit = call.backend.settings.rate_limit
    defaults = {"capacity": limit.capacity, "fillRate": limit.fill_rate} if limit else _UNLIMITED
    return {"enabled": limit is not None, "defaultSettings": defaults}


def user_rate_limit(call: Call, slug: str) -> Json:
    """Show the rate limit of one user, where it has one of its own."""
    account = call.backend.catalogue.account_by_slug(slug)
    if account is None or account.id != call.account.id:
        call.administered_instance()
    settings = call.backend.settings
    if account is None:
        raise no_such("user.User", f"User {slug} does not exist.")
    exempt = account.name in settings.rate_limit_exempt
    limit = settings.rate_limit_overrides.get(account.name)
    if limit is None and not exempt:
        raise Refusal(HTTPStatus.NOT_FOUND, f"User {slug} has no rate limit settings.")
    row: Json = {"user": call.backend.shapes.user(account), "whitelisted": exempt}
    return row | ({"settings": {"capacity": limit.capacity, "fillRate": limit.fill_rate}} if limit else {})


def projects(call: Call) -> Json:
    """List the projects that the caller may view."""
    call.require_viewer()
    with_personal = call.backend.settings.lists_personal_projects
    rows = [project for project in call.rights.projects if with_personal or project.owner_id is None]
    return call.page(rows, call.backend.shapes.project)


def project_repositories(call: Call, key: str) -> Json:
    """List the repositories of one project."""
    found = call.entered_project(key)
    rows = filter(call.rights.sees_repository, call.backend.catalogue.repositories_of(found))
    return call.page(list(rows), call.backend.shapes.repository)


def repositories(call: Call) -> Json:
    """List the repositories that the caller can read, of all projects, personal ones included."""
    call.require_viewer()
    return call.page(_by_archive(call, call.rights.repositories), call.backend.shapes.repository)


def project_users(call: Call, key: str) -> Json:
    """List the users with a grant on one project."""
    found = call.administered_project(key)
    grants = found.users
    if found.owner_id is not None and call.backend.settings.personal_grants is PersonalGrants.WITH_OWNER:
        grants = grants | {found.owner_id: "PROJECT_ADMIN"}
    return _user_grants(call, grants)


def project_default(call: Call, key: str, permission: str) -> Json:
    """Tell whether everybody with a licence holds a permission on one project."""
    found = call.administered_project(key)
    known = PROJECT.keys() - (set() if call.backend.version >= _REPO_CREATE_SINCE else {"REPO_CREATE"})
    if permission.upper() not in known:
        raise bad_request(f"'{permission}' is not a valid permission")
    ranks = {PROJECT[name] for name in found.defaults}
    asked = PROJECT[permission.upper()]
    implied = call.backend.settings.defaults_imply_lower and max(ranks, default=0) > asked
    return {"permitted": implied or asked in ranks}


ROUTES: Mapping[str, Callable[..., Json]] = {
    "application-properties": lambda call: call.backend.shapes.properties(),
    "profile/recent/repos": recent_repositories,
    "users": users,
    "users/{}": user,
    "groups": groups,
    "admin/users": admin_users,
    "admin/groups": admin_groups,
    "admin/groups/more-members": group_members,
    "admin/permissions/users": lambda call: _user_grants(call, call.administered_instance().global_users),
    "admin/permissions/groups": lambda call: _group_grants(call, call.administered_instance().global_groups),
    "admin/rate-limit/settings": rate_limit_settings,
    "admin/rate-limit/settings/users/{}": user_rate_limit,
    "repos": repositories,
    "projects": projects,
    "projects/{}": lambda call, key: call.backend.shapes.project(call.project(key)),
    "projects/{}/repos": project_repositories,
    "projects/{}/permissions/users": project_users,
    "projects/{}/permissions/groups": lambda call, key: _group_grants(call, call.administered_project(key).groups),
    "projects/{}/permissions/{}/all": project_default,
    "projects/{}/repos/{}": lambda call, *at: call.backend.shapes.repository(call.repository(*at)),
    "projects/{}/repos/{}/permissions/users": lambda call, *at: _user_grants(
        call, call.administered_repository(*at).users
    ),
    "projects/{}/repos/{}/permissions/groups": lambda call, *at: _group_grants(
        call, call.administered_repository(*at).groups
    ),
    **MACHINE_ROUTES,
}
"""Every resource, by its address below `/rest/api/{version}/`; before those of other APIs stands their name."""

_OTHER_APIS = ("access-tokens", "branch-permissions", "branch-utils", "keys", "ssh")

_PATTERNS = patterns(ROUTES)
_UNLIMITED = {"capacity": 60, "fillRate": 5}


def find_route(api: str, segments: Sequence[str]) -> tuple[str, list[str]] | None:
    """Find the resource at an address of an API, and what stands where its address has a `{}`."""
    if api in _OTHER_APIS:
        segments = [api, *segments]
    elif api != "api" or segments[0] in _OTHER_APIS:
        return None
    return matching(_PATTERNS, segments)


def _user_grants(call: Call, grants: Mapping[int, str]) -> Json:
    accounts = call.backend.organisation.accounts
    rows = sorted(grants.items(), key=lambda grant: accounts[grant[0]].name.lower())
    if "filter" in call.query:
        rows = [row for row in rows if _matches(call, accounts[row[0]])]
    return call.page(rows, call.backend.shapes.user_grant)


def _group_grants(call: Call, grants: Mapping[str, str]) -> Json:
    rows = sorted(row for row in grants.items() if call.contains("filter", row[0]))
    return call.page(rows, call.backend.shapes.group_grant)


def _matches(call: Call, account: Account) -> bool:
    return call.contains("filter", account.name, account.display_name, account.email)


def _holders(call: Call) -> frozenset[int] | None:
    """Find who holds every permission that the query names, or None where it names none."""
    holders: frozenset[int] | None = None
    for prefix in _permission_filters(call.query):
        permission = call.query[prefix].upper()
        found = call.backend.rules.holders(permission, _scope(call, prefix, permission))
        holders = found if holders is None else holders & found
    return holders


def _permission_filters(query: Mapping[str, str]) -> Iterable[str]:
    if "permission" in query:
        yield "permission"
    for number in range(1, _MOST_PERMISSION_FILTERS + 1):
        if f"permission.{number}" not in query:
            return
        yield f"permission.{number}"


def _scope(call: Call, prefix: str, permission: str) -> Project | Repository | None:
    if permission in GLOBAL:
        return None
    if permission in REPOSITORY:
        return _filtered_repository(call, prefix)
    if permission in PROJECT:
        return _filtered_project(call, prefix)
    raise bad_request(f"'{permission}' is not a valid permission")


def _filtered_repository(call: Call, prefix: str) -> Repository:
    number = call.query.get(f"{prefix}.repositoryId", "")
    if number:
        found = call.backend.organisation.repositories.get(int(number)) if number.isdecimal() else None
        if found is None or not call.rights.sees_repository(found):
            raise no_such("repository.Repository", f"Repository with ID {number} does not exist.")
        return found
    slug = call.query.get(f"{prefix}.repositorySlug")
    if slug is None:
        raise bad_request("A repository must be given for a repository permission")
    return call.repository(call.query.get(f"{prefix}.projectKey", ""), slug)


def _filtered_project(call: Call, prefix: str) -> Project:
    number = call.query.get(f"{prefix}.projectId", "")
    if number:
        found = call.backend.organisation.projects.get(int(number)) if number.isdecimal() else None
        if found is None or not call.rights.sees_project(found):
            raise no_such("project.Project", f"Project with ID {number} does not exist.")
        return found
    return call.project(call.query.get(f"{prefix}.projectKey", ""))


def _by_archive(call: Call, rows: list[Repository]) -> list[Repository]:
    """Leave out archived repositories, or the others, as the query says; all before 8.0."""
    wanted = call.query.get("archived", "ACTIVE").upper()
    if wanted == "ALL" or call.backend.version < _ARCHIVES_SINCE:
        return rows
    return [repository for repository in rows if repository.archived == (wanted == "ARCHIVED")]
