"""The comparison agrees with an export that says outright what the model says, and sees any mistake in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connector.embedded.datacenter.organisation import Account, Group, Organisation, Project, Repository
from connector.graph.payload import load
from tests.model import rules
from tests.model.comparison import ANONYMOUS, disagreements
from tests.model.organisations import ADMIN_NAME, ADMIN_PASSWORD, organisations

Json = dict[str, Any]

_EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing an organisation may be slow on a busy machine, which is no failure."""

_CATEGORIES = {
    "read": ["DataRead"],
    "write": ["DataRead", "DataWrite"],
    "admin": ["DataRead", "DataWrite", "MetadataWrite"],
    "administers": ["MetadataWrite"],
    "creates": ["DataCreate"],
    "creates projects": ["MetadataCreate"],
}


def _flat(organisation: Organisation) -> Json:
    """Write what the model says as a payload: every access of every user a grant of its own."""
    grants = [
        _holds(str(account.id), _grants_of(organisation, account))
        for account in organisation.accounts.values()
        if rules.can_log_in(organisation, account)
    ]
    public = [
        _grant("read", key)
        for key, repository in _repositories(organisation).items()
        if rules.anonymous_level(organisation, repository) == "read"
    ]
    application = {
        "name": "App",
        "local_users": [
            *({"id": str(item.id), "name": item.name, "is_active": item.active} for item in _users(organisation)),
            {"id": ANONYMOUS, "name": "Anonymous"},
        ],
        "local_groups": [{"name": name} for name in _groups(organisation)],
        "resources": [_project(organisation, project) for project in organisation.projects.values()],
    }
    return {
        "applications": [application],
        "permissions": [{"name": name, "permission_type": types} for name, types in _CATEGORIES.items()],
        "identity_to_permissions": [*grants, _holds(ANONYMOUS, public)],
    }


def _grants_of(organisation: Organisation, account: Account) -> list[Json]:
    grants = []
    for key, repository in _repositories(organisation).items():
        level = rules.repository_level(organisation, account, repository)
        grants += [_grant(level, key)] if level != "none" else []
    for project in organisation.projects.values():
        administers = rules.administers_project(organisation, account, project)
        creates = rules.creates_repositories(organisation, account, project)
        grants += [_grant("administers", str(project.id))] * administers
        grants += [_grant("creates", str(project.id))] * creates
    everything: Json = {"application": "App", "apply_to_application": True}
    grants += [everything | {"permission": "administers"}] * rules.is_administrator(organisation, account)
    grants += [everything | {"permission": "creates projects"}] * rules.creates_projects(organisation, account)
    return grants


def _repositories(organisation: Organisation) -> dict[str, Repository]:
    return {f"{item.project_id}.{item.id}": item for item in organisation.repositories.values()}


def _scopes(organisation: Organisation) -> list[Project | Repository]:
    return [*organisation.projects.values(), *organisation.repositories.values()]


def _users(organisation: Organisation) -> list[Account]:
    granted = {user for scope in _scopes(organisation) for user in scope.users} | organisation.global_users.keys()
    owners = {project.owner_id for project in organisation.projects.values()}
    return [item for item in organisation.accounts.values() if item.listed or item.id in granted | owners]


def _groups(organisation: Organisation) -> set[str]:
    names = {name for scope in _scopes(organisation) for name in scope.groups} | organisation.global_groups.keys()
    names |= {group.name for group in organisation.groups.values() if group.listed}
    return {name.lower() for name in names}


def _project(organisation: Organisation, project: Project) -> Json:
    repositories = [item for item in organisation.repositories.values() if item.project_id == project.id]
    below = [{"id": str(item.id), "name": item.name, "resource_type": "Repo"} for item in repositories]
    return {"id": str(project.id), "name": project.name, "resource_type": "Project", "sub_resources": below}


def _grant(permission: str, key: str) -> Json:
    return {"application": "App", "permission": permission, "resources": [key]}


def _holds(who: str, grants: list[Json]) -> Json:
    return {"identity": who, "identity_type": "local_user", "application_permissions": grants}


@_EXAMPLES
@given(organisations())
def test_an_export_that_says_what_the_model_says_agrees(organisation: Organisation) -> None:
    assert disagreements(organisation, load(_flat(organisation))) == []


@_EXAMPLES
@given(organisations(), st.data())
def test_a_grant_that_is_missing_is_seen(organisation: Organisation, data: st.DataObject) -> None:
    document = _flat(organisation)
    places = [
        (entry["application_permissions"], index)
        for entry in document["identity_to_permissions"]
        for index in range(len(entry["application_permissions"]))
    ]
    grants, index = data.draw(st.sampled_from(places))
    del grants[index]
    assert len(disagreements(organisation, load(document))) == 1


@_EXAMPLES
@given(organisations(), st.data())
def test_a_made_up_grant_is_seen(organisation: Organisation, data: st.DataObject) -> None:
    document = _flat(organisation)
    entry = data.draw(st.sampled_from(document["identity_to_permissions"]))
    key = data.draw(st.sampled_from(list(_repositories(organisation))))
    assume(_grant("admin", key) not in entry["application_permissions"])
    entry["application_permissions"].append(_grant("admin", key))
    assert len(disagreements(organisation, load(document))) == 1


def _small() -> Organisation:
    return Organisation(
        accounts={1: Account(1, "ann"), 2: Account(2, "gone", listed=False, active=False)},
        groups={"team": Group("Team")},
        projects={7: Project(7, "PAY", "Payments")},
        repositories={8: Repository(8, "api", "api", 7, users={2: "REPO_READ"}, groups={"Ghost": "REPO_READ"})},
        global_users={1: "LICENSED_USER"},
    )


@pytest.mark.parametrize(
    ("section", "expected"),
    [("local_users", "user 1"), ("local_groups", "group ghost"), ("resources", "repository 7.8")],
)
def test_what_is_missing_or_made_up_is_named(section: str, expected: str) -> None:
    document = _flat(_small())
    document["identity_to_permissions"] = []
    things = document["applications"][0][section]
    things.sort(key=lambda thing: thing["name"])
    del things[1 if section == "local_users" else 0]
    things.append({"id": "99", "name": "99", "resource_type": "Project"})
    found = disagreements(_small(), load(document))
    assert f"{expected}: not exported" in found
    assert any(line.endswith(" 99: exported, but does not exist") for line in found)


def test_an_inactive_user_who_is_exported_as_active_is_named() -> None:
    document = _flat(_small())
    assert disagreements(_small(), load(document)) == []
    for user in document["applications"][0]["local_users"]:
        user["is_active"] = True
    assert disagreements(_small(), load(document)) == ["gone: active is False, exported as True"]


@_EXAMPLES
@given(organisations())
def test_random_organisations_are_possible_on_a_server_that_the_connector_can_read(organisation: Organisation) -> None:
    admin = next(item for item in organisation.accounts.values() if item.name == ADMIN_NAME)
    assert admin.password == ADMIN_PASSWORD
    assert admin.active
    assert admin.listed
    assert organisation.global_users[admin.id] == "SYS_ADMIN"
    assert organisation.repositories
    assert any(project.owner_id is None for project in organisation.projects.values())

    names = [account.name.lower() for account in organisation.accounts.values()]
    keys = [project.key.upper() for project in organisation.projects.values()]
    slugs = [(item.project_id, item.slug.lower()) for item in organisation.repositories.values()]
    for things in (names, keys, slugs):
        assert len(set(things)) == len(things)
    for scope in _scopes(organisation):
        assert len({name.lower() for name in scope.groups}) == len(scope.groups)
        assert scope.users.keys() <= organisation.accounts.keys()
