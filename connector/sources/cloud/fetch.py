"""One question about a workspace, with its answer as values. Only `collector` knows what is asked when.

Each function gives all pages or none: it raises `Unreadable` where this one thing cannot be read, and another
`SourceError` where the run cannot go on. How a listing wants to be asked (rows on a page, sorting) is found out here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.errors import Unreadable, Why
from connector.model import Group, Project, User
from connector.rest.answer import JsonObject
from connector.rest.fields import Malformed
from connector.rest.listing import (
    READINGS,
    Named,
    Reading,
    contradiction,
    everything,
    read_by_identity,
    read_once,
    read_until_agreed,
)
from connector.sources.cloud import endpoints, parse
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.endpoints import Address, Endpoint
from connector.sources.cloud.listings import Groups, Members, Repositories
from connector.sources.cloud.paging import LENGTHS, Pages
from connector.sources.cloud.parse import GroupGrant
from connector.sources.cloud.permissions import ADMINISTERS, ProjectPermission, RepositoryPermission
from connector.sources.common.listings import Projects, UserRow
from connector.sources.common.scale import Scale

log = logging.getLogger(__name__)

T = TypeVar("T")

_SORTED = [(100, True), (50, True), *((length, False) for length in LENGTHS)]
_UNSORTED = [(length, False) for length in LENGTHS]
"""What is asked of a listing one after the other, until it is taken: rows on a page, and sorting."""

PRIVILEGES_ALONE = {"fields": "repo,privilege,group.slug,group.name"}
"""Each row has all members of its group, too, which is more than anybody reads. Not to know this does no harm."""


@dataclass(frozen=True, slots=True)
class Grants:
    """The two listings of permissions that a project or a repository has, without rows that grant nothing.

    `administering` are groups that administer the workspace, as far as the rows told it.
    """

    users: tuple[UserRow, ...]
    groups: tuple[tuple[Group, Scale], ...]
    administering: tuple[Group, ...]


class Fetch:
    """Questions about one workspace. Shared by all workers."""

    def __init__(self, bitbucket: Bitbucket, workspace: str) -> None:
        self._bitbucket = bitbucket
        self.workspace = workspace
        self._told: Mapping[str, list[GroupGrant]] | None = None
        """What the API 1.0 tells of groups' permissions, by slug of the repository, once that was proved."""
        self._steps: dict[Endpoint, int] = {}
        """By listing, which step of what is asked it takes."""
        self._members_break_off = False

    # ---- listings of the workspace

    def people(self) -> Members:
        """Fetch the members and their roles; the members alone where roles are refused."""
        try:
            return self._people(endpoints.ROLES)
        except Unreadable as unreadable:
            if unreadable.why is not Why.REFUSED:
                raise
            refused = str(unreadable)
            log.warning("reading %s instead: %s", endpoints.MEMBERS.template, refused)
        return Members(self._people(endpoints.MEMBERS).users, {}, refused)

    def _people(self, endpoint: Endpoint) -> Members:
        where = endpoint.template
        rows = self._listing(endpoint, lambda row: parse.membership(row, where), lambda row: row[0].id)
        users = {user.id: user for user, _ in rows.values()}
        if endpoint is endpoints.ROLES and any(role is None for _, role in rows.values()):
            raise Malformed(f"{where}: the answer lacks permission")
        return Members(users, {user.id: role for user, role in rows.values() if role is not None})

    def groups(self) -> Groups:
        """Fetch the groups with their members; without them where that takes Bitbucket too long."""
        try:
            if not self._members_break_off:
                return self._groups(endpoints.GROUPS)
        except Unreadable as unreadable:
            if unreadable.why is not Why.BROKEN:
                return Groups({}, None, str(unreadable))
            self._members_break_off = True
            log.warning("asking for the members of each group: %s", unreadable)
        try:
            return self._groups(endpoints.GROUP_NAMES, endpoints.WITHOUT_MEMBERS)
        except Unreadable as unreadable:
            return Groups({}, None, str(unreadable))

    def _groups(self, endpoint: Endpoint, question: Mapping[str, str] = {}) -> Groups:
        where = endpoint.template
        rows = self._list(endpoint.at(self.workspace), question)
        groups, members = dict[str, Group](), dict[str, tuple[User, ...]]()
        for row in rows:
            group, inside = parse.group_with_members(row, where)
            if group.key in groups:
                raise Malformed(f"{where}: two groups are called {group.key!r} in addresses")
            groups[group.key] = group
            if inside is not None:
                members[group.key] = inside
        return Groups(groups, members if members.keys() == groups.keys() and not question else None)

    def projects(self) -> Projects:
        """Fetch the listing of projects."""
        where = endpoints.PROJECTS.template
        return Projects(
            self._listing(
                endpoints.PROJECTS,
                lambda row: parse.project(row, where),
                lambda project: project.id,
                lambda project: (_named(project),),
            )
        )

    def repositories(self) -> Repositories:
        """Fetch the listing of repositories, and the projects that they name."""
        where = endpoints.REPOSITORIES.template
        rows = self._listing(
            endpoints.REPOSITORIES,
            lambda row: (*parse.repository(row, where), parse.main_branch(row, where)),
            lambda row: row[0].id,
            lambda row: (("repository", row[0].id, row[0].slug), _named(row[1])),
        )
        return Repositories(
            {i: repository for i, (repository, _, _) in rows.items()},
            Projects({project.id: project for _, project, _ in rows.values()}),
            {i: branch for i, (_, _, branch) in rows.items() if branch is not None},
        )

    # ---- what one group, project or repository has of its own

    def members(self, group: Group, _: Mapping[str, User]) -> tuple[User, ...]:
        """Fetch a group's members."""
        where = f"members of group {group.name}"
        return parse.members(self._list(endpoints.GROUP_MEMBERS.at(self.workspace, group.key)), where)

    def project_grants(self, project: Project) -> Grants:
        """Fetch the permissions on a project."""
        at = self.workspace, project.key
        return _grants(
            self._user_rows(endpoints.PROJECT_USERS.at(*at), ProjectPermission),
            self._group_rows(endpoints.PROJECT_GROUPS.at(*at), ProjectPermission),
        )

    def repository_grants(self, _: str, slug: str) -> Grants:
        """Fetch the permissions on a repository; those of groups only where the API 1.0 did not tell them."""
        users = self._user_rows(endpoints.REPOSITORY_USERS.at(self.workspace, slug), RepositoryPermission)
        told = self._told
        if told is not None and slug in told:
            return _grants(users, told[slug])
        groups = self._group_rows(endpoints.REPOSITORY_GROUPS.at(self.workspace, slug), RepositoryPermission)
        return _grants(users, groups)

    # ---- the shortcut of the API 1.0

    def group_privileges(self) -> dict[str, list[GroupGrant]]:
        """Fetch what groups hold on repositories, by slug, in one answer, which is not verified yet."""
        address = endpoints.GROUP_PRIVILEGES.at(self.workspace)
        told = dict[str, list[GroupGrant]]()
        for name, grant in parse.group_privileges(self._list(address, PRIVILEGES_ALONE), address.path):
            owner, _, slug = name.rpartition("/")
            if owner.lower() != self.workspace.lower():
                raise Malformed(f"{address.path}: {name} is in another workspace")
            told.setdefault(slug, []).append(grant)
        return told

    def trust(self, told: Mapping[str, list[GroupGrant]]) -> None:
        """Use what the API 1.0 told of the repositories with these slugs."""
        self._told = told

    @property
    def requests_of_a_repository(self) -> int:
        """How many requests the permissions on a repository take."""
        return 2 if self._told is None else 1

    # ---- rows and pages

    def rows(self, address: Address, **question: str) -> list[Any]:
        """Fetch the rows of any other listing, as they are; a JSON list, where that is answered."""
        if address.endpoint.is_list:
            return self._list(address, question)
        return self._rows(address, lambda row: row, everything, question)

    def first_page(self, address: Address) -> list[Any]:
        """Fetch the first rows of a listing, as they are."""
        return next(iter(self._pages(address, {}, 0, 0)))

    def _list(self, address: Address, question: Mapping[str, str] = {}) -> list[Any]:
        rows: list[Any] = self._bitbucket.get(address, question)
        return rows

    def _user_rows(self, address: Address, scale: type[Scale]) -> list[tuple[User, Scale | None]]:
        return self._rows(address, lambda row: parse.user_grant(row, scale, address.path), _holder_and_permission)

    def _group_rows(self, address: Address, scale: type[Scale]) -> list[GroupGrant]:
        return self._rows(
            address,
            lambda row: parse.group_grant(row, scale, address.path),
            lambda row: (row.group.key, row.permission),
        )

    def _rows(
        self,
        address: Address,
        value: Callable[[Any], T],
        identity: Callable[[T], Hashable],
        question: Mapping[str, str] = {},
    ) -> list[T]:
        """Fetch a listing that belongs to one thing; one of several pages until two readings agree."""
        return read_until_agreed(lambda number: self._reading(address, value, identity, number, question), address.path)

    def _listing(
        self,
        endpoint: Endpoint,
        value: Callable[[Any], T],
        identity: Callable[[T], str],
        names: Callable[[T], tuple[Named, ...]] = lambda _: (),
    ) -> dict[str, T]:
        """Fetch a listing of the workspace once, by id; the collector reads it again later."""
        address = endpoint.at(self.workspace)

        def read(number: int, both: Callable[[T], Hashable]) -> Reading[T]:
            return self._reading(address, value, both, number)

        return read_by_identity(read, identity, names, address.path)

    def _reading(
        self,
        address: Address,
        value: Callable[[Any], T],
        identity: Callable[[T], Hashable],
        number: int,
        question: Mapping[str, str] = {},
    ) -> Reading[T]:
        """Read a listing once; again, where it has not as many rows as it says."""
        for again in range(READINGS):
            reading_number = number * READINGS + again
            # Each reading asks for other pages, so that no cache can give those of the last one again.
            variation = number + again + self._bitbucket.round - 1

            pages = self._pages(address, question, variation, reading_number)
            reading = read_once(([value(row) for row in rows] for rows in pages), identity, address.path)
            if pages.agrees_with(len(reading.rows)):
                return reading
        raise contradiction(address.path, "its number of rows differs from its size")

    def _pages(self, address: Address, question: Mapping[str, str], variation: int, reading: int) -> Pages:
        def first() -> JsonObject:
            return self._first_page(address, question, variation, reading)

        def follow(following: object) -> JsonObject:
            page: JsonObject = self._bitbucket.follow(address, following, reading)
            return page

        return Pages(first, follow, address.path)

    def _first_page(self, address: Address, question: Mapping[str, str], variation: int, reading: int) -> JsonObject:
        """Ask in the way that this listing takes, which is found out by the first question."""
        endpoint = address.endpoint
        steps = _SORTED if endpoint.sort else _UNSORTED
        while True:
            step = self._steps.get(endpoint, 0)
            try:
                page: JsonObject = self._bitbucket.get(
                    address, {**question, **_asked(endpoint, *steps[step], variation)}, reading
                )
            except Unreadable as unreadable:
                if unreadable.why is not Why.UNKNOWN_VALUE or step + 1 == len(steps):
                    raise
                self._steps[endpoint] = max(step + 1, self._steps.get(endpoint, 0))
            else:
                return page


def _named(project: Project) -> Named:
    return "project", project.id, project.key


def _asked(endpoint: Endpoint, length: int | None, is_sorted: bool, variation: int) -> dict[str, str | int]:  # noqa: FBT001
    """Ask for pages that no reading before asked for: sorted ones from the other end, others of another length."""
    if length is None:
        return {}
    if not is_sorted:
        return {"pagelen": max(1, length - variation)}
    return {"pagelen": length - variation // 2, "sort": f"{'-' if variation % 2 else ''}{endpoint.sort}"}


def _grants(users: list[tuple[User, Scale | None]], groups: list[GroupGrant]) -> Grants:
    return Grants(
        tuple((user, permission) for user, permission in users if permission is not None),
        tuple((row.group, row.permission) for row in groups if row.permission is not None),
        tuple(row.group for row in groups if row.privilege == ADMINISTERS),
    )


def _holder_and_permission(row: tuple[User, Scale | None]) -> Hashable:
    return row[0].id, row[1]
