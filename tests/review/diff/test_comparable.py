"""Two exports of one server that were read in different ways: only what changed on the server is a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.model import Inclusion
from connector.review.diff.difference import Difference
from connector.review.diff.paragraphs import paragraphs, summary
from connector.sources.datacenter.settings import Credentials
from tests.conftest import Run
from tests.exporting import export_of
from tests.graph.worlds import CREDENTIAL, GROUP, USER, World, worlds


def _difference(old: World, new: World) -> Difference:
    return Difference(load(old.payload()), load(new.payload()))


def _members(world: World, group: str) -> set[str]:
    """Give the users in a group, by any nesting."""
    inside, before = {group}, set[str]()
    while inside != before:
        before = set(inside)
        inside |= {name for name, parents in world.groups.items() if inside & set(parents)}
    return {own for own, user in world.users.items() if inside & set(user.get("groups", ()))}


def _read_by_token(world: World) -> World:
    """Give the same server as a token sees it: who holds global permissions, and not through which group."""
    new = world.changed()
    for kind, holder, permission, on in world.grants:
        if on == "":
            new.revoke(kind, holder, permission, on)
            for own in _members(world, holder) if kind == GROUP else {holder} if kind == USER else ():
                if world.users[own]["is_active"]:
                    new.grant(USER, own, permission)
    world.properties["global_permissions"] = "full"
    new.properties["global_permissions"] = "effective"
    return new


def _without_credentials_on_everything(world: World) -> World:
    """A key is never granted a global permission."""
    world.grants = {grant for grant in world.grants if not (grant[0] == CREDENTIAL and grant[3] == "")}
    return world


@given(worlds(), st.sets(st.sampled_from(("1", "2", "3"))))
@settings(max_examples=200, deadline=None)
def test_the_way_of_reading_global_permissions_is_no_change(world: World, inactive: set[str]) -> None:
    _without_credentials_on_everything(world)
    for user in inactive & world.users.keys():
        world.users[user]["is_active"] = False
    by_token = _read_by_token(world)
    for difference in (_difference(world, by_token), _difference(by_token, world)):
        assert (difference.changes, difference.consequences, difference.gained) == ([], [], False)
        assert summary(difference) == "Nothing changed in what can be compared."
        assert any("global permissions" in limit for limit in difference.limits)


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_global_permissions_that_could_not_be_read_are_no_loss(world: World) -> None:
    blind = world.changed()
    blind.grants = {grant for grant in world.grants if grant[3] != ""}
    world.properties["global_permissions"] = "full"
    blind.properties["global_permissions"] = "none"
    for difference in (_difference(world, blind), _difference(blind, world)):
        assert (difference.changes, difference.consequences, difference.gained) == ([], [], False)


@pytest.fixture
def world() -> World:
    world = (
        World()
        .group("admins")
        .group("bitbucket:licensed-users")
        .user("1", "Ann", ["admins", "bitbucket:licensed-users"])
        .user("2", "Bob", ["bitbucket:licensed-users"])
        .project("10", "PAY")
        .grant(GROUP, "admins", "ADMIN")
        .grant(GROUP, "bitbucket:licensed-users", "PROJECT_READ", "10")
    )
    world.properties["global_permissions"] = "full"
    return world


def test_a_new_administrator_is_found_although_the_exports_were_read_in_different_ways(world: World) -> None:
    new = _read_by_token(world).grant(USER, "2", "ADMIN")
    [gain] = _difference(world, new).consequences
    assert ([one.name for one in gain.subjects], gain.level.name) == (["Bob"], "ADMIN")
    assert "lost admin" in "".join(line for one in paragraphs(_difference(new, world)) for line in one.lines)


def test_of_two_global_permissions_of_one_level_the_same_counts_in_either_way(world: World) -> None:
    world.revoke(GROUP, "admins", "ADMIN").grant(GROUP, "admins", "PROJECT_ADMIN").grant(USER, "1", "ADMIN")
    assert _difference(world, _read_by_token(world)).changes == []


def test_a_deactivated_user_keeps_what_was_granted(world: World) -> None:
    new = world.changed()
    new.users["1"]["is_active"] = False
    by_token = _read_by_token(new)
    for other in (new, by_token):
        lost = {item.name for one in _difference(world, other).consequences for item in one.resources}
        # What the default permission gave is gone, since an inactive user holds no licence; ADMIN is still granted.
        assert lost <= {"PAY"}
        assert [(one.before, one.after) for one in _difference(world, other).changes] == [("active", "inactive")]


def test_an_inactive_user_holds_no_licence_even_if_an_older_export_says_so(world: World) -> None:
    older = world.changed()
    older.users["2"] |= {"is_active": False}
    newer = older.changed()
    newer.users["2"]["groups"].remove("bitbucket:licensed-users")
    newer.users["2"]["custom_properties"] = {"username": "Bob", "is_licensed": False}
    for difference in (_difference(older, newer), _difference(newer, older)):
        assert (difference.changes, difference.consequences, difference.limits) == ([], [], ())


def test_unknown_licences_are_no_change_of_what_default_permissions_give(world: World) -> None:
    world.users["2"]["custom_properties"]["is_licensed"] = False
    world.users["2"]["groups"] = []
    unknown = world.changed()
    for user in unknown.users.values():
        del user["custom_properties"]["is_licensed"]
    unknown.users["2"]["groups"] = ["bitbucket:licensed-users"]
    difference = _difference(world, unknown)
    assert (difference.changes, difference.consequences) == ([], [])
    assert difference.limits[0].startswith("who has a licence: the new export does not know it")


def test_unknown_public_access_is_no_change_against_one_that_is_off(world: World) -> None:
    world.group("bitbucket:everyone").grant(GROUP, "bitbucket:everyone", "PUBLIC_READ", "10")
    world.user("bitbucket:anonymous", "Anonymous", ["bitbucket:everyone"])
    world.properties["public_access"] = "unknown"
    off = world.changed().revoke(GROUP, "bitbucket:everyone", "PUBLIC_READ", "10")
    off.properties["public_access"] = "off"
    for difference in (_difference(world, off), _difference(off, world)):
        assert (difference.changes, difference.consequences) == ([], [])
        assert "public access" in difference.limits[0]
    on = world.changed()
    on.properties["public_access"] = "on"
    assert _difference(on, off).consequences


def _defining(world: World, **properties: str) -> dict[str, Any]:
    definition = {"application_type": "BitbucketServer", "local_access_creds_properties": properties}
    return world.payload() | {"custom_property_definition": {"applications": [definition]}}


def test_keys_that_only_one_export_was_asked_for_are_no_change(world: World) -> None:
    keys = world.changed().credential("ssh-access-key:1").grant(CREDENTIAL, "ssh-access-key:1", "PROJECT_WRITE", "10")
    with_keys, without = _defining(keys, fingerprint="STRING"), _defining(world)
    for old, new in ((with_keys, without), (without, with_keys)):
        difference = Difference(load(old), load(new))
        assert (difference.changes, difference.consequences, difference.gained) == ([], [], False)
        assert difference.limits[0].startswith("1 SSH access key: the ")
    asked_both = Difference(load(_defining(world, fingerprint="STRING")), load(with_keys))
    assert asked_both.gained


def test_keys_of_users_that_could_not_be_read_are_no_loss(world: World) -> None:
    keys = world.changed().credential("http-token:1", ["1"])
    world.properties["not_collected"] = ["instance: HTTP access tokens of users"]
    difference = _difference(keys, world)
    assert difference.changes == []
    assert difference.limits == (
        "1 HTTP access token of users: the new export has none, and not everything in it could be read",
    )
    del world.properties["not_collected"]
    assert [change.verb for change in _difference(keys, world).changes] == ["removed"]


def test_fail_on_names_what_was_not_compared(run: Run, world: World) -> None:
    Path("old.json").write_text(json.dumps(world.payload()))
    Path("new.json").write_text(json.dumps(_read_by_token(world).payload()))
    ended = run("diff", "old.json", "new.json", "--fail-on", "gained")
    assert ended.code == 0
    assert "could not be compared: grants of global permissions" in ended.err
    assert run("diff", "old.json", "new.json").err == ""
    answer = json.loads(run("diff", "old.json", "new.json", "--json").out)
    assert (answer["changed"], len(answer["not_compared"])) == (False, 1)


@pytest.mark.parametrize("include", [frozenset(), frozenset(Inclusion)])
def test_the_demo_by_password_and_by_token_is_the_same(tmp_path: Path, include: frozenset[Inclusion]) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        logins = (Credentials(DEMO_PASSWORD, DEMO_USER), Credentials(DEMO_TOKEN))
        password, token = (export_of(server.base_url, tmp_path / "x.json", login, include=include) for login in logins)
    for old, new in ((password, token), (token, password)):
        difference = Difference(load(old), load(new))
        assert (difference.changes, difference.consequences, difference.gained) == ([], [], False)
