"""A workspace written as the contract wants it exported, for the tests of the comparison.

Written from the contract alone, through oaaclient's own classes. It reads the records and no REST API: what a
reader of the API can get wrong is planted by giving it a workspace that says so.
"""

from __future__ import annotations

from typing import Any

from oaaclient.templates import CustomApplication, CustomResource, OAAPermission, OAAPropertyType
from oaaclient.templates.application import LocalGroup, LocalUser

from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace
from tests.model.cloud import rules
from tests.model.cloud.comparison import ANONYMOUS

EVERYONE = "bitbucket:everyone"

_READ = [OAAPermission.DataRead, OAAPermission.MetadataRead]
_WRITE = [*_READ, OAAPermission.DataWrite]
_CREATE = [*_WRITE, OAAPermission.DataCreate]
_ADMIN = [each for each in OAAPermission if each.name.startswith(("Data", "Meta"))]


def exported(workspace: Workspace, *, confirmed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Write a workspace as a payload; `confirmed` are the e-mail addresses that were asked for, in lower case."""
    return _Export(workspace, confirmed).payload()


class _Export:
    def __init__(self, workspace: Workspace, confirmed: frozenset[str]) -> None:
        self._workspace = workspace
        self._confirmed = confirmed
        self._app = CustomApplication(f"Bitbucket Cloud - {workspace.slug}", "BitbucketCloud")
        self._app.property_definitions.define_local_user_property("is_member", OAAPropertyType.BOOLEAN)
        for name, categories in (("read", _READ), ("write", _WRITE), ("create-repo", _CREATE), ("admin", _ADMIN)):
            self._app.add_custom_permission(name, categories, apply_to_sub_resources=True)
        self._app.add_custom_permission("owner", [*_ADMIN, OAAPermission.NonData], apply_to_sub_resources=True)
        self._app.add_custom_permission("member", [OAAPermission.NonData])
        self._app.add_custom_permission("public-read", _READ)
        self._users: dict[str, LocalUser] = {}
        self._groups: dict[str, LocalGroup] = {}

    def payload(self) -> dict[str, Any]:
        workspace = self._workspace
        for group in workspace.groups.values():
            if group.listed or any(place.groups.get(group.slug, "none") != "none" for place in self._places()):
                self._groups[group.slug] = self._app.add_local_group(group.name, unique_id=group.slug)
        self._app.add_local_group("Everyone", unique_id=EVERYONE)
        self._app.add_local_user("Anonymous", groups=[EVERYONE], unique_id=ANONYMOUS)
        for account in workspace.accounts.values():
            if self._is_known(account):
                self._add(account)
        self._grant_workspace()
        for project in workspace.projects.values():
            resource = self._app.add_resource(project.name, "Project", unique_id=project.uuid)
            self._grant(project, resource)
            for repository in workspace.repositories.values():
                if repository.project_uuid == project.uuid:
                    self._add_repository(repository, resource)
        payload: dict[str, Any] = self._app.get_payload()
        return payload

    def _places(self) -> list[Project | Repository]:
        return [*self._workspace.projects.values(), *self._workspace.repositories.values()]

    def _is_known(self, account: Account) -> bool:
        uuid = account.uuid
        granted = any(place.users.get(uuid, "none") != "none" for place in self._places())
        return uuid in self._workspace.members or granted or bool(self._groups_of(account))

    def _groups_of(self, account: Account) -> list[Group]:
        groups = self._workspace.groups.values()
        return [group for group in groups if group.listed and account.uuid in group.members]

    def _add(self, account: Account) -> None:
        groups = self._groups_of(account)
        names = [EVERYONE, *(group.slug for group in groups)]
        user = self._app.add_local_user(
            account.display_name or account.nickname or account.uuid, groups=names, unique_id=account.uuid
        )
        if account.account_id:
            user.add_identity(account.account_id)
        is_member = account.uuid in self._workspace.members
        if is_member and account.email and account.email.lower() in self._confirmed:
            user.email = account.email
            user.add_identity(account.email)
        if groups:
            user.is_active = account.active
        user.set_property("is_member", is_member)
        self._users[account.uuid] = user

    def _grant_workspace(self) -> None:
        """Grant `owner` to owners, and `member` to the other members."""
        for uuid, user in self._users.items():
            if rules.is_owner(self._workspace, self._workspace.accounts[uuid]):
                user.add_permission("owner", apply_to_application=True)
            elif uuid in self._workspace.members:
                user.add_permission("member", apply_to_application=True)

    def _add_repository(self, repository: Repository, project: CustomResource) -> None:
        resource = project.add_sub_resource(repository.name, "Repo", unique_id=repository.uuid)
        self._grant(repository, resource)
        if not repository.is_private:
            self._app.local_groups[EVERYONE].add_permission("public-read", [resource])

    def _grant(self, place: Project | Repository, resource: CustomResource) -> None:
        for uuid, word in place.users.items():
            if word != "none":
                self._users[uuid].add_permission(word, [resource])
        for slug, word in place.groups.items():
            if word != "none":
                self._groups[slug].add_permission(word, [resource])
