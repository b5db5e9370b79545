"""The model of Bitbucket's rules itself, on small organisations computed by hand."""

from __future__ import annotations

import pytest

from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository
from tests.model import rules

_ANN, _BEN, _CAT = 1, 2, 3


def _organisation() -> Organisation:
    """Two projects with a repository each; Ann and Ben are licensed, Cat is not."""
    return Organisation(
        accounts={number: Account(number, name) for number, name in ((_ANN, "ann"), (_BEN, "ben"), (_CAT, "cat"))},
        groups={"staff": Group("Staff", {_BEN}), "left": Group("left", {_ANN, _BEN}, listed=False)},
        projects={10: Project(10, "PAY", "Payments"), 11: Project(11, "~ANN", "Ann", owner_id=_ANN)},
        repositories={20: Repository(20, "api", "api", 10), 21: Repository(21, "notes", "notes", 11)},
        global_users={_ANN: "LICENSED_USER"},
        global_groups={"STAFF": "LICENSED_USER"},
    )


def _levels(organisation: Organisation) -> dict[str, tuple[str, str]]:
    """Give everybody's levels on the repositories `api` and `notes`."""
    api, notes = organisation.repositories.values()
    levels = {
        account.name: (
            rules.repository_level(organisation, account, api),
            rules.repository_level(organisation, account, notes),
        )
        for account in organisation.accounts.values()
    }
    anonymous = (rules.anonymous_level(organisation, api), rules.anonymous_level(organisation, notes))
    return levels | {"anonymous": anonymous}


_NOBODY = {
    "ann": ("none", "admin"),
    "ben": ("none", "none"),
    "cat": ("none", "none"),
    "anonymous": ("none", "none"),
}


def test_without_grants_only_the_owner_of_a_personal_project_has_access() -> None:
    assert _levels(_organisation()) == _NOBODY


@pytest.mark.parametrize(
    ("permission", "level"),
    [("PROJECT_READ", "read"), ("PROJECT_WRITE", "write"), ("REPO_CREATE", "write"), ("PROJECT_ADMIN", "admin")],
)
def test_a_permission_on_a_project_reaches_its_repositories(permission: str, level: str) -> None:
    organisation = _organisation()
    organisation.projects[10].users = {_ANN: permission}
    assert _levels(organisation) == _NOBODY | {"ann": (level, "admin")}
    organisation.projects[10].users = {}
    organisation.projects[10].groups = {"sTaFf": permission}
    assert _levels(organisation) == _NOBODY | {"ben": (level, "none")}
    organisation.projects[10].groups = {}
    organisation.projects[10].defaults = {permission}
    assert _levels(organisation) == _NOBODY | {"ann": (level, "admin"), "ben": (level, "none")}


@pytest.mark.parametrize(
    ("permission", "level"), [("REPO_READ", "read"), ("REPO_WRITE", "write"), ("REPO_ADMIN", "admin")]
)
def test_a_permission_on_a_repository_counts_there(permission: str, level: str) -> None:
    organisation = _organisation()
    organisation.repositories[21].users = {_BEN: permission, _CAT: permission}
    organisation.repositories[20].groups = {"staff": permission}
    assert _levels(organisation) == _NOBODY | {"ben": (level, level)}


def test_grants_only_add_and_default_rows_are_independent() -> None:
    organisation = _organisation()
    organisation.projects[10].defaults = {"PROJECT_READ", "PROJECT_WRITE"}
    organisation.projects[10].groups = {"staff": "PROJECT_ADMIN"}
    organisation.repositories[20].users = {_ANN: "REPO_READ"}
    assert _levels(organisation) == _NOBODY | {"ann": ("write", "admin"), "ben": ("admin", "none")}


@pytest.mark.parametrize("permission", ["ADMIN", "SYS_ADMIN"])
def test_global_administrators_have_everything_personal_projects_too(permission: str) -> None:
    organisation = _organisation()
    organisation.global_groups["staff"] = permission
    assert _levels(organisation) == _NOBODY | {"ben": ("admin", "admin")}
    ben, ann = organisation.accounts[_BEN], organisation.accounts[_ANN]
    assert rules.is_administrator(organisation, ben)
    assert not rules.is_administrator(organisation, ann)
    assert rules.creates_projects(organisation, ben)
    assert rules.administers_project(organisation, ben, organisation.projects[11])


def test_the_highest_global_permission_counts_and_implies_a_licence() -> None:
    organisation = _organisation()
    organisation.global_users[_BEN] = "PROJECT_CREATE"
    organisation.global_users[_CAT] = "PROJECT_CREATE"
    organisation.projects[10].defaults = {"PROJECT_READ"}
    cat = organisation.accounts[_CAT]
    assert rules.global_permission(organisation, organisation.accounts[_BEN]) == "PROJECT_CREATE"
    assert rules.can_log_in(organisation, cat)
    assert rules.creates_projects(organisation, cat)
    assert not rules.creates_projects(organisation, organisation.accounts[_ANN])
    assert _levels(organisation)["cat"] == ("read", "none")


def test_who_is_inactive_unlicensed_or_in_no_directory_has_nothing() -> None:
    organisation = _organisation()
    organisation.accounts[_ANN].active = False
    organisation.accounts[_BEN].listed = False
    organisation.repositories[20].users = dict.fromkeys((_ANN, _BEN, _CAT), "REPO_ADMIN")
    organisation.projects[10].users = dict.fromkeys((_ANN, _BEN, _CAT), "PROJECT_ADMIN")
    assert _levels(organisation) == dict.fromkeys(("ann", "ben", "cat", "anonymous"), ("none", "none"))
    for account in organisation.accounts.values():
        assert not rules.administers_project(organisation, account, organisation.projects[10])
        assert not rules.creates_repositories(organisation, account, organisation.projects[10])
        assert not rules.creates_projects(organisation, account)


def test_a_group_that_is_in_no_directory_gives_nothing() -> None:
    organisation = _organisation()
    organisation.repositories[20].groups = {"left": "REPO_ADMIN", "never was": "REPO_ADMIN"}
    organisation.global_groups = {"left": "LICENSED_USER"}
    assert _levels(organisation) == _NOBODY


def test_a_public_repository_or_project_is_read_by_everybody_where_public_access_is_on() -> None:
    organisation = _organisation()
    organisation.repositories[21].public = True
    organisation.projects[10].public = True
    assert _levels(organisation) == _NOBODY
    organisation.public_access = True
    assert _levels(organisation) == {
        "ann": ("read", "admin"),
        "ben": ("read", "read"),
        "cat": ("none", "none"),
        "anonymous": ("read", "read"),
    }


def test_a_public_repository_in_a_private_project_is_public_alone() -> None:
    organisation = _organisation()
    organisation.public_access = True
    organisation.repositories[22] = Repository(22, "web", "web", 10, public=True)
    assert rules.anonymous_level(organisation, organisation.repositories[20]) == "none"
    assert rules.anonymous_level(organisation, organisation.repositories[22]) == "read"


def test_a_personal_project_is_never_public_as_a_whole() -> None:
    organisation = _organisation()
    organisation.public_access = True
    organisation.projects[11].public = True
    assert rules.anonymous_level(organisation, organisation.repositories[21]) == "none"


@pytest.mark.parametrize(
    ("permission", "administers", "creates"),
    [
        ("PROJECT_READ", False, False),
        ("PROJECT_WRITE", False, False),
        ("REPO_CREATE", False, True),
        ("PROJECT_ADMIN", True, True),
    ],
)
def test_rights_on_a_project(permission: str, *, administers: bool, creates: bool) -> None:
    organisation = _organisation()
    organisation.projects[10].groups = {"staff": permission}
    ben, project = organisation.accounts[_BEN], organisation.projects[10]
    assert rules.administers_project(organisation, ben, project) is administers
    assert rules.creates_repositories(organisation, ben, project) is creates


def test_the_owner_administers_a_personal_project() -> None:
    organisation = _organisation()
    ann, personal = organisation.accounts[_ANN], organisation.projects[11]
    assert rules.administers_project(organisation, ann, personal)
    assert rules.creates_repositories(organisation, ann, personal)
