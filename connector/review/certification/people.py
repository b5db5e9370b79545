"""Whom a grant lets in: people, and what is known of them. Knows nothing of workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.values import Agent, Credential, Group, Identity, User
from connector.review.certification.rows import shown
from connector.review.findings.finding import is_service
from connector.review.text.names import counted, handle, person, state
from connector.review.vocabulary import CREDENTIALS

LONGEST_LIST = 200
"""A group of more people is listed in a workbook that all reviewers share: it is too long beside a project."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of a group's people; `through` is the group in it that they come from, if they are no direct member."""

    user: User
    through: Group | None


class People:
    """Who is behind the holders of grants."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._users: dict[Group, list[User]] = {}
        self._brief: dict[Group, str] = {}
        self._described: dict[User, tuple[str, str, str, str]] = {}

    def of(self, group: Group) -> list[User]:
        """Give everybody in a group, through any nesting, by name."""
        if group not in self._users:
            users = [one for one in self._access.beneficiaries(group) if isinstance(one, User)]
            self._users[group] = sorted(users, key=lambda user: (user.name.lower(), user.id))
        return self._users[group]

    def is_long(self, group: Group) -> bool:
        """Whether a group is too large to be listed beside each project that it reaches."""
        return len(self.of(group)) > LONGEST_LIST

    def members(self, group: Group) -> Iterator[Member]:
        """Yield a group's people, and how they come to be in it."""
        export = self._access.export
        inner: dict[User, Group] = {}
        direct = set(export.members_of(group))
        for below in (one for one in direct if isinstance(one, Group)):
            for user in self.of(below):
                inner.setdefault(user, below)
        for user in self.of(group):
            yield Member(user, None if user in direct else inner.get(user))

    def described(self, user: User) -> tuple[str, str, str, str]:
        """Give name, e-mail address, day of the last sign-in, and what keeps them from signing in; as shown.

        Kept, since the groups of ten thousand projects have the same people.
        """
        if user not in self._described:
            email = shown(user.email or "")
            self._described[user] = shown(person(user)), email, day(user.last_login_at), condition(user)
        return self._described[user]

    def let_in_by(self, holder: Identity) -> str:
        """Say whom a grant of this holder lets in: `42 people, 3 of them inactive`, or an e-mail address."""
        match holder:
            case Group():
                if holder not in self._brief:
                    self._brief[holder] = self._count(holder)
                return self._brief[holder]
            case User():
                return ", ".join(filter(None, (holder.email or _number(holder), outside(holder))))
            case Credential():
                return ", ".join(owner.name for owner in self._access.export.owners_of(holder))
            case _:
                return ""

    def _count(self, group: Group) -> str:
        users = self.of(group)
        away = sum(bool(condition(user)) for user in users)
        listed = "; listed in groups.xlsx" if self.is_long(group) else ""
        away_too = f", {away:,} of them cannot sign in" if away else ""
        return f"{counted(len(users), 'person', 'people')}{away_too}{listed}" if users else "nobody"


def day(time: str | None) -> str:
    """Give the day of an RFC 3339 time, as text that sorts; nothing where none is known."""
    return (time or "")[:10]


def condition(identity: Identity) -> str:
    """Say what keeps somebody out today: inactive, not licensed, in no directory; nothing where nothing is known to."""
    return ", ".join(filter(None, (state(identity), outside(identity))))


def outside(identity: Identity) -> str:
    """Say whether only grants and groups name somebody: in no directory of a server, or no member of a workspace."""
    if identity.properties.get("in_directory") is False:
        return "in no directory"
    return "no member" if identity.properties.get("is_member") is False else ""


def _number(user: User) -> str:
    """Give the id of people who may share a name, as on Bitbucket Cloud; nothing where the name has it."""
    own = handle(user)
    return "" if own in person(user) else own


def sort_of_holder(holder: Identity) -> str:
    """Say what holds a grant, for people: person, service account, group, SSH access key, …"""
    match holder:
        case User():
            return "service account" if is_service(holder) else "person"
        case Group():
            return "group"
        case Credential():
            kind = credential_kind(holder.id)
            return CREDENTIALS[kind][0] if kind in CREDENTIALS else kind
        case Agent():
            return "agent"
        case _:
            return "identity of another directory"


def credential_kind(identifier: str) -> str:
    """Give the kind of a credential by its id, such as `ssh-access-key:7`; in other applications there is one kind."""
    kind, colon, _ = identifier.partition(":")
    return kind if colon else "key or token"
