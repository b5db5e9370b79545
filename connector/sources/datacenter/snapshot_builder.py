"""What has been collected of a server so far, and how it becomes one snapshot. Knows no HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from connector.errors import Unreadable, Why
from connector.model import (
    Gap,
    GlobalPermissionsRead,
    Grant,
    Group,
    GroupGrant,
    Project,
    ProjectType,
    Server,
    Snapshot,
    User,
    UserGrant,
    in_order,
)
from connector.sources.common import snapshot_builder
from connector.sources.common.contents import Kind, Thing
from connector.sources.common.snapshot_builder import GroupRow as _Row
from connector.sources.common.snapshot_builder import Place
from connector.sources.datacenter.fetch import Grants
from connector.sources.datacenter.listings import NOTHING_LISTED, GlobalPermissions, GroupRow, Listings
from connector.sources.datacenter.permissions import GlobalPermission, ProjectPermission

_ADMINISTRATION = frozenset({GlobalPermission.ADMIN, GlobalPermission.SYS_ADMIN})


class SnapshotBuilder(snapshot_builder.SnapshotBuilder[Listings]):
    """A snapshot of a server in the making."""

    def __init__(self, *, granted_groups_only: bool = False) -> None:
        super().__init__(NOTHING_LISTED, "instance", granted_groups_only=granted_groups_only)
        self._defaults: dict[str, ProjectPermission] = {}
        self._refused: dict[str, Unreadable] = {}
        """Why the permissions of personal projects were not shown."""

    def store_listings(self, listings: Listings) -> None:
        """Take a round's listings for what there is. What was read under another name is read again."""
        super().store_listings(listings)
        permissions = listings.global_permissions
        self._global_grants = self._merged(permissions.users, _as_groups(permissions.groups))

    def _forget(self, thing: Thing) -> None:
        super()._forget(thing)
        if thing[0] is Kind.PROJECT:
            self._defaults.pop(thing[1], None)
            self._refused.pop(thing[1], None)

    def store_project(self, project: Project, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a project, or why they cannot be read."""
        thing = Kind.PROJECT, project.id
        if isinstance(fetched, Unreadable):
            is_final = self._contents.store_failure(thing, fetched)
            if project.type is ProjectType.PERSONAL and fetched.why is Why.ABSENT and is_final:
                self._contents.store_grants(thing, ())  # it is listed, so this version keeps no permissions of it
            return
        self._contents.store_grants(thing, self._merged(fetched.users, _as_groups(fetched.groups)))
        if fetched.default is not None:
            self._defaults[project.id] = fetched.default
        if fetched.refused is not None:
            self._refused[project.id] = fetched.refused

    def store_repository(self, place: Place, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a repository, or why they cannot be read."""
        thing = Kind.REPOSITORY, place.repository.id
        if isinstance(fetched, Unreadable):
            self._contents.store_failure(thing, fetched)
        else:
            self._contents.store_grants(thing, self._merged(fetched.users, _as_groups(fetched.groups)))

    # ---- the snapshot

    def snapshot(self, server: Server, account: str | None) -> Snapshot:
        """Make one whole of everything: references resolved, gaps named.

        Unlisted users are left out where no grant, membership or project names them any more.
        `account` is the one that has read all this, None where its name is not known.
        """
        projects, repositories = self.listings.projects, self.listings.repositories
        resolver = _UserResolver(self.listings.users, {**self._named_users, **self.listings.owners})
        global_grants = resolver.grants(self._global_grants)
        project_grants, repository_grants = (
            {i: resolver.grants(grants) for i, grants in self._contents.grants_on(kind, listed).items()}
            for kind, listed in ((Kind.PROJECT, projects), (Kind.REPOSITORY, repositories))
        )
        owned = {i: resolver.owned(project) for i, project in projects.items()}
        granted: set[Grant] = set().union(global_grants, *project_grants.values(), *repository_grants.values())
        groups = self._exported_groups(granted)
        members = {key: resolver.ids(self._contents.members[key]) for key in groups if key in self._contents.members}
        named = {grant.user_id for grant in granted if isinstance(grant, UserGrant)}.union(*members.values())
        named |= {project.owner_id for project in owned.values() if project.owner_id is not None}
        users = {i: user for i, user in resolver.users.items() if user.in_directory or i in named}
        return Snapshot(
            source=server,
            users=self._with_licences(users, resolver),
            groups=groups,
            members=members,
            projects=owned,
            repositories=dict(repositories),
            global_grants=global_grants,
            project_grants=project_grants,
            repository_grants=repository_grants,
            default_permissions={i: default for i, default in self._defaults.items() if i in projects},
            gaps=tuple(sorted({*self._gaps(groups), *self._account_gaps(account), *self._personal_project_gaps()})),
        )

    def _personal_project_gaps(self) -> Iterator[Gap]:
        """Name the personal projects that refuse to show permissions, where others refuse it, too.

        Alone that means that this version keeps none of them. From an account, or a token, that is refused what it
        asks elsewhere it means nothing.
        """
        if not self._contents.is_refused:
            return
        for identifier, refused in self._refused.items():
            if identifier in self.listings.projects:
                yield Gap(f"project {self.listings.projects[identifier].key}", "permissions", str(refused))

    def _with_licences(self, users: dict[str, User], resolver: _UserResolver) -> dict[str, User]:
        """Say of each user whether any global permission, which is what makes a licence, is held.

        Inactive users hold none: some listings show them, and others do not.
        """
        if self.listings.global_permissions.read is GlobalPermissionsRead.NONE:
            return users
        holders: set[str] = set()
        unread = False
        for grant in resolver.grants(self._global_grants):
            match grant:
                case UserGrant(user_id=user_id):
                    holders.add(user_id)
                case GroupGrant(group_key=key):
                    holders |= resolver.ids(self._contents.members.get(key, frozenset()))
                    unread = unread or key not in self._contents.members
        unknown = None if unread else False

        def licensed(user: User) -> bool | None:
            return False if user.active is False else True if user.id in holders else unknown

        return {i: dataclasses.replace(user, licensed=licensed(user)) for i, user in users.items()}

    def _account_gaps(self, account: str | None) -> Iterator[Gap]:
        """Name what an account that is not known to be a global administrator may not see."""
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
            return True  # Bitbucket shows these listings to administrators only
        case GlobalPermissionsRead.EFFECTIVE if account is not None:
            administrators = {user.name.lower() for user, held in permissions.users if held in _ADMINISTRATION}
            return account.lower() in administrators
        case _:
            return None


class _UserResolver:
    """Merges rows about the same user: a grant or membership may use another letter case, or an old id."""

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


def _as_groups(rows: Iterable[GroupRow]) -> Iterator[_Row]:
    return ((Group(name, in_directory=False), permission) for name, permission in rows)
