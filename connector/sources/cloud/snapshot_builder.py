"""What has been collected of a workspace so far, and how it becomes one snapshot. Knows no HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from connector.errors import Unreadable
from connector.model import (
    Gap,
    GlobalPermissionsRead,
    Grant,
    GroupGrant,
    Project,
    Snapshot,
    User,
    UserGrant,
    Workspace,
)
from connector.sources.cloud.diagnosis import Session
from connector.sources.cloud.fetch import Grants
from connector.sources.cloud.listings import NOTHING_LISTED, Listings
from connector.sources.cloud.permissions import OWNER, WORDS
from connector.sources.common import snapshot_builder
from connector.sources.common.contents import Kind, Thing
from connector.sources.common.snapshot_builder import Place

_WORKSPACE = "workspace"


class SnapshotBuilder(snapshot_builder.SnapshotBuilder[Listings]):
    """A snapshot of a workspace in the making."""

    def __init__(self, *, granted_groups_only: bool = False) -> None:
        super().__init__(NOTHING_LISTED, _WORKSPACE, granted_groups_only=granted_groups_only)
        self._active: dict[str, bool] = {}
        """Whether somebody is active, by uuid: the groups alone say it."""
        self._administering: set[str] = set()
        """Slugs of groups that administer the workspace, as far as a grant has shown it."""

    def store_listings(self, listings: Listings) -> None:
        """Take a round's listings for what there is, and the members of groups where they came along."""
        super().store_listings(listings)
        if listings.memberships.members is not None:
            self._active = {}  # what is said now of everybody who is in a group
        for slug, members in (listings.memberships.members or {}).items():
            self.store_members(listings.groups[slug], members)

    def store_project(self, project: Project, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a project, or why they cannot be read."""
        self._store_grants((Kind.PROJECT, project.id), fetched)

    def store_repository(self, place: Place, fetched: Grants | Unreadable) -> None:
        """Keep the permissions on a repository, or why they cannot be read."""
        self._store_grants((Kind.REPOSITORY, place.repository.id), fetched)

    def _store_grants(self, thing: Thing, fetched: Grants | Unreadable) -> None:
        if isinstance(fetched, Unreadable):
            self._contents.store_failure(thing, fetched)
            return
        self._contents.store_grants(thing, self._merged(fetched.users, fetched.groups))
        for group in fetched.administering:
            self._administering.add(self._name_group(group))
        self._global_grants = tuple(GroupGrant(slug, OWNER) for slug in sorted(self._administering))

    def _name_user(self, user: User) -> str:
        if user.active is not None:
            self._active[user.id] = user.active
        return super()._name_user(user)

    # ---- the snapshot

    def snapshot(self, workspace: Workspace, session: Session) -> Snapshot:
        """Make one whole of everything: references resolved, gaps named.

        Users that nothing names any more, because what named them is gone, are left out unless they are members.
        """
        projects, repositories = self.listings.projects, self.listings.repositories
        read, global_grants = self._workspace_grants()
        project_grants = self._contents.grants_on(Kind.PROJECT, projects)
        repository_grants = self._contents.grants_on(Kind.REPOSITORY, repositories)
        granted: set[Grant] = set().union(global_grants, *project_grants.values(), *repository_grants.values())
        groups = self._exported_groups(granted)
        members = {key: self._contents.members[key] for key in groups if key in self._contents.members}
        named = {grant.user_id for grant in granted if isinstance(grant, UserGrant)}.union(*members.values())
        users = {**self._named_users, **self.listings.users}
        return Snapshot(
            source=dataclasses.replace(workspace, global_permissions=read),
            users={i: self._known(user) for i, user in users.items() if user.in_directory or i in named},
            groups=groups,
            members=members,
            projects=projects,
            repositories=dict(repositories),
            global_grants=global_grants,
            project_grants=project_grants,
            repository_grants=repository_grants,
            default_permissions={},
            gaps=tuple(sorted({*self._gaps(groups), *self._unseen(session)})),
        )

    def _known(self, user: User) -> User:
        return dataclasses.replace(user, active=self._active.get(user.id))

    def _workspace_grants(self) -> tuple[GlobalPermissionsRead, tuple[Grant, ...]]:
        """Say who administers the workspace, through which groups where they are seen, and what the others are.

        A group that is seen to administer it has nobody who is not listed as owner; else what was seen is not used.
        """
        roles = self.listings.roles
        if roles.unread:
            return GlobalPermissionsRead.NONE, ()
        owners = {i for i, role in roles.roles.items() if role == OWNER}
        groups = [slug for slug in sorted(self._administering) if slug in self._contents.members]
        inside = frozenset[str]().union(*(self._contents.members[slug] for slug in groups))
        is_full = bool(groups) and inside <= owners
        through = inside if is_full else frozenset[str]()
        return (
            GlobalPermissionsRead.FULL if is_full else GlobalPermissionsRead.EFFECTIVE,
            (
                *(GroupGrant(slug, OWNER) for slug in groups if is_full),
                *(
                    UserGrant(i, role)
                    for i, role in sorted(roles.roles.items())
                    if i not in through and role not in WORDS
                ),
            ),
        )

    # ---- gaps

    def _unseen(self, session: Session) -> Iterator[Gap]:
        """Name what cannot be seen of the workspace, or is not understood."""
        listings = self.listings
        if listings.roles.unread:
            yield Gap(_WORKSPACE, "roles of members", listings.roles.unread)
        if listings.memberships.unread:
            yield Gap(_WORKSPACE, "groups", listings.memberships.unread)
        for word in sorted(WORDS.intersection(listings.roles.roles.values())):
            reason = f"some members have the role {word!r}, whose meaning for the whole workspace is not known"
            yield Gap(_WORKSPACE, f"what {word!r} means", reason)
        if session.is_administrator is not True:
            yield Gap(
                _WORKSPACE,
                "what only administrators see",
                f"{session.account or 'the account'} does not administer the workspace, and others do not see every "
                "project and repository. Add the account to a group with 'Administer workspace' (Workspace settings > "
                "User groups)",
            )
