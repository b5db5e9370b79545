"""The payload, row by row of the contract's table. Tests of the sources tell whether it means the right access."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace
from typing import Any

import pytest

from connector.errors import SourceError
from connector.model import (
    Gap,
    GlobalPermissionsRead,
    Group,
    GroupGrant,
    Project,
    ProjectType,
    PublicAccess,
    Repository,
    Server,
    Snapshot,
    User,
    UserGrant,
    UserType,
)
from connector.oaa.mapping import application
from connector.oaa.names import name_of_server
from connector.sources.datacenter.permissions import GlobalPermission, ProjectPermission, RepositoryPermission

ADA = User(
    id="7",
    name="ada",
    display_name="Ada Lovelace",
    active=True,
    in_directory=True,
    email_address="ada@example.com",
    type=UserType.NORMAL,
    slug="ada",
    licensed=True,
    directory_name="LDAP",
    last_authentication_timestamp=1_735_682_400_000,
    created_timestamp=1_546_300_800_123,
)
BOT = User("8", "access-token-user/2/9", None, None, in_directory=False, type=UserType.SERVICE)
PAY = Project(
    "3", "PAY", "Payments", None, ProjectType.NORMAL, public=False, owner_id=None, url="https://b/projects/PAY"
)
HOME = Project("4", "~ADA", "Ada", None, ProjectType.PERSONAL, public=None, owner_id="7")
API = Repository("9", "a.p.i", "API", "d" * 300, "3", public=False, archived=True, state="AVAILABLE", forked_from="X/y")

SERVER = Server("https://b.example:7990/git", "9.4.2", PublicAccess.ON, GlobalPermissionsRead.FULL)
SNAPSHOT = Snapshot(
    source=SERVER,
    users={"7": ADA, "8": BOT},
    groups={"devs": Group("Devs", in_directory=True)},
    members={"devs": frozenset({"7"})},
    projects={"3": PAY, "4": HOME},
    repositories={"9": API},
    global_grants=(UserGrant("7", GlobalPermission.ADMIN),),
    project_grants={"3": (GroupGrant("devs", ProjectPermission.REPO_CREATE),)},
    repository_grants={"9": (UserGrant("8", RepositoryPermission.REPO_READ),)},
    default_permissions={},
    gaps=(),
)


def payload(snapshot: Snapshot) -> dict[str, Any]:
    made: dict[str, Any] = application(snapshot).get_payload()
    return made


def app(snapshot: Snapshot) -> dict[str, Any]:
    made: dict[str, Any] = payload(snapshot)["applications"][0]
    return made


def grants(snapshot: Snapshot) -> set[tuple[str, str, str, str]]:
    """Give every grant as (kind of identity, identity, permission, resource key or "application")."""
    return {
        (entry["identity_type"], entry["identity"], granted["permission"], place)
        for entry in payload(snapshot)["identity_to_permissions"]
        for granted in entry["application_permissions"]
        for place in granted.get("resources", ["application"])
    }


def test_every_grant_stands_where_it_was_given() -> None:
    assert grants(SNAPSHOT) == {
        ("local_user", "7", "ADMIN", "application"),
        ("local_group", "Devs", "REPO_CREATE", "3"),
        ("local_user", "8", "REPO_READ", "3.9"),
        ("local_user", "7", "PROJECT_ADMIN", "4"),
    }


def test_a_user() -> None:
    ada, bot = app(SNAPSHOT)["local_users"]
    assert ada == {
        "id": "7",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "identities": ["ada@example.com", "ada"],
        "groups": ["Devs"],
        "is_active": True,
        "created_at": "2019-01-01T00:00:00.123Z",
        "last_login_at": "2024-12-31T22:00:00Z",
        "custom_properties": {
            "username": "ada",
            "directory_name": "LDAP",
            "is_licensed": True,
            "in_directory": True,
        },
    }
    assert bot == {
        "id": "8",
        "name": "access-token-user/2/9",
        "identities": ["access-token-user/2/9"],
        "user_type": "service_account",
        "custom_properties": {"username": "access-token-user/2/9", "in_directory": False},
    }


def test_a_project_and_a_repository() -> None:
    pay, home = app(SNAPSHOT)["resources"]
    (api,) = pay.pop("sub_resources")
    assert pay == {
        "id": "3",
        "name": "Payments",
        "resource_type": "Project",
        "custom_properties": {
            "key": "PAY",
            "project_type": "NORMAL",
            "is_public": False,
            "url": "https://b/projects/PAY",
        },
    }
    assert home["custom_properties"] == {"key": "~ADA", "project_type": "PERSONAL", "owner": "ada"}
    assert api == {
        "id": "9",
        "name": "API",
        "resource_type": "Repo",
        "description": "d" * 256,
        "custom_properties": {
            "slug": "a.p.i",
            "project_key": "PAY",
            "is_public": False,
            "is_archived": True,
            "forked_from": "X/y",
            "state": "AVAILABLE",
        },
    }


def test_a_description_is_cut_by_bytes_and_between_characters() -> None:
    long = replace(SNAPSHOT, repositories={"9": replace(API, description="é" * 5000)})
    description = app(long)["resources"][0]["sub_resources"][0]["description"]
    assert description == "é" * 128


def test_synthetic_groups_appear_only_where_they_are_needed() -> None:
    assert [group["id"] for group in app(SNAPSHOT)["local_groups"]] == ["Devs"]
    with_default = replace(SNAPSHOT, default_permissions={"3": ProjectPermission.PROJECT_READ})
    assert [group["id"] for group in app(with_default)["local_groups"]] == ["Devs", "bitbucket:licensed-users"]
    assert ("local_group", "bitbucket:licensed-users", "PROJECT_READ", "3") in grants(with_default)


@pytest.mark.parametrize(
    ("access", "granted"), [(PublicAccess.ON, True), (PublicAccess.UNKNOWN, True), (PublicAccess.OFF, False)]
)
def test_what_is_public_is_granted_to_everyone_unless_public_access_is_off(access: PublicAccess, granted: bool) -> None:
    public = replace(
        SNAPSHOT,
        source=replace(SERVER, public_access=access),
        projects={"3": replace(PAY, public=True), "4": HOME},
        repositories={"9": replace(API, public=True)},
    )
    assert (("local_group", "bitbucket:everyone", "PUBLIC_READ", "3") in grants(public)) is granted
    assert (("local_group", "bitbucket:everyone", "PUBLIC_READ", "3.9") in grants(public)) is granted
    anonymous = [user for user in app(public)["local_users"] if user["id"] == "bitbucket:anonymous"]
    assert [user.get("identities") for user in anonymous] == ([None] if granted else [])


def test_where_licences_are_unknown_all_active_users_count() -> None:
    idle = replace(ADA, id="9", name="idle", active=False, licensed=None)
    unknown = replace(
        SNAPSHOT,
        users={"7": replace(ADA, licensed=None), "9": idle},
        default_permissions={"3": ProjectPermission.PROJECT_READ},
        repository_grants={},
    )
    members = {
        user["id"] for user in app(unknown)["local_users"] if "bitbucket:licensed-users" in user.get("groups", [])
    }
    assert members == {"7"}


def test_an_explicit_row_for_the_owner_is_not_granted_twice() -> None:
    explicit = replace(
        SNAPSHOT, project_grants={"4": (UserGrant("7", ProjectPermission.PROJECT_ADMIN),)}, repository_grants={}
    )
    (entry,) = payload(explicit)["identity_to_permissions"]
    assert [granted.get("resources") for granted in entry["application_permissions"]] == [None, ["4"]]


def test_gaps_are_named_in_the_payload() -> None:
    gap = Gap("repository PAY/api", "permissions", "refused")
    properties = app(replace(SNAPSHOT, gaps=(gap,)))["custom_properties"]
    assert properties["is_complete"] is False
    assert properties["not_collected"] == ["repository PAY/api: permissions"]


@pytest.mark.parametrize("name", ["bitbucket:everyone", "Bitbucket:Licensed-Users"])
def test_a_group_with_a_reserved_name_is_refused(name: str) -> None:
    clash = replace(SNAPSHOT, groups={name.lower(): Group(name, in_directory=True)}, members={}, project_grants={})
    with pytest.raises(SourceError, match="Rename"):
        application(clash)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://bitbucket.example.com", "Bitbucket Server - bitbucket.example.com"),
        ("https://b.example.com:8443/git", "Bitbucket Server - b.example.com:8443 git"),
        ("http://b.example.com/a/b", "Bitbucket Server - b.example.com a-b"),
        ("http://[::1]:7990", "Bitbucket Server - ::1:7990"),
        ("https://bücher.example/ö", "Bitbucket Server - b-cher.example -"),
    ],
)
def test_the_application_is_named_after_the_server(url: str, name: str) -> None:
    assert name_of_server(url) == name


def _in_any_order(value: Any, order: random.Random) -> Any:
    """Give a mapping, or a tuple of grants, in another order, all that is in it too."""
    if isinstance(value, dict):
        items = [(key, _in_any_order(item, order)) for key, item in value.items()]
        return dict(order.sample(items, len(items)))
    return tuple(order.sample(value, len(value))) if isinstance(value, tuple) else value


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_a_snapshot_was_filled_does_not_change_the_payload(seed: int) -> None:
    many = replace(
        SNAPSHOT,
        users={str(i): replace(ADA, id=str(i), name=f"u{i}") for i in range(7, 19)},
        groups={f"g{i}": Group(f"G{i}", in_directory=True) for i in range(5)},
        members={f"g{i}": frozenset(map(str, range(7 + i, 19))) for i in range(5)},
        projects={"3": replace(PAY, public=True), "4": HOME},
        repositories={str(i): replace(API, id=str(i), slug=f"r{i}") for i in range(20, 40)},
        project_grants={"3": tuple(GroupGrant(f"g{i}", ProjectPermission.PROJECT_READ) for i in range(5))},
        repository_grants={
            str(i): tuple(UserGrant(str(u), RepositoryPermission.REPO_WRITE) for u in range(7, 19))
            for i in range(20, 40)
        },
    )
    order = random.Random(seed)  # noqa: S311 - no secret hangs on it
    filled = {each.name: getattr(many, each.name) for each in fields(many)}
    shuffled = replace(many, **{name: _in_any_order(value, order) for name, value in filled.items()})
    assert json.dumps(payload(shuffled)) == json.dumps(payload(many))
