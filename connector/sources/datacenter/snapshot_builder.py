"""What has been collected so far, what is still to be read, and how it becomes one snapshot. Knows no HTTP.

Only one thread touches it. Whatever order answers come in, the same answers give the same snapshot. Nothing vanishes
on one word: a thing is dropped when the latest listings do not show it any more. As long as they do, it is read, or
a gap.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import Unreadable, Why
from connector.model import (
    Gap,
    GlobalPermissionsRead,
    Grant,
    Group,
    GroupGrant,
    Project,
    ProjectType,
    Repository,
    Server,
    Snapshot,
    User,
    UserGrant,
    group_key,
    in_order,
)
from connector.sources.datacenter.fetch import Grants
from connector.sources.datacenter.listings import NOTHING_LISTED, GlobalPermissions, GroupRow, Listings, UserRow
from connector.sources.datacenter.permissions import GlobalPermission, ProjectPermission

_MAY_HAVE_MOVED = frozenset({Why.ABSENT, Why.MOVED})
_TIMES = 3
"""How often that is believed to pass: each time the listings are read again, and show under which name to ask."""

_ADMINISTRATION = frozenset({GlobalPermission.ADMIN, GlobalPermission.SYS_ADMIN})


_NAMED = 3
_LOOKS_EMPTY = "a server without any looks the same as one that hides them"


class Kind(StrEnum):
    """What has something of its own to be read."""

    GROUP = "group"
    PROJECT = "project"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class _Failure:
    unreadable: Unreadable
    times: int

    @property
    def is_final(self) -> bool:
        return self.unreadable.why not in _MAY_HAVE_MOVED or self.times >= _TIMES


_Thing = tuple[Kind, str]
"""A kind, and the id or the group's key."""


class SnapshotBuilder:
    """A snapshot in the making. `store_listings` comes first."""

    def __init__(self, *, granted_groups_only: bool = False) -> None:
        self.listings: Listings = NOTHING_LISTED
        self._granted_groups_only = granted_groups_only
        self._named_users: dict[str, User] = {}
        """Users that a grant or a membership names, and the directory's listing did not show."""
        self._named_groups: dict[str, Group] = {}
        """Groups that a grant names, as it spells them."""
        self._members: dict[str, frozenset[str]] = {}
        self._grants: dict[_Thing, tuple[Grant, ...]] = {}
        self._defaults: dict[str, ProjectPermission] = {}
        self._failures: dict[_Thing, _Failure] = {}
        self._global_grants: tuple[Grant, ...] = ()
        self._same_grants: dict[Grant, Grant] = {}
        self._unsettled: list[Gap] = []

    # ---- what the listings show

    def store_listings(self, listings: Listings) -> None:
        """Take a round's listings for what there is. What was read under another name is read again."""
        self._forget_what_changed(self.listings, listings)
        self.listings = listings
        self._global_grants = self._merged(listings.global_permissions.users, listings.global_permissions.groups)

    def _forget_what_changed(self, before: Listings, now: Listings) -> None:
        """Forget the answers about things that are gone, or are asked about by another name than they were."""
        keys, places = dict(now.project_keys()), dict(now.places())
        for project_id, key in before.project_keys():
            if keys.get(project_id) != key:
                self._forget((Kind.PROJECT, project_id))
        for repository_id, place in before.places():
            if places.get(repository_id) != place:
                self._forget((Kind.REPOSITORY, repository_id))
        for key in before.groups.keys() ^ now.groups.keys():
            self._forget((Kind.GROUP, key))
        self._forget_grants_of(before.users.keys() - now.users.keys(), before.groups.keys() - now.groups.keys())
        for user_id in before.users.keys() - now.users.keys():  # grants may still name those who left
            self._named_users[user_id] = dataclasses.replace(before.users[user_id], in_directory=False)

    def _forget_grants_of(self, users: Set[str], groups: Set[str]) -> None:
        """Forget the answers that name users and groups which were deleted: Bitbucket takes their grants away."""
        if not users and not groups:
            return
        for thing, grants in list(self._grants.items()):
            for grant in grants:
                if grant.user_id in users if isinstance(grant, UserGrant) else grant.group_key in groups:
                    self._forget(thing)
                    break
        for key, members in list(self._members.items()):
            if not users.isdisjoint(members):
                self._forget((Kind.GROUP, key))

    def _forget(self, thing: _Thing) -> None:
        self._grants.pop(thing, None)
        self._failures.pop(thing, None)
        kind, identifier = thing
        if kind is Kind.PROJECT:
            self._defaults.pop(identifier, None)
        if kind is Kind.GROUP:
            self._members.pop(identifier, None)

    # ---- what is still to be read

    def groups_to_read(self) -> list[Group]:
        """Give the groups whose members are to be read: all, or those that hold a grant."""
        keys = self._granted_groups()
        if not self._granted_groups_only:
            keys = keys | self.listings.groups.keys()
        return [self._group(key) for key in sorted(keys) if key not in self._members and self._is_open(Kind.GROUP, key)]

    def projects_to_read(self) -> list[Project]:
        """Give the projects whose permissions are to be read."""
        projects = self.listings.projects.values()
        return [project for project in projects if self._is_open(Kind.PROJECT, project.id)]

    def repositories_to_read(self) -> list[tuple[Repository, str]]:
        """Give the repositories whose permissions are to be read, each with the key of its project."""
        projects = self.listings.projects
        repositories = self.listings.repositories.repositories.values()
        return [
            (repository, projects[repository.project_id].key)
            for repository in repositories
            if self._is_open(Kind.REPOSITORY, repository.id)
        ]

    @property
    def is_settled(self) -> bool:
        """Whether everything that is listed was read, or failed for good."""
        return not (self.groups_to_read() or self.projects_to_read() or self.repositories_to_read())

    def _is_open(self, kind: Kind, identifier: str) -> bool:
        thing = kind, identifier
        failure = self._failures.get(thing)
        return thing not in self._grants and (failure is None or not failure.is_final)

    # ---- storing

    def store_members(self, group: Group, fetched: Iterable[User] | Unreadable) -> None:
        """Keep a group's members, or why they cannot be read."""
        if not isinstance(fetched, Unreadable):
            self._members[group.key] = frozenset(map(self._name_user, fetched))
        elif fetched.why is Why.ABSENT and group.key not in self.listings.groups:
            self._members[group.key] = frozenset()  # only a grant knows it, and Bitbucket says that there is none
        else:
            self._store_failure((Kind.GROUP, group.key), fetched)

    def store_project(self, project: Project, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a project, or why they cannot be read."""
        thing = Kind.PROJECT, project.id
        if isinstance(fetched, Unreadable):
            self._store_failure(thing, fetched)
            if project.type is ProjectType.PERSONAL and fetched.why is Why.ABSENT and self._failures[thing].is_final:
                self._store(thing, Grants((), ()))  # it is listed, so this version keeps no permissions of it
            return
        self._store(thing, fetched)
        if fetched.default is not None:
            self._defaults[project.id] = fetched.default

    def store_repository(self, repository: Repository, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a repository, or why they cannot be read."""
        thing = Kind.REPOSITORY, repository.id
        if isinstance(fetched, Unreadable):
            self._store_failure(thing, fetched)
        else:
            self._store(thing, fetched)

    def store_unsettled(self, reason: str) -> None:
        """Take note that the listings never agreed."""
        self._unsettled.append(Gap("instance", "what was changed while the export ran", reason))

    def _store(self, thing: _Thing, grants: Grants) -> None:
        self._grants[thing] = self._merged(grants.users, grants.groups)
        self._failures.pop(thing, None)

    def _store_failure(self, thing: _Thing, unreadable: Unreadable) -> None:
        before = self._failures.get(thing)
        self._failures[thing] = _Failure(unreadable, before.times + 1 if before else 1)

    def _merged(self, users: Iterable[UserRow], groups: Iterable[GroupRow]) -> tuple[Grant, ...]:
        """Keep who the rows of a scope's two listings name, and give the highest grant of each."""
        highest: dict[tuple[bool, str], tuple[int, Grant]] = {}
        for user, permission in users:
            user_id = self._name_user(user)
            self._raise(highest, (True, user_id), permission.rank, UserGrant(user_id, permission))
        for name, permission in groups:
            key = self._name_group(name)
            self._raise(highest, (False, key), permission.rank, GroupGrant(key, permission))
        return tuple(grant for _, grant in highest.values())

    def _raise(
        self, highest: dict[tuple[bool, str], tuple[int, Grant]], holder: tuple[bool, str], rank: int, grant: Grant
    ) -> None:
        if holder not in highest or rank > highest[holder][0]:
            # Equal grants on different repositories are one object: a million rows hold few that differ.
            highest[holder] = rank, self._same_grants.setdefault(grant, grant)

    def _name_user(self, user: User) -> str:
        """Remember a user that the directory does not list; the fullest row is kept. Gives the id."""
        listed = self.listings.users.get(user.id)
        if listed is not None:
            return listed.id
        known = self._named_users.get(user.id)
        if known is None or (known != user and _fullness(user) > _fullness(known)):
            self._named_users[user.id] = user
        return self._named_users[user.id].id

    def _name_group(self, name: str) -> str:
        key = group_key(name)
        known = self._named_groups.get(key)
        if known is None or name < known.name:
            self._named_groups[key] = Group(name, in_directory=False)
        return self._named_groups[key].key

    def _granted_groups(self) -> set[str]:
        granted = set().union(*self._grants.values(), self._global_grants)
        return {grant.group_key for grant in granted if isinstance(grant, GroupGrant)}

    def _group(self, key: str) -> Group:
        """Give a group in the spelling of the directory, where it knows it."""
        return self.listings.groups.get(key) or self._named_groups[key]

    # ---- the snapshot

    def snapshot(self, server: Server, account: str | None) -> Snapshot:
        """Make one whole of everything: references resolved, gaps named.

        Users that nothing names any more, because what named them is gone, are left out unless they are listed.
        `account` is the one that has read all this, None where its name is not known.
        """
        projects, repositories = self.listings.projects, self.listings.repositories.repositories
        owners = {**self.listings.repositories.of.owners, **self.listings.listed.owners}
        directory = _Directory(self.listings.users, {**self._named_users, **owners})
        global_grants = directory.grants(self._global_grants)
        project_grants = dict(self._grants_of(Kind.PROJECT, projects, directory))
        repository_grants = dict(self._grants_of(Kind.REPOSITORY, repositories, directory))
        owned = {i: directory.owned(project) for i, project in projects.items()}
        granted: set[Grant] = set().union(global_grants, *project_grants.values(), *repository_grants.values())
        groups = {key: self._group(key) for key in self._exported_groups(granted)}
        members = {key: directory.ids(self._members[key]) for key in groups if key in self._members}
        named = {grant.user_id for grant in granted if isinstance(grant, UserGrant)}.union(*members.values())
        named |= {project.owner_id for project in owned.values() if project.owner_id is not None}
        users = {i: user for i, user in directory.users.items() if user.in_directory or i in named}
        return Snapshot(
            source=server,
            users=self._with_licences(users, directory),
            groups=groups,
            members=members,
            projects=owned,
            repositories=dict(repositories),
            global_grants=global_grants,
            project_grants=project_grants,
            repository_grants=repository_grants,
            default_permissions={i: default for i, default in self._defaults.items() if i in projects},
            gaps=tuple(
                sorted(
                    {
                        *self._unsettled,
                        *self._gaps(groups),
                        *self._nothing_listed(groups),
                        *self._unseen(account),
                    }
                )
            ),
        )

    def _grants_of(
        self, kind: Kind, listed: Iterable[str], directory: _Directory
    ) -> Iterator[tuple[str, tuple[Grant, ...]]]:
        for identifier in listed:
            grants = self._grants.get((kind, identifier))
            if grants is not None:
                yield identifier, directory.grants(grants)

    def _exported_groups(self, granted: set[Grant]) -> list[str]:
        named = {grant.group_key for grant in granted if isinstance(grant, GroupGrant)}
        listed = [] if self._granted_groups_only else self.listings.groups
        return list(dict.fromkeys([*listed, *sorted(named)]))

    def _with_licences(self, users: dict[str, User], directory: _Directory) -> dict[str, User]:
        """Say of each user whether any global permission, which is what makes a licence, is held.

        Inactive users hold none, by whatever way they were read: some listings show them, and others do not.
        """
        if self.listings.global_permissions.read is GlobalPermissionsRead.NONE:
            return users
        holders: set[str] = set()
        unread = False
        for grant in directory.grants(self._global_grants):
            match grant:
                case UserGrant(user_id=user_id):
                    holders.add(user_id)
                case GroupGrant(group_key=key):
                    holders |= directory.ids(self._members.get(key, frozenset()))
                    unread = unread or key not in self._members
        unknown = None if unread else False

        def licensed(user: User) -> bool | None:
            return False if user.active is False else True if user.id in holders else unknown

        return {i: dataclasses.replace(user, licensed=licensed(user)) for i, user in users.items()}

    # ---- gaps

    def _gaps(self, groups: Mapping[str, Group]) -> Iterator[Gap]:
        projects, repositories = self.listings.projects, self.listings.repositories.repositories
        for (kind, identifier), failure in self._failures.items():
            reason = str(failure.unreadable)
            if kind is Kind.GROUP and identifier in groups and identifier not in self._members:
                yield Gap(f"group {groups[identifier].name}", "members", reason)
            elif kind is Kind.PROJECT and identifier in projects and (kind, identifier) not in self._grants:
                yield Gap(f"project {projects[identifier].key}", "permissions", reason)
            elif kind is Kind.REPOSITORY and identifier in repositories:
                repository = repositories[identifier]
                name = f"{projects[repository.project_id].key}/{repository.slug}"
                yield Gap(f"repository {name}", "permissions", reason)

    def _nothing_listed(self, groups: Mapping[str, Group]) -> Iterator[Gap]:
        """Name listings that show nothing, or lack a project that has repositories, or a group that has members."""
        listed = {
            "users": self.listings.users,
            "projects": self.listings.listed.projects,
            "repositories": self.listings.repositories.repositories,
        }
        for what, things in listed.items():
            if not things:
                yield Gap("instance", what, f"the listing shows no {what} at all; {_LOOKS_EMPTY}")
        listed_projects = self.listings.listed.projects
        unlisted = {
            "projects": [
                project.key
                for i, project in self.listings.repositories.of.projects.items()
                if project.type is ProjectType.NORMAL and i not in listed_projects
            ],
            "groups": [
                group.name for key, group in groups.items() if self._members.get(key) and not group.in_directory
            ],
        }
        for what, names in unlisted.items():
            if names and (what not in listed or listed[what]):
                examples = ", ".join(sorted(names)[:_NAMED])
                yield Gap("instance", what, f"the listing lacks {len(names)} that exist, such as {examples}")

    def _unseen(self, account: str | None) -> Iterator[Gap]:
        """Name what an account may not see that is no global administrator, or is not known to be one."""
        permissions = self.listings.global_permissions
        if permissions.read is GlobalPermissionsRead.NONE:
            yield Gap("instance", "global permissions", permissions.reason)
        elif permissions.read is GlobalPermissionsRead.EFFECTIVE and not is_administrator(permissions, account):
            who = f"the account {account}" if account else "the account, whose name no answer tells,"
            yield Gap(
                "instance",
                "what only administrators see",
                f"{who} is not known to hold 'Global: Admin', and other accounts do not see every project and "
                "repository. Grant it in Administration > Global permissions",
            )


def is_administrator(permissions: GlobalPermissions, account: str | None) -> bool | None:
    """Tell whether an account administers the whole server; None where that is not known."""
    match permissions.read:
        case GlobalPermissionsRead.FULL:
            return True  # Bitbucket shows these listings to nobody else
        case GlobalPermissionsRead.EFFECTIVE if account is not None:
            administrators = {user.name.lower() for user, held in permissions.users if held in _ADMINISTRATION}
            return account.lower() in administrators
        case _:
            return None


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
        if owner is None or owner not in self._same:
            return project
        return dataclasses.replace(project, owner_id=self._same[owner])

    def grants(self, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
        return tuple(self._grant(grant) for grant in grants) if self._same else grants

    def _grant(self, grant: Grant) -> Grant:
        if isinstance(grant, UserGrant) and grant.user_id in self._same:
            return UserGrant(self._same[grant.user_id], grant.permission)
        return grant


def _fullness(user: User) -> tuple[bool, str]:
    return user.directory_name is not None, repr(user)
