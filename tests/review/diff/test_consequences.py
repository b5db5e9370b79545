"""What changed in effective access, against trying everybody on everything before and after."""

from __future__ import annotations

from hypothesis import given, settings

from connector.graph.payload import load
from connector.review.diff.consequences import Consequence
from connector.review.diff.difference import Difference
from tests.graph.worlds import CREDENTIAL, GROUP, USER, Levels, World, levels, pairs_of_worlds, worlds

Changed = set[tuple[str, str, str, str]]
"""Subject, resource, level before and after."""


def _difference(old: World, new: World) -> Difference:
    return Difference(load(old.payload()), load(new.payload()))


def _unfolded(found: list[Consequence]) -> list[tuple[str, str, str, str]]:
    rows = []
    for one in found:
        for part in one.parts:
            before, after = (part.other, one.level) if one.gained else (one.level, part.other)
            rows += [(who.id, item.id, str(before), str(after)) for who in part.subjects for item in part.resources]
    return rows


def _expected(old: Levels, new: Levels) -> Changed:
    pairs = old.keys() | new.keys()
    rows = {(*pair, old.get(pair, "none"), new.get(pair, "none")) for pair in pairs}
    return {row for row in rows if row[2] != row[3]}


def _subjects(old: World, new: World) -> set[str]:
    """Give the users, and the credentials with grants in both worlds or in the only one that knows them."""
    found = {*old.users, *new.users}
    for credential in {*old.credentials, *new.credentials}:
        granted = [any(grant[:2] == (CREDENTIAL, credential) for grant in world.grants) for world in (old, new)]
        known = [credential in world.credentials for world in (old, new)]
        if granted == known:
            found.add(credential)
    return found


@given(pairs_of_worlds())
@settings(max_examples=400, deadline=None)
def test_consequences_unfold_to_what_brute_force_finds(pair: tuple[World, World]) -> None:
    old, new = pair
    comparable = _subjects(old, new)
    rows = [row for row in _unfolded(_difference(old, new).consequences) if row[0] in comparable]
    assert len(rows) == len(set(rows))
    expected = {row for row in _expected(levels(old), levels(new)) if row[0] in comparable}
    assert set(rows) == expected


@given(worlds())
@settings(max_examples=50, deadline=None)
def test_an_export_does_not_differ_from_itself(world: World) -> None:
    difference = _difference(world, world.changed())
    assert (difference.changes, difference.consequences, difference.gained) == ([], [], False)


@given(pairs_of_worlds())
@settings(max_examples=100, deadline=None)
def test_what_one_direction_gains_the_other_one_loses(pair: tuple[World, World]) -> None:
    old, new = pair
    there, back = _unfolded(_difference(old, new).consequences), _unfolded(_difference(new, old).consequences)
    assert {(who, on, before, after) for who, on, after, before in back} == set(there)


def test_a_grant_to_a_group_is_one_consequence_for_all_members_and_repositories() -> None:
    old = World().group("red").project("1", "PAY")
    for number in range(34):
        old.user(f"u{number}", groups=["red"])
    for number in range(12):
        old.repository(f"r{number}", "1", f"repo-{number}")
    new = old.changed().grant(GROUP, "red", "PROJECT_WRITE", "1")
    [only] = _difference(old, new).consequences
    assert (len(only.subjects), len(only.resources), only.pairs, only.through.name) == (34, 13, 34 * 13, "red")


def test_a_user_who_had_the_level_already_gained_nothing() -> None:
    old = World().group("red").project("1", "PAY").user("ann", groups=["red"]).user("bob", groups=["red"])
    old.grant(USER, "ann", "PROJECT_ADMIN", "1")
    new = old.changed().grant(GROUP, "red", "PROJECT_WRITE", "1")
    assert _unfolded(_difference(old, new).consequences) == [("bob", "1", "none", "write")]


def test_a_change_for_millions_of_combinations_is_one_fold_and_takes_no_time_for_each() -> None:
    old = World().group("staff").project("1", "ALL")
    for number in range(3000):
        old.user(f"u{number}", groups=["staff"])
    for number in range(2000):
        old.repository(f"r{number}", "1", f"repo-{number}")
    new = old.changed().grant(GROUP, "staff", "ADMIN")
    [only] = _difference(old, new).consequences
    assert (len(only.parts), only.pairs) == (1, 3000 * 2001)
