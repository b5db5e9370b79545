"""What has been found so far, and how it becomes one snapshot. Knows the model, nothing of HTTP.

Only one thread touches it. Whatever order answers come in, the same findings give the same snapshot.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from connector.model import (
    Gap,
    GlobalPermissionsRead,
    Grant,
    Group,
    GroupGrant,
    Permission,
    Project,
    ProjectPermission,
    ProjectType,
    PublicAccess,
    Repository,
    Server,
    Snapshot,
    User,
    UserGrant,
    group_key,
    in_order,
)

UserRows = Iterable[tuple[User, Permission]]
GroupRows = Iterable[tuple[str, Permission]]


class Findings:
    """A snapshot in the making."""

    def __init__(self, *, granted_groups_only: bool = False) -> None:
        self._granted_groups_only = granted_groups_only
        self.listed_users: dict[str, User] = {}
        self.named_users: dict[str, User] = {}
        """Whom a grant, a membership or a personal project names."""
        self.listed_groups: dict[str, Group] = {}
        self.named_groups: dict[str, Group] = {}
        """Groups that a grant names, as it spells them."""
        self.newly_named_groups: list[str] = []
        """Keys of groups since somebody last emptied this list."""
        self.members: dict[str, frozenset[str]] = {}
        self.unread_groups: set[str] = set()
        """Keys of groups whose members are a gap."""
        self.listed_projects: dict[str, Project] = {}
        self.named_projects: dict[str, Project] = {}
        """Projects that a repository names; personal ones stand in no listing."""
        self.gone_projects: set[str] = set()
        """Ids of projects that were deleted while the export ran; their repositories went with them."""
        self.gone_repositories: set[str] = set()
        self.gone_groups = 0
        """How many groups were in the directory, and are not any more."""
        self.repositories: dict[str, Repository] = {}
        self.global_permissions = GlobalPermissionsRead.NONE
        self.global_grants: tuple[Grant, ...] = ()
        self.project_grants: dict[str, tuple[Grant, ...]] = {}
        self.repository_grants: dict[str, tuple[Grant, ...]] = {}
        self.default_permissions: dict[str, ProjectPermission] = {}
        self.gaps: list[Gap] = []
        self._same_grants: dict[Grant, Grant] = {}

    def name_user(self, user: User) -> None:
        """Remember somebody whom something else than the directory names; the fullest row is kept."""
        known = self.named_users.get(user.id)
        if known is None or (known != user and _fullness(user) > _fullness(known)):
            self.named_users[user.id] = user

    def grants(self, users: UserRows, groups: GroupRows) -> tuple[Grant, ...]:
        """Keep whom the rows of a scope's two listings name, and give the highest grant of each."""
        highest: dict[tuple[bool, str], Grant] = {}
        for user, permission in users:
            self.name_user(user)
            self._raise(highest, (True, user.id), UserGrant(user.id, permission))
        for name, permission in groups:
            key = self._name_group(name)
            self._raise(highest, (False, key), GroupGrant(key, permission))
        return tuple(highest.values())

    def _raise(self, highest: dict[tuple[bool, str], Grant], holder: tuple[bool, str], grant: Grant) -> None:
        known = highest.get(holder)
        if known is None or grant.permission.rank > known.permission.rank:
            # Equal grants on different repositories are one object: a million rows hold few that differ.
            highest[holder] = self._same_grants.setdefault(grant, grant)

    def _name_group(self, name: str) -> str:
        key = group_key(name)
        known = self.named_groups.get(key)
        if known is None:
            self.newly_named_groups.append(key)
        if known is None or name < known.name:
            self.named_groups[key] = Group(name, in_directory=False)
        return key

    def snapshot(self, base_url: str, version: str, public_access: PublicAccess) -> Snapshot:
        """Make of all findings one whole: references resolved, what was deleted left out, gaps named.

        Whom nothing names any more, because what named them was deleted, is left out too, unless listed.
        """
        directory = _Directory(self.listed_users, self.named_users)
        projects = {i: directory.owned(project) for i, project in self.projects.items()}
        repositories = self.present_repositories
        global_grants = directory.grants(self.global_grants)
        project_grants = {i: directory.grants(g) for i, g in self.project_grants.items() if i in projects}
        repository_grants = {i: directory.grants(g) for i, g in self.repository_grants.items() if i in repositories}
        granted: set[Grant] = set().union(global_grants, *project_grants.values(), *repository_grants.values())
        groups = self._groups({grant.group_key for grant in granted if isinstance(grant, GroupGrant)})
        members = {key: directory.ids(ids) for key, ids in self.members.items() if key in groups}
        named = {grant.user_id for grant in granted if isinstance(grant, UserGrant)}.union(*members.values())
        named |= {project.owner_id for project in projects.values() if project.owner_id is not None}
        users = {i: user for i, user in directory.users.items() if user.in_directory or i in named}
        return Snapshot(
            server=Server(base_url, version, public_access, self.global_permissions),
            users=self._with_licences(users, directory),
            groups=groups,
            members=members,
            projects=projects,
            repositories=repositories,
            global_grants=global_grants,
            project_grants=project_grants,
            repository_grants=repository_grants,
            default_permissions={i: p for i, p in self.default_permissions.items() if i in projects},
            gaps=tuple(sorted({*self.gaps, *_nothing_seen(users, projects, repositories)})),
        )

    def _groups(self, granted: set[str]) -> dict[str, Group]:
        """Give the groups to export, in the spelling of the directory where it knows them."""
        listed = {} if self._granted_groups_only else self.listed_groups
        return listed | {key: self.listed_groups.get(key) or self.named_groups[key] for key in granted}

    @property
    def gone(self) -> int:
        """How many things were deleted while the export ran, as far as it noticed."""
        return len(self.gone_projects) + len(self.gone_repositories) + self.gone_groups

    @property
    def projects(self) -> dict[str, Project]:
        """Every project that still exists; the listing knows most of one."""
        known = self.named_projects | self.listed_projects
        return {i: project for i, project in known.items() if i not in self.gone_projects}

    @property
    def present_repositories(self) -> dict[str, Repository]:
        """Every repository that still exists."""
        gone = self.gone_repositories
        projects = self.projects
        return {i: r for i, r in self.repositories.items() if i not in gone and r.project_id in projects}

    def _with_licences(self, users: dict[str, User], directory: _Directory) -> dict[str, User]:
        """Say of each user whether any global permission, which is what makes a licence, is held."""
        if self.global_permissions is GlobalPermissionsRead.NONE:
            return users
        holders: set[str] = set()
        unread = False
        for grant in directory.grants(self.global_grants):
            match grant:
                case UserGrant(user_id=user_id):
                    holders.add(user_id)
                case GroupGrant(group_key=key):
                    holders |= directory.ids(self.members.get(key, frozenset()))
                    unread = unread or key in self.unread_groups
        otherwise = None if unread else False
        return {i: dataclasses.replace(user, licensed=True if i in holders else otherwise) for i, user in users.items()}


class _Directory:
    """Users as one: a grant or membership may name somebody in another case, or by an id of former times."""

    def __init__(self, listed: Mapping[str, User], named: Mapping[str, User]) -> None:
        by_name = {user.name.lower(): i for i, user in listed.items()}
        others = {i: user for i, user in in_order(named) if i not in listed}
        self._same: dict[str, str] = {}
        self.users: dict[str, User] = dict(listed)
        for i, user in others.items():
            known = by_name.setdefault(user.name.lower(), i)
            if known == i:
                self.users[i] = user
            else:
                self._same[i] = known

    def ids(self, ids: frozenset[str]) -> frozenset[str]:
        return frozenset(self._same.get(i, i) for i in ids) if self._same else ids

    def owned(self, project: Project) -> Project:
        owner = project.owner_id
        if project.type is not ProjectType.PERSONAL or owner not in self._same:
            return project
        return dataclasses.replace(project, owner_id=self._same[owner])

    def grants(self, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
        return tuple(self._grant(grant) for grant in grants) if self._same else grants

    def _grant(self, grant: Grant) -> Grant:
        if isinstance(grant, UserGrant) and grant.user_id in self._same:
            return UserGrant(self._same[grant.user_id], grant.permission)
        return grant


def _nothing_seen(*seen: Mapping[str, object]) -> Iterable[Gap]:
    for what, things in zip(("users", "projects", "repositories"), seen, strict=True):
        if not things:
            reason = f"the account sees no {what} at all; a server without any looks the same as one that hides them"
            yield Gap("instance", what, reason)


def _fullness(user: User) -> tuple[bool, str]:
    return user.directory_name is not None, repr(user)
