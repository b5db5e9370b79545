"""What changed between two exports, in the words of a reviewer."""

from __future__ import annotations

import re

import pytest

from connector.graph.payload import load
from connector.review.diff.difference import Difference
from connector.review.diff.render import as_json, as_markdown, as_text
from tests.graph.worlds import CREDENTIAL, GROUP, USER, World


@pytest.fixture
def old() -> World:
    return (
        World()
        .group("dev")
        .group("bitbucket:everyone")
        .group("bitbucket:licensed-users", ["bitbucket:everyone"])
        .user("1", "Ann", ["dev", "bitbucket:licensed-users"])
        .user("2", "Bob", ["bitbucket:licensed-users"])
        .user("bitbucket:anonymous", "Anonymous", ["bitbucket:everyone"])
        .project("10", "PAY", "Payments")
        .project("20", "OPS", "Operations")
        .repository("100", "10", "api")
        .repository("101", "10", "docs")
        .grant(GROUP, "dev", "REPO_READ", "100")
        .grant(USER, "2", "REPO_WRITE", "101")
    )


def _difference(old: World, new: World) -> Difference:
    return Difference(load(old.payload()), load(new.payload()))


def _lines(old: World, new: World) -> list[str]:
    return [line.strip() for line in as_text(_difference(old, new), 200, None)]


def test_equal_exports_have_no_changes(old: World) -> None:
    assert _lines(old, old.changed())[0] == "Nothing changed."


@pytest.mark.parametrize(
    ("permission", "line"),
    [
        ("REPO_WRITE", "~ group dev: REPO_READ → REPO_WRITE on PAY/api (raised)"),
        (None, "- group dev: REPO_READ on PAY/api"),
    ],
)
def test_a_grant_is_raised_or_removed(old: World, permission: str | None, line: str) -> None:
    new = old.changed().revoke(GROUP, "dev", "REPO_READ", "100")
    if permission:
        new.grant(GROUP, "dev", permission, "100")
    assert line in _lines(old, new)


def test_a_grant_is_lowered_and_added(old: World) -> None:
    new = old.changed().revoke(USER, "2", "REPO_WRITE", "101").grant(USER, "2", "REPO_READ", "101")
    new.grant(GROUP, "dev", "PROJECT_WRITE", "20")
    lines = _lines(old, new)
    assert "~ Bob: REPO_WRITE → REPO_READ on PAY/docs (lowered)" in lines
    assert "+ group dev: PROJECT_WRITE on OPS" in lines
    assert "Bob lost write on PAY/docs, granted directly; read remains" in lines
    assert "Ann gained write on OPS through group dev" in lines


def test_a_rename_is_a_rename_and_no_gain(old: World) -> None:
    new = (
        old.changed()
        .user("2", "Bobby", ["bitbucket:licensed-users"])
        .repository("100", "10", "api-2")
        .project("20", "OPX")
    )
    difference = _difference(old, new)
    assert (difference.consequences, difference.gained) == ([], False)
    lines = _lines(old, new)
    assert "~ Bob is now Bobby" in lines
    assert "~ PAY/api is now PAY/api-2" in lines
    assert "~ OPS (Operations) is now OPX" in lines


def test_a_repository_that_moved_is_still_the_same_one(old: World) -> None:
    new = old.changed().grant(GROUP, "dev", "PROJECT_ADMIN", "20")
    moved = new.changed().repository("100", "20", "api")
    lines = _lines(new, moved)
    assert "~ PAY/api is now OPS/api" in lines
    assert "Ann gained admin on OPS/api through group dev, because it moved; had read before" in lines


def test_a_repository_that_becomes_public_is_one_line_that_says_for_whom(old: World) -> None:
    new = old.changed().grant(GROUP, "bitbucket:everyone", "PUBLIC_READ", "100")
    lines = _lines(old, new)
    assert "+ PAY/api: public" in lines
    assert "Bob and anybody who is not signed in gained read on PAY/api: public" in lines
    assert not any("PUBLIC_READ" in line for line in lines)


def test_a_new_default_permission_is_a_gain(old: World) -> None:
    new = old.changed().grant(GROUP, "bitbucket:licensed-users", "PROJECT_WRITE", "10")
    lines = _lines(old, new)
    assert "+ PAY: default permission PROJECT_WRITE" in lines
    assert (
        "Ann and Bob gained write on PAY, PAY/api and PAY/docs (5 of the 6 combinations) by default permission" in lines
    )


def test_a_public_mark_while_public_access_is_off_is_a_change_but_no_gain(old: World) -> None:
    old.properties["public_access"] = "off"
    new = old.changed().repository("100", "10", "api", is_public=True)
    difference = _difference(old, new)
    assert not difference.gained
    assert any("marked public, while public access is off" in line for line in _lines(old, new))


def test_people_groups_and_keys_come_and_go(old: World) -> None:
    new = old.changed().user("3", "Cid", ["dev"]).group("ops").credential("ssh-access-key:1")
    new.grant(CREDENTIAL, "ssh-access-key:1", "REPO_WRITE", "100")
    del new.users["2"]
    new.revoke(USER, "2", "REPO_WRITE", "101")
    lines = _lines(old, new)
    for line in ("+ Cid", "- Bob", "+ group ops", "+ ssh-access-key:1"):
        assert line in lines
    assert "new: Cid and ssh-access-key:1, with write on PAY/api; read on PAY/api" in lines
    assert "gone: Bob, with write on PAY/docs" in lines


def test_new_and_former_members_of_a_group_have_one_line_each(old: World) -> None:
    new = old.changed()
    new.users["1"]["groups"].remove("dev")
    new.users["2"]["groups"].append("dev")
    lines = _lines(old, new)
    assert "+ group dev: Bob" in lines
    assert "- group dev: Ann" in lines
    assert "Bob gained read on PAY/api through group dev, as a new member" in lines


def test_a_user_who_is_activated_again_gains_access(old: World) -> None:
    old.users["1"]["is_active"] = False
    new = old.changed()
    new.users["1"]["is_active"] = True
    assert _difference(old, new).gained
    assert not _difference(new, old).gained


def test_a_right_without_a_level_is_gained_too(old: World) -> None:
    assert _difference(old, old.changed().grant(USER, "2", "LICENSED_USER")).gained


def test_a_grant_that_only_takes_the_place_of_another_gains_nothing(old: World) -> None:
    new = old.changed().revoke(GROUP, "dev", "REPO_READ", "100").grant(USER, "1", "REPO_READ", "100")
    difference = _difference(old, new)
    assert (difference.consequences, difference.gained, len(difference.changes)) == ([], False, 2)


def test_grants_on_a_new_repository_are_not_listed_again(old: World) -> None:
    new = old.changed().repository("102", "10", "new").grant(GROUP, "dev", "REPO_READ", "102")
    lines = _lines(old, new)
    assert "new: PAY/new, with read for Ann" in lines
    assert not any("REPO_READ" in line for line in lines)


def test_gaps_of_either_export_are_listed(old: World) -> None:
    new = old.changed()
    new.properties |= {"is_complete": False, "not_collected": ["group dev: members"]}
    assert "in the new export: group dev: members" in _lines(old, new)


def test_long_sections_say_how_much_they_leave_out(old: World) -> None:
    new = old.changed()
    for number in range(30):
        new.group(f"team-{number:02}")
    lines = list(as_text(_difference(old, new), 80, 5))
    assert "  … 25 more lines not shown: --all shows them, --json too" in lines


@pytest.mark.parametrize(
    "name", ["[x](http://evil.example)", "<img src=x>", "`a`", "@everyone", "\x1b[31mred\n# head", "\u202egnp"]
)
def test_no_name_is_markup_or_a_terminal_sequence(old: World, name: str) -> None:
    new = old.changed().user("3", name, ["dev"])
    difference = _difference(old, new)
    for line in [*as_text(difference, 80, None), *as_markdown(difference, None), *as_json(difference)]:
        assert not any(bad in line.lstrip("\n") for bad in ("\x1b", "\u202e"))
    markdown = "\n".join(as_markdown(difference, None))
    assert not re.search(r"(?<!\\)[\[\]<`@]|https?://|^# head", markdown, re.MULTILINE)
