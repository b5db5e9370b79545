"""What has been collected so far, what is still to be read, and how it becomes one snapshot. Knows no HTTP.

Only one thread touches it. Whatever order answers come in, the same answers give the same snapshot. Nothing vanishes
on one word: a thing is dropped when the latest listings do not show it any more. As long as they do, it is read, or
a gap.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

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
from connector.sources.common.contents import Contents, Kind, Thing, changed, lacking, nothing_listed
from connector.sources.datacenter.fetch import Grants
from connector.sources.datacenter.listings import NOTHING_LISTED, GlobalPermissions, GroupRow, Listings, UserRow
from connector.sources.datacenter.permissions import GlobalPermission, ProjectPermission

_ADMINISTRATION = frozenset({GlobalPermission.ADMIN, GlobalPermission.SYS_ADMIN})


class SnapshotBuilder:
    """A snapshot in the making. `store_listings` comes first."""

    def __init__(self, *, granted_groups_only: bool = False) -> None:
        self.listings: Listings = NOTHING_LISTED
        self._granted_groups_only = granted_groups_only
        self._named_users: dict[str, User] = {}
        """Users that a grant or a membership names, and the directory's listing did not show."""
        self._named_groups: dict[str, Group] = {}
        """Groups that a grant names, as it spells them."""
        self._contents = Contents()
        self._defaults: dict[str, ProjectPermission] = {}
        self._global_grants: tuple[Grant, ...] = ()
        self._unsettled: list[Gap] = []

    # ---- what the listings show

    def store_listings(self, listings: Listings) -> None:
        """Take a round's listings for what there is. What was read under another name is read again."""
        self._forget_what_changed(self.listings, listings)
        self.listings = listings
        self._global_grants = self._merged(listings.global_permissions.users, listings.global_permissions.groups)

    def _forget_what_changed(self, before: Listings, now: Listings) -> None:
        """Forget the answers about things that are gone, or are asked about by another name than they were."""
        for project_id in changed(dict(before.project_keys()), dict(now.project_keys())):
            self._forget((Kind.PROJECT, project_id))
        for repository_id in changed(dict(before.places()), dict(now.places())):
            self._contents.forget((Kind.REPOSITORY, repository_id))
        for key in before.groups.keys() ^ now.groups.keys():
            self._contents.forget((Kind.GROUP, key))
        users, groups = before.users.keys() - now.users.keys(), before.groups.keys() - now.groups.keys()
        for thing in self._contents.forget_what_names(users, groups):
            self._forget(thing)
        for user_id in users:  # grants may still name those who left
            self._named_users[user_id] = dataclasses.replace(before.users[user_id], in_directory=False)

    def _forget(self, thing: Thing) -> None:
        self._contents.forget(thing)
        if thing[0] is Kind.PROJECT:
            self._defaults.pop(thing[1], None)

    # ---- what is still to be read

    def groups_to_read(self) -> list[Group]:
        """Give the groups whose members are to be read: all, or those that hold a grant."""
        keys = self._contents.granted_groups(self._global_grants)
        if not self._granted_groups_only:
            keys |= self.listings.groups.keys()
        return [self._group(key) for key in sorted(keys) if self._contents.is_open(Kind.GROUP, key)]

    def projects_to_read(self) -> list[Project]:
        """Give the projects whose permissions are to be read."""
        projects = self.listings.projects.values()
        return [project for project in projects if self._contents.is_open(Kind.PROJECT, project.id)]

    def repositories_to_read(self) -> list[tuple[Repository, str]]:
        """Give the repositories whose permissions are to be read, each with the key of its project."""
        projects = self.listings.projects
        repositories = self.listings.repositories.repositories.values()
        return [
            (repository, projects[repository.project_id].key)
            for repository in repositories
            if self._contents.is_open(Kind.REPOSITORY, repository.id)
        ]

    @property
    def is_settled(self) -> bool:
        """Whether everything that is listed was read, or failed for good."""
        return not (self.groups_to_read() or self.projects_to_read() or self.repositories_to_read())

    # ---- storing

    def store_members(self, group: Group, fetched: Iterable[User] | Unreadable) -> None:
        """Keep a group's members, or why they cannot be read."""
        if not isinstance(fetched, Unreadable):
            self._contents.store_members(group.key, frozenset(map(self._name_user, fetched)))
        elif fetched.why is Why.ABSENT and group.key not in self.listings.groups:
            # Only a grant knows it, and Bitbucket says that there is none.
            self._contents.store_members(group.key, frozenset())
        else:
            self._contents.store_failure((Kind.GROUP, group.key), fetched)

    def store_project(self, project: Project, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a project, or why they cannot be read."""
        thing = Kind.PROJECT, project.id
        if isinstance(fetched, Unreadable):
            is_final = self._contents.store_failure(thing, fetched)
            if project.type is ProjectType.PERSONAL and fetched.why is Why.ABSENT and is_final:
                self._contents.store_grants(thing, ())  # it is listed, so this version keeps no permissions of it
            return
        self._contents.store_grants(thing, self._merged(fetched.users, fetched.groups))
        if fetched.default is not None:
            self._defaults[project.id] = fetched.default

    def store_repository(self, place: tuple[Repository, str], fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a repository, or why they cannot be read."""
        thing = Kind.REPOSITORY, place[0].id
        if isinstance(fetched, Unreadable):
            self._contents.store_failure(thing, fetched)
        else:
            self._contents.store_grants(thing, self._merged(fetched.users, fetched.groups))

    def store_unsettled(self, reason: str) -> None:
        """Take note that the listings never agreed."""
        self._unsettled.append(Gap("instance", "what was changed while the export ran", reason))

    def _merged(self, users: Iterable[UserRow], groups: Iterable[GroupRow]) -> tuple[Grant, ...]:
        """Keep who the rows of a scope's two listings name, and give the highest grant of each."""
        to_users = ((permission.rank, UserGrant(self._name_user(user), permission)) for user, permission in users)
        to_groups = ((permission.rank, GroupGrant(self._name_group(name), permission)) for name, permission in groups)
        return self._contents.highest(chain(to_users, to_groups))

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
        project_grants, repository_grants = (
            {i: directory.grants(grants) for i, grants in self._contents.grants_on(kind, listed).items()}
            for kind, listed in ((Kind.PROJECT, projects), (Kind.REPOSITORY, repositories))
        )
        owned = {i: directory.owned(project) for i, project in projects.items()}
        granted: set[Grant] = set().union(global_grants, *project_grants.values(), *repository_grants.values())
        groups = {key: self._group(key) for key in self._exported_groups(granted)}
        members = {key: directory.ids(self._contents.members[key]) for key in groups if key in self._contents.members}
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
                        *self._contents.gaps(groups, projects, repositories),
                        *self._nothing_listed(groups),
                        *self._unseen(account),
                    }
                )
            ),
        )

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
                    holders |= directory.ids(self._contents.members.get(key, frozenset()))
                    unread = unread or key not in self._contents.members
        unknown = None if unread else False

        def licensed(user: User) -> bool | None:
            return False if user.active is False else True if user.id in holders else unknown

        return {i: dataclasses.replace(user, licensed=licensed(user)) for i, user in users.items()}

    # ---- gaps

    def _nothing_listed(self, groups: Mapping[str, Group]) -> Iterator[Gap]:
        """Name listings that show nothing, or lack a project that has repositories, or a group that has members."""
        listed = self.listings.listed.projects
        shown = {
            "users": self.listings.users,
            "projects": listed,
            "repositories": self.listings.repositories.repositories,
        }
        yield from nothing_listed("instance", "a server", shown)
        if listed:
            projects = self.listings.repositories.of.projects.items()
            unlisted = [one.key for i, one in projects if one.type is ProjectType.NORMAL and i not in listed]
            yield from lacking("instance", "projects", unlisted)
        members = self._contents.members
        hidden = [group.name for key, group in groups.items() if members.get(key) and not group.in_directory]
        yield from lacking("instance", "groups", hidden)

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
