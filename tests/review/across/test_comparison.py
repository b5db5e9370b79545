"""What is different on two servers, against trying everybody on everything."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings

from connector.graph.export import Export
from connector.graph.payload import load
from connector.graph.values import Application, Group, Node, User
from connector.review.across.comparison import Row, ServerComparison
from connector.review.across.differences import Cause, Reason
from connector.review.across.matching import Person, match
from connector.review.text.names import where
from connector.review.vocabulary import EVERYBODY
from tests.review.across.organisations import (
    EVERYTHING,
    LEVELS,
    SERVER,
    Organisation,
    same_person,
    same_repository,
)
from tests.review.across.pairs import pairs

Rows = set[tuple[str, str, str, str]]
"""Who, by the old user name; the old name of the repository; the levels on the old and on the new server."""

ANYBODY = "anybody who is not signed in"


@given(pairs())
@settings(max_examples=300, deadline=None)
def test_a_comparison_is_what_brute_force_finds(pair: tuple[Organisation, Organisation, str]) -> None:
    old, new, kind = pair
    before, after = load(old.server()), load(new.payload(kind))
    comparison = ServerComparison(match(before, after))
    rows = list(comparison.rows())
    found = [(_name(row.person), _place(row.old), str(row.before), str(row.after)) for row in rows]
    assert len(found) == len(set(found))
    assert set(found) == _expected(old, new, kind)
    _check_differences(comparison, rows)
    for row in rows:
        _check_reason(row, (old, SERVER), (new, kind))
    backwards = {(two, one, four, three, six, five) for one, two, three, four, five, six in _changes(after, before)}
    assert backwards == _changes(before, after)


def _name(person: Person) -> str:
    return str(person.old.properties["username"]) if person.old and "username" in person.old.properties else ANYBODY


def _place(node: Node) -> str:
    return EVERYTHING if isinstance(node, Application) else where(node)


def _expected(old: Organisation, new: Organisation, kind: str) -> Rows:
    rows: Rows = set()
    places = {EVERYTHING: EVERYTHING, **same_repository(old, new, kind)}
    for place, there in places.items():
        for one, other in same_person(old, new, kind).items():
            rows.add((one, place, LEVELS[old.level(one, place, SERVER)], LEVELS[new.level(other, there, kind)]))
        before, after = (
            bool(name and side.repositories[name].is_public) for side, name in ((old, place), (new, there))
        )
        rows.add((ANYBODY, place, LEVELS[before], LEVELS[after]))
    return {row for row in rows if row[2] != row[3]}


def _check_differences(comparison: ServerComparison, rows: list[Row]) -> None:
    """Check that the differences are the rows, grouped by their reasons."""
    grouped: defaultdict[Reason, list[tuple[Person, Node]]] = defaultdict(list)
    for row in rows:
        grouped[row.reason].append((row.person, row.old))
    assert {one.reason: one.combinations for one in comparison.differences} == {
        reason: len(some) for reason, some in grouped.items()
    }
    for one in comparison.differences:
        assert {*one.people} == {person for person, _ in grouped[one.reason]}
        assert {*one.nodes} == {old for _, old in grouped[one.reason]}


_Side = tuple[Organisation, str]


def _check_reason(row: Row, old: _Side, new: _Side) -> None:
    """Check the reason of a row against both organisations."""
    reason, on = row.reason, row.on
    (more, here), (less, there) = ((new, row.new), (old, row.old))[:: 1 if reason.gained else -1]
    if reason.holder is not None and reason.holder.id in EVERYBODY:
        return
    if reason.cause is Cause.MOVE:
        assert not _place(there).startswith(f"{_place(on)}/")
    if not isinstance(reason.holder, Group):
        assert reason.cause in (Cause.DIRECT, Cause.MOVE)
        return
    holder = reason.holder.name
    organisation, kind = less
    assert more[0].given_to(holder, _place(on), more[1]) >= reason.step
    assert more[0].given_to(holder, _place(here), more[1]) >= reason.step
    if reason.cause is Cause.GROUP:
        assert holder not in organisation.groups
        return
    has = organisation.given_to(holder, _place(there), kind) >= reason.step
    assert has is (reason.cause is Cause.MEMBERSHIP)
    if reason.cause is Cause.MOVE:
        assert organisation.given_to(holder, _place(on), kind) >= reason.step


def _changes(old: Export, new: Export) -> set[tuple[str, ...]]:
    return {
        (_id(row.person.old), _id(row.person.new), row.old.name, row.new.name, str(row.before), str(row.after))
        for row in ServerComparison(match(old, new)).rows()
    }


def _id(user: User | None) -> str:
    return "" if user is None else user.id
