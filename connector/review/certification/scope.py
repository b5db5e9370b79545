"""Who is asked about what: which grants come into which workbook, and to whom that one goes.

The owner of a project is the owner of a personal project; else each person who is named as its administrator, on
the project itself, and can still answer; else each group that is named so, whose members answer in one workbook.
Administrators of everything are no owners. A project of several owners is asked of each of them, and one answer is
enough. A project of nobody has a workbook of its own, as with `By.PROJECT`. What is granted on the application
itself, such as global permissions, belongs to no project: it has a workbook of its own, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import UsageError
from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Application, Group, Identity, Level, Node, Resource, User
from connector.review.certification.people import outside
from connector.review.findings.finding import is_service
from connector.review.text.names import where, who, widest
from connector.review.text.reasons import is_owner
from connector.review.vocabulary import EVERYBODY


class By(StrEnum):
    """What one workbook is about."""

    PROJECT = "project"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a review is about. `only` names projects; empty means all of them, and the global permissions."""

    by: By = By.PROJECT
    only: tuple[str, ...] = ()
    at_least: Level = Level.NONE


@dataclass(frozen=True, slots=True)
class Unit:
    """What one workbook is about: whole projects, or what is granted on an application itself."""

    name: str
    title: str
    nodes: tuple[Node, ...]
    reviewers: tuple[Identity, ...]

    @property
    def is_global(self) -> bool:
        """Whether it is about global permissions."""
        return isinstance(self.nodes[0], Application)


def units(access: Access, scope: Scope) -> list[Unit]:
    """Give what there are workbooks for, in the order of the export. Raises `UsageError` for an unknown name."""
    owners = Owners(access)
    chosen = _chosen(access.export, scope.only)
    asked = () if scope.only else access.export.applications
    everywhere = [
        Unit(
            f"{widest(one)}s".replace(" ", "-"),
            f"{widest(one).capitalize()}s of {one.name}",
            (one,),
            owners.of_application(one),
        )
        for one in asked
    ]
    if scope.by is By.PROJECT:
        return [*everywhere, *(_of_project(owners, project) for project in chosen)]
    return [*everywhere, *_by_owner(owners, chosen)]


def _by_owner(owners: Owners, projects: Iterable[Resource]) -> list[Unit]:
    owned: dict[Identity, list[Resource]] = {}
    nobodys: list[Unit] = []
    for project in projects:
        found = owners.of(project)
        for owner in found:
            owned.setdefault(owner, []).append(project)
        if not found:
            nobodys.append(_of_project(owners, project))
    people = [
        Unit(str(owner.properties.get("username") or owner.id), f"What {who(owner)} owns", tuple(own), (owner,))
        for owner, own in owned.items()
    ]
    return [*people, *nobodys]


def _of_project(owners: Owners, project: Resource) -> Unit:
    key = where(project)
    title = key if project.name == key else f"{key} \N{EN DASH} {project.name}"
    return Unit(key, title, (project,), owners.of(project))


def _chosen(export: Export, only: Sequence[str]) -> Sequence[Resource]:
    """Give the named projects, each once; one that is spelt exactly so goes before others in another letter case."""
    projects = export.top_resources
    if not only:
        return projects
    found: dict[Resource, None] = {}
    for name in only:
        same = [project for project in projects if name in _names(project)]
        wanted = name.lower()
        alike = same or [item for item in projects if wanted in (known.lower() for known in _names(item))]
        if not alike:
            raise UsageError(f"--only {name}: the export has no such project; projects are named by key, id or name")
        found.update(dict.fromkeys(alike))
    return list(found)


def _names(project: Resource) -> tuple[str, ...]:
    return where(project), project.id, project.name


class Owners:
    """Who owns what in one export, as the module says."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._able: dict[Identity, bool] = {}

    def of(self, project: Resource) -> tuple[Identity, ...]:
        """Give the owners of a project who can answer; there may be none."""
        rows = self._access.export.assignments_on(project)
        if personal := [row.holder for row in rows if is_owner(row.grant(project))]:
            return tuple(one for one in dict.fromkeys(personal) if self._can_answer(one))
        named = self._administrators(project)
        return tuple(one for one in named if isinstance(one, User)) or named

    def of_application(self, application: Application) -> tuple[Identity, ...]:
        """Give the administrators of everything, as they are named."""
        return self._administrators(application)

    def _administrators(self, node: Node) -> tuple[Identity, ...]:
        rows = self._access.export.assignments_on(node)
        named = dict.fromkeys(row.holder for row in rows if row.permission.categories.level is Level.ADMIN)
        return tuple(one for one in named if self._can_answer(one))

    def _can_answer(self, identity: Identity) -> bool:
        """Whether somebody is a person who can sign in as far as is known, or a group with one."""
        if identity not in self._able:
            people = self._access.beneficiaries(identity) if isinstance(identity, Group) else (identity,)
            is_special = identity.id in EVERYBODY
            self._able[identity] = not is_special and any(map(_is_able, people))
        return self._able[identity]


def _is_able(one: Identity) -> bool:
    if not isinstance(one, User) or is_service(one):
        return False
    return one.is_active is not False and not outside(one)
