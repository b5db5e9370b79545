"""What is asked of Bitbucket, in which order, and what a refusal means. The flow; the rooms around it do the work.

First the listings of the whole instance, then what each group, project and repository has of its own. A
listing of the instance that breaks ends the run; what belongs to one group, project or repository and
cannot be read is a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Protocol, TypeVar

from connector.errors import (
    Conflict,
    Gone,
    Missing,
    MissingElsewhere,
    ProjectGone,
    Refused,
    RefusedElsewhere,
    Unknown,
    Unreadable,
)
from connector.model import (
    Gap,
    GlobalPermission,
    GlobalPermissionsRead,
    Group,
    Inclusion,
    Permission,
    Project,
    ProjectPermission,
    ProjectType,
    Repository,
    RepositoryPermission,
    User,
)
from connector.rest.answer import JsonObject
from connector.rest.workers import Crew, Job, Keep
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.cost import OF_A_GROUP, OF_A_REPOSITORY, Counts, of_a_project, of_the_included
from connector.sources.datacenter.endpoints import Address, Endpoint
from connector.sources.datacenter.paging import LIMIT, LIMIT_WITH_PERMISSION, pages
from connector.sources.datacenter.snapshot_builder import Findings, GroupRows, UserRows

log = logging.getLogger(__name__)

T = TypeVar("T")

_MEMBERS = "members"
_PERMISSIONS = "permissions"

_NOT_ON_PERSONAL_PROJECTS = (Refused, Missing, Conflict)
"""What versions answer that keep no permissions of personal projects; their owner is known without."""

_LOOKS_AGAIN = 3
"""How often listings are read again at most; each time something new was found deleted."""

_KNOWN_TO_ALL = frozenset({ProjectPermission.PROJECT_READ, ProjectPermission.PROJECT_WRITE})
"""Default permissions that every version knows; REPO_CREATE came with 8.3."""


class Asks(Protocol):
    """Whoever can be asked."""

    def get(self, address: Address, **question: str | int) -> JsonObject:
        """Give the JSON object that is answered. Raises `Unreadable`, or another `BitbucketError`."""


class Collector:
    """One run's questions. Jobs run in the crew's workers; every `_keep…` runs in the calling thread."""

    def __init__(
        self,
        client: Asks,
        crew: Crew,
        counts: Counts,
        *,
        concurrency: int,
        granted_groups_only: bool,
        include: frozenset[Inclusion] = frozenset(),
        requests_for_a_user: int = 0,
        learn_pace: Callable[[], None] | None = None,
        forget: Callable[[], None] | None = None,
    ) -> None:
        self.findings = Findings(granted_groups_only=granted_groups_only)
        self._client = client
        self._crew = crew
        self._counts = counts
        self._granted_groups_only = granted_groups_only
        self._include = include
        """What is asked for when this is done; it counts among what is left, and so do questions about users."""
        self._requests_for_a_user = requests_for_a_user
        # While pages of the sweep are so small that reading them alone would keep most workers idle for
        # long, permissions are asked for meanwhile, instead of after it.
        self._small_page = 10 * concurrency
        self._page_sizes: list[int] = []
        self._learn_pace = learn_pace
        """Asks how fast to ask; like the sweeps, it is to end before the cost of the run is told."""
        self._forget = forget
        """Is called before listings are read again; without it they are not."""
        self._sweeps_left = 2 + (learn_pace is not None)
        self._cost_told = False
        self._new_projects: list[Project] = []
        self._new_repositories: list[Repository] = []
        self._groups_listed = False
        self._asked_groups: set[str] = set()
        self._unknown_defaults: set[ProjectPermission] = set()

    def collect(self) -> Findings:
        """Ask everything. Raises `BitbucketError` where the run cannot go on."""
        if self._learn_pace is not None:
            self._crew.add([partial(self._read_pace, self._learn_pace)])
        self._crew.add([
            self._sweep_repositories,
            self._sweep_projects,
            self._list_groups,
            self._list_users,
            self._list_global_permissions,
        ])  # fmt: skip
        self._crew.run()
        seen_gone = 0
        for _ in range(_LOOKS_AGAIN):
            if self._forget is None or self.findings.gone == seen_gone:
                break
            seen_gone = self.findings.gone
            self._forget()
            self._look_again()
        return self.findings

    def _look_again(self) -> None:
        """Read the listings once more, and what is new in them, because something was deleted meanwhile.

        Pages are counted by rows: what came behind a deleted row moved up, and one row may have moved from a page
        that was still to come to one that had been read.
        """
        log.info("something was deleted while the export ran: the listings are read again, lest something was missed")
        self._sweeps_left = 2
        self._crew.add([self._sweep_repositories, self._sweep_projects, self._list_groups, self._list_users])
        self._crew.run()

    # ---- listings of the whole instance

    def _read_pace(self, learn_pace: Callable[[], None]) -> Keep:
        learn_pace()
        return self._keep_sweep

    def _sweep_repositories(self) -> Keep:
        """Read all repositories in one listing: the only one that shows personal projects and makes none."""
        where = endpoints.REPOSITORIES.template
        for rows in self._pages(endpoints.REPOSITORIES.at(), archived="ALL"):
            projects = [parse.project_of(row, where) for row in rows]
            self._crew.hand_over(partial(self._keep_projects, *_projects(projects, where), listed=False))
            repositories = [parse.repository(row, where) for row in rows]
            self._crew.hand_over(partial(self._keep_repositories, repositories))
        return self._keep_sweep

    def _sweep_projects(self) -> Keep:
        where = endpoints.PROJECTS.template
        for rows in self._pages(endpoints.PROJECTS.at()):
            self._crew.hand_over(partial(self._keep_projects, *_projects(rows, where), listed=True))
        return self._keep_sweep

    def _list_groups(self) -> Keep:
        rows, where = self._first_readable(endpoints.ADMIN_GROUPS, endpoints.GROUPS)
        return partial(self._keep_groups, [parse.group(row, where) for row in rows])

    def _list_users(self) -> Keep:
        rows, where = self._first_readable(endpoints.ADMIN_USERS, endpoints.USERS)
        return partial(self._keep_users, [parse.user(row, where, in_directory=True) for row in rows])

    def _list_global_permissions(self) -> Keep:
        try:
            users = self._user_rows(endpoints.GLOBAL_USERS.at(), GlobalPermission)
            groups = self._group_rows(endpoints.GLOBAL_GROUPS.at(), GlobalPermission)
        except (Refused, Missing) as refused:
            return self._list_effective_holders(refused)
        return partial(self._keep_global_grants, GlobalPermissionsRead.FULL, users, groups)

    def _list_effective_holders(self, refused: Unreadable) -> Keep:
        """Ask who holds global permissions by any way, which any account may."""
        try:
            rows = [row for permission in GlobalPermission for row in self._holders(permission)]
        except (RefusedElsewhere, MissingElsewhere):
            raise
        except (Refused, Missing, Unknown) as refused_too:
            log.warning("global permissions cannot be read: %s", refused_too)
            return partial(self._keep_global_grants, GlobalPermissionsRead.NONE, [], [])
        log.warning("global permissions are exported as held by users, not through which group: %s", refused)
        return partial(self._keep_global_grants, GlobalPermissionsRead.EFFECTIVE, rows, [])

    def _holders(self, permission: GlobalPermission) -> Iterator[tuple[User, Permission]]:
        where = f"{endpoints.USERS.template}?permission={permission}"
        for row in self._rows(endpoints.USERS.at(), limit=LIMIT_WITH_PERMISSION, permission=permission):
            yield parse.user(row, where, in_directory=False), permission

    def _first_readable(self, first: Endpoint, otherwise: Endpoint) -> tuple[list[Any], str]:
        try:
            return self._rows(first.at()), first.template
        except (Refused, Missing) as refused:
            log.warning("%s is asked instead: %s", otherwise.template, refused)
        return self._rows(otherwise.at()), otherwise.template

    def _keep_projects(self, projects: list[Project], owners: list[User], *, listed: bool) -> None:
        found = self.findings
        for owner in owners:
            found.name_user(owner)
        for project in projects:
            if project.id not in found.listed_projects and project.id not in found.named_projects:
                self._new_projects.append(project)
            (found.listed_projects if listed else found.named_projects).setdefault(project.id, project)

    def _keep_repositories(self, repositories: list[Repository]) -> None:
        known = self.findings.repositories
        for repository in repositories:
            if known.setdefault(repository.id, repository) is repository:
                self._new_repositories.append(repository)
        self._page_sizes.append(len(repositories))
        if len(self._page_sizes) > 1 and self._page_sizes[0] < self._small_page:
            self._ask_permissions("small pages: permissions are asked for while repositories are listed; so far this")

    def _keep_sweep(self) -> None:
        self._sweeps_left -= 1
        if not self._sweeps_left:
            self._ask_permissions("what is left")

    def _keep_groups(self, groups: list[Group]) -> None:
        for group in groups:
            self.findings.listed_groups.setdefault(group.key, group)
        self._groups_listed = True
        if not self._granted_groups_only:
            self._ask_members(self.findings.listed_groups)
        self._ask_members_of_newly_named()

    def _keep_users(self, users: list[User]) -> None:
        listed = self.findings.listed_users
        known = len(listed)
        for user in users:
            listed.setdefault(user.id, user)
        self._counts.expect(0, self._requests_for_a_user * (len(listed) - known))
        if self._requests_for_a_user and not self._sweeps_left:
            self._counts.tell("what is left, with keys and tokens of users,")

    def _keep_global_grants(self, read: GlobalPermissionsRead, users: UserRows, groups: GroupRows) -> None:
        self.findings.global_permissions = read
        self.findings.global_grants = self.findings.grants(users, groups)
        self._ask_members_of_newly_named()

    # ---- what each group, project and repository has of its own

    def _ask_members_of_newly_named(self) -> None:
        """Ask for the members of groups that only a grant knows, once it is known which those are."""
        if self._groups_listed and self.findings.newly_named_groups:
            self._ask_members(self.findings.newly_named_groups)
            self.findings.newly_named_groups = []

    def _ask_members(self, keys: Iterable[str]) -> None:
        known = self.findings.named_groups | self.findings.listed_groups
        groups = [known[key] for key in keys if key not in self._asked_groups]
        self._asked_groups.update(group.key for group in groups)
        self._counts.expect(len(groups), len(groups) * OF_A_GROUP)
        self._crew.add(self._scope(OF_A_GROUP, partial(self._read_members, group)) for group in groups)

    def _ask_permissions(self, what: str) -> None:
        projects, self._new_projects = self._new_projects, []
        repositories, self._new_repositories = self._new_repositories, []
        requests = sum(map(of_a_project, projects)) + len(repositories) * OF_A_REPOSITORY
        requests += of_the_included(self._include, projects=len(projects), repositories=len(repositories))
        self._counts.expect(len(projects) + len(repositories), requests)
        if not self._cost_told or not self._sweeps_left:
            self._counts.tell(what)
            self._cost_told = True
        self._crew.add(self._scope(of_a_project(project), partial(self._read_project, project)) for project in projects)
        self._crew.add(
            self._scope(OF_A_REPOSITORY, partial(self._read_repository, repository, self._key_of(repository)))
            for repository in repositories
        )

    def _scope(self, requests: int, read: Job) -> Job:
        """Make a job of reading one group, project or repository, for which so many requests are expected."""

        def job() -> Keep:
            keep = read()
            return partial(self._finish, keep, requests)

        return job

    def _finish(self, keep: Keep, requests: int) -> None:
        keep()
        self._counts.done(requests)

    def _key_of(self, repository: Repository) -> str:
        found = self.findings
        return (found.listed_projects.get(repository.project_id) or found.named_projects[repository.project_id]).key

    def _read_members(self, group: Group) -> Keep:
        where = f"members of group {group.name}"
        try:
            rows = self._rows(endpoints.GROUP_MEMBERS.at(), context=group.name)
        except Missing as missing:
            return partial(self._keep_missing_group, group, missing)
        except Unreadable as unreadable:
            return partial(self._keep_unread_group, group, unreadable)
        return partial(self._keep_members, group, [parse.user(row, where, in_directory=False) for row in rows])

    def _read_project(self, project: Project) -> Keep:
        if project.type is ProjectType.PERSONAL:
            return self._read_personal_project(project)
        try:
            users = self._user_rows(endpoints.PROJECT_USERS.at(project.key), ProjectPermission)
            groups = self._group_rows(endpoints.PROJECT_GROUPS.at(project.key), ProjectPermission)
            default = self._read_default_permission(project.key)
        except Gone as gone:
            return partial(self._keep_gone_project, project.id, project.key, gone)
        except Unreadable as unreadable:
            return partial(self._keep_gap, f"project {project.key}", _PERMISSIONS, unreadable)
        return partial(self._keep_project, project, users, groups, default)

    def _read_personal_project(self, project: Project) -> Keep:
        try:
            users = self._where_kept(
                lambda: self._user_rows(endpoints.PROJECT_USERS.at(project.key), ProjectPermission)
            )
            groups = self._where_kept(
                lambda: self._group_rows(endpoints.PROJECT_GROUPS.at(project.key), ProjectPermission)
            )
        except Unreadable as unreadable:
            return partial(self._keep_gap, f"project {project.key}", _PERMISSIONS, unreadable)
        return partial(self._keep_project, project, users, groups, None)

    def _where_kept(self, read: Callable[[], list[T]]) -> list[T]:
        try:
            return read()
        except RefusedElsewhere:
            raise
        except _NOT_ON_PERSONAL_PROJECTS:
            return []

    def _read_default_permission(self, key: str) -> ProjectPermission | None:
        """Ask from the highest down: the rows are independent of each other, and the highest one counts."""
        for permission in reversed(ProjectPermission):
            if permission not in self._unknown_defaults and self._is_default(key, permission):
                return permission
        return None

    def _is_default(self, key: str, permission: ProjectPermission) -> bool:
        try:
            answer = self._client.get(endpoints.PROJECT_DEFAULT.at(key, permission))
        except Unknown:
            if permission in _KNOWN_TO_ALL:
                raise
            self._unknown_defaults.add(permission)
            return False
        return parse.permitted(answer, f"default permission of {key}")

    def _read_repository(self, repository: Repository, key: str) -> Keep:
        name = f"{key}/{repository.slug}"
        try:
            users = self._user_rows(endpoints.REPOSITORY_USERS.at(key, repository.slug), RepositoryPermission)
            groups = self._group_rows(endpoints.REPOSITORY_GROUPS.at(key, repository.slug), RepositoryPermission)
        except ProjectGone as gone:
            return partial(self._keep_gone_project, repository.project_id, key, gone)
        except Gone as gone:
            return partial(self._keep_gone_repository, repository, name, gone)
        except Unreadable as unreadable:
            return partial(self._keep_gap, f"repository {name}", _PERMISSIONS, unreadable)
        return partial(self._keep_repository, repository, users, groups)

    def _keep_members(self, group: Group, members: list[User]) -> None:
        for member in members:
            self.findings.name_user(member)
        self.findings.members[group.key] = frozenset(member.id for member in members)

    def _keep_missing_group(self, group: Group, missing: Missing) -> None:
        """Export a group that only a grant knows without members; one that was listed is deleted meanwhile."""
        if isinstance(missing, Gone):
            self.findings.gone_groups += self.findings.listed_groups.pop(group.key, None) is not None
        elif group.in_directory or isinstance(missing, MissingElsewhere):
            self._keep_unread_group(group, missing)
            return
        log.info("group %s is not in the directory (any more), so it has no members", group.name)

    def _keep_unread_group(self, group: Group, unreadable: Unreadable) -> None:
        self.findings.unread_groups.add(group.key)
        self._keep_gap(f"group {group.name}", _MEMBERS, unreadable)

    def _keep_project(
        self, project: Project, users: UserRows, groups: GroupRows, default: ProjectPermission | None
    ) -> None:
        self.findings.project_grants[project.id] = self.findings.grants(users, groups)
        if default is not None:
            self.findings.default_permissions[project.id] = default
        self._ask_members_of_newly_named()

    def _keep_repository(self, repository: Repository, users: UserRows, groups: GroupRows) -> None:
        self.findings.repository_grants[repository.id] = self.findings.grants(users, groups)
        self._ask_members_of_newly_named()

    def _keep_gone_project(self, project_id: str, key: str, gone: Gone) -> None:
        log.info("project %s was deleted while the export ran: %s", key, gone)
        self.findings.gone_projects.add(project_id)

    def _keep_gone_repository(self, repository: Repository, name: str, gone: Gone) -> None:
        log.info("repository %s was deleted while the export ran: %s", name, gone)
        self.findings.gone_repositories.add(repository.id)

    def _keep_gap(self, scope: str, missing: str, unreadable: Unreadable) -> None:
        self.findings.gaps.append(Gap(scope, missing, str(unreadable)))

    # ---- asking

    def _user_rows(self, address: Address, scale: type[Permission]) -> list[tuple[User, Permission]]:
        return [parse.user_grant(row, scale, address.path) for row in self._rows(address)]

    def _group_rows(self, address: Address, scale: type[Permission]) -> list[tuple[str, Permission]]:
        return [parse.group_grant(row, scale, address.path) for row in self._rows(address)]

    def _rows(self, address: Address, limit: int = LIMIT, **question: str) -> list[Any]:
        """All rows of a listing, or an exception: never those of its first pages."""
        return [row for rows in self._pages(address, limit, **question) for row in rows]

    def _pages(self, address: Address, limit: int = LIMIT, **question: str) -> Iterator[list[Any]]:
        return pages(partial(self._client.get, address, **question), address.path, limit)


def _projects(rows: list[Any], where: str) -> tuple[list[Project], list[User]]:
    """Give the projects of some rows, each once, and who owns those that are personal."""
    projects: dict[str, Project] = {}
    owners = []
    for row in rows:
        project = parse.project(row, where)
        if projects.setdefault(project.id, project) is project and project.type is ProjectType.PERSONAL:
            owners.append(parse.owner(row, where))
    return list(projects.values()), owners
