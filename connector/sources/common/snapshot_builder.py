"""What has been collected so far, and what is still to be read, whichever product it is of. Knows no HTTP.

Only one thread touches it. The same answers give the same snapshot in any order. A single answer 404 removes nothing:
a thing is dropped when the latest listings do not show it any more. As long as they do, it is read, or a gap.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar

from connector.errors import Unreadable, Why
from connector.model import Gap, Grant, Group, GroupGrant, Project, ProjectType, Repository, User, UserGrant
from connector.sources.common.contents import Contents, Kind, Thing, changed, fullness, lacking, nothing_listed
from connector.sources.common.listings import Listings, UserRow
from connector.sources.common.scale import Scale

L = TypeVar("L", bound=Listings)

GroupRow = tuple[Group, Scale]
"""A group, as a grant names it, and a permission that it holds."""


class Place(NamedTuple):
    """A repository, and what its project is asked about by."""

    repository: Repository
    project_key: str


class SnapshotBuilder(ABC, Generic[L]):
    """A snapshot in the making. `store_listings` comes first. `whole` is what gaps call all of it."""

    def __init__(self, nothing_listed: L, whole: str, *, granted_groups_only: bool = False) -> None:
        self.listings = nothing_listed
        self._whole = whole
        self._granted_groups_only = granted_groups_only
        self._named_users: dict[str, User] = {}
        """Users that a grant or a membership names, and the listing of users did not show."""
        self._named_groups: dict[str, Group] = {}
        """Groups that a grant names, as it spells them."""
        self._contents = Contents()
        self._global_grants: tuple[Grant, ...] = ()
        self._unsettled: list[Gap] = []

    # ---- what the listings show

    def store_listings(self, listings: L) -> None:
        """Take a round's listings for what there is. What was read under another name is read again."""
        self._forget_what_changed(self.listings, listings)
        self.listings = listings

    def _forget_what_changed(self, before: L, now: L) -> None:
        """Forget the answers about things that are gone, or are asked about by another name than they were."""
        for project_id in changed(dict(before.project_keys()), dict(now.project_keys())):
            self._forget((Kind.PROJECT, project_id))
        for repository_id in changed(dict(before.places()), dict(now.places())):
            self._forget((Kind.REPOSITORY, repository_id))
        for key in before.groups.keys() ^ now.groups.keys():
            self._forget((Kind.GROUP, key))
        users, groups = before.users.keys() - now.users.keys(), before.groups.keys() - now.groups.keys()
        for thing in self._contents.forget_what_names(users, groups):
            self._forget(thing)
        for user_id in users:  # grants may still name those who left
            self._named_users[user_id] = dataclasses.replace(before.users[user_id], in_directory=False)

    def _forget(self, thing: Thing) -> None:
        self._contents.forget(thing)

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

    def repositories_to_read(self) -> list[Place]:
        """Give the repositories whose permissions are to be read."""
        projects = self.listings.projects
        repositories = self.listings.repositories.values()
        return [
            Place(repository, projects[repository.project_id].key)
            for repository in repositories
            if self._contents.is_open(Kind.REPOSITORY, repository.id)
        ]

    @property
    def is_settled(self) -> bool:
        """Whether everything that is listed was read, or failed for good."""
        return not (self.groups_to_read() or self.projects_to_read() or self.repositories_to_read())

    # ---- storing

    @abstractmethod
    def store_project(self, project: Project, fetched: Any | Unreadable) -> None:  # noqa: ANN401 - the product's grants
        """Keep the permissions on a project, or why they cannot be read."""

    @abstractmethod
    def store_repository(self, place: Place, fetched: Any | Unreadable) -> None:  # noqa: ANN401 - as above
        """Keep the permissions on a repository, or why they cannot be read."""

    def store_members(self, group: Group, fetched: Iterable[User] | Unreadable) -> None:
        """Keep a group's members, or why they cannot be read."""
        if not isinstance(fetched, Unreadable):
            self._contents.store_members(group.key, frozenset(map(self._name_user, fetched)))
        elif fetched.why is Why.ABSENT and group.key not in self.listings.groups:
            # Only a grant knows it, and Bitbucket says that there is none.
            self._contents.store_members(group.key, frozenset())
        else:
            self._contents.store_failure((Kind.GROUP, group.key), fetched)

    def store_unsettled(self, reason: str) -> None:
        """Take note that the listings never agreed."""
        self._unsettled.append(Gap(self._whole, "what was changed while the export ran", reason))

    def _merged(self, users: Iterable[UserRow], groups: Iterable[GroupRow]) -> tuple[Grant, ...]:
        """Keep who the rows of a scope's two listings name, and give the highest grant of each."""
        to_users = ((permission.rank, UserGrant(self._name_user(user), permission)) for user, permission in users)
        to_groups = ((permission.rank, GroupGrant(self._name_group(group), permission)) for group, permission in groups)
        return self._contents.highest(chain(to_users, to_groups))

    def _name_user(self, user: User) -> str:
        """Remember a user that is not listed; the fullest row is kept. Gives the id."""
        listed = self.listings.users.get(user.id)
        if listed is not None:
            return listed.id
        known = self._named_users.get(user.id)
        if known is None or (known != user and fullness(user) > fullness(known)):
            self._named_users[user.id] = user
        return self._named_users[user.id].id

    def _name_group(self, group: Group) -> str:
        known = self._named_groups.get(group.key)
        if known is None or group.name < known.name:
            self._named_groups[group.key] = group
        return self._named_groups[group.key].key

    def _group(self, key: str) -> Group:
        """Give a group in the spelling of its listing, where that knows it."""
        return self.listings.groups.get(key) or self._named_groups[key]

    # ---- the snapshot

    def _exported_groups(self, granted: set[Grant]) -> dict[str, Group]:
        """Give the groups that are listed, unless only granted ones are wanted, and those that hold a grant."""
        named = {grant.group_key for grant in granted if isinstance(grant, GroupGrant)}
        listed = [] if self._granted_groups_only else self.listings.groups
        return {key: self._group(key) for key in dict.fromkeys([*listed, *sorted(named)])}

    def _gaps(self, groups: Mapping[str, Group]) -> set[Gap]:
        """Name what could not be read, and listings that show nothing."""
        repositories = self.listings.repositories
        of_contents = self._contents.gaps(groups, self.listings.projects, repositories)
        return {*self._unsettled, *of_contents, *self._nothing_listed(groups)}

    def _nothing_listed(self, groups: Mapping[str, Group]) -> Iterator[Gap]:
        """Name listings that show nothing, or lack a project that has repositories, or a group that has members."""
        listed = self.listings.project_listing.projects
        shown = {
            "users": self.listings.users,
            "projects": listed,
            "repositories": self.listings.repositories,
        }
        yield from nothing_listed(self._whole, shown)
        if listed:
            projects = self.listings.repository_listing.named.projects.items()
            unlisted = [one.key for i, one in projects if one.type is ProjectType.NORMAL and i not in listed]
            yield from lacking(self._whole, "projects", unlisted)
        members = self._contents.members
        hidden = [group.name for key, group in groups.items() if members.get(key) and not group.in_directory]
        yield from lacking(self._whole, "groups", hidden)
