"""Who is who on two servers: people by e-mail address or user name, groups by name.

Display names and nicknames are no hints: several people may share them. A user name is compared with user names
and an e-mail address with e-mail addresses, since one person's user name may be another's address.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.graph.export import Export
from connector.graph.values import Group, User
from connector.review.across.matches import Hint, Matches, Settled, matches, spelling
from connector.review.vocabulary import ANONYMOUS, EVERYBODY


def people_of(export: Export) -> list[User]:
    """Give the accounts of people and programs; who is not signed in is neither."""
    return [user for user in export.users if user.id != ANONYMOUS]


def groups_of(export: Export) -> list[Group]:
    """Give the groups that somebody made; those that stand for everybody are none."""
    return [group for group in export.groups if group.id not in EVERYBODY]


def match_people(old: Export, new: Export, settled: Settled[User]) -> Matches[User]:
    """Match people."""
    return matches(people_of(old), people_of(new), {Hint.EMAIL: addresses, Hint.USERNAME: _usernames}, settled)


def match_groups(old: Export, new: Export) -> Matches[Group]:
    """Match groups. Nothing follows from it but the words for a reason."""
    return matches(groups_of(old), groups_of(new), {Hint.NAME: _names}, Settled())


def username(user: User) -> str | None:
    """Give the user name; Bitbucket Cloud has none."""
    name = user.properties.get("username")
    return name if isinstance(name, str) and name else None


def addresses(user: User) -> Iterator[str]:
    """Yield the e-mail addresses."""
    own = spelling(username(user) or "")
    if user.email:
        yield spelling(user.email)
    for name in user.identities:
        # A user name may look like an address, and belong to somebody else's.
        if "@" in name and spelling(name) != own:
            yield spelling(name)


def _usernames(user: User) -> Iterator[str]:
    if name := username(user):
        yield spelling(name)


def _names(group: Group) -> Iterator[str]:
    """Yield the name, and the id: the same name on a server, the slug in Bitbucket Cloud."""
    yield spelling(group.name)
    yield spelling(group.id)
