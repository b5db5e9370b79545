"""Random organisations of modest size, with every quirk that real servers are known to have.

A strategy draws few and small things, simplest first, so that a failure shrinks to an organisation that can
be read at a glance. Whatever is drawn could stand on a real server: names are unique where Bitbucket wants
them so, and what a version does not know does not occur on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository

ADMIN_NAME = "admin"
ADMIN_PASSWORD = "admin-secret"

_ACCOUNT_NAMES = (
    "jdoe",
    "Mary.Major",
    "zoë",
    "a b",
    "c+d",
    "e&f@example.com",
    "access-token-user/4/120",
    "access-token-user/5/7",
    "李雷",
    "100%",
)
_GROUP_NAMES = (
    "developers",
    "Bitbucket-Users",
    "R&D / Münster",
    "c++",
    "strasse",
    "Straße",
    "50% #1?",
    "开发",
    "Left & Gone",
)
_LABELS = ("Payments", "payments", "Café ☕", 'A & B / C+D "quoted" <b>', "日本語", "x" * 128)
_SLUGS = ("api", "api.v2", "a.b.c", "my_repo-1", "0")
_KEYS = ("PAY", "OPS", "R_D", "X1", "LEGACY")
_DESCRIPTIONS = (None, "", "What it is for.", "é" * 10_000, "line\nline\t\u2028 \U0001f4a5")
_TIMES = (None, 1_500_000_000_000, 1_729_000_123_456)
_NOT_IN_SLUG = re.compile(r"[^a-z0-9._-]")

_STATES = ("AVAILABLE", "INITIALISING", "INITIALISATION_FAILED", "OFFLINE")
_VERSIONS = ("9.4.2", "10.3.1", "8.9.1", "8.2.4", "7.21.0", "5.16.11")

_GLOBAL = ("LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN")
_PROJECT = ("PROJECT_READ", "PROJECT_WRITE", "PROJECT_ADMIN")
_REPOSITORY = ("REPO_READ", "REPO_WRITE", "REPO_ADMIN")
_MOSTLY = (True, True, True, False)


@st.composite
def organisations(draw: st.DrawFn, *, personal_grants: bool = True) -> Organisation:
    """Draw an organisation with an administrator (`ADMIN_NAME`, `ADMIN_PASSWORD`), a project and a repository.

    Without `personal_grants` nobody is granted anything on a personal project itself, for servers that do not
    show such grants.
    """
    version = draw(st.sampled_from(_VERSIONS))
    accounts = draw(_accounts())
    listed = [account.id for account in accounts if account.listed]
    groups = draw(_groups(listed))
    grants = _Grants([account.id for account in accounts], [*(group.name for group in groups), "Only in Grants"])
    projects = draw(_projects(accounts, grants, version, personal_grants=personal_grants))
    repositories = draw(_repositories(projects, grants, version))
    return Organisation(
        version=version,
        public_access=draw(st.booleans()),
        accounts={account.id: account for account in accounts},
        groups={group.name.lower(): group for group in groups},
        projects={project.id: project for project in projects},
        repositories={repository.id: repository for repository in repositories},
        global_users=draw(_licences(accounts)),
        global_groups=draw(grants.to_groups(_GLOBAL)),
    )


class _Grants:
    """Grants to users, listed or not, and to groups, in some spelling, the last of which is in no directory."""

    def __init__(self, user_ids: list[int], group_names: list[str]) -> None:
        self._user_ids = user_ids
        self._spellings = [spelling for name in group_names for spelling in _spellings(name)]

    def to_users(self, permissions: Sequence[str]) -> st.SearchStrategy[dict[int, str]]:
        return st.dictionaries(st.sampled_from(self._user_ids), st.sampled_from(permissions), max_size=3)

    def to_groups(self, permissions: Sequence[str]) -> st.SearchStrategy[dict[str, str]]:
        rows = st.tuples(st.sampled_from(self._spellings), st.sampled_from(permissions))
        return st.lists(rows, max_size=3, unique_by=lambda row: row[0].lower()).map(dict)


def _spellings(name: str) -> list[str]:
    """Give a name in several letter cases; "ß" has no upper case that is still the same name."""
    spellings = dict.fromkeys((name, name.lower(), name.upper(), name.swapcase()))
    return [spelling for spelling in spellings if spelling.lower() == name.lower()]


def _ids(count: int) -> st.SearchStrategy[list[int]]:
    """Draw ids with gaps, in no order."""
    return st.lists(st.integers(1, 400), min_size=count, max_size=count, unique=True)


@st.composite
def _accounts(draw: st.DrawFn) -> list[Account]:
    names = draw(st.lists(st.sampled_from(_ACCOUNT_NAMES), max_size=6, unique=True))
    admin_id, *ids = draw(_ids(len(names) + 1))
    admin = Account(admin_id, ADMIN_NAME, "Administrator", "admin@example.com", password=ADMIN_PASSWORD)
    return [admin, *(draw(_account(user_id, name)) for user_id, name in zip(ids, names, strict=True))]


def _account(user_id: int, name: str) -> st.SearchStrategy[Account]:
    return st.builds(
        Account,
        id=st.just(user_id),
        name=st.just(name),
        display_name=st.sampled_from((*_LABELS, None)),
        email=st.sampled_from((None, f"{_slug(name)}@example.com", "Shared@Example.com")),
        active=st.sampled_from(_MOSTLY),
        type=st.just("SERVICE" if "/" in name else "NORMAL"),
        last_authenticated=st.sampled_from(_TIMES),
        created=st.sampled_from(_TIMES),
        listed=st.sampled_from(_MOSTLY),
    )


def _slug(name: str) -> str:
    return _NOT_IN_SLUG.sub("_", name.lower())


@st.composite
def _groups(draw: st.DrawFn, user_ids: list[int]) -> list[Group]:
    groups = []
    for name in draw(st.lists(st.sampled_from(_GROUP_NAMES), max_size=5, unique=True)):
        listed = draw(st.sampled_from(_MOSTLY))
        members = draw(st.sets(st.sampled_from(user_ids), max_size=5)) if listed else set()
        groups.append(Group(name, members, listed))
    return groups


@st.composite
def _licences(draw: st.DrawFn, accounts: list[Account]) -> dict[int, str]:
    admin, *others = accounts
    licences = {admin.id: "SYS_ADMIN"}
    for account in others:
        permission = draw(st.sampled_from(("LICENSED_USER", None, *_GLOBAL)))
        if permission:
            licences[account.id] = permission
    return licences


@st.composite
def _projects(
    draw: st.DrawFn, accounts: list[Account], grants: _Grants, version: str, *, personal_grants: bool
) -> list[Project]:
    permissions = (*_PROJECT, "REPO_CREATE") if _release(version) >= (8, 3) else _PROJECT
    keys = draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3, unique=True))
    owners = draw(st.lists(st.sampled_from(accounts), max_size=2, unique_by=lambda account: account.id))
    ids = draw(_ids(len(keys) + len(owners)))
    projects = []
    for project_id, key in zip(ids, keys, strict=False):
        project = Project(project_id, key, draw(st.sampled_from(_LABELS)), draw(st.sampled_from(_DESCRIPTIONS)))
        project.public = draw(st.booleans())
        project.defaults = draw(st.sets(st.sampled_from(permissions), max_size=2))
        projects.append(project)
    for project_id, owner in zip(ids[len(keys) :], owners, strict=True):
        name = owner.display_name or owner.name
        projects.append(Project(project_id, f"~{_slug(owner.name).upper()}", name, owner_id=owner.id))
    for project in projects:
        if project.owner_id is None or personal_grants:
            project.users = draw(grants.to_users(permissions))
            project.groups = draw(grants.to_groups(permissions))
    return projects


@st.composite
def _repositories(draw: st.DrawFn, projects: list[Project], grants: _Grants, version: str) -> list[Repository]:
    places = st.tuples(st.sampled_from(projects), st.sampled_from(_SLUGS))
    drawn = draw(st.lists(places, min_size=1, max_size=6, unique_by=lambda place: (place[0].id, place[1])))
    repositories: list[Repository] = []
    for repository_id, (project, slug) in zip(draw(_ids(len(drawn))), drawn, strict=True):
        origins = [None, *(other.id for other in repositories)]
        repositories.append(
            Repository(
                repository_id,
                slug,
                name=draw(st.sampled_from((slug, *_LABELS))),
                project_id=project.id,
                description=draw(st.sampled_from(_DESCRIPTIONS)),
                public=draw(st.booleans()),
                archived=_release(version) >= (8, 0) and draw(st.booleans()),
                state=draw(st.sampled_from(_STATES)),
                origin_id=draw(st.sampled_from(origins)),
                users=draw(grants.to_users(_REPOSITORY)),
                groups=draw(grants.to_groups(_REPOSITORY)),
            )
        )
    return repositories


def _release(version: str) -> tuple[int, int]:
    major, minor, _ = version.split(".")
    return int(major), int(minor)
