"""What is different on two servers, against trying everybody on everything."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given, settings

from connector.graph.payload import load
from connector.graph.values import Application, Group, Node, User
from connector.review.across.comparison import Comparison
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


def _compared(old: Organisation, new: Organisation, kind: str) -> Comparison:
    return Comparison(match(load(old.server()), load(new.payload(kind))))


def _name(person: Person) -> str:
    return str(person.old.properties["username"]) if person.old and "username" in person.old.properties else ANYBODY


def _place(node: Node) -> str:
    return EVERYTHING if isinstance(node, Application) else where(node)


def _rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    return [(_name(row.person), _place(row.old), str(row.before), str(row.after)) for row in comparison.rows()]


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


@given(pairs())
@settings(max_examples=400, deadline=None)
def test_exactly_what_brute_force_finds_is_told(pair: tuple[Organisation, Organisation, str]) -> None:
    rows = _rows(_compared(*pair))
    assert len(rows) == len(set(rows))
    assert set(rows) == _expected(*pair)


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_the_folds_are_the_rows_by_their_reasons(pair: tuple[Organisation, Organisation, str]) -> None:
    comparison = _compared(*pair)
    rows: defaultdict[Reason, list[tuple[Person, Node]]] = defaultdict(list)
    for row in comparison.rows():
        rows[row.reason].append((row.person, row.old))
    assert {one.reason: one.combinations for one in comparison.differences} == {
        reason: len(some) for reason, some in rows.items()
    }
    for one in comparison.differences:
        assert {*one.people} == {person for person, _ in rows[one.reason]}
        assert {*one.nodes} == {old for _, old in rows[one.reason]}


@given(pairs())
@settings(max_examples=300, deadline=None)
def test_each_reason_is_true(pair: tuple[Organisation, Organisation, str]) -> None:
    old, new, kind = pair
    for row in _compared(*pair).rows():
        more, less = ((old, SERVER), (new, kind))[:: -1 if row.reason.gained else 1]
        there = row.old if row.reason.gained else row.new
        if row.reason.holder is None or row.reason.holder.id not in EVERYBODY:
            _check(row.reason, row.on, _place(row.new if row.reason.gained else row.old), _place(there), more, less)


_Side = tuple[Organisation, str]


def _check(reason: Reason, on: Node, here: str, there: str, more: _Side, less: _Side) -> None:
    """Hold what is said about a grant against both organisations."""
    if reason.cause is Cause.MOVE:
        assert not there.startswith(f"{_place(on)}/")
    if not isinstance(reason.holder, Group):
        assert reason.cause in (Cause.DIRECT, Cause.MOVE)
        return
    holder = reason.holder.name
    organisation, kind = less
    assert more[0].given_to(holder, _place(on), more[1]) >= reason.step
    assert more[0].given_to(holder, here, more[1]) >= reason.step
    if reason.cause is Cause.GROUP:
        assert holder not in organisation.groups
        return
    has = organisation.given_to(holder, there, kind) >= reason.step
    assert has is (reason.cause is Cause.MEMBERSHIP)
    if reason.cause is Cause.MOVE:
        assert organisation.given_to(holder, _place(on), kind) >= reason.step


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_what_one_direction_gains_the_other_one_loses(pair: tuple[Organisation, Organisation, str]) -> None:
    old, new, kind = pair
    before, after = old.server(), new.payload(kind)

    def rows(old: dict[str, Any], new: dict[str, Any]) -> set[tuple[str, ...]]:
        return {
            (_id(row.person.old), _id(row.person.new), row.old.name, row.new.name, str(row.before), str(row.after))
            for row in Comparison(match(load(old), load(new))).rows()
        }

    turned = {(two, one, four, three, six, five) for one, two, three, four, five, six in rows(after, before)}
    assert turned == rows(before, after)


def _id(user: User | None) -> str:
    return "" if user is None else user.id
