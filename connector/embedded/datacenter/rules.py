"""Who may do what: Bitbucket's permission rules, applied to an organisation.

Sources: Bitbucket's pages on global, project and repository permissions. Permissions are ranked
on their ladder from 1; 0 is no permission. Knows neither HTTP nor JSON.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from connector.embedded.datacenter.organisation import Project, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.embedded.datacenter.catalogue import Catalogue
    from connector.embedded.datacenter.organisation import Account, Token

GLOBAL = {"LICENSED_USER": 1, "PROJECT_CREATE": 2, "ADMIN": 3, "SYS_ADMIN": 4}
PROJECT = {"PROJECT_READ": 1, "PROJECT_WRITE": 2, "REPO_CREATE": 3, "PROJECT_ADMIN": 4}
REPOSITORY = {"REPO_READ": 1, "REPO_WRITE": 2, "REPO_ADMIN": 3}

_REPOSITORY_RANK_FROM_PROJECT = (0, 1, 2, 2, 3)
"""Indexed by the rank on the project: REPO_CREATE gives write and no more."""


class Rights:
    """What one caller may do; without an account it is somebody who is not signed in."""

    def __init__(self, catalogue: Catalogue, account: Account | None, token: Token | None = None) -> None:
        self.account = account
        self._catalogue = catalogue
        self._organisation = catalogue.organisation
        self._id = account.id if account and account.active and account.listed else None
        self._groups = catalogue.groups_of(self._id) if self._id is not None else frozenset()
        self._token = token

    @cached_property
    def _owned_rank(self) -> int:
        organisation = self._organisation
        return self._granted(organisation.global_users, organisation.global_groups, GLOBAL)

    @property
    def by_token(self) -> bool:
        """Whether the caller shows a token instead of a password."""
        return self._token is not None

    @property
    def is_licensed(self) -> bool:
        """Whether the caller may sign in at all; without it no grant has any effect."""
        return self._owned_rank >= GLOBAL["LICENSED_USER"]

    @property
    def global_rank(self) -> int:
        """Rank among the global permissions; a token is never an administrator (BSERV-10482)."""
        if self._token:
            return min(self._owned_rank, GLOBAL["PROJECT_CREATE"])
        return self._owned_rank

    def project_rank(self, project: Project) -> int:
        """Rank on a project, whichever way it comes; public access does not count."""
        rank = self._own_project_rank(project)
        return min(rank, PROJECT[self._token.project_permission]) if self._token else rank

    def repository_rank(self, repository: Repository) -> int:
        """Rank on a repository, whichever way it comes; public access does not count."""
        project = self._organisation.projects[repository.project_id]
        rank = _REPOSITORY_RANK_FROM_PROJECT[self._own_project_rank(project)]
        if self.is_licensed:
            rank = max(rank, self._granted(repository.users, repository.groups, REPOSITORY))
        return min(rank, REPOSITORY[self._token.repository_permission]) if self._token else rank

    def sees_repository(self, repository: Repository) -> bool:
        """Tell whether the caller can read a repository, public access included."""
        return self.is_public(repository) or self.repository_rank(repository) > 0

    def sees_project(self, project: Project) -> bool:
        """Tell whether the caller may view a project: reading one of its repositories is enough."""
        if self.project_rank(project) or (self._organisation.public_access and _is_marked_public(project)):
            return True
        return any(map(self.sees_repository, self._catalogue.repositories_of(project)))

    def is_public(self, repository: Repository) -> bool:
        """Tell whether anybody can read a repository: the instance, and it or its project, say so."""
        if not self._organisation.public_access:
            return False
        return repository.public or _is_marked_public(self._organisation.projects[repository.project_id])

    @cached_property
    def projects(self) -> list[Project]:
        """The projects that the caller may view, in listing order, personal ones included."""
        if self._is_administrator:
            return self._catalogue.projects
        return [project for project in self._catalogue.projects if self.sees_project(project)]

    @cached_property
    def repositories(self) -> list[Repository]:
        """The repositories that the caller can read, in listing order."""
        if self._is_administrator:
            return self._catalogue.repositories
        return [repository for repository in self._catalogue.repositories if self.sees_repository(repository)]

    @property
    def _is_administrator(self) -> bool:
        return self._owned_rank >= GLOBAL["ADMIN"]

    def _own_project_rank(self, project: Project) -> int:
        if not self.is_licensed:
            return 0
        if self._is_administrator or project.owner_id == self._id:
            return PROJECT["PROJECT_ADMIN"]
        default = max((PROJECT[name] for name in project.defaults), default=0)
        return max(default, self._granted(project.users, project.groups, PROJECT))

    def _granted(self, users: Mapping[int, str], groups: Mapping[str, str], ladder: Mapping[str, int]) -> int:
        if self._id is None:
            return 0
        rank = ladder[users[self._id]] if self._id in users else 0
        for name, permission in groups.items():
            if name.lower() in self._groups:
                rank = max(rank, ladder[permission])
        return rank


class Rules:
    """The rights of every caller of one organisation, computed once each."""

    def __init__(self, catalogue: Catalogue, *, public_counts_as_read: bool = False) -> None:
        self._catalogue = catalogue
        self._public_counts_as_read = public_counts_as_read
        self._rights: dict[tuple[int | None, str | None], Rights] = {}
        self._holders: dict[tuple[str, int | None], frozenset[int]] = {}

    def rights(self, account: Account | None, token: Token | None = None) -> Rights:
        """Give the rights of a user, of a token that acts for it, or of somebody not signed in."""
        key = (account.id if account else None, token.secret if token else None)
        if key not in self._rights:
            self._rights[key] = Rights(self._catalogue, account, token)
        return self._rights[key]

    def holders(self, permission: str, where: Project | Repository | None) -> frozenset[int]:
        """Find the users who hold a permission effectively; the scope must fit the permission."""
        key = (permission, where.id if where else None)
        if key not in self._holders:
            self._holders[key] = frozenset(
                account.id
                for account in self._catalogue.accounts
                if self._holds(self.rights(account), permission, where)
            )
        return self._holders[key]

    def _holds(self, rights: Rights, permission: str, where: Project | Repository | None) -> bool:
        match where:
            case None:
                return rights.global_rank >= GLOBAL[permission]
            case Project():
                return rights.project_rank(where) >= PROJECT[permission]
            case Repository():
                public = self._public_counts_as_read and permission == "REPO_READ" and rights.is_licensed
                rank = rights.repository_rank(where)
                return rank >= REPOSITORY[permission] or (public and rights.is_public(where))


def _is_marked_public(project: Project) -> bool:
    """Tell whether a project says that all of it is public; a personal one cannot."""
    return project.public and project.owner_id is None
