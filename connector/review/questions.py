"""Names that people type → things of an export, with near misses where there is no such name.

A name means one thing or it is an error: an answer about another Smith is worse than none.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from connector.errors import UsageError
from connector.review.export import Export
from connector.review.finding import EVERYONE, LICENSED_USERS
from connector.review.names import both, clean, kind, where, who
from connector.review.values import Application, Grant, Group, Identity, Level, Node, Permission, Resource

_NEAR, _MOST_NAMES = 3, 20_000
_Thing = TypeVar("_Thing")
_NamesOf = Callable[[_Thing], Sequence[str]]

Gone = Identity | Permission | Grant
"""What `--without` can name."""


@dataclass(frozen=True, slots=True)
class Names:
    """What was asked about, as it was typed."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Who can reach what: about these identities, these nodes, or the ones on the others."""

    identities: tuple[Identity, ...] = ()
    nodes: tuple[Resource, ...] = ()
    at_least: Level = Level.READ
    without: tuple[Gone, ...] = ()


def question(export: Export, names: Names, at_least: Level = Level.READ) -> Question:
    """Find what the names mean. Raises `UsageError` for a name without meaning, or with several."""
    identities: list[Identity] = []
    identities += [_one("user", name, export.users, _names_of_user) for name in names.users]
    identities += [_one("group", name, export.groups, _names_of_identity) for name in names.groups]
    identities += [_one("credential", name, export.credentials, _names_of_identity) for name in names.credentials]
    below = [item for item in export.resources if not isinstance(item.parent, Application)] if names.repositories else []
    tops = [item for item in export.resources if isinstance(item.parent, Application)] if names.projects else []
    nodes = [_one("repository", name, below or export.resources, _names_of_resource) for name in names.repositories]
    nodes += [_one("project", name, tops, _names_of_resource) for name in names.projects]
    without = [gone for name in names.without for gone in _gone(export, name)]
    return Question(
        tuple(dict.fromkeys(identities)), tuple(dict.fromkeys(nodes)), at_least, tuple(dict.fromkeys(without))
    )


def _one(what: str, name: str, things: Sequence[_Thing], names_of: _NamesOf[_Thing]) -> _Thing:
    found = _called(name, things, names_of)
    if not found:
        raise UsageError(_unknown(what, name, (names_of(thing) for thing in things)))
    if len(found) > 1:
        near = both([clean(names_of(thing)[0]) for thing in found[:_NEAR]]) + (", …" if len(found) > _NEAR else "")
        raise UsageError(f"{len(found)} {_several(what)} are called {clean(name)!r}: say which by {near}")
    return found[0]


def _several(what: str) -> str:
    return "repositories" if what == "repository" else f"{what}s"


def _called(name: str, things: Iterable[_Thing], names_of: _NamesOf[_Thing]) -> list[_Thing]:
    """Give the things with a name: by the first of their kinds of name that fits any, exactly if possible."""
    wanted = name.lower()
    ranked: dict[tuple[int, bool], list[_Thing]] = {}
    for thing in things:
        for rank, own in enumerate(names_of(thing)):
            if own.lower() == wanted:
                ranked.setdefault((rank, own != name), []).append(thing)
                break
    return ranked[min(ranked)] if ranked else []


def _names_of_user(user: Identity) -> Sequence[str]:
    """Give user name, id, display name, e-mail and other identities: whatever is unique comes first."""
    username = user.properties.get("username")
    names = [username if isinstance(username, str) else user.name, user.id, getattr(user, "email", None), user.name]
    return [name for name in (*names, *getattr(user, "identities", ())) if isinstance(name, str)]


def _names_of_identity(identity: Identity) -> Sequence[str]:
    return identity.id, identity.name


def _names_of_resource(resource: Resource) -> Sequence[str]:
    return where(resource), resource.key, resource.name


def _unknown(what: str, name: str, names: Iterable[Sequence[str]]) -> str:
    near = near_misses(name, (own for several in names for own in several))
    hint = f"; did you mean {' or '.join(map(clean, near))}?" if near else ""
    return f"the export has no {what} {clean(name)!r}{hint}"


def near_misses(name: str, names: Iterable[str]) -> list[str]:
    """Give the few names that are most like one. Of very many, only those that share its beginning are looked at."""
    spelled = {own.lower(): own for own in names}
    wanted = name.lower()
    candidates = list(spelled)
    if len(candidates) > _MOST_NAMES:
        candidates = [own for own in candidates if own[:2] == wanted[:2] or wanted in own][:_MOST_NAMES]
    near = difflib.get_close_matches(wanted, candidates, _NEAR) or [own for own in candidates if wanted in own]
    return [spelled[own] for own in near[:_NEAR]]


def _gone(export: Export, name: str) -> list[Gone]:
    """Find what would be gone: whoever has the name, a permission, or the grants that a line of an answer names."""
    found: list[Gone] = []
    if " on " in name or name.startswith(_DEFAULT):
        found += _grants_named(export, name)
    else:
        for names_of in (_names_of_identity, _names_of_user):
            found = found or list(_called(_bare(name), export.identities, names_of))
        found = found or [item for item in export.permissions if item.name.lower() == name.lower()]
        if len(found) > 1:
            said = both([f"{kind(each)} {clean(who(each))}" for each in found if isinstance(each, Identity)])
            raise UsageError(f"--without: {clean(name)!r} names {said}; name the one that is meant by its id")
    if not found:
        known = [(*_names_of_user(item), item.id) for item in export.identities]
        raise UsageError(f"--without: {_unknown('group, user, permission or grant', name, known)}")
    return found


_DEFAULT = "default permission of "


def _bare(name: str) -> str:
    """Give a name without the word by which answers introduce it."""
    for word in ("group ", "credential ", "agent "):
        if name.startswith(word):
            return name.removeprefix(word)
    return EVERYONE if name == "public" else name


def _grants_named(export: Export, name: str) -> Iterator[Grant]:
    """Find the grants that a line such as `group payments-dev → PROJECT_WRITE on PAY` names."""
    if name.startswith(_DEFAULT):
        holder, permission, place = LICENSED_USERS, "", name.removeprefix(_DEFAULT).partition(" (")[0]
    else:
        line, _, place = name.replace("->", "→").rpartition(" on ")
        steps = [_bare(step.strip()) for step in line.split("→")]
        permission, holder = steps[-1], steps[-2] if len(steps) > 1 else ""
    holders = _called(holder, export.identities, _names_of_anybody) if holder else export.identities
    nodes: list[Node] = list(_called(place, export.resources, _names_of_resource))
    for one in holders:
        for row in export.assignments_of(one):
            if permission.lower() in ("", row.permission.name.lower()):
                yield from (row.grant(node) for node in row.targets if node in nodes)


def _names_of_anybody(identity: Identity) -> Sequence[str]:
    return _names_of_identity(identity) if isinstance(identity, Group) else _names_of_user(identity)
