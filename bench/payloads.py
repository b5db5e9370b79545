"""Exports of any size without a server: a synthetic organisation → the payload of its export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from connector.embedded.datacenter.organisation import Account, Organisation, Project, Repository
from connector.oaa.server import PERMISSIONS
from connector.oaa.vocabulary import LICENSED_USERS, LICENSED_USERS_NAME

APPLICATION = "Bitbucket Server - bench.example"

_USER, _GROUP = "local_user", "local_group"
_Held = tuple[str, str, str]
"""Kind and id of a holder, and a permission."""


def payload(organisation: Organisation, collected_at: str = "2026-11-22T02:00:00Z") -> dict[str, Any]:
    """Give the payload of an organisation: the same shape and keys as an export's, without optional properties."""
    below: defaultdict[int, list[Repository]] = defaultdict(list)
    for repository in organisation.repositories.values():
        below[repository.project_id].append(repository)
    application = {
        "name": APPLICATION,
        "application_type": "BitbucketServer",
        "local_users": _users(organisation),
        "local_groups": [{"id": one.name, "name": one.name} for one in organisation.groups.values()]
        + [{"id": LICENSED_USERS, "name": LICENSED_USERS_NAME}],
        "resources": [_project(one, below[one.id]) for one in organisation.projects.values()],
        "custom_properties": {"is_complete": True, "not_collected": [], "collected_at": collected_at},
    }
    permissions = [
        {
            "name": name,
            "permission_type": [category.value for category in meaning.categories],
            "apply_to_sub_resources": meaning.sub_resources,
            "resource_types": list(meaning.resource_types),
        }
        for name, meaning in PERMISSIONS.items()
    ]
    return {
        "applications": [application],
        "permissions": permissions,
        "identity_to_permissions": _granted(organisation),
    }


def _users(organisation: Organisation) -> list[dict[str, object]]:
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for group in organisation.groups.values():
        for member in sorted(group.members):
            groups[member].append(group.name)
    return [_user(one, groups[one.id]) for one in organisation.accounts.values()]


def _user(account: Account, groups: list[str]) -> dict[str, object]:
    return {
        "id": str(account.id),
        "name": account.display_name or account.name,
        "email": account.email,
        "identities": [account.email, account.name] if account.email else [account.name],
        "groups": [*groups, LICENSED_USERS] if account.active else groups,
        "is_active": account.active,
        "created_at": _time(account.created),
        "last_login_at": _time(account.last_authenticated),
        "custom_properties": {
            "username": account.name,
            "directory_name": account.directory,
            "is_licensed": account.active,
            "in_directory": True,
        },
    }


def _time(milliseconds: int | None) -> str | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if milliseconds else None


def _project(project: Project, repositories: list[Repository]) -> dict[str, object]:
    return {
        "id": str(project.id),
        "name": project.name,
        "resource_type": "Project",
        "custom_properties": {
            "key": project.key,
            "project_type": "NORMAL",
            "is_public": project.public,
            "url": f"https://bench.example/projects/{project.key}",
        },
        "sub_resources": [_repository(one, project) for one in repositories],
    }


def _repository(repository: Repository, project: Project) -> dict[str, object]:
    return {
        "id": str(repository.id),
        "name": repository.name,
        "resource_type": "Repo",
        "custom_properties": {
            "slug": repository.slug,
            "project_key": project.key,
            "is_public": repository.public,
            "is_archived": repository.archived,
            "state": repository.state,
            "url": f"https://bench.example/projects/{project.key}/repos/{repository.slug}/browse",
        },
    }


def _granted(organisation: Organisation) -> list[dict[str, object]]:
    on: defaultdict[_Held, list[str]] = defaultdict(list)
    for held, key in _grants(organisation):
        on[held].append(key)
    rows: defaultdict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for (kind, holder, permission), keys in sorted(on.items()):
        where = {"resources": keys} if keys[0] else {"apply_to_application": True}
        rows[kind, holder].append({"application": APPLICATION, "permission": permission, **where})
    return [
        {"identity": holder, "identity_type": kind, "application_permissions": held}
        for (kind, holder), held in rows.items()
    ]


def _grants(organisation: Organisation) -> Iterator[tuple[_Held, str]]:
    yield from (((_USER, str(who), granted), "") for who, granted in organisation.global_users.items())
    yield from (((_GROUP, name, granted), "") for name, granted in organisation.global_groups.items())
    for project in organisation.projects.values():
        yield from _on(project, str(project.id))
        yield from (((_GROUP, LICENSED_USERS, granted), str(project.id)) for granted in project.defaults)
    for repository in organisation.repositories.values():
        yield from _on(repository, f"{repository.project_id}.{repository.id}")


def _on(node: Project | Repository, key: str) -> Iterator[tuple[_Held, str]]:
    yield from (((_USER, str(who), granted), key) for who, granted in node.users.items())
    yield from (((_GROUP, name, granted), key) for name, granted in node.groups.items())
