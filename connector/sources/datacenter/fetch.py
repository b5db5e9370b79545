"""Ask Bitbucket for one thing and give it as values. Stores nothing; the collector says what is fetched when.

A listing is whole, or an exception: never its first pages. Every function raises `Unreadable` where this one thing
cannot be read, and another `SourceError` where the run cannot go on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.errors import Unreadable, Why
from connector.model import GlobalPermissionsRead, Group, Project, ProjectType, Repository, User, group_key
from connector.rest.answer import JsonObject
from connector.rest.client import NO_QUESTION
from connector.rest.listing import (
    READINGS,
    Named,
    Reading,
    everything,
    read_by_identity,
    read_once,
    read_until_agreed,
)
from connector.sources.common.listings import Projects, Repositories, UserRow
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.cache_probe import UNKNOWN_NAME, CacheProbe, fewer_rows
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.listings import GlobalPermissions, GroupRow
from connector.sources.datacenter.paging import LIMIT, LIMIT_WITH_PERMISSION, pages
from connector.sources.datacenter.permissions import (
    GlobalPermission,
    Permission,
    ProjectPermission,
    RepositoryPermission,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
E = TypeVar("E", User, Repository)

_REFUSED_BY_BITBUCKET = frozenset({Why.REFUSED, Why.NO_SUCH_ADDRESS})
"""Where another listing says nearly the same, it is asked instead; what others refuse is no reason for that."""

_NO_PERSONAL_PERMISSIONS = _REFUSED_BY_BITBUCKET | {Why.CONFLICT}
"""What versions answer that keep no permissions of personal projects; their owner is known without."""

_BREAKS = frozenset({Why.BROKEN, Why.CONTRADICTION, Why.MALFORMED})
"""What makes no sense, or none any more."""

_FIRST_WITH_REPO_CREATE = (8, 3)


@dataclass(frozen=True, slots=True)
class Grants:
    """The two listings of permissions that a project or a repository has, and a project's default permission."""

    users: tuple[UserRow, ...]
    groups: tuple[GroupRow, ...]
    default: ProjectPermission | None = None
    refused: Unreadable | None = None
    """Why a personal project's were not shown, where an account that may see them is told so, too."""


class Fetch:
    """Questions about one server; `server_version` is what it says of itself. Shared by all workers."""

    def __init__(self, bitbucket: Bitbucket, server_version: str) -> None:
        self._bitbucket = bitbucket
        self._knows_repo_create = _version(server_version) >= _FIRST_WITH_REPO_CREATE
        self._unknown_default = False
        """Whether this old server has said that it does not know REPO_CREATE."""
        self._caches = CacheProbe(bitbucket)

    # ---- listings of the whole instance

    def users(self, known: Mapping[str, User]) -> dict[str, User]:
        """Fetch the directory. Values that are the same as `known` ones are those, which saves memory."""

        def read(endpoint: Endpoint) -> dict[str, User]:
            def user(row: object) -> User:
                return _same_as_known(parse.user(row, endpoint.template, in_directory=True), known)

            return self._listing(endpoint, user, lambda user: user.id)

        return self._first_readable(read, endpoints.ADMIN_USERS, endpoints.USERS)

    def groups(self) -> dict[str, Group]:
        """Fetch the directory's groups, by key."""

        def read(endpoint: Endpoint) -> dict[str, Group]:
            return self._listing(endpoint, lambda row: parse.group(row, endpoint.template), lambda group: group.key)

        return self._first_readable(read, endpoints.ADMIN_GROUPS, endpoints.GROUPS)

    def projects(self) -> Projects:
        """Fetch the listing of projects."""
        where = endpoints.PROJECTS.template
        rows = self._listing(
            endpoints.PROJECTS,
            lambda row: project_and_owner(row, where),
            lambda one: one[0].id,
            lambda one: (("project", one[0].id, one[0].key),),
        )
        return projects_of(rows.values())

    def repositories(self, known: Mapping[str, Repository]) -> Repositories:
        """Fetch all repositories in one listing: the only one that shows personal projects and makes none."""
        where = endpoints.REPOSITORIES.template
        last: list[tuple[object, tuple[Project, User | None]]] = []

        def project_of(row: object) -> tuple[Project, User | None]:
            shown = parse.project_of(row, where)
            if not last or last[0][0] != shown:  # rows of one project mostly follow each other
                last[:] = [(shown, project_and_owner(shown, where))]
            return last[0][1]

        def repository(row: object) -> tuple[Repository, tuple[Project, User | None]]:
            return _same_as_known(parse.repository(row, where), known), project_of(row)

        rows = self._listing(
            endpoints.REPOSITORIES,
            repository,
            lambda row: row[0].id,
            lambda row: (
                ("repository", row[0].id, f"{row[1][0].key}/{row[0].slug}"),
                ("project", row[1][0].id, row[1][0].key),
            ),
            {"archived": "ALL"},
        )
        found = {i: repository for i, (repository, _) in rows.items()}
        return Repositories(found, projects_of([each for _, each in rows.values()]))

    def global_permissions(self) -> GlobalPermissions:
        """Fetch who holds permissions on the whole instance: directly and through groups, or else in effect."""
        try:
            users = self._user_rows(endpoints.GLOBAL_USERS.at(), GlobalPermission)
            groups = self._group_rows(endpoints.GLOBAL_GROUPS.at(), GlobalPermission)
        except Unreadable as unreadable:
            if unreadable.why in _REFUSED_BY_BITBUCKET:
                return self._effective_holders(str(unreadable))
            return _unknown(unreadable)
        return GlobalPermissions(GlobalPermissionsRead.FULL, users, groups)

    def _effective_holders(self, refused: str) -> GlobalPermissions:
        """Ask who holds global permissions by any way, which any account may."""
        try:
            self._caches.probe(endpoints.USERS.at(), NO_QUESTION, {"filter": UNKNOWN_NAME})
            rows = [row for permission in GlobalPermission for row in self._holders(permission)]
        except Unreadable as unreadable:
            return _unknown(unreadable)
        return GlobalPermissions(GlobalPermissionsRead.EFFECTIVE, tuple(rows), reason=refused)

    def _holders(self, permission: GlobalPermission) -> list[UserRow]:
        return [(user, permission) for user in self.holders(permission=permission.value)]

    def holders(self, **permission: str) -> list[User]:
        """Fetch the users who hold a permission in effect; `permission` is the question in Bitbucket's words.

        A larger page than 500 would lose some (BSERV-11884).
        """
        where = f"{endpoints.USERS.template}?{' '.join(permission.values())}"

        def user(row: object) -> User:
            return parse.user(row, where, in_directory=False)

        return self._rows(endpoints.USERS.at(), user, LIMIT_WITH_PERMISSION, question=permission)

    # ---- what one group, project or repository has of its own

    def members(self, group: Group, known: Mapping[str, User]) -> tuple[User, ...]:
        """Fetch a group's members; those who are `known` are given as they are known."""
        where = f"members of group {group.name}"

        def member(row: object) -> User:
            user = parse.user(row, where, in_directory=False)
            return known.get(user.id, user)

        members = self._rows(endpoints.GROUP_MEMBERS.at(), member, question={"context": group.name})
        self._caches.probe(endpoints.GROUP_MEMBERS.at(), {"context": group.name}, {"context": UNKNOWN_NAME})
        return tuple(members)

    def project_grants(self, project: Project) -> Grants:
        """Fetch the permissions on a project, and its default one."""
        if project.type is ProjectType.PERSONAL:
            return self._personal_project_grants(project)
        return Grants(
            self._user_rows(endpoints.PROJECT_USERS.at(project.key), ProjectPermission),
            self._group_rows(endpoints.PROJECT_GROUPS.at(project.key), ProjectPermission),
            self._default_permission(project.key),
        )

    def _personal_project_grants(self, project: Project) -> Grants:
        """Fetch what others may do; personal projects have no default permission, and their owner is known."""
        refused: list[Unreadable] = []
        users = _or_empty(lambda: self._user_rows(endpoints.PROJECT_USERS.at(project.key), ProjectPermission), refused)
        groups = _or_empty(
            lambda: self._group_rows(endpoints.PROJECT_GROUPS.at(project.key), ProjectPermission), refused
        )
        return Grants(users, groups, refused=refused[0] if refused else None)

    def _default_permission(self, key: str) -> ProjectPermission | None:
        """Ask from the highest down: the rows are independent of each other, and the highest one counts."""
        for permission in reversed(ProjectPermission):
            if self._is_default(key, permission):
                return permission
        return None

    def _is_default(self, key: str, permission: ProjectPermission) -> bool:
        may_be_unknown = permission is ProjectPermission.REPO_CREATE and not self._knows_repo_create
        if may_be_unknown and self._unknown_default:
            return False
        try:
            answer = self._bitbucket.get(endpoints.PROJECT_DEFAULT.at(key, permission))
        except Unreadable as unreadable:
            if may_be_unknown and unreadable.why is Why.UNKNOWN_VALUE:
                self._unknown_default = True
                return False
            raise
        return parse.permitted(answer, f"default permission of {key}")

    def repository_grants(self, key: str, slug: str) -> Grants:
        """Fetch the permissions on a repository, by the key of its project and its slug."""
        return Grants(
            self._user_rows(endpoints.REPOSITORY_USERS.at(key, slug), RepositoryPermission),
            self._group_rows(endpoints.REPOSITORY_GROUPS.at(key, slug), RepositoryPermission),
        )

    # ---- rows and pages

    def rows(self, address: Address, **question: str) -> list[Any]:
        """Fetch the rows of any other listing, as they are."""
        rows = self._rows(address, lambda row: row, identity=everything, question=question)
        if "user" in question:
            self._caches.probe(address, question, {"user": UNKNOWN_NAME})
        return rows

    def _user_rows(self, address: Address, scale: type[Permission]) -> tuple[UserRow, ...]:
        return tuple(self._rows(address, lambda row: parse.user_grant(row, scale, address.path)))

    def _group_rows(self, address: Address, scale: type[Permission]) -> tuple[GroupRow, ...]:
        return tuple(self._rows(address, lambda row: parse.group_grant(row, scale, address.path)))

    def _rows(
        self,
        address: Address,
        value: Callable[[Any], T],
        limit: int = LIMIT,
        identity: Callable[[T], Hashable] | None = None,
        question: Mapping[str, str] = NO_QUESTION,
    ) -> list[T]:
        """Fetch a listing that belongs to one thing; one of several pages until two readings agree."""

        def read(number: int) -> Reading[T]:
            return self._reading(address, value, identity or _holder, number, limit - fewer_rows(question), question)

        return read_until_agreed(read, address.path)

    def _reading(
        self,
        address: Address,
        value: Callable[[Any], T],
        identity: Callable[[T], Hashable],
        number: int,
        limit: int,
        question: Mapping[str, str],
    ) -> Reading[T]:
        # Each reading asks for other pages, so that no cache can give those of the last one again.
        limit -= number + READINGS * (self._bitbucket.round - 1)

        def ask(start: int, limit: int) -> JsonObject:
            return self._bitbucket.get(address, {**question, "start": start, "limit": limit}, number)

        values = ([value(row) for row in rows] for rows in pages(ask, address.path, limit))
        return read_once(values, identity, address.path)

    def _listing(
        self,
        endpoint: Endpoint,
        value: Callable[[Any], T],
        identity: Callable[[T], str],
        names: Callable[[T], tuple[Named, ...]] = lambda _: (),
        question: Mapping[str, str] = NO_QUESTION,
    ) -> dict[str, T]:
        """Fetch a listing of the whole instance once, by id; the collector reads it again later."""

        def read(number: int, identity: Callable[[T], Hashable]) -> Reading[T]:
            return self._reading(endpoint.at(), value, identity, number, LIMIT, question)

        return read_by_identity(read, identity, names, endpoint.template)

    def _first_readable(self, read: Callable[[Endpoint], T], first: Endpoint, otherwise: Endpoint) -> T:
        try:
            return read(first)
        except Unreadable as unreadable:
            if unreadable.why not in _REFUSED_BY_BITBUCKET:
                raise
            log.warning("reading %s instead: %s", otherwise.template, unreadable)
        return read(otherwise)


def _unknown(unreadable: Unreadable) -> GlobalPermissions:
    """Say that global permissions are a gap where they are refused; a listing that breaks ends the run."""
    if unreadable.why in _BREAKS:
        raise unreadable
    return GlobalPermissions(GlobalPermissionsRead.NONE, reason=str(unreadable))


def _or_empty(read: Callable[[], tuple[T, ...]], refused: list[Unreadable]) -> tuple[T, ...]:
    try:
        return read()
    except Unreadable as unreadable:
        if unreadable.why not in _NO_PERSONAL_PERMISSIONS:
            raise
        if unreadable.why is Why.REFUSED:
            refused.append(unreadable)
        return ()


def project_and_owner(row: object, where: str) -> tuple[Project, User | None]:
    """Read a project, and its owner where it is personal."""
    project = parse.project(row, where)
    return project, parse.owner(row, where) if project.type is ProjectType.PERSONAL else None


def projects_of(rows: Collection[tuple[Project, User | None]]) -> Projects:
    """Put projects and the owners of the personal ones together."""
    return Projects(
        {project.id: project for project, _ in rows},
        {owner.id: owner for _, owner in rows if owner is not None},
    )


def _same_as_known(value: E, known: Mapping[str, E]) -> E:
    before = known.get(value.id)
    return before if before == value else value


def _holder(value: Any) -> Hashable:  # noqa: ANN401 - a user, a row of users or one of groups
    """Say what must be the same in two readings of a listing of one thing."""
    if isinstance(value, User):
        return value.id
    holder, permission = value
    return (holder.id if isinstance(holder, User) else group_key(holder)), permission


def _version(text: str) -> tuple[int, ...]:
    """Read `8.19.1` as numbers; what is no number counts as new."""
    parts = text.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) if re.fullmatch(r"[0-9]{1,4}", part) else 99 for part in parts)
