"""Two exports of one server, reduced to what can be compared: the same server can be read in different ways.

An administrator's password shows through which groups people hold global permissions, an access token only who
holds them, and some accounts not even that. `--include` adds keys in one run and not in the next. Such a
difference is no change of the server: both exports are reduced to what both of them know, and the rest is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from connector.graph.access import Access
from connector.graph.export import Assignment, Export
from connector.graph.values import Application, Credential, Identity, Permission, User
from connector.review.caveats import knows_licences
from connector.review.text.names import counted
from connector.review.vocabulary import ANONYMOUS, CREDENTIALS, EVERYONE, GLOBAL_PERMISSIONS, LICENSED_USERS

_Reduce = Callable[[Export], Export]


@dataclass(frozen=True, slots=True)
class Comparable:
    """Both exports, reduced to what both know, and what could therefore not be compared."""

    old: Export
    new: Export
    limits: tuple[str, ...]


def comparable(old: Export, new: Export) -> Comparable:
    """Reduce two exports to what both of them know."""
    limits: list[str] = []
    reductions: list[_Reduce] = [_without_licences_of_inactive_users]
    for find in (_licences, _global_permissions, _public_access, _extras):
        for limit, reduction in find(old, new):
            limits.append(limit)
            reductions.append(reduction)
    for reduction in reductions:
        old, new = reduction(old), reduction(new)
    return Comparable(old, new, tuple(limits))


def is_licensed(user: User) -> bool | None:
    """Whether a user has a licence; an inactive one has none, although older exports say so."""
    known = user.properties.get("is_licensed")
    return False if user.is_active is False else known if isinstance(known, bool) else None


def _without_licences_of_inactive_users(export: Export) -> Export:
    return _with_licensed_users(export, lambda user, is_member: is_member and user.is_active is not False)


def _licences(old: Export, new: Export) -> Iterator[tuple[str, _Reduce]]:
    if knows_licences(old) is not knows_licences(new):
        lacks = "old" if knows_licences(new) else "new"
        yield (
            f"who has a licence: the {lacks} export does not know it, so every active user counts as licensed in both",
            lambda export: _with_licensed_users(
                export, lambda user, _: user.is_active is not False and user.id != ANONYMOUS
            ),
        )


def _with_licensed_users(export: Export, is_member: Callable[[User, bool], bool]) -> Export:
    """Decide anew who belongs to the group of all licensed users."""
    groups = [group for group in export.groups if group.id == LICENSED_USERS]
    memberships = dict(export.memberships)
    for group in groups:
        for user in export.users:
            others = [one for one in export.groups_of(user) if one is not group]
            belongs = is_member(user, len(others) < len(export.groups_of(user)))
            if user.application is group.application and (others or belongs or user in memberships):
                memberships[user] = [*others, *([group] if belongs else [])]
    return replace(export, memberships=memberships) if groups else export


_WAYS = {"full": "each grant", "effective": "only who holds them", "none": "none of them"}


def _global_permissions(old: Export, new: Export) -> Iterator[tuple[str, _Reduce]]:
    unlisted = frozenset((*_unlisted(old), *_unlisted(new)))
    for what in ("global permissions", "workspace permissions"):
        before, after = (_properties(export, what.replace(" ", "_")) for export in (old, new))
        if before == after or not {*before, *after} <= _WAYS.keys() or not (before and after):
            continue
        said = f"the old export has {_WAYS[before[0]]} ({before[0]}), the new one {_WAYS[after[0]]} ({after[0]})"
        if "none" in (*before, *after):
            yield f"{what}: {said}; they are left out of both", _without_global_grants
        else:
            yield (
                f"grants of {what}: {said}; only who holds them is compared, for active users",
                lambda export: _held_by_users(export, unlisted),
            )


def _properties(export: Export, name: str) -> list[str]:
    """Give a property of the applications, where it is known: once if it is the same for all."""
    found = (application.properties.get(name) for application in export.applications)
    return list(dict.fromkeys(value for value in found if isinstance(value, str)))


def _is_global(row: Assignment) -> bool:
    return any(isinstance(node, Application) for node in row.targets)


def _without_global_grants(export: Export) -> Export:
    return replace(export, assignments=list(_on_resources(export)))


def _on_resources(export: Export) -> Iterator[Assignment]:
    for row in export.assignments:
        if not _is_global(row):
            yield row
        elif targets := [node for node in row.targets if not isinstance(node, Application)]:
            yield replace(row, targets=targets)


def _unlisted(export: Export) -> Iterator[str]:
    """Yield the ids of users whom a listing of holders leaves out: inactive ones, and those of no directory."""
    for user in export.users:
        if user.is_active is False or False in (user.properties.get("in_directory"), user.properties.get("is_member")):
            yield user.id


def _held_by_users(export: Export, unlisted: frozenset[str]) -> Export:
    """Turn grants of global permissions into what a listing of their holders shows: the highest one of each user."""
    access = Access(export)
    held: defaultdict[User, list[Permission]] = defaultdict(list)
    for row in filter(_is_global, export.assignments):
        for one in access.beneficiaries(row.holder):
            if isinstance(one, User) and one.id not in unlisted:
                held[one].append(row.permission)
    highest = (Assignment(user, max(each, key=_rank), (), [user.application]) for user, each in held.items())
    return replace(export, assignments=[*_on_resources(export), *highest])


def _rank(permission: Permission) -> tuple[int, int, str]:
    known = permission.name in GLOBAL_PERMISSIONS
    rank = GLOBAL_PERMISSIONS.index(permission.name) if known else -1
    return int(permission.categories.level), rank, permission.name


def _public_access(old: Export, new: Export) -> Iterator[tuple[str, _Reduce]]:
    """Where one export knows that public access is off, the other must not count what is marked public."""
    before, after = (_properties(export, "public_access") for export in (old, new))
    if {*before, *after} == {"unknown", "off"}:
        unknown = "old" if before == ["unknown"] else "new"
        yield (
            f"public access: the {unknown} export does not know whether it is switched on",
            lambda export: replace(
                export, assignments=[row for row in export.assignments if row.holder.id != EVERYONE]
            ),
        )


def _extras(old: Export, new: Export) -> Iterator[tuple[str, _Reduce]]:
    """Leave out credentials that one of the exports was not asked for, or could not read."""
    for lacks, export, other in (("old", old, new), ("new", new, old)):
        for kind, credentials in _kinds(other).items():
            name, asked_by = CREDENTIALS.get(kind[0], (kind[0], ""))
            what = f"{counted(len(credentials), name)}{' of users' if kind[1] else ''}"
            if kind in _kinds(export):
                continue
            if export.defined and other.defined and asked_by in other.defined - export.defined:
                yield f"{what}: the {lacks} export was not asked for any", _without(kind)
            elif any(application.properties.get("not_collected") for application in export.applications):
                yield f"{what}: the {lacks} export has none, and not everything in it could be read", _without(kind)


_Kind = tuple[str, bool]
"""How the id of a credential begins, and whether a user owns it."""


def _kinds(export: Export) -> dict[_Kind, list[Credential]]:
    found: dict[_Kind, list[Credential]] = {}
    for credential in export.credentials:
        found.setdefault(_kind(export, credential), []).append(credential)
    return found


def _kind(export: Export, credential: Credential) -> _Kind:
    return credential.id.partition(":")[0], bool(export.owners_of(credential))


def _without(kind: _Kind) -> _Reduce:
    def reduction(export: Export) -> Export:
        def is_kept(one: Identity) -> bool:
            return not isinstance(one, Credential) or _kind(export, one) != kind

        return replace(
            export,
            identities=[one for one in export.identities if is_kept(one)],
            credentials_by_user={
                user: [one for one in own if is_kept(one)] for user, own in export.credentials_by_user.items()
            },
            assignments=[row for row in export.assignments if is_kept(row.holder)],
        )

    return reduction
