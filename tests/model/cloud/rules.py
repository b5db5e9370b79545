"""Bitbucket Cloud's permission rules, as its documentation states them, applied by brute force.

Written from Atlassian's pages alone and sharing no code with the connector or the embedded server's own rules,
so that it can judge both. Each rule stands in one function. Nothing here is fast, and nothing needs to be.

- https://support.atlassian.com/bitbucket-cloud/docs/configure-project-permissions-for-users-and-groups/
- https://support.atlassian.com/bitbucket-cloud/docs/grant-access-to-a-workspace/
- https://support.atlassian.com/bitbucket-cloud/docs/grant-repository-access-to-users-and-groups/
- https://bitbucket.org/blog/project-permissions-are-available-in-bitbucket
"""

from __future__ import annotations

from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace

LEVELS = ["none", "read", "write", "admin"]

LEVEL_FROM_PROJECT = {"none": "none", "read": "read", "write": "write", "create-repo": "write", "admin": "admin"}


def granted_level(workspace: Workspace, account: Account, repository: Repository) -> str:
    """Give the level that somebody's grants amount to: the highest of all ways, since nothing subtracts.

    A deactivated account keeps its grants and can use none: whether it is active is compared by itself.
    """
    if is_owner(workspace, account):
        return "admin"
    project = workspace.projects[repository.project_uuid]
    levels = [LEVEL_FROM_PROJECT[word] for word in _words(workspace, account, project.users, project.groups)]
    levels += _words(workspace, account, repository.users, repository.groups)
    levels.append(anonymous_level(repository))
    return max(levels, key=LEVELS.index)


def anonymous_level(repository: Repository) -> str:
    """Give what somebody can do who is not signed in: the flag of the repository alone says it, no project's."""
    return "none" if repository.is_private else "read"


def is_owner(workspace: Workspace, account: Account) -> bool:
    """Tell whether somebody administers the workspace: itself, through a group, or because it is personal."""
    if account.uuid == workspace.owner_uuid or workspace.members.get(account.uuid) == "owner":
        return True
    return any(
        group.account_privilege == "admin" and group.listed and account.uuid in group.members
        for group in workspace.groups.values()
    )


def administers_project(workspace: Workspace, account: Account, project: Project) -> bool:
    """Tell whether somebody may change the settings and permissions of a project."""
    return is_owner(workspace, account) or "admin" in _words(workspace, account, project.users, project.groups)


def creates_repositories(workspace: Workspace, account: Account, project: Project) -> bool:
    """Tell whether somebody may create repositories in a project."""
    if administers_project(workspace, account, project):
        return True
    return "create-repo" in _words(workspace, account, project.users, project.groups)


def _words(workspace: Workspace, account: Account, users: dict[str, str], groups: dict[str, str]) -> list[str]:
    """Give what somebody is granted by itself and as member of groups; a group that is gone has no members."""
    words = [word for uuid, word in users.items() if uuid == account.uuid]
    for slug, word in groups.items():
        group = workspace.groups[slug]
        if group.listed and account.uuid in group.members:
            words.append(word)
    return words
