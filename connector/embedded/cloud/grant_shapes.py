"""How Bitbucket Cloud writes grants, and how its API 1.0 writes groups and what they hold.

Source: recorded answers; for `group-privileges` Atlassian's page, since nobody recorded one. Knows no
permissions and no paging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.cloud.shapes import WEB, in_path

if TYPE_CHECKING:
    from connector.embedded.cloud.shapes import Json, Shapes
    from connector.embedded.cloud.workspace import Account, Group, Project, Repository


class GrantShapes:
    """Writes the grants of one workspace."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._workspace = shapes.workspace

    def user_grant(self, place: Project | Repository, account: Account, level: str) -> Json:
        """Write what is granted to a user, on a project or a repository."""
        kind, path = self._place(place)
        shape: Json = {"type": f"{kind}_user_permission", "permission": level, "user": self._shapes.user(account)}
        who = account.account_id or in_path(account.uuid)
        return shape | {"links": self._shapes.only_self(f"{path}/permissions-config/users/{who}")}

    def group_grant(self, place: Project | Repository, group: Group, level: str) -> Json:
        """Write what is granted to a group, on a project or a repository."""
        kind, path = self._place(place)
        shape: Json = {"type": f"{kind}_group_permission", "permission": level, "group": self._shapes.group(group)}
        return shape | {"links": self._shapes.only_self(f"{path}/permissions-config/groups/{group.slug}")}

    def effective(self, account: Account, repository: Repository, level: str) -> Json:
        """Write what somebody may do on a repository, whichever way it comes."""
        return {
            "type": "repository_permission",
            "permission": level,
            "user": self._shapes.user(account),
            "repository": self._shapes.embedded_repository(repository),
        }

    def group_v1(self, group: Group, *, members: bool) -> Json:
        """Write a group as 1.0 does, with its members or without."""
        shape: Json = {
            "auto_add": group.auto_add,
            "email_forwarding_disabled": None,
            "name": group.name,
            "owner": self._owner_v1(),
            "permission": group.default_permission,
            "slug": group.slug,
        }
        return shape | ({"members": self.members_v1(group)} if members else {})

    def members_v1(self, group: Group) -> list[Json]:
        """Write the members of a group as 1.0 does; nowhere else does the API tell who is active."""
        accounts = self._workspace.accounts
        return [self._user_v1(accounts[uuid]) for uuid in sorted(group.members)]

    def privilege(self, group: Group, repository: Repository, level: str) -> Json:
        """Write what a group holds on a repository as 1.0 does."""
        shape = self.group_v1(group, members=True)
        return {
            "repo": self._shapes.full_name(repository),
            "privilege": level,
            "group": {name: shape[name] for name in ("owner", "name", "members", "slug")},
            "repository": {"owner": self._owner_v1(), "name": repository.name, "slug": repository.slug},
        }

    def _place(self, place: Project | Repository) -> tuple[str, str]:
        slug = self._workspace.slug
        if place.uuid in self._workspace.projects:
            project = self._workspace.projects[place.uuid]
            return "project", f"workspaces/{slug}/projects/{project.key}"
        return "repository", f"repositories/{slug}/{self._workspace.repositories[place.uuid].slug}"

    def _user_v1(self, account: Account) -> Json:
        return {
            "is_staff": False,
            "is_active": account.active,
            "is_team": False,
            "display_name": account.display_name,
            "account_id": account.account_id,
            "uuid": account.uuid,
            "avatar": f"{WEB}/account/{in_path(account.uuid)}/avatar/",
            "nickname": account.nickname,
            "resource_uri": f"/api/1.0/users/{in_path(account.uuid)}",
        }

    def _owner_v1(self) -> Json:
        workspace = self._workspace
        return {
            "avatar": f"{WEB}/account/{workspace.slug}/avatar/?ts=1702560484",
            "resource_uri": f"/!api/1.0/users/{in_path(workspace.uuid)}",
            "uuid": workspace.uuid,
            "display_name": workspace.name,
            "account_id": None,
            "nickname": workspace.slug,
            "is_team": workspace.owner_uuid is None,
        }
