"""Second looks at people and groups: who has access that nobody may have meant to give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from connector.graph.access import Access
from connector.graph.export import Assignment
from connector.graph.values import Application, Grant, Group, Identity, Level, Node, Resource, User
from connector.review.findings.finding import (
    ANONYMOUS,
    EVERYBODY,
    Finding,
    Place,
    Urgency,
    is_service,
    levels,
    moment,
    newest,
    person,
    place,
    some,
)

_LONG = timedelta(days=365)

_ONE_BY_ONE = 3
"""From so many people named on one thing on, a group would do."""


def administrators(access: Access) -> Finding:
    """Find who can do everything everywhere, and how they came to it."""
    return Finding(
        "Administrators of everything",
        "They can read, change and delete whatever there is, and give others access.",
        "Few people, each known by name, through one group; check the ways by which each of them became one.",
        Urgency.SOON,
        tuple(_administrators(access)),
    )


def _administrators(access: Access) -> Iterator[Place]:
    for application in access.export.applications:
        who = [user for user, level in access.who_can(application).items() if level is Level.ADMIN]
        for user in sorted(who, key=lambda user: (person(user).lower(), user.id)):
            off = "switched off; " if user.is_active is False else ""
            yield Place(person(user), off + "; ".join(_ways(access, user, application)), user)


def _ways(access: Access, user: User, application: Application) -> Iterator[str]:
    for path in access.paths(user, application):
        if path.level is Level.ADMIN:
            through = "".join(f" through {step.name}" for step in path.chain[1:])
            yield f"{path.grant.permission.name}{through}"


def switched_off(access: Access) -> Finding:
    """Find inactive users who keep access."""
    people = [user for user in access.export.users if user.is_active is False]
    return Finding(
        "Switched off, but their access is still there",
        "Nothing was taken away when these accounts were deactivated: whoever reactivates one has it all back.",
        "Remove their grants and group memberships; check what they own, and keys that act without them.",
        Urgency.SOON,
        tuple(_with_access(access, people)),
    )


def unlicensed(access: Access) -> Finding:
    """Find users without a licence who keep access."""
    people = [
        user
        for user in access.export.users
        if user.properties.get("is_licensed") is False and user.is_active is not False and not is_service(user)
    ]
    return Finding(
        "No licence, but grants",
        "They cannot sign in today; a licence, given for whatever reason, brings this access with it.",
        "Remove the grants, or give the licence that was meant.",
        Urgency.SOON,
        tuple(_with_access(access, people)),
    )


def not_in_directory(access: Access) -> Finding:
    """Find users and groups that no directory knows, and that still hold grants."""
    gone = [
        identity
        for identity in (*access.export.users, *access.export.groups)
        if identity.properties.get("in_directory") is False
        and not (isinstance(identity, User) and is_service(identity))
    ]
    return Finding(
        "In no directory any more, but grants remain",
        "A user or group of this name that is made tomorrow has this access at once.",
        "Remove the grants.",
        Urgency.SOON,
        tuple(_with_access(access, gone)),
    )


def _with_access(access: Access, identities: Sequence[Identity]) -> Iterator[Place]:
    """Name those who have grants of their own or through groups, leaving out what everybody has."""
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
    return f"{grant.permission.name} on {place(grant.on)}"


def _counts(grant: Grant) -> bool:
    return grant.permission.categories.level is not Level.NONE


def never_signed_in(access: Access) -> Finding:
    """Find active people of whom no sign-in is known, where it is known of others."""
    known = any(user.last_login_at for user in access.export.users)
    people = [user for user in _active_people(access) if known and not user.last_login_at]
    return Finding(
        "Never signed in",
        "Accounts that nobody has used yet, or that only a program uses.",
        "Ask for whom they were made; deactivate those that nobody needs.",
        Urgency.KNOW,
        tuple(Place(person(user), _since(user.created_at, "made"), user) for user in people),
    )


def long_away(access: Access) -> Finding:
    """Find active people who have not signed in for a year before the newest time of the export."""
    now = newest(access.export)
    people = [
        user
        for user in _active_people(access)
        if now and (last := moment(user.last_login_at)) is not None and now - last > _LONG
    ]
    return Finding(
        "Not signed in for more than a year",
        "Access that nobody uses is of use to nobody but to whoever takes over the account.",
        "Deactivate these accounts, or ask why they are still needed.",
        Urgency.SOON,
        tuple(Place(person(user), _since(user.last_login_at, "last"), user) for user in people),
    )


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


def one_by_one(access: Access) -> Finding:
    """Find where several people have been granted access by name."""
    named: defaultdict[Node, list[str]] = defaultdict(list)
    for user, row, _ in _own_rows(access):
        for node in _not_owned(user, row):
            named[node].append(user.name)
    crowded = sorted((item for item in named.items() if len(item[1]) >= _ONE_BY_ONE), key=lambda item: -len(item[1]))
    return Finding(
        "Named one by one, where a group would do",
        "Grants to single people are forgotten when they change teams; membership of a group is looked after.",
        "Make a group for it, or put these people into the group that is meant.",
        Urgency.KNOW,
        tuple(Place(place(node), f"{len(names)} people by name: {some(names, 3)}", node) for node, names in crowded),
    )


def granted_twice(access: Access) -> Finding:
    """Find people with a grant of their own that gives no more than a group of theirs does."""
    return Finding(
        "Granted again by name, though a group gives it already",
        "These grants change nothing today; they stay when the person leaves the group.",
        "Remove them.",
        Urgency.KNOW,
        tuple(_granted_twice(access)),
    )


def _granted_twice(access: Access) -> Iterator[Place]:
    lent = _Lent(access)
    rows_of: defaultdict[User, list[tuple[Assignment, Level]]] = defaultdict(list)
    for user, row, level in _own_rows(access):
        rows_of[user].append((row, level))
    for user, rows in rows_of.items():
        given = lent.by(access.sources(user) - {user})
        twice = [
            _granted(row.grant(node))
            for row, level in (rows if given else ())
            for node in _not_owned(user, row)
            if any(one.covers(node, level) for one in given)
        ]
        if twice:
            yield Place(person(user), some(twice), user)


class _Given(NamedTuple):
    """The levels that somebody was granted on resources, and those of them that reach what lies in these."""

    here: dict[Node, Level]
    inherited: dict[Node, Level]

    def covers(self, node: Node, level: Level) -> bool:
        """Whether it gives the level on a resource, there or from above."""
        if self.here.get(node, 0) >= level:
            return True
        while isinstance(node, Resource):
            node = node.parent
            if self.inherited.get(node, 0) >= level:
                return True
        return False


class _Lent:
    """What groups give on each resource, worked out once; what administrators of everything have does not count."""

    def __init__(self, access: Access) -> None:
        self._export = access.export
        self._levels = levels(access.export)
        self._given: dict[Identity, _Given] = {}

    def by(self, lenders: Iterable[Identity]) -> list[_Given]:
        """Give what these have, leaving out those who have nothing."""
        return [given for lender in lenders if (given := self._given_by(lender)).here]

    def _given_by(self, lender: Identity) -> _Given:
        if lender not in self._given:
            self._given[lender] = given = _Given({}, {})
            for row in sorted(self._export.assignments_of(lender), key=lambda row: self._levels[row.permission]):
                on: dict[Node, Level] = dict.fromkeys(row.targets, self._levels[row.permission])
                on.pop(row.holder.application, None)
                given.here.update(on)
                given.inherited.update(on if row.permission.inherits else {})
        return self._given[lender]


def _own_rows(access: Access) -> Iterator[tuple[User, Assignment, Level]]:
    """Yield what people were granted by name, at any level."""
    level_of = levels(access.export)
    for row in access.export.assignments:
        user, level = row.holder, level_of[row.permission]
        if level and isinstance(user, User) and not is_service(user):
            yield user, row, level


def _not_owned(user: User, row: Assignment) -> Iterator[Resource]:
    """Yield the resources that a row is on, but for those that are the user's own."""
    username = user.properties.get("username")
    for node in row.targets:
        if isinstance(node, Resource) and (username is None or node.properties.get("owner") != username):
            yield node


def empty_groups(access: Access) -> Finding:
    """Find groups of the directory that hold grants and have no members."""
    export = access.export
    places = [
        Place(group.name, some([_granted(grant) for grant in grants]), group)
        for group in export.groups
        if group.id not in EVERYBODY
        and group.properties.get("in_directory") is not False
        and not export.members_of(group)
        and (grants := [grant for grant in export.grants_of(group) if _counts(grant)])
    ]
    return Finding(
        "Groups with grants and without members",
        "Whoever is put into such a group has its access, and nobody may remember what that is.",
        "Remove the grants, or the groups.",
        Urgency.KNOW,
        tuple(places),
    )
