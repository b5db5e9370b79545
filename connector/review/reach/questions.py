"""Names that people type → things of an export, with suggestions where there is no such name.

A name means exactly one thing, or it is an error: an answer about another Smith is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from connector.errors import UsageError
from connector.graph.export import Export
from connector.graph.values import Grant, Group, Identity, Level, Permission, Resource, User
from connector.review.text.names import both, kind, suggestion, where
from connector.review.vocabulary import EVERYONE, LICENSED_USERS
from connector.text import clean

_NEAR = 3
_Thing = TypeVar("_Thing")
_NamesOf = Callable[[_Thing], Sequence[str]]

Gone = Identity | Permission | Grant
"""What `--without` can name."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a question, as they were typed."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether anybody or anything is named."""
        return bool(self.users or self.groups or self.credentials or self.repositories or self.projects)


@dataclass(frozen=True, slots=True)
class Question:
    """Who can reach what: about these identities, these nodes, or these identities on these nodes."""

    identities: tuple[Identity, ...] = ()
    nodes: tuple[Resource, ...] = ()
    at_least: Level = Level.NONE
    without: tuple[Gone, ...] = ()


def question(export: Export, names: Names, at_least: Level = Level.NONE) -> Question:
    """Find what the names mean; none at all mean everybody. Raises `UsageError` for a name of no or several things."""
    identities: list[Identity] = []
    identities += [_one("user", name, export.users, _names_of_user) for name in names.users]
    identities += [_one("group", name, export.groups, _names_of_identity) for name in names.groups]
    identities += [_one("credential", name, export.credentials, _names_of_identity) for name in names.credentials]
    below = export.nested_resources or export.resources
    nodes = [_one("repository", name, below, _names_of_resource) for name in names.repositories]
    nodes += [_one("project", name, export.top_resources, _names_of_resource) for name in names.projects]
    without = [gone for name in names.without for gone in _gone(export, name)]
    if not identities and not nodes:
        identities += [one for one in export.identities if not isinstance(one, Group)]
    return Question(
        tuple(dict.fromkeys(identities)), tuple(dict.fromkeys(nodes)), at_least, tuple(dict.fromkeys(without))
    )


def _one(what: str, name: str, things: Sequence[_Thing], names_of: _NamesOf[_Thing]) -> _Thing:
    found = _called(name, things, names_of)
    if not found:
        raise UsageError(_unknown(what, name, (names_of(thing) for thing in things)))
    if len(found) > 1:
        near = both([clean(one) for one in _apart(found, names_of)[:_NEAR]]) + (", …" if len(found) > _NEAR else "")
        raise UsageError(f"{len(found)} {_several(what)} are called {clean(name)!r}: say which by {near}")
    return found[0]


def _apart(found: Sequence[_Thing], names_of: _NamesOf[_Thing]) -> Sequence[str]:
    """Give of each thing a name that the others have not: all of the same kind."""
    kinds = zip(*map(names_of, found), strict=False)
    return next(names for names in kinds if "" not in names and len(set(names)) == len(found))


def _several(what: str) -> str:
    return "repositories" if what == "repository" else f"{what}s"


def _called(name: str, things: Iterable[_Thing], names_of: _NamesOf[_Thing]) -> list[_Thing]:
    """Give the things with a name: those with the most unique kind of name that fits, in this letter case if any."""
    wanted = name.lower()
    ranked: dict[tuple[int, bool], list[_Thing]] = {}
    for thing in things:
        for rank, own in enumerate(names_of(thing)):
            if own.lower() == wanted:
                ranked.setdefault((rank, own != name), []).append(thing)
                break
    return ranked[min(ranked)] if ranked else []


def _names_of_user(user: Identity) -> Sequence[str]:
    """Give user name, e-mail, id, nickname, display name and other identities: the most unique ones first.

    Without a user name the display name comes first, since people are called by it.
    """
    username, nickname = user.properties.get("username"), user.properties.get("nickname")
    email = user.email if isinstance(user, User) else None
    identities = user.identities if isinstance(user, User) else ()
    first = username if isinstance(username, str) else user.name
    other = nickname if isinstance(nickname, str) else ""
    return first, email or "", user.id, user.name, other, *identities


def _names_of_identity(identity: Identity) -> Sequence[str]:
    return identity.id, identity.name


def _names_of_resource(resource: Resource) -> Sequence[str]:
    return where(resource), resource.key, resource.name


def _unknown(what: str, name: str, names: Iterable[Sequence[str]]) -> str:
    return f"the export has no {what} {clean(name)!r}{suggestion(name, names)}"


_DEFAULT = "default permission of "


def _gone(export: Export, name: str) -> list[Gone]:
    """Find what would be gone: an identity, a permission, or the grants that a line of an answer names."""
    if " on " in name or name.startswith(_DEFAULT):
        grants = list(_grants_named(export, name))
        if not grants:
            raise UsageError(
                f"--without: the export has no grant {clean(name)!r}; write it as an answer of access does"
            )
        return [*grants]
    if found := _identities_named(export, name):
        if len(found) > 1:
            ways = both([clean(f"{kind(each)} {each.id}") for each in found[:_NEAR]])
            raise UsageError(f"--without: {clean(name)!r} names {len(found)} identities: say which by {ways}")
        return [*found]
    if permissions := [item for item in export.permissions if item.name.lower() == name.lower()]:
        return [*permissions]
    known = [*map(_names_of_user, export.identities), *((item.name,) for item in export.permissions)]
    raise UsageError(f"--without: {_unknown('group, user, credential, permission or grant', name, known)}")


def _identities_named(export: Export, name: str) -> list[Identity]:
    """Find identities by name, or by kind and name: `group payments-dev`."""
    word, _, bare = name.partition(" ")
    of_kind = [item for item in export.identities if bare and kind(item) == word]
    called = EVERYONE if name == "public" else name
    return _called(bare, of_kind, _names_of_user) or _called(called, export.identities, _names_of_user)


def _grants_named(export: Export, name: str) -> Iterator[Grant]:
    """Find the grants that a line such as `group payments-dev → PROJECT_WRITE on PAY` names."""
    if name.startswith(_DEFAULT):
        holder, permission, place = LICENSED_USERS, "", name.removeprefix(_DEFAULT).partition(" (")[0]
    else:
        line, _, place = name.replace("->", "→").rpartition(" on ")
        steps = [step.strip() for step in line.split("→")]
        permission, holder = steps[-1], steps[-2] if len(steps) > 1 else ""
    nodes = frozenset(_called(place, export.resources, _names_of_resource))
    for one in _identities_named(export, holder) if holder else export.identities:
        for row in export.assignments_of(one):
            if permission.lower() in ("", row.permission.name.lower()):
                yield from (row.grant(node) for node in row.targets if node in nodes)
