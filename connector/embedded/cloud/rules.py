"""Who may do what: Bitbucket Cloud's permission rules, applied to a workspace.

Sources: Atlassian's pages on workspace, project and repository permissions. Levels are ranked on their
ladder from 1; 0 is no access. Knows neither HTTP nor JSON.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from connector.embedded.cloud.credentials import AccessToken, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.embedded.cloud.catalogue import Catalogue
    from connector.embedded.cloud.workspace import Account, Project, Repository

PROJECT = {"read": 1, "write": 2, "create-repo": 3, "admin": 4}
REPOSITORY = {"read": 1, "write": 2, "admin": 3}
REPOSITORY_WORDS = {rank: word for word, rank in REPOSITORY.items()}
"""How the effective listing writes a rank."""

_REPOSITORY_RANK_FROM_PROJECT = (0, 1, 2, 2, 3)
"""Indexed by the rank on the project: create-repo gives write and no more."""


def role_of(catalogue: Catalogue, account_uuid: str) -> str | None:
    """Give the highest role that an account is listed with, active or not; a group may make a member owner."""
    workspace = catalogue.workspace
    privileges = {group.account_privilege for group in catalogue.groups_of(account_uuid)}
    if "admin" in privileges or account_uuid == workspace.owner_uuid:
        return "owner"
    own = workspace.members.get(account_uuid)
    return "create-project" if own == "member" and "collaborator" in privileges else own


class Rights:
    """What one account may do; without one it is somebody who is not signed in."""

    def __init__(self, catalogue: Catalogue, account: Account | None = None) -> None:
        self._catalogue = catalogue
        self._workspace = catalogue.workspace
        self._uuid = account.uuid if account and account.active else None
        self._groups = catalogue.groups_of(self._uuid) if self._uuid else []

    @cached_property
    def role(self) -> str | None:
        """The highest role in the workspace, or None outside, and for a deactivated account."""
        return role_of(self._catalogue, self._uuid) if self._uuid else None

    @property
    def is_member(self) -> bool:
        """Whether the account belongs to the workspace."""
        return self.role is not None

    @property
    def is_owner(self) -> bool:
        """Whether the account administers the workspace, and so everything in it."""
        return self.role == "owner"

    @property
    def confirms_addresses(self) -> bool:
        """Whether the caller may ask whose an e-mail address is."""
        return self.is_owner

    def project_rank(self, project: Project) -> int:
        """Rank on a project, by itself or through groups."""
        return PROJECT["admin"] if self.is_owner else self._granted(project.users, project.groups, PROJECT)

    def repository_rank(self, repository: Repository) -> int:
        """Rank on a repository, the highest of all ways; that it may be public does not count."""
        project = self._workspace.projects[repository.project_uuid]
        own = self._granted(repository.users, repository.groups, REPOSITORY)
        return max(own, _REPOSITORY_RANK_FROM_PROJECT[self.project_rank(project)])

    def sees_repository(self, repository: Repository) -> bool:
        """Tell whether the caller can read a repository, public ones included."""
        return not repository.is_private or self.repository_rank(repository) > 0

    def sees_project(self, project: Project) -> bool:
        """Tell whether the caller may view a project: reading one of its repositories is enough."""
        if not project.is_private or self.project_rank(project):
            return True
        return any(map(self.sees_repository, self._catalogue.repositories_of(project)))

    def _granted(self, users: Mapping[str, str], groups: Mapping[str, str], ladder: Mapping[str, int]) -> int:
        """Find the highest rank that is granted; `none` and words that nobody knows rank nothing."""
        if self._uuid is None:
            return 0
        words = [users.get(self._uuid, "none")]
        words += [groups[group.slug] for group in self._groups if group.slug in groups]
        return max(ladder.get(word, 0) for word in words)


class TokenRights(Rights):
    """What an access token may do: what its scopes say, on the resource that it belongs to."""

    def __init__(self, catalogue: Catalogue, token: AccessToken) -> None:
        super().__init__(catalogue)
        self._token = token

    @property
    def is_member(self) -> bool:
        """Whether the token may look at the workspace."""
        return True

    @property
    def confirms_addresses(self) -> bool:
        """Whether the token may ask whose an e-mail address is: one of the workspace may."""
        return self._token.level is Level.WORKSPACE

    def project_rank(self, project: Project) -> int:
        """Rank on a project, by the scopes."""
        covered = self._token.level is Level.WORKSPACE or self._token.resource_uuid == project.uuid
        if not covered:
            return 0
        scopes = self._token.scopes
        return PROJECT["admin"] if "project:admin" in scopes else int("project" in scopes)

    def repository_rank(self, repository: Repository) -> int:
        """Rank on a repository, by the scopes."""
        resources = {repository.uuid, repository.project_uuid}
        if self._token.level is not Level.WORKSPACE and self._token.resource_uuid not in resources:
            return 0
        scopes = self._token.scopes
        return REPOSITORY["admin"] if "repository:admin" in scopes else int(bool(scopes & {"repository", "project"}))


class Rules:
    """The rights of every caller of one workspace, computed once each."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rights: dict[str | None, Rights] = {}

    def rights(self, account: Account | None) -> Rights:
        """Give the rights of an account, or of somebody who is not signed in."""
        key = account.uuid if account else None
        if key not in self._rights:
            self._rights[key] = Rights(self._catalogue, account)
        return self._rights[key]

    def token_rights(self, token: AccessToken) -> Rights:
        """Give the rights of an access token."""
        return TokenRights(self._catalogue, token)
