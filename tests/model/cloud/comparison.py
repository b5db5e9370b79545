"""What Bitbucket Cloud's rules say against what an export says: the two must agree, one by one."""

from __future__ import annotations

from collections.abc import Iterator

from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace
from tests.model.cloud import rules
from tests.model.cloud.payload import Json, Payload

ANONYMOUS = "bitbucket:anonymous"
SYNTHETIC = "bitbucket:"
"""The prefix of the ids of exported users and groups that are not Bitbucket's."""


def disagreements(workspace: Workspace, document: Json, *, confirmed: frozenset[str] = frozenset()) -> list[str]:
    """Give every difference between a workspace and its export, one line each.

    Compared are users, groups, projects and repositories; which users are members, and which are active as far as
    Bitbucket tells; the identities of users, where `confirmed` holds the e-mail addresses that were asked for, in lower
    case; for every user, and for anonymous access, the level on every repository; for every user, administration of
    projects and of everything, and the right to create repositories.
    """
    payload = Payload(document)
    return [*_names(workspace, payload), *_people(workspace, payload, confirmed), *_access(workspace, payload)]


def _names(workspace: Workspace, payload: Payload) -> Iterator[str]:
    repositories = {f"{each.project_uuid}.{each.uuid}" for each in workspace.repositories.values()}
    places = _places(workspace)
    granted = {slug for place in places for slug, word in place.groups.items() if word != "none"}
    mentioned = {slug for place in places for slug in place.groups}
    listed = {group.slug for group in workspace.groups.values() if group.listed}
    yield from _difference("project", set(workspace.projects), set(payload.projects))
    yield from _difference("repository", repositories, set(payload.repositories))
    yield from _difference("user", _expected_users(workspace), _own(payload.users), _mentioned_users(workspace))
    yield from _difference("group", listed | granted, _own(payload.groups), mentioned)


def _places(workspace: Workspace) -> list[Project | Repository]:
    return [*workspace.projects.values(), *workspace.repositories.values()]


def _expected_users(workspace: Workspace) -> set[str]:
    """Give the users who must be exported: members, and those in a group or a grant."""
    uuids = set(workspace.members)
    for group in workspace.groups.values():
        uuids |= group.members if group.listed else set()
    for place in _places(workspace):
        uuids.update(uuid for uuid, word in place.users.items() if word != "none")
    return uuids


def _mentioned_users(workspace: Workspace) -> set[str]:
    """Give the users who may be exported besides: those of rows that grant nothing."""
    return {uuid for place in _places(workspace) for uuid in place.users}


def _own(identities: dict[str, Json]) -> set[str]:
    return {identity for identity in identities if not identity.startswith(SYNTHETIC)}


def _difference(
    kind: str, expected: set[str], exported: set[str], allowed: set[str] | frozenset[str] = frozenset()
) -> Iterator[str]:
    yield from (f"{kind} {name}: not exported" for name in sorted(expected - exported))
    yield from (f"{kind} {name}: exported, but does not exist" for name in sorted(exported - expected - allowed))


def _people(workspace: Workspace, payload: Payload, confirmed: frozenset[str]) -> Iterator[str]:
    active = {
        uuid: workspace.accounts[uuid].active
        for group in workspace.groups.values()
        if group.listed
        for uuid in group.members
    }
    for account, user in _both(workspace, payload):
        known = active.get(account.uuid)
        if user.get("is_active") is not known:
            yield f"{_label(account)}: active is {known}, exported as {user.get('is_active')}"
        is_member = account.uuid in workspace.members
        exported = user.get("custom_properties", {}).get("is_member")
        if exported is not is_member:
            yield f"{_label(account)}: member is {is_member}, exported as {exported}"
        address = account.email if is_member and (account.email or "").lower() in confirmed else None
        identities = {each for each in (account.account_id, address) if each}
        if set(user.get("identities", [])) != identities:
            yield f"{_label(account)}: known as {sorted(identities)}, exported as {sorted(user.get('identities', []))}"
        if user.get("email") != address:
            yield f"{_label(account)}: address {address}, exported as {user.get('email')}"
        if user["name"] != (account.display_name or account.nickname or account.uuid):
            yield f"{_label(account)}: exported under the name {user['name']}"


def _access(workspace: Workspace, payload: Payload) -> Iterator[str]:
    for repository in workspace.repositories.values():
        key = f"{repository.project_uuid}.{repository.uuid}"
        level = rules.anonymous_level(repository)
        exported = payload.level(ANONYMOUS, key) if ANONYMOUS in payload.users else "none"
        if level != exported:
            yield f"anonymous on {repository.slug}: {level}, exported as {exported}"
        for account, _ in _both(workspace, payload):
            level = rules.granted_level(workspace, account, repository)
            exported = payload.level(account.uuid, key)
            if level != exported:
                yield f"{_label(account)} on {repository.slug}: {level}, exported as {exported}"
    for account, _ in _both(workspace, payload):
        yield from _administration(workspace, account, payload)


def _administration(workspace: Workspace, account: Account, payload: Payload) -> Iterator[str]:
    owner = rules.is_owner(workspace, account)
    if owner is not ("MetadataWrite" in payload.on_application(account.uuid)):
        yield f"{_label(account)} administers everything: {owner}, exported otherwise"
    for project in workspace.projects.values():
        exported = payload.categories(account.uuid, project.uuid)
        administers = rules.administers_project(workspace, account, project)
        if administers is not ("MetadataWrite" in exported):
            yield f"{_label(account)} administers {project.key}: {administers}, exported otherwise"
        creates = rules.creates_repositories(workspace, account, project)
        if creates is not ("DataCreate" in exported):
            yield f"{_label(account)} creates repositories in {project.key}: {creates}, exported otherwise"


def _both(workspace: Workspace, payload: Payload) -> list[tuple[Account, Json]]:
    """Give the accounts that are exported; the others are reported by `_names`."""
    accounts = workspace.accounts.values()
    return [(account, payload.users[account.uuid]) for account in accounts if account.uuid in payload.users]


def _label(account: Account) -> str:
    """Name an account so that two of the same name can be told apart."""
    return f"{account.nickname or account.display_name} {account.uuid[1:9]}"
