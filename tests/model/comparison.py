"""What Bitbucket's rules say against what an export says by OAA's rules: the two must agree, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.embedded.datacenter.organisation import Account, Organisation, Project, Repository
from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Category, Identity, User
from tests.model import rules

ANONYMOUS = "bitbucket:anonymous"
SYNTHETIC = "bitbucket:"
"""The prefix of the ids of exported groups and users that are not Bitbucket's."""


def disagreements(organisation: Organisation, export: Export) -> list[str]:
    """Give every difference between an organisation and its export, one line each.

    Compared are users, groups, projects and repositories, and which users are active; for every user who can log in,
    and for anonymous access, the level on every repository; for every user who can log in, administration of
    projects and of everything, and the right to create projects and repositories. The access of users who cannot log
    in is not compared.
    """
    return [*_names(organisation, export), *_activity(organisation, export), *_access(organisation, export)]


def _names(organisation: Organisation, export: Export) -> Iterator[str]:
    exported = [resource for resource in export.resources if resource.type == "Project"]
    projects = _visible_projects(organisation, {project.id for project in exported})
    yield from _difference("project", {str(project.id) for project in projects}, {item.id for item in exported})
    yield from _difference(
        "repository",
        {f"{item.project_id}.{item.id}" for item in organisation.repositories.values()},
        {item.key for item in export.resources if item.type == "Repo"},
    )
    yield from _difference("user", _visible_users(organisation, projects), _own(export.users))
    yield from _difference("group", _visible_groups(organisation, projects), _own(export.groups))


def _visible_projects(organisation: Organisation, exported: set[str]) -> list[Project]:
    """Give the projects to expect: a personal one without repositories may be listed by a server, or not."""
    with_repositories = {repository.project_id for repository in organisation.repositories.values()}
    return [
        project
        for project in organisation.projects.values()
        if project.owner_id is None or project.id in with_repositories or str(project.id) in exported
    ]


def _visible_users(organisation: Organisation, projects: list[Project]) -> set[str]:
    ids = {account.id for account in organisation.accounts.values() if account.listed}
    ids.update(organisation.global_users)
    ids.update(project.owner_id for project in projects if project.owner_id is not None)
    for scope in _scopes(organisation, projects):
        ids.update(scope.users)
    return {str(user_id) for user_id in ids}


def _visible_groups(organisation: Organisation, projects: list[Project]) -> set[str]:
    names = {group.name for group in organisation.groups.values() if group.listed}
    names.update(organisation.global_groups)
    for scope in _scopes(organisation, projects):
        names.update(scope.groups)
    return {name.lower() for name in names}


def _scopes(organisation: Organisation, projects: list[Project]) -> list[Project | Repository]:
    return [*projects, *organisation.repositories.values()]


def _own(identities: Iterable[Identity]) -> set[str]:
    return {identity.id.lower() for identity in identities if not identity.id.startswith(SYNTHETIC)}


def _difference(kind: str, expected: set[str], exported: set[str]) -> Iterator[str]:
    yield from (f"{kind} {name}: not exported" for name in sorted(expected - exported))
    yield from (f"{kind} {name}: exported, but does not exist" for name in sorted(exported - expected))


def _activity(organisation: Organisation, export: Export) -> Iterator[str]:
    users = _by_id(export)
    for account in organisation.accounts.values():
        user = users.get(str(account.id))
        if user is not None and user.is_active is not account.active:
            yield f"{account.name}: active is {account.active}, exported as {user.is_active}"


def _access(organisation: Organisation, export: Export) -> Iterator[str]:
    access = Access(export)
    users = _by_id(export)
    anonymous = _levels(access, users.get(ANONYMOUS))
    for repository in organisation.repositories.values():
        level = rules.anonymous_level(organisation, repository)
        exported = anonymous.get(repository.id, "none")
        if level != exported:
            yield f"anonymous on repository {repository.id}: {level}, exported as {exported}"
    for account in organisation.accounts.values():
        if rules.can_log_in(organisation, account):
            user = users.get(str(account.id))
            yield from _on_repositories(organisation, account, _levels(access, user))
            yield from _on_projects(organisation, account, access, user)
            yield from _on_everything(organisation, account, access, user)


def _on_repositories(organisation: Organisation, account: Account, levels: dict[int, str]) -> Iterator[str]:
    for repository in organisation.repositories.values():
        level = rules.repository_level(organisation, account, repository)
        exported = levels.get(repository.id, "none")
        if level != exported:
            yield f"{account.name} on repository {repository.id}: {level}, exported as {exported}"


def _on_projects(organisation: Organisation, account: Account, access: Access, user: User | None) -> Iterator[str]:
    resources = {item.id: item for item in access.export.resources if item.type == "Project"}
    for project in organisation.projects.values():
        resource = resources.get(str(project.id))
        if user is None or resource is None:
            continue
        exported = access.effective(user, resource)
        administers = rules.administers_project(organisation, account, project)
        if administers is not (Category.METADATA_WRITE in exported):
            yield f"{account.name} administers project {project.id}: {administers}, exported otherwise"
        creates = rules.creates_repositories(organisation, account, project)
        if creates is not (Category.DATA_CREATE in exported):
            yield f"{account.name} creates repositories in {project.id}: {creates}, exported otherwise"


def _on_everything(organisation: Organisation, account: Account, access: Access, user: User | None) -> Iterator[str]:
    if user is None:
        return
    exported = access.effective(user, user.application)
    administers = rules.is_administrator(organisation, account)
    if administers is not (Category.METADATA_WRITE in exported):
        yield f"{account.name} administers everything: {administers}, exported otherwise"
    creates = rules.creates_projects(organisation, account)
    if creates is not (Category.METADATA_CREATE in exported):
        yield f"{account.name} creates projects: {creates}, exported otherwise"


def _by_id(export: Export) -> dict[str, User]:
    return {user.id: user for user in export.users}


def _levels(access: Access, user: User | None) -> dict[int, str]:
    """Give the level on each repository that is reached, by the repository's id."""
    if user is None:
        return {}
    reached = access.reach(user).items()
    return {int(resource.id): str(level) for resource, level in reached if resource.type == "Repo"}
