"""Answers of `access` unfolded, against trying everybody on everything; and the words of reasons."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import UsageError
from connector.graph.payload import load
from connector.graph.values import Credential, Group, Level
from connector.review.reach.answers import Answers
from connector.review.reach.assertions import Limits, failures
from connector.review.reach.questions import Names, Question, question
from tests.graph.worlds import CREDENTIAL, GROUP, LEVELS, USER, World, levels, worlds


def _rows(world: World, asked: Question | Names) -> list[tuple[str, str, str]]:
    export = load(world.payload())
    meant = question(export, asked) if isinstance(asked, Names) else asked
    return [(row.who.id, item.id, str(row.level)) for row in Answers(export, meant).rows() for item in row.resources]


def _why(world: World, **names: tuple[str, ...]) -> list[str]:
    export = load(world.payload())
    answers = Answers(export, question(export, Names(**names)))
    return [line for row in answers.rows() for line in answers.reasons(row)]


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_what_a_user_reaches_is_what_brute_force_finds_each_once(world: World) -> None:
    expected = {(who, on, level) for (who, on), level in levels(world).items() if who in world.users}
    rows = _rows(world, Names(users=tuple(world.users)))
    assert (set(rows), len(rows)) == (expected, len(expected))


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_a_folded_row_has_the_same_reasons_for_each_of_its_resources(world: World) -> None:
    export = load(world.payload())
    answers = Answers(export, Question(identities=tuple(export.users)))
    for row in answers.rows():
        grants = [{path.grant for path in answers.access.paths(row.who, item)} for item in row.resources]
        assert all(each == grants[0] for each in grants)


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_users_of_a_project_are_listed_again_where_they_reach_more_of_its_repositories(world: World) -> None:
    found = levels(world)
    for project in world.projects:
        below = [own for own, (lies_in, _) in world.repositories.items() if lies_in == project]
        expected = {(who, on, level) for (who, on), level in found.items() if on == project}
        for (who, on), level in found.items():
            if on in below and LEVELS.index(level) > LEVELS.index(found.get((who, project), "none")):
                expected.add((who, on, level))
        rows = [row for row in _rows(world, Names(projects=(project,))) if _is_compared(world, row[0])]
        assert set(rows) == {row for row in expected if _is_compared(world, row[0])}


def _is_compared(world: World, who: str) -> bool:
    """Credentials without grants act for their owners, which the brute force does not follow."""
    return who in world.users or any(grant[:2] == (CREDENTIAL, who) for grant in world.grants)


@given(worlds(), st.sampled_from([Level.READ, Level.WRITE, Level.ADMIN]))
@settings(max_examples=100, deadline=None)
def test_needs_and_at_most_fail_just_where_brute_force_says_so(world: World, limit: Level) -> None:
    export = load(world.payload())
    found = levels(world)
    asked = Question(identities=tuple(export.users), nodes=export.resources)
    pairs = {
        (who, on): LEVELS.index(found.get((who, on), "none"))
        for who in world.users
        for on in [*world.projects, *world.repositories]
    }
    lacking = {(one.who.id, one.on.id) for one in failures(export, asked, Limits(needs=limit)) if one.who and one.on}
    assert lacking == {pair for pair, level in pairs.items() if level < limit}
    exceeding = {
        (one.who.id, one.on.id) for one in failures(export, asked, Limits(at_most=limit)) if one.who and one.on
    }
    assert exceeding == {pair for pair, level in pairs.items() if level > limit}


@pytest.fixture
def world() -> World:
    return (
        World()
        .group("admins")
        .group("payments-dev")
        .group("bitbucket:everyone")
        .group("bitbucket:licensed-users", ["bitbucket:everyone"])
        .user("1", "Jane Doe", ["payments-dev"], username="jdoe")
        .user("2", "Root", ["admins"], username="root")
        .user("3", "Alex Smith", ["bitbucket:licensed-users"], username="asmith", email="alex@example.com")
        .user("4", "Alex Smith", username="asmith2")
        .project("10", "PAY")
        .project("20", "OPS")
        .project("30", "~JDOE", project_type="PERSONAL", owner="jdoe")
        .repository("100", "10", "api")
        .repository("101", "10", "docs")
        .grant(GROUP, "payments-dev", "PROJECT_WRITE", "10")
        .grant(GROUP, "admins", "ADMIN")
        .grant(GROUP, "bitbucket:licensed-users", "PROJECT_READ", "20")
        .grant(GROUP, "bitbucket:everyone", "PUBLIC_READ", "101")
        .grant(USER, "1", "PROJECT_ADMIN", "30")
    )


@pytest.mark.parametrize(
    ("user", "place", "expected"),
    [
        ("jdoe", "PAY", ["jdoe → group payments-dev → PROJECT_WRITE on PAY"]),
        ("root", "PAY", ["global ADMIN via group admins"]),
        ("asmith", "OPS", ["default permission of OPS (PROJECT_READ)"]),
        ("jdoe", "~JDOE", ["owner of ~JDOE"]),
    ],
)
def test_reasons_are_in_words_of_bitbucket(world: World, user: str, place: str, expected: list[str]) -> None:
    assert _why(world, users=(user,), projects=(place,)) == expected


def test_the_reason_for_public_access_is_public(world: World) -> None:
    assert _why(world, users=("asmith",), repositories=("PAY/docs",)) == ["public: PAY/docs"]


def test_the_shortest_reason_comes_first(world: World) -> None:
    world.grant(USER, "1", "REPO_READ", "100")
    assert _why(world, users=("jdoe",), repositories=("PAY/api",)) == [
        "jdoe → REPO_READ on PAY/api",
        "jdoe → group payments-dev → PROJECT_WRITE on PAY",
    ]


def test_a_key_without_grants_acts_for_its_owner_through_the_same_words(world: World) -> None:
    world.credential("ssh-user-key:7", ["2"])
    lines = _why(world, credentials=("ssh-user-key:7",), projects=("PAY",))
    assert lines == ["credential ssh-user-key:7 → root → global ADMIN via group admins"]


@pytest.mark.parametrize(
    "gone",
    [
        "payments-dev",
        "group payments-dev",
        "PROJECT_WRITE",
        "group payments-dev → PROJECT_WRITE on PAY",
        "jdoe -> group payments-dev -> PROJECT_WRITE on PAY",
        "PROJECT_WRITE on pay",
    ],
)
def test_without_takes_away_a_group_a_permission_or_a_grant_as_answers_write_it(world: World, gone: str) -> None:
    assert _rows(world, Names(users=("jdoe",), projects=("PAY",), without=(gone,))) == [("1", "10", "none")]


def test_without_takes_away_a_default_permission(world: World) -> None:
    names = Names(users=("asmith",), projects=("OPS",), without=("default permission of OPS (PROJECT_READ)",))
    assert _rows(world, names) == [("3", "20", "none")]


def test_without_public_leaves_what_was_granted(world: World) -> None:
    names = Names(repositories=("PAY/docs",), without=("public",))
    assert _rows(world, names) == [("2", "101", "admin"), ("1", "101", "write")]


@pytest.mark.parametrize("name", ["asmith", "ASMITH", "3", "alex@example.com"])
def test_a_person_is_found_by_any_unique_name(world: World, name: str) -> None:
    assert {row[0] for row in _rows(world, Names(users=(name,)))} == {"3"}


def test_a_name_of_several_users_is_an_error_that_lists_unique_names(world: World) -> None:
    with pytest.raises(UsageError, match="2 users are called 'Alex Smith': say which by asmith and asmith2"):
        question(load(world.payload()), Names(users=("Alex Smith",)))


def test_an_unknown_name_is_an_error_with_suggestions(world: World) -> None:
    with pytest.raises(UsageError, match="no repository 'PAY/apo'; did you mean PAY/api"):
        question(load(world.payload()), Names(repositories=("PAY/apo",)))


def test_a_repository_of_a_renamed_project_is_still_found_by_key_and_id(world: World) -> None:
    for name in ("PAY/api", "pay/API", "10.100", "api"):
        [found] = question(load(world.payload()), Names(repositories=(name,))).nodes
        assert found.id == "100"


def test_groups_are_listed_only_when_they_are_asked_about(world: World) -> None:
    export = load(world.payload())
    rows = Answers(export, question(export, Names(projects=("PAY",)))).rows()
    assert not any(isinstance(row.who, Group) for row in rows)
    assert _rows(world, Names(groups=("payments-dev",), projects=("PAY",))) == [("payments-dev", "10", "write")]


def test_an_inactive_user_does_not_have_the_access_they_need(world: World) -> None:
    world.users["1"]["is_active"] = False
    export = load(world.payload())
    asked = question(export, Names(users=("jdoe",), projects=("PAY",)))
    assert len(failures(export, asked, Limits(needs=Level.READ))) == 3
    assert failures(export, asked, Limits(at_most=Level.WRITE)) == []


def test_a_personal_token_has_no_more_than_its_own_permissions(world: World) -> None:
    properties = {"permissions": "PROJECT_READ, REPO_READ"}
    world.credential("http-token:1", ["2"], custom_properties=properties)
    export = load(world.payload())
    asked = question(export, Names(credentials=("http-token:1",), repositories=("PAY/api",)))
    assert isinstance(asked.identities[0], Credential)
    assert failures(export, asked, Limits(needs=Level.READ)) == []
    assert len(failures(export, asked, Limits(needs=Level.WRITE))) == 1


def test_an_incomplete_export_proves_no_upper_limit(world: World) -> None:
    world.properties |= {"is_complete": False, "not_collected": ["project OPS: permissions of users"]}
    export = load(world.payload())
    asked = question(export, Names(users=("asmith2",)))
    [only] = failures(export, asked, Limits(at_most=Level.ADMIN))
    assert "incomplete" in only.sentence
