"""Bitbucket's permission rules, as its documentation states them, applied by brute force.

Written from Atlassian's pages alone and sharing no code with the connector, so that it can judge it. Each
rule stands in one function, with the page it is from. Nothing here is fast, and nothing needs to be.

- https://confluence.atlassian.com/bitbucketserver0814/global-permissions-1305643932.html
- https://confluence.atlassian.com/bitbucketserver083/using-project-permissions-1155483037.html
- https://confluence.atlassian.com/bitbucketserver0819/controlling-access-to-code-1416825787.html
- https://confluence.atlassian.com/bitbucketserver/allowing-public-access-to-code-776639799.html
"""

from __future__ import annotations

from connector.embedded.datacenter.organisation import Account, Organisation, Project, Repository

GLOBAL = ["LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN"]
LEVELS = ["none", "read", "write", "admin"]

LEVEL_FROM_REPOSITORY = {"REPO_READ": "read", "REPO_WRITE": "write", "REPO_ADMIN": "admin"}
LEVEL_FROM_PROJECT = {
    "PROJECT_READ": "read",
    "PROJECT_WRITE": "write",
    "REPO_CREATE": "write",
    "PROJECT_ADMIN": "admin",
}


def repository_level(organisation: Organisation, account: Account, repository: Repository) -> str:
    """Give the effective level of somebody who is signed in: none, read, write or admin."""
    if not can_log_in(organisation, account):
        return "none"
    if is_administrator(organisation, account):
        return "admin"
    project = organisation.projects[repository.project_id]
    levels = [LEVEL_FROM_PROJECT[name] for name in project_permissions(organisation, account, project)]
    levels += [LEVEL_FROM_REPOSITORY[name] for name in repository_permissions(organisation, account, repository)]
    levels.append(anonymous_level(organisation, repository))
    return max(levels, key=LEVELS.index)


def anonymous_level(organisation: Organisation, repository: Repository) -> str:
    """Give what somebody can do who is not signed in; a personal project is never public as a whole."""
    project = organisation.projects[repository.project_id]
    marked_public = repository.public or (project.public and project.owner_id is None)
    return "read" if organisation.public_access and marked_public else "none"


def can_log_in(organisation: Organisation, account: Account) -> bool:
    """Tell whether somebody is in a directory, active and licensed: without that no grant has any effect."""
    return account.listed and account.active and global_permission(organisation, account) is not None


def global_permission(organisation: Organisation, account: Account) -> str | None:
    """Give the highest global permission, of the account itself or through a group; each implies the lower."""
    held = granted(organisation, account, organisation.global_users, organisation.global_groups)
    return max(held, key=GLOBAL.index, default=None)


def is_administrator(organisation: Organisation, account: Account) -> bool:
    """Tell whether somebody has full access to all projects and repositories."""
    return global_permission(organisation, account) in {"ADMIN", "SYS_ADMIN"}


def creates_projects(organisation: Organisation, account: Account) -> bool:
    """Tell whether somebody who is signed in may create projects."""
    permission = global_permission(organisation, account)
    return can_log_in(organisation, account) and permission in {"PROJECT_CREATE", "ADMIN", "SYS_ADMIN"}


def administers_project(organisation: Organisation, account: Account, project: Project) -> bool:
    """Tell whether somebody may change the settings and permissions of a project."""
    if not can_log_in(organisation, account):
        return False
    held = project_permissions(organisation, account, project)
    return is_administrator(organisation, account) or "PROJECT_ADMIN" in held


def creates_repositories(organisation: Organisation, account: Account, project: Project) -> bool:
    """Tell whether somebody may create repositories in a project."""
    if not can_log_in(organisation, account):
        return False
    held = project_permissions(organisation, account, project)
    return administers_project(organisation, account, project) or "REPO_CREATE" in held


def project_permissions(organisation: Organisation, account: Account, project: Project) -> set[str]:
    """Give what counts on a project: its grants, its defaults for every licensed user, and being its owner."""
    held = granted(organisation, account, project.users, project.groups) | project.defaults
    return held | {"PROJECT_ADMIN"} if project.owner_id == account.id else held


def repository_permissions(organisation: Organisation, account: Account, repository: Repository) -> set[str]:
    """Give the grants that count on a repository alone; they extend what the project gives."""
    return granted(organisation, account, repository.users, repository.groups)


def granted(organisation: Organisation, account: Account, users: dict[int, str], groups: dict[str, str]) -> set[str]:
    """Give what somebody is granted by name or as member of a group, whatever the letter case of its name."""
    joined = groups_of(organisation, account) if groups else set()
    by_name = {permission for user_id, permission in users.items() if user_id == account.id}
    return by_name | {permission for name, permission in groups.items() if name.lower() in joined}


def groups_of(organisation: Organisation, account: Account) -> set[str]:
    """Give the names of somebody's groups in lower case; a group that is in no directory has no members."""
    return {each.name.lower() for each in organisation.groups.values() if each.listed and account.id in each.members}
