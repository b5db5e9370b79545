"""What was read of groups, projects and repositories, or why it could not be read. Knows no HTTP and no product.

Only one thread touches it. A single answer that something is absent is not final: the listings are read again, and
what they still show is requested again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import Unreadable, Why
from connector.model import Credential, Gap, Grant, Group, GroupGrant, Project, Repository, User, UserGrant

_MAY_HAVE_MOVED = frozenset({Why.ABSENT, Why.MOVED})
_MOST_ABSENCES = 3
"""After this many such answers the failure is final; before that, the listings are read again."""

_NAMED = 3


class Kind(StrEnum):
    """What has something of its own to be read."""

    GROUP = "group"
    PROJECT = "project"
    REPOSITORY = "repository"


Thing = tuple[Kind, str]
"""A kind, and the id or the group's key."""


@dataclass(frozen=True, slots=True)
class _Failure:
    unreadable: Unreadable
    times: int

    @property
    def is_final(self) -> bool:
        return self.unreadable.why not in _MAY_HAVE_MOVED or self.times >= _MOST_ABSENCES


class Contents:
    """The members of groups, and the grants on projects and repositories, as far as they were read."""

    def __init__(self) -> None:
        self.members: dict[str, frozenset[str]] = {}
        """By the group's key."""
        self.grants: dict[Thing, tuple[Grant, ...]] = {}
        self._failures: dict[Thing, _Failure] = {}
        self._same_grants: dict[Grant, Grant] = {}

    def is_open(self, kind: Kind, identifier: str) -> bool:
        """Whether something of it is still to be read."""
        failure = self._failures.get((kind, identifier))
        is_read = identifier in self.members if kind is Kind.GROUP else (kind, identifier) in self.grants
        return not is_read and (failure is None or not failure.is_final)

    def store_members(self, key: str, members: frozenset[str]) -> None:
        """Keep the members of a group."""
        self.members[key] = members
        self._failures.pop((Kind.GROUP, key), None)

    def store_grants(self, thing: Thing, grants: tuple[Grant, ...]) -> None:
        """Keep the grants on a project or repository."""
        self.grants[thing] = grants
        self._failures.pop(thing, None)

    def store_failure(self, thing: Thing, unreadable: Unreadable) -> bool:
        """Keep why it cannot be read; give whether that is final."""
        before = self._failures.get(thing)
        failure = self._failures[thing] = _Failure(unreadable, before.times + 1 if before else 1)
        return failure.is_final

    @property
    def is_refused(self) -> bool:
        """Whether anything was refused."""
        return any(failure.unreadable.why is Why.REFUSED for failure in self._failures.values())

    def forget(self, thing: Thing) -> None:
        """Forget what was read of something that is gone, or is asked about by another name than it was."""
        kind, identifier = thing
        self._failures.pop(thing, None)
        if kind is Kind.GROUP:
            self.members.pop(identifier, None)
        else:
            self.grants.pop(thing, None)

    def forget_what_names(self, users: Set[str], groups: Set[str]) -> list[Thing]:
        """Forget the answers that name users and groups which were deleted: Bitbucket takes their grants away.

        Gives what they were about.
        """
        things = [thing for thing, grants in self.grants.items() if any(_is_of(each, users, groups) for each in grants)]
        things += [(Kind.GROUP, key) for key, members in self.members.items() if not users.isdisjoint(members)]
        for thing in things:
            self.forget(thing)
        return things

    def highest(self, ranked: Iterable[tuple[int, Grant]]) -> tuple[Grant, ...]:
        """Give the highest grant of each holder, by the rank that comes with it."""
        found: dict[tuple[bool, str], tuple[int, Grant]] = {}
        for rank, grant in ranked:
            is_user = isinstance(grant, UserGrant)
            holder = is_user, grant.user_id if isinstance(grant, UserGrant) else grant.group_key
            if holder not in found or rank > found[holder][0]:
                # Equal grants on different repositories are one object: a million rows hold few that differ.
                found[holder] = rank, self._same_grants.setdefault(grant, grant)
        return tuple(grant for _, grant in found.values())

    def granted_groups(self, *others: Iterable[Grant]) -> set[str]:
        """Give the keys of the groups that hold a grant: one that was read, or one of `others`."""
        granted: set[Grant] = set().union(*self.grants.values(), *others)
        return {grant.group_key for grant in granted if isinstance(grant, GroupGrant)}

    def grants_on(self, kind: Kind, listed: Iterable[str]) -> dict[str, tuple[Grant, ...]]:
        """Give the grants that were read of all listed things of one kind, by id."""
        return {i: self.grants[kind, i] for i in listed if (kind, i) in self.grants}

    def gaps(
        self, groups: Mapping[str, Group], projects: Mapping[str, Project], repositories: Mapping[str, Repository]
    ) -> Iterator[Gap]:
        """Name what could not be read of what there is."""
        for (kind, identifier), failure in self._failures.items():
            reason = str(failure.unreadable)
            if kind is Kind.GROUP and identifier in groups and identifier not in self.members:
                yield Gap(f"group {groups[identifier].name}", "members", reason)
            elif kind is Kind.PROJECT and identifier in projects and (kind, identifier) not in self.grants:
                yield Gap(f"project {projects[identifier].key}", "permissions", reason)
            elif kind is Kind.REPOSITORY and identifier in repositories:
                yield Gap(f"repository {place_of(repositories[identifier], projects)}", "permissions", reason)


def _is_of(grant: Grant, users: Set[str], groups: Set[str]) -> bool:
    return grant.user_id in users if isinstance(grant, UserGrant) else grant.group_key in groups


def place_of(repository: Repository, projects: Mapping[str, Project]) -> str:
    """Call a repository as gaps do: `KEY/slug`."""
    return f"{projects[repository.project_id].key}/{repository.slug}"


def changed(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    """Give the ids of what is gone, or is asked about by another name than it was."""
    return (identifier for identifier, name in before.items() if now.get(identifier) != name)


def nothing_listed(whole: str, listed: Mapping[str, Mapping[str, object]]) -> Iterator[Gap]:
    """Name the listings that show nothing. `whole` is what should have some of it."""
    for what, things in listed.items():
        if not things:
            reason = f"the listing shows no {what} at all; one that hides them looks the same as one that has none"
            yield Gap(whole, what, reason)


def lacking(scope: str, what: str, names: Iterable[str]) -> Iterator[Gap]:
    """Name what a listing lacks that exists, if there is any."""
    if names := sorted(names):
        yield Gap(scope, what, f"the listing lacks {len(names)} that exist, such as {', '.join(names[:_NAMED])}")


def fullness(row: User | Credential) -> tuple[int, str]:
    """Rank rows about the same thing by how many fields they fill; the text makes the order total."""
    values = dataclasses.astuple(row)
    return sum(value is not None for value in values), repr(values)
