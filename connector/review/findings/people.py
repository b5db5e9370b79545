"""Checks of people and groups: access that may not be intended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from connector.graph.access import Access
from connector.graph.export import Assignment
from connector.graph.values import Application, Grant, Group, Identity, Level, Node, Resource, User
from connector.review.findings.finding import Place, is_service, levels
from connector.review.provenance import as_of, moment
from connector.review.text.names import FEW, counted, person, some, where
from connector.review.vocabulary import ANONYMOUS, EVERYBODY

_LONG = timedelta(days=365)

_ONE_BY_ONE = 3
"""Grants by name on one node from which on a group would be better."""


def administrators(access: Access) -> Iterator[Place]:
    """Find users who can do everything everywhere, and how they came to it."""
    for application in access.export.applications:
        who = [user for user, level in access.who_can(application).items() if level is Level.ADMIN]
        for user in sorted(who, key=lambda user: (person(user).lower(), user.id)):
            off = "inactive; " if user.is_active is False else ""
            yield Place(person(user), off + "; ".join(_ways(access, user, application)), user)


def _ways(access: Access, user: User, application: Application) -> Iterator[str]:
    for path in access.paths(user, application):
        if path.level is Level.ADMIN:
            through = "".join(f" through {step.name}" for step in path.chain[1:])
            yield f"{path.grant.permission.name}{through}"


def inactive(access: Access) -> Iterator[Place]:
    """Find inactive users with access."""
    return _with_access(access, [user for user in access.export.users if user.is_active is False])


def inactive_note(access: Access, places: Sequence[Place]) -> str:
    """Say how many of the inactive accounts these are."""
    count = sum(user.is_active is False for user in access.export.users)
    return f"{len(places):,} of {counted(count, 'inactive account')}" if len(places) < count else ""


def unlicensed(access: Access) -> Iterator[Place]:
    """Find active users with access but without a licence."""
    people = [
        user
        for user in access.export.users
        if user.properties.get("is_licensed") is False and user.is_active is not False and not is_service(user)
    ]
    return _with_access(access, people)


def not_in_directory(access: Access) -> Iterator[Place]:
    """Find users and groups with grants that are in no directory."""
    gone = [
        identity
        for identity in (*access.export.users, *access.export.groups)
        if identity.properties.get("in_directory") is False
        and not (isinstance(identity, User) and is_service(identity))
    ]
    return _with_access(access, gone)


def not_members(access: Access) -> Iterator[Place]:
    """Find users with grants in a workspace that they are no members of."""
    return _with_access(access, [user for user in access.export.users if user.properties.get("is_member") is False])


def _with_access(access: Access, identities: Sequence[Identity]) -> Iterator[Place]:
    """Find those with grants of their own or through groups, apart from what everybody has."""
    for identity in identities:
        own = [_granted(grant) for grant in access.export.grants_of(identity) if _counts(grant)]
        through = [group.name for group in access.export.groups_of(identity) if _gives_access(access, group)]
        granted = [*own, *(f"through {name}" for name in through)]
        if granted:
            yield Place(person(identity), some(granted), identity)


def _gives_access(access: Access, group: Group) -> bool:
    """Whether a group gives more than a licence, and more than everybody has."""
    sources = [source for source in access.sources(group) if source.id not in EVERYBODY]
    rows = (row for source in sources for row in access.export.assignments_of(source))
    return any(row.permission.categories.level is not Level.NONE for row in rows)


def _granted(grant: Grant) -> str:
    return f"{grant.permission.name} on {where(grant.on)}"


def _counts(grant: Grant) -> bool:
    return grant.permission.categories.level is not Level.NONE


def never_signed_in(access: Access) -> Iterator[Place]:
    """Find active people without a known sign-in, where sign-ins of others are known."""
    if any(user.last_login_at for user in access.export.users):
        for user in _active_people(access):
            if not user.last_login_at:
                yield Place(person(user), _since(user.created_at, "created"), user)


def long_away(access: Access) -> Iterator[Place]:
    """Find active people who last signed in more than a year before the export."""
    now = as_of(access.export)
    for user in _active_people(access):
        last = moment(user.last_login_at)
        if now and last and now - last > _LONG:
            yield Place(person(user), _since(user.last_login_at, "last"), user)


def _active_people(access: Access) -> list[User]:
    return [
        user
        for user in access.export.users
        if user.is_active is True
        and user.id != ANONYMOUS
        and not is_service(user)
        and user.properties.get("in_directory") is not False
    ]


def _since(time: str | None, what: str) -> str:
    return f"{what} {time[:10]}" if time else ""


def one_by_one(access: Access) -> Iterator[Place]:
    """Find nodes on which several people have been granted access by name."""
    named: defaultdict[Resource, list[str]] = defaultdict(list)
    for user, row, _ in _own_rows(access):
        for node in _not_owned(user, row):
            named[node].append(user.name)
    for node, names in sorted(named.items(), key=lambda item: -len(item[1])):
        if len(names) >= _ONE_BY_ONE:
            yield Place(where(node), f"{len(names):,} people by name: {some(names, FEW)}", node)


def granted_twice(access: Access) -> Iterator[Place]:
    """Find people with a grant of their own that gives no more than one of their groups."""
    of_groups = _GroupGrants(access)
    rows_of: defaultdict[User, list[tuple[Assignment, Level]]] = defaultdict(list)
    for user, row, level in _own_rows(access):
        rows_of[user].append((row, level))
    for user, rows in rows_of.items():
        given = of_groups.by(access.sources(user) - {user})
        twice = [
            row.grant(node)
            for row, level in (rows if given else ())
            for node in _not_owned(user, row)
            if any(one.covers(node, level) for one in given)
        ]
        if twice:
            yield Place(person(user), some([_granted(grant) for grant in twice]), user, grants=tuple(twice))


class _Given(NamedTuple):
    """The levels granted to an identity on nodes, and those of them that are inherited below the nodes."""

    here: dict[Node, Level]
    inherited: dict[Node, Level]

    def covers(self, node: Node, level: Level) -> bool:
        """Whether it gives the level on a resource, directly or by inheritance."""
        if self.here.get(node, 0) >= level:
            return True
        while isinstance(node, Resource):
            node = node.parent
            if self.inherited.get(node, 0) >= level:
                return True
        return False


class _GroupGrants:
    """The levels that groups give on nodes, worked out once; those on everything do not count."""

    def __init__(self, access: Access) -> None:
        self._export = access.export
        self._levels = levels(access.export)
        self._given: dict[Identity, _Given] = {}

    def by(self, groups: Iterable[Identity]) -> list[_Given]:
        """Give the levels of those that have any."""
        return [given for group in groups if (given := self._given_by(group)).here]

    def _given_by(self, group: Identity) -> _Given:
        if group not in self._given:
            self._given[group] = given = _Given({}, {})
            for row in sorted(self._export.assignments_of(group), key=lambda row: self._levels[row.permission]):
                on: dict[Node, Level] = dict.fromkeys(row.targets, self._levels[row.permission])
                on.pop(row.holder.application, None)
                given.here.update(on)
                given.inherited.update(on if row.permission.inherits else {})
        return self._given[group]


def _own_rows(access: Access) -> Iterator[tuple[User, Assignment, Level]]:
    """Yield the grants to people by name, with their level."""
    level_of = levels(access.export)
    for row in access.export.assignments:
        user, level = row.holder, level_of[row.permission]
        if level and isinstance(user, User) and not is_service(user):
            yield user, row, level


def _not_owned(user: User, row: Assignment) -> Iterator[Resource]:
    """Yield the resources of a grant, without those that the user owns."""
    username = user.properties.get("username")
    for node in row.targets:
        if isinstance(node, Resource) and (username is None or node.properties.get("owner") != username):
            yield node


def empty_groups(access: Access) -> Iterator[Place]:
    """Find groups of the directory that hold grants and have no members."""
    export = access.export
    for group in export.groups:
        if group.id in EVERYBODY or group.properties.get("in_directory") is False or export.members_of(group):
            continue
        if grants := [grant for grant in export.grants_of(group) if _counts(grant)]:
            yield Place(group.name, some([_granted(grant) for grant in grants]), group)
