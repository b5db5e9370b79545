"""What real servers sent is understood, and what lacks something is refused, not repaired."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.model import ProjectType, UserType
from connector.rest.fields import Malformed
from connector.sources.datacenter import parse
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission

RECORDED = Path(__file__).parents[2] / "embedded" / "datacenter" / "recorded"

USER = {"name": "jdoe", "id": 7, "displayName": "J. Doe", "active": True, "slug": "jdoe", "type": "NORMAL"}
PROJECT = {"key": "PAY", "id": 3, "name": "Payments", "public": False, "type": "NORMAL"}
REPOSITORY = {"slug": "api", "id": 9, "name": "API", "state": "AVAILABLE", "public": False, "project": PROJECT}


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())


def everything_recorded() -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [json.loads(path.read_text()) for path in sorted(RECORDED.glob("*.json"))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []


def test_every_recorded_thing_is_understood() -> None:
    seen = {"user": 0, "project": 0, "repository": 0, "grant": 0}
    for thing in everything_recorded():
        if "scmId" in thing:
            assert parse.repository(thing, "here").slug == thing["slug"]
            seen["repository"] += 1
        elif thing.get("type") in set(ProjectType) and "key" in thing:
            assert parse.project(thing, "here").key == thing["key"]
            seen["project"] += 1
        elif "displayName" in thing and "slug" in thing:
            assert parse.user(thing, "here", in_directory=True).id == str(thing["id"])
            seen["user"] += 1
        elif "permission" in thing:
            read = parse.user_grant if "user" in thing else parse.group_grant
            read(thing, RepositoryPermission, "here")
            seen["grant"] += 1
    assert all(seen.values()), seen


def test_a_recorded_personal_project_has_an_owner_and_no_public_flag() -> None:
    project = parse.project(recorded("repository_personal_fork_7.json")["project"], "here")
    assert project.type is ProjectType.PERSONAL
    assert project.public is None
    assert project.owner_id is not None


def test_a_recorded_fork_names_its_origin() -> None:
    row = recorded("repository_personal_fork_7.json")
    origin = row["origin"]
    assert parse.repository(row, "here").forked_from == f"{origin['project']['key']}/{origin['slug']}"


def test_the_recorded_version_is_read() -> None:
    assert parse.version(recorded("application_properties_7.11.json"), "here").startswith("7.11")


@pytest.mark.parametrize("email", [{}, {"emailAddress": None}, {"emailAddress": ""}])
def test_no_email_is_none(email: dict[str, object]) -> None:
    assert parse.user(USER | email, "here", in_directory=True).email_address is None


def test_what_bitbucket_does_not_say_is_none() -> None:
    user = parse.user({"name": "x", "id": 1}, "here", in_directory=False)
    assert (user.active, user.type, user.display_name, user.licensed) == (None, None, None, None)


def test_a_service_user_with_slashes_in_its_name_is_one() -> None:
    row = USER | {"name": "access-token-user/2/11754", "type": "SERVICE"}
    user = parse.user(row, "here", in_directory=False)
    assert (user.name, user.type) == ("access-token-user/2/11754", UserType.SERVICE)


@pytest.mark.parametrize(("sent", "read"), [(7, "7"), ("7", "7"), (-1, "-1"), ("-1", "-1")])
def test_ids_come_as_numbers_and_as_strings(sent: object, read: str) -> None:
    assert parse.user(USER | {"id": sent}, "here", in_directory=True).id == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (1616539597394, 1616539597394),
        ("1616539597394", 1616539597394),
        (0, None),
        (-1, None),
        (None, None),
        (10**18, None),
    ],
)
def test_moments(sent: object, read: int | None) -> None:
    row = USER | {"lastAuthenticationTimestamp": sent}
    assert parse.user(row, "here", in_directory=True).last_authentication_timestamp == read


@pytest.mark.parametrize("href", [None, "javascript:alert(1)", 7, ""])
def test_a_page_is_a_web_address_or_nothing(href: object) -> None:
    assert parse.project(PROJECT | {"links": {"self": [{"href": href}]}}, "here").url is None
    assert parse.project(PROJECT | {"links": {"self": [None]}}, "here").url is None


def test_groups_come_as_objects_and_as_names() -> None:
    assert parse.group("devs", "here") == parse.group({"name": "devs", "deletable": True}, "here")
    row = {"group": "devs", "permission": "PROJECT_READ"}
    assert parse.group_grant(row, ProjectPermission, "here") == ("devs", ProjectPermission.PROJECT_READ)


@pytest.mark.parametrize(
    ("row", "read", "named"),
    [
        ({k: v for k, v in USER.items() if k != "id"}, "user", "id"),
        (USER | {"id": "seven"}, "user", "id"),
        (USER | {"id": True}, "user", "id"),
        (USER | {"name": ""}, "user", "name"),
        (USER | {"active": "yes"}, "user", "active"),
        ("jdoe", "user", "id"),
        (PROJECT | {"type": "SHARED"}, "project", "type"),
        ({k: v for k, v in PROJECT.items() if k != "public"}, "project", "public"),
        (PROJECT | {"type": "PERSONAL"}, "project", "owner"),
        (REPOSITORY | {"public": None}, "repository", "public"),
        (REPOSITORY | {"project": None}, "repository", "project"),
        (REPOSITORY | {"origin": {"slug": "x"}}, "repository", "project"),
        (None, "repository", "id"),
    ],
)
def test_what_must_be_there_is_named_where_it_is_missed(row: object, read: str, named: str) -> None:
    readers: dict[str, Callable[[], object]] = {
        "user": lambda: parse.user(row, "admin/users", in_directory=True),
        "project": lambda: parse.project(row, "admin/users"),
        "repository": lambda: parse.repository(row, "admin/users"),
    }
    with pytest.raises(Malformed, match=rf"admin/users.*{named}"):
        readers[read]()


def test_an_unknown_permission_is_an_error() -> None:
    with pytest.raises(Malformed, match="PROJECT_OWN"):
        parse.group_grant({"group": "devs", "permission": "PROJECT_OWN"}, ProjectPermission, "here")


def test_half_a_character_is_marked_in_a_text_and_refused_in_a_name() -> None:
    assert parse.user(USER | {"displayName": "Ada \ud83d"}, "here", in_directory=True).display_name == "Ada \ufffd"
    assert parse.project(PROJECT | {"description": "cut \ud83d"}, "here").description == "cut \ufffd"
    for broken in ("a\ud800b", {"name": "a\ud800b"}):
        with pytest.raises(Malformed, match=r"admin/groups.*name"):
            parse.group(broken, "admin/groups")


@pytest.mark.parametrize("blank", ["", "   ", None])
def test_a_blank_display_name_is_none(blank: str | None) -> None:
    assert parse.user(USER | {"displayName": blank}, "here", in_directory=True).display_name is None
