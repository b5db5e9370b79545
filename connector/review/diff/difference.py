"""What changed between two exports, in the words of a reviewer; `consequences` has what follows from it.

Things are compared by id, so that a rename is a rename. Grants to everybody are reported as what they are in
Bitbucket: public, or a project's default permission.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, reduce
from operator import or_

from connector.graph.export import Export
from connector.graph.values import (
    Application,
    Category,
    Credential,
    Group,
    Identity,
    Node,
    Permission,
    Resource,
    User,
    lineage,
)
from connector.review.diff.comparable import comparable, is_licensed
from connector.review.diff.consequences import Consequence, consequences
from connector.review.diff.matching import Matching
from connector.review.text.names import where, who
from connector.review.vocabulary import EVERYBODY, EVERYONE, SYNTHETIC


class Section(StrEnum):
    """What a change is about, in the order of the output."""

    SETTINGS = "settings"
    OPENNESS = "open to everybody"
    USERS = "users"
    GROUPS = "groups"
    MEMBERS = "members of groups"
    PROJECTS = "projects"
    REPOSITORIES = "repositories"
    CREDENTIALS = "keys and tokens"
    GRANTS = "grants"


class Verb(StrEnum):
    """What happened."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `about` is who or what changed; `on` is the group that was joined, or the node of the grant.

    `before` and `after` are words: names, permissions, or the values of a setting. A change that `goes_along`
    belongs to somebody or something that came or went. A change that `adds_right` gives a right without a level.
    """

    section: Section
    verb: Verb
    about: Identity | Node
    on: Identity | Node | None = None
    before: str | None = None
    after: str | None = None
    goes_along: bool = False
    adds_right: bool = False


class Difference:
    """Everything that is different in `new`; `limits` says what could not be compared."""

    def __init__(self, old: Export, new: Export) -> None:
        reduced = comparable(old, new)
        self.matching = Matching(reduced.old, reduced.new)
        self.limits = reduced.limits

    @cached_property
    def changes(self) -> list[Change]:
        """Give every change of what the exports say, by section."""
        found = [
            *_settings(self.matching),
            *_identities(self.matching),
            *_memberships(self.matching),
            *_resources(self.matching),
            *_grants(self.matching),
        ]
        sections = list(Section)
        return sorted(found, key=lambda change: (sections.index(change.section), *_order(change)))

    @cached_property
    def consequences(self) -> list[Consequence]:
        """Give who can reach more or less than before, many subjects and resources together."""
        return consequences(self.matching)

    @property
    def is_changed(self) -> bool:
        """Whether anything changed."""
        return bool(self.changes or self.consequences)

    @property
    def gained(self) -> bool:
        """Whether anybody can do more than before.

        This includes rights without a level, such as to create projects, and accounts that were activated again.
        """
        return any(one.gained for one in self.consequences) or any(map(_opens, self.changes))


def _opens(change: Change) -> bool:
    if change.section is Section.USERS:
        return change.after in (_ACTIVE, _LICENSED)
    return change.adds_right


def _order(change: Change) -> tuple[object, ...]:
    on = change.on
    return change.about.name.lower(), "" if on is None else on.name.lower(), change.verb, change.after or ""


def _settings(matching: Matching) -> Iterator[Change]:
    """Tell what changed about an application itself, and about what its permissions mean."""
    for application in matching.new.applications:
        counterpart = matching.node(application)
        for name in ("version", "base_url", "public_access"):
            before = None if counterpart is None else counterpart.properties.get(name)
            after = application.properties.get(name)
            # What one export does not know is no change: see `comparable`.
            if counterpart is not None and before != after and "unknown" not in (before, after):
                yield Change(Section.SETTINGS, Verb.CHANGED, application, None, f"{name} {before}", f"{name} {after}")
        known = {permission.name: permission for permission in matching.old.permissions}
        for permission in matching.new.permissions:
            old = known.get(permission.name, permission)
            if (old.categories, old.inherits) != (permission.categories, permission.inherits):
                meaning = f"meaning of {permission.name}"
                yield Change(Section.SETTINGS, Verb.CHANGED, application, None, meaning, f"another {meaning}")


_ACTIVE, _LICENSED = "active", "licensed"


def _identities(matching: Matching) -> Iterator[Change]:
    for one in matching.new.identities:
        old = matching.identity(one)
        if one.id in SYNTHETIC:
            continue
        if old is None:
            yield Change(_section(one), Verb.ADDED, one)
            continue
        if who(one) != who(old):
            yield Change(_section(one), Verb.RENAMED, one, None, who(old), who(one))
        for before, after in _states(old, one):
            yield Change(_section(one), Verb.CHANGED, one, None, before, after)
    for one in matching.old.identities:
        if matching.identity(one) is None and one.id not in SYNTHETIC:
            yield Change(_section(one), Verb.REMOVED, one)


def _section(one: Identity) -> Section:
    match one:
        case Group():
            return Section.GROUPS
        case Credential():
            return Section.CREDENTIALS
        case _:
            return Section.USERS


def _states(old: Identity, new: Identity) -> Iterator[tuple[str, str]]:
    """Give the state before and after, where it changed and both exports know it."""
    was, is_active = getattr(old, "is_active", None), getattr(new, "is_active", None)
    if _has_changed(was, is_active):
        yield (_ACTIVE, "inactive") if was else ("inactive", _ACTIVE)
    elif isinstance(old, User) and isinstance(new, User) and _has_changed(is_licensed(old), is_licensed(new)):
        yield (_LICENSED, "not licensed") if is_licensed(old) else ("not licensed", _LICENSED)
    if isinstance(new, Credential) and isinstance(old, Credential) and old.expires_at != new.expires_at:
        yield f"expires {old.expires_at or 'never'}", f"expires {new.expires_at or 'never'}"


def _has_changed(before: object, after: object) -> bool:
    return isinstance(before, bool) and isinstance(after, bool) and before is not after


def _memberships(matching: Matching) -> Iterator[Change]:
    """Tell who joined and left which group, and whose a credential became."""
    for export, verb in ((matching.new, Verb.ADDED), (matching.old, Verb.REMOVED)):
        other = matching.other(export)
        for one in export.identities:
            counterpart = matching.identity(one)
            known = {matching.identity(group) for group in other.groups_of(counterpart)} if counterpart else set()
            for group in export.groups_of(one):
                if group not in known and group.id not in SYNTHETIC and one.id not in SYNTHETIC:
                    along = counterpart is None or matching.identity(group) is None
                    yield Change(
                        Section.MEMBERS, verb, _newest(matching, one), _newest(matching, group), goes_along=along
                    )


def _resources(matching: Matching) -> Iterator[Change]:
    for item in matching.new.resources:
        old = matching.node(item)
        if not isinstance(old, Resource):
            yield Change(_kind(item), Verb.ADDED, item)
            continue
        if matching.has_moved(item):
            yield Change(_kind(item), Verb.MOVED, item, None, where(old), where(item))
        elif _own_names(old) != _own_names(item):
            yield Change(_kind(item), Verb.RENAMED, item, None, _in_full(old), _in_full(item))
        yield from _marks(old, item)
    for item in matching.old.resources:
        if matching.node(item) is None:
            yield Change(_kind(item), Verb.REMOVED, item)


def _marks(old: Resource, new: Resource) -> Iterator[Change]:
    """Tell what was marked public while public access is off: no grant shows it, and one setting would open it."""
    application = list(lineage(new))[-1]
    before, after = (bool(item.properties.get("is_public")) for item in (old, new))
    if before is not after and application.properties.get("public_access") == "off":
        words = ("not marked public", "marked public, while public access is off")
        yield Change(Section.OPENNESS, Verb.CHANGED, new, None, words[before], words[after])


def _kind(item: Resource) -> Section:
    return Section.PROJECTS if isinstance(item.parent, Application) else Section.REPOSITORIES


def _own_names(item: Resource) -> tuple[object, str]:
    """Give what a resource is called itself, without its parents."""
    return item.properties.get("slug") or item.properties.get("key"), item.name


def _in_full(item: Resource) -> str:
    place = where(item)
    return place if place.endswith(item.name) else f"{place} ({item.name})"


def _grants(matching: Matching) -> Iterator[Change]:
    """Tell the grants that came, went, or became higher or lower; those of one holder on one node together."""
    changed: defaultdict[tuple[Identity, Node], tuple[list[Permission], list[Permission]]]
    changed = defaultdict(lambda: ([], []))
    before_by_name, after_by_name = (
        {permission.name.lower(): permission for permission in export.permissions}
        for export in (matching.old, matching.new)
    )
    for holder, name, node in matching.extra_grants(matching.old):
        changed[_newest(matching, holder), matching.node(node) or node][0].append(before_by_name[name])
    for holder, name, node in matching.extra_grants(matching.new):
        changed[holder, node][1].append(after_by_name[name])
    for (holder, node), (before, after) in changed.items():
        verb = _verb(before, after)
        along = matching.identity(holder) is None or matching.node(node) is None
        if holder.id in EVERYBODY:
            yield from _openness(holder, node, verb, before, after, along=along)
            continue
        adds_right = any(not item.categories.level for item in after) or _extends_unseen(before, after)
        yield Change(Section.GRANTS, verb, holder, node, _named(before), _named(after), along, adds_right)


def _openness(
    holder: Identity, node: Node, verb: Verb, before: list[Permission], after: list[Permission], *, along: bool
) -> Iterator[Change]:
    def described(permissions: list[Permission]) -> str | None:
        if not permissions:
            return None
        return "public" if holder.id == EVERYONE else f"default permission {_named(permissions)}"

    yield Change(Section.OPENNESS, verb, node, None, described(before), described(after), along)


def _verb(before: list[Permission], after: list[Permission]) -> Verb:
    if not before or not after:
        return Verb.ADDED if after else Verb.REMOVED
    if _all(before) == _all(after):
        return Verb.CHANGED
    if _extends(before, after):
        return Verb.RAISED
    return Verb.LOWERED if _extends(after, before) else Verb.CHANGED


def _extends(before: list[Permission], after: list[Permission]) -> bool:
    """Whether the permissions after mean all that those before mean, and more."""
    return _all(before) != _all(after) and _all(before) in _all(after)


def _extends_unseen(before: list[Permission], after: list[Permission]) -> bool:
    return bool(before) and _extends(before, after) and _all(before).level is _all(after).level


def _all(permissions: list[Permission]) -> Category:
    return reduce(or_, (permission.categories for permission in permissions), Category(0))


def _named(permissions: list[Permission]) -> str | None:
    return ", ".join(sorted(permission.name for permission in permissions)) or None


def _newest(matching: Matching, one: Identity) -> Identity:
    """Give an identity of either export as the new one has it, if it does."""
    return one if any(one.application is each for each in matching.new.applications) else matching.identity(one) or one
