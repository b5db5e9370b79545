"""What people do to a workspace while somebody reads it; each leaves nothing behind that points nowhere.

Call them within `EmbeddedCloud.change()`, or in a `Change` fault, just before an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.cloud.builder import slug_of

if TYPE_CHECKING:
    from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace


def rename_repository(repository: Repository, name: str) -> None:
    """Give a repository another name, and so another slug."""
    repository.name, repository.slug = name, slug_of(name)


def move_repository(repository: Repository, project: Project) -> None:
    """Move a repository to another project."""
    repository.project_uuid = project.uuid


def delete_repository(workspace: Workspace, repository: Repository) -> None:
    """Delete a repository, and whatever belonged to it alone."""
    del workspace.repositories[repository.uuid]
    for key in workspace.deploy_keys:
        key.repositories.discard(repository.uuid)
    workspace.webhooks[:] = [each for each in workspace.webhooks if each.repository_uuid != repository.uuid]
    workspace.restrictions[:] = [each for each in workspace.restrictions if each.repository_uuid != repository.uuid]


def delete_project(workspace: Workspace, project: Project) -> None:
    """Delete a project with its repositories."""
    for repository in [each for each in workspace.repositories.values() if each.project_uuid == project.uuid]:
        delete_repository(workspace, repository)
    del workspace.projects[project.uuid]
    for key in workspace.deploy_keys:
        key.projects.discard(project.uuid)


def delete_group(workspace: Workspace, group: Group) -> None:
    """Delete a group and what it was granted."""
    del workspace.groups[group.slug]
    places: list[Project | Repository] = [*workspace.projects.values(), *workspace.repositories.values()]
    for place in places:
        place.groups.pop(group.slug, None)
    for restriction in workspace.restrictions:
        restriction.groups[:] = [slug for slug in restriction.groups if slug != group.slug]


def remove_member(workspace: Workspace, account: Account) -> None:
    """Take somebody out of the workspace and its groups; grants to the person itself stay."""
    workspace.members.pop(account.uuid, None)
    for group in workspace.groups.values():
        group.members.discard(account.uuid)
