"""Grants as the embedded Bitbucket Cloud lists them: explicit, effective, and by the API 1.0, true or not."""

from __future__ import annotations

import time

import pytest
import requests

from connector.embedded.cloud.settings import CutOff, Privileges
from tests.embedded.asking import JSON
from tests.embedded.cloud.client import Client, Small, message_of, serving, small

Granted = set[tuple[str, str]]


def granted(client: Client, path: str) -> Granted:
    """Give who holds what, of users or groups, in an explicit listing."""
    rows = client.rows(path)
    return {
        ((row.get("user") or row["group"]).get("nickname") or row["group"]["slug"], row["permission"]) for row in rows
    }


def effective(client: Client, path: str = "workspaces/acme/permissions/repositories") -> set[tuple[str, str, str]]:
    rows = client.rows(path)
    return {(row["user"]["nickname"], row["repository"]["name"], row["permission"]) for row in rows}


def v1(client: Client, path: str, **query: JSON) -> JSON:
    answer = client.get(path, api="/1.0/", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def privileges(world: Small, **settings: JSON) -> set[tuple[str, str, str]]:
    with serving(world.workspace, **settings) as client:
        rows = v1(client, "group-privileges/acme")
    assert all(row["repo"] == f"acme/{row['repository']['slug']}" for row in rows)
    return {(row["group"]["slug"], row["repository"]["slug"], row["privilege"]) for row in rows}


def test_explicit_grants_with_their_none_rows() -> None:
    world = small()
    world.pay.users[world.dev.uuid] = "create-repo"
    world.api.groups["administrators"] = "none"
    with serving(world.workspace) as client:
        assert granted(client, "workspaces/acme/projects/PAY/permissions-config/users") == {
            ("otto", "none"),
            ("dee", "create-repo"),
        }
        assert granted(client, "workspaces/acme/projects/PAY/permissions-config/groups") == {("devs-co", "write")}
        assert granted(client, "repositories/acme/api/permissions-config/users") == {("dee", "admin")}
        assert granted(client, "repositories/acme/api/permissions-config/groups") == {("administrators", "none")}


def test_a_hundred_and_twenty_grants_in_a_list() -> None:
    world = small()
    for number in range(120):
        world.api.users[world.builder.account(f"guest{number:03}", "The Same Name").uuid] = "read"
    with serving(world.workspace) as client:
        assert len(client.json("repositories/acme/api/permissions-config/users")["values"]) == 10
        assert len(granted(client, "repositories/acme/api/permissions-config/users")) == 121
        rows = client.rows("repositories/acme/api/permissions-config/users", pagelen=100)
    assert len({row["user"]["uuid"] for row in rows}) == 121
    assert len({row["user"]["display_name"] for row in rows}) == 2


def test_a_group_that_only_a_grant_knows() -> None:
    world = small()
    world.builder.group("Left Over", listed=False)
    world.api.groups["left-over"] = "admin"
    with serving(world.workspace) as client:
        assert granted(client, "repositories/acme/api/permissions-config/groups") == {("left-over", "admin")}
        assert {group["slug"] for group in v1(client, "groups/acme")} == {"administrators", "devs-co"}
        assert client.get("groups/acme/left-over/members", api="/1.0/").status_code == 404


def everything() -> Small:
    """The small workspace, where somebody outside may write, and somebody through a project."""
    world = small()
    world.api.users[world.outsider.uuid] = "write"
    through_project = world.builder.member("pia")
    world.pay.users[through_project.uuid] = "create-repo"
    world.api.users[through_project.uuid] = "read"
    gone = world.builder.member("gone", active=False)
    world.api.users[gone.uuid] = "admin"
    return world


OWNER = {("ada", name, "admin") for name in ("api", "docs", "keys")}
PROJECT = {("dee", "docs", "write"), ("pia", "api", "write"), ("pia", "docs", "write")}
REST = {("dee", "api", "admin"), ("otto", "api", "write")}


def test_effective_access_is_the_highest_of_all_ways() -> None:
    with serving(everything().workspace) as client:
        assert effective(client) == OWNER | PROJECT | REST
        assert effective(client, "workspaces/acme/permissions/repositories/docs") == {
            ("ada", "docs", "admin"),
            ("dee", "docs", "write"),
            ("pia", "docs", "write"),
        }
        with Client(client.server, "dee@example.com", "dee-token") as dev:
            own = effective(dev, "user/workspaces/acme/permissions/repositories")
    assert own == {("dee", "api", "admin"), ("dee", "docs", "write")}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"effective_owners": False}, PROJECT | REST),
        ({"effective_outsiders": False}, OWNER | PROJECT | {("dee", "api", "admin")}),
        ({"effective_public": True}, OWNER | PROJECT | REST),
    ],
)
def test_what_the_effective_listing_counts_is_not_confirmed(
    settings: JSON, expected: set[tuple[str, str, str]]
) -> None:
    with serving(everything().workspace, **settings) as client:
        assert effective(client) == expected


def test_public_readers_may_be_in_the_effective_listing() -> None:
    world = everything()
    world.builder.member("nina")
    with serving(world.workspace, effective_public=True) as client:
        assert effective(client) == OWNER | PROJECT | REST | {("nina", "docs", "read")}


def test_groups_with_and_without_members() -> None:
    world = small()
    world.dev.active = False
    with serving(world.workspace) as client:
        groups = {group["slug"]: group for group in v1(client, "groups/acme")}
        without = v1(client, "groups/acme", exclude_members="true")
        members = v1(client, "groups/acme/devs-co/members")
    assert [member["nickname"] for member in groups["administrators"]["members"]] == ["ada"]
    assert groups["devs-co"]["members"] == members
    assert [(member["nickname"], member["is_active"]) for member in members] == [("dee", False)]
    assert (groups["devs-co"]["auto_add"], groups["devs-co"]["permission"]) == (True, "write")
    assert [group.keys() & {"members", "slug"} for group in without] == [{"slug"}, {"slug"}]


def test_groups_with_too_many_members_break_off() -> None:
    with serving(small().workspace, groups_cut_off=1, cut_off_after=0.2) as client:
        started = time.monotonic()
        assert message_of(client.get("groups/acme", api="/1.0/")) == (500, "Something went wrong")
        assert time.monotonic() - started >= 0.19
        assert len(v1(client, "groups/acme", exclude_members="true")) == 2
        assert len(v1(client, "groups/acme/devs-co/members")) == 1
    with serving(small().workspace, groups_cut_off=2) as client:
        assert len(v1(client, "groups/acme")) == 2


def test_how_an_answer_breaks_off_is_not_known() -> None:
    with serving(small().workspace, groups_cut_off=0, cut_off_after=0.0, cut_off=CutOff.GATEWAY) as client:
        answer = client.get("groups/acme", api="/1.0/")
        assert (answer.status_code, answer.text[:15]) == (504, "<!DOCTYPE html>")
    with serving(small().workspace, groups_cut_off=0, cut_off_after=0.0, cut_off=CutOff.HANG_UP) as client:
        with pytest.raises(requests.exceptions.ConnectionError):
            client.get("groups/acme", api="/1.0/")
        assert client.server.requests[-1].status == 0


def many_group_grants() -> Small:
    """Devs write on nine repositories, and three groups more hold something or nothing."""
    world = small()
    for number in range(8):
        world.builder.repository(world.pay, f"service {number}", groups={"devs-co": "write"})
    world.builder.group("Quiet")
    world.api.groups |= {"administrators": "none"}
    return world


TRUE = {("devs-co", "docs", "read"), *(("devs-co", f"service-{number}", "write") for number in range(8))}


def test_privileges_are_the_explicit_grants_of_groups_on_repositories() -> None:
    assert privileges(many_group_grants()) == TRUE
    with serving(many_group_grants().workspace) as client:
        (row,) = v1(client, "group-privileges/acme/docs")
        assert (row["repo"], row["privilege"]) == ("acme/docs", "read")


@pytest.mark.parametrize(
    ("mode", "missing", "more"),
    [
        (Privileges.EMPTY, TRUE, set()),
        (Privileges.LOSES, {("devs-co", f"service-{number}", "write") for number in (1, 4, 7)}, set()),
        (
            Privileges.STALE,
            {("devs-co", f"service-{number}", "write") for number in (1, 4, 7)},
            {("devs-co", f"service-{number}", "read") for number in (1, 4, 7)},
        ),
        (Privileges.INVENTS, set(), {("administrators", "api", "read"), ("quiet", "api", "read")}),
        (Privileges.WITH_PROJECTS, set(), {("devs-co", "api", "write")}),
    ],
)
def test_privileges_that_lie(mode: Privileges, missing: set[JSON], more: set[JSON]) -> None:
    assert privileges(many_group_grants(), privileges=mode) == TRUE - missing | more


@pytest.mark.parametrize(
    ("mode", "status"), [(Privileges.GONE, 410), (Privileges.REFUSED, 403), (Privileges.UNKNOWN, 404)]
)
def test_privileges_that_are_not_there(mode: Privileges, status: int) -> None:
    with serving(small().workspace, privileges=mode) as client:
        assert client.get("group-privileges/acme", api="/1.0/").status_code == status


def test_privileges_that_break_off() -> None:
    with serving(many_group_grants().workspace, privileges_cut_off=8, cut_off_after=0.0) as client:
        assert client.get("group-privileges/acme", api="/1.0/").status_code == 500
    assert privileges(many_group_grants(), privileges_cut_off=9) == TRUE
