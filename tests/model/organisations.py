"""Random organisations of modest size, with every quirk that real servers are known to have.

A strategy draws few and small things, simplest first, so that a failure shrinks to an organisation that can
be read at a glance. All that is drawn could stand on a real server: names are unique where Bitbucket wants
them so, and what a version does not know does not occur on it.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository
from tests.choices import Choices, choices

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
    choose = draw(choices(30))
    version = choose.one(_VERSIONS)
    accounts = _accounts(draw(choices(60)))
    groups = _groups(draw(choices(60)), [account.id for account in accounts if account.listed])
    grants = _Grants([account.id for account in accounts], [group.name for group in groups])
    projects = _projects(draw(choices(120)), accounts, grants, version, personal_grants=personal_grants)
    repositories = _repositories(draw(choices(170)), projects, grants, version)
    return Organisation(
        version=version,
        public_access=choose.yes(),
        accounts={account.id: account for account in accounts},
        groups={group.name.lower(): group for group in groups},
        projects={project.id: project for project in projects},
        repositories={repository.id: repository for repository in repositories},
        global_users=_licences(choose, accounts),
        global_groups=grants.to_groups(choose, _GLOBAL),
    )


class _Grants:
    """Grants to users, listed or not, and to groups, in some spelling, the last of which is in no directory."""

    def __init__(self, user_ids: list[int], group_names: list[str]) -> None:
        self._user_ids = user_ids
        self._group_names = [*group_names, "Only in Grants"]

    def to_users(self, choose: Choices, permissions: tuple[str, ...]) -> dict[int, str]:
        return {user_id: choose.one(permissions) for user_id in choose.some(self._user_ids, 3)}

    def to_groups(self, choose: Choices, permissions: tuple[str, ...]) -> dict[str, str]:
        return {choose.one(_spellings(name)): choose.one(permissions) for name in choose.some(self._group_names, 3)}


def _spellings(name: str) -> list[str]:
    """Give a name in several letter cases; "ß" has no upper case that is still the same name."""
    spellings = dict.fromkeys((name, name.lower(), name.upper(), name.swapcase()))
    return [spelling for spelling in spellings if spelling.lower() == name.lower()]


def _ids(choose: Choices, count: int) -> list[int]:
    """Choose ids with gaps, in no order."""
    return choose.some(range(1, 250), 7, 7)[:count]


def _accounts(choose: Choices) -> list[Account]:
    names = choose.some(_ACCOUNT_NAMES, 6)
    admin_id, *ids = _ids(choose, len(names) + 1)
    admin = Account(admin_id, ADMIN_NAME, "Administrator", "admin@example.com", password=ADMIN_PASSWORD)
    return [admin, *(_account(choose, user_id, name) for user_id, name in zip(ids, names, strict=True))]


def _account(choose: Choices, user_id: int, name: str) -> Account:
    return Account(
        user_id,
        name,
        display_name=choose.one((*_LABELS, None)),
        email=choose.one((None, f"{_slug(name)}@example.com", "Shared@Example.com")),
        active=choose.one(_MOSTLY),
        type="SERVICE" if "/" in name else "NORMAL",
        last_authenticated=choose.one(_TIMES),
        created=choose.one(_TIMES),
        listed=choose.one(_MOSTLY),
    )


def _slug(name: str) -> str:
    return _NOT_IN_SLUG.sub("_", name.lower())


def _groups(choose: Choices, user_ids: list[int]) -> list[Group]:
    groups = []
    for name in choose.some(_GROUP_NAMES, 5):
        listed = choose.one(_MOSTLY)
        groups.append(Group(name, set(choose.some(user_ids, 5)) if listed else set(), listed))
    return groups


def _licences(choose: Choices, accounts: list[Account]) -> dict[int, str]:
    admin, *others = accounts
    licences = {account.id: choose.one(("LICENSED_USER", None, *_GLOBAL)) for account in others}
    return {admin.id: "SYS_ADMIN"} | {user_id: name for user_id, name in licences.items() if name}


def _projects(
    choose: Choices, accounts: list[Account], grants: _Grants, version: str, *, personal_grants: bool
) -> list[Project]:
    permissions = (*_PROJECT, "REPO_CREATE") if _release(version) >= (8, 3) else _PROJECT
    keys, owners = choose.some(_KEYS, 3, 1), choose.some(accounts, 2)
    ids = _ids(choose, len(keys) + len(owners))
    projects = []
    for project_id, key in zip(ids, keys, strict=False):
        project = Project(project_id, key, choose.one(_LABELS), choose.one(_DESCRIPTIONS), public=choose.yes())
        project.defaults = set(choose.some(permissions, 2))
        projects.append(project)
    for project_id, owner in zip(ids[len(keys) :], owners, strict=True):
        name = owner.display_name or owner.name
        projects.append(Project(project_id, f"~{_slug(owner.name).upper()}", name, owner_id=owner.id))
    for project in projects:
        if project.owner_id is None or personal_grants:
            project.users = grants.to_users(choose, permissions)
            project.groups = grants.to_groups(choose, permissions)
    return projects


def _repositories(choose: Choices, projects: list[Project], grants: _Grants, version: str) -> list[Repository]:
    places = choose.some([(project.id, slug) for project in projects for slug in _SLUGS], 6, 1)
    ids = _ids(choose, len(places))
    return [
        Repository(
            repository_id,
            slug,
            name=choose.one((slug, *_LABELS)),
            project_id=project_id,
            description=choose.one(_DESCRIPTIONS),
            public=choose.yes(),
            archived=_release(version) >= (8, 0) and choose.yes(),
            state=choose.one(_STATES),
            origin_id=choose.one([None, *ids[:index]]),
            users=grants.to_users(choose, _REPOSITORY),
            groups=grants.to_groups(choose, _REPOSITORY),
        )
        for index, (repository_id, (project_id, slug)) in enumerate(zip(ids, places, strict=True))
    ]


def _release(version: str) -> tuple[int, int]:
    major, minor, _ = version.split(".")
    return int(major), int(minor)
