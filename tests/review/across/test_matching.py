"""Who and what is the same on two servers: what is matched, what is ambiguous, and what is never guessed."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from connector.graph.payload import load
from connector.review.across.matches import Matches
from connector.review.across.matching import Matching, match
from connector.review.text.names import where
from tests.review.across.organisations import CLOUD, SERVER, Organisation


def _matching(old: Organisation, new: Organisation, kind: str = SERVER) -> Matching:
    return match(load(old.server()), load(new.payload(kind)))


def _pairs(found: Matches[Any]) -> set[tuple[str, str, str]]:
    return {(_name(old), _name(found.counterparts[old]), str(hint)) for old, hint in found.hints.items()}


def _name(one: Any) -> str:
    return str(one.properties.get("username") or one.email or one.id) if hasattr(one, "email") else where(one)


def _undecided(found: Matches[Any]) -> set[str]:
    return {_name(one) for one in found.undecided}


def _ambiguous(found: Matches[Any]) -> set[tuple[str, str]]:
    return {(str(one.hint), one.name) for one in found.ambiguous}


# ---- people


@pytest.mark.parametrize("kind", [SERVER, CLOUD])
def test_people_are_matched_by_address_before_user_name(kind: str) -> None:
    old = Organisation().person("ann", "ann@example.com")
    new = Organisation().person("a.smith", "ann@example.com")
    expected = {("ann", "a.smith" if kind == SERVER else "ann@example.com", "e-mail address")}
    assert _pairs(_matching(old, new, kind).people) == expected


def test_letter_case_and_unicode_forms_of_an_address_do_not_matter() -> None:
    old = Organisation().person("joerg", "Jörg.Ünal@Example.COM")
    new = Organisation().person("other", unicodedata.normalize("NFD", "jörg.ünal@example.com"))
    assert _pairs(_matching(old, new).people) == {("joerg", "other", "e-mail address")}


def test_letters_that_only_look_alike_are_different() -> None:
    old = Organisation().person("a", "strasse@example.com").person("b", "p\N{LATIN SMALL LETTER A}y@example.com")
    new = Organisation().person("c", "straße@example.com").person("d", "p\N{CYRILLIC SMALL LETTER A}y@example.com")
    assert _pairs(_matching(old, new).people) == set()


@pytest.mark.parametrize("kind", [SERVER, CLOUD])
def test_display_names_are_no_hint(kind: str) -> None:
    old = Organisation().person("jd1", "j.doe@old.example", name="Jane Doe")
    new = Organisation().person("jd2", "jane@new.example", name="Jane Doe")
    found = _matching(old, new, kind).people
    assert _pairs(found) == set()
    assert [_name(one) for one in found.alone(found.old)] == ["jd1"]


def test_an_address_of_two_people_says_nothing_about_either() -> None:
    old = Organisation().person("ann", "team@example.com").person("bob", "team@example.com")
    found = _matching(old, Organisation().person("x", "team@example.com"), CLOUD).people
    assert _pairs(found) == set()
    assert _ambiguous(found) == {("e-mail address", "team@example.com")}
    assert _undecided(found) == {"ann", "bob", "team@example.com"}


def test_user_names_settle_who_shares_an_address() -> None:
    both = Organisation().person("ann", "team@example.com").person("bob", "team@example.com")
    found = _matching(both, both).people
    assert _pairs(found) == {("ann", "ann", "user name"), ("bob", "bob", "user name")}
    assert not found.ambiguous


def test_an_address_and_a_user_name_that_contradict_each_other_say_nothing() -> None:
    old = Organisation().person("jane", "jane@example.com").person("jdoe", "john@example.com")
    new = Organisation().person("jdoe", "jane@example.com")
    found = _matching(old, new).people
    assert _pairs(found) == set()
    assert _ambiguous(found) == {("e-mail address", "jane@example.com"), ("user name", "jdoe")}


def test_a_user_name_that_is_somebody_elses_address_is_no_hint() -> None:
    old = Organisation().person("bob@example.com", "ann@example.com").person("robert", "bob@example.com")
    new = Organisation().person("a", "ann@example.com").person("b", "bob@example.com")
    expected = {
        ("bob@example.com", "ann@example.com", "e-mail address"),
        ("robert", "bob@example.com", "e-mail address"),
    }
    assert _pairs(_matching(old, new, CLOUD).people) == expected


def test_a_user_name_that_looks_like_an_address_is_none() -> None:
    old = Organisation().person("bob@example.com")
    new = Organisation().person("x", "bob@example.com")
    assert _pairs(_matching(old, new, CLOUD).people) == set()


def test_somebody_with_two_accounts_is_ambiguous() -> None:
    old = Organisation().person("ann", "ann@example.com")
    new = Organisation().person("ann-1", "ann@example.com").person("ann-2", "ann@example.com")
    found = _matching(old, new).people
    assert _pairs(found) == set()
    assert _undecided(found) == {"ann", "ann-1", "ann-2"}


def test_a_second_account_of_somebody_who_is_matched_is_named() -> None:
    old = Organisation().person("ann", "ann@example.com")
    new = Organisation().person("ann", "ann@example.com").person("ann-admin", "ann@example.com")
    found = _matching(old, new).people
    assert _pairs(found) == {("ann", "ann", "user name")}
    assert _undecided(found) == {"ann-admin"}


def test_the_same_user_name_with_another_address_is_matched() -> None:
    old, new = Organisation().person("ann", "ann@old.example"), Organisation().person("ANN", "ann@new.example")
    assert _pairs(_matching(old, new).people) == {("ann", "ANN", "user name")}


def test_a_thousand_accounts_with_one_address_are_one_ambiguity() -> None:
    both = Organisation()
    for number in range(1000):
        both.person(f"bot-{number}", "bots@example.com")
    found = _matching(both, both, CLOUD).people
    assert (len(found.ambiguous), len(found.undecided), len(found.hints)) == (1, 2000, 0)


# ---- groups


def test_groups_are_matched_by_name_or_slug() -> None:
    old = Organisation().group("Payments Dev").group("ops").group("gone")
    new = Organisation().group("payments dev").group("OPS").group("renamed")
    for kind in (SERVER, CLOUD):
        found = _matching(old, new, kind).groups
        assert {(one.name, found.counterparts[one].name) for one in found.hints} == {
            ("Payments Dev", "payments dev"),
            ("ops", "OPS"),
        }


# ---- repositories


def test_repositories_are_matched_by_project_and_slug_before_slug() -> None:
    old = Organisation().project("PAY", "api", "web").project("OPS", "api")
    new = Organisation().project("PAY", "api").project("OPS", "api").project("NEW", "web")
    assert _pairs(_matching(old, new, CLOUD).repositories) == {
        ("PAY/api", "PAY/api", "project key and slug"),
        ("OPS/api", "OPS/api", "project key and slug"),
        ("PAY/web", "NEW/web", "slug alone"),
    }


def test_a_slug_that_another_repository_has_is_no_hint() -> None:
    old = Organisation().project("PAY", "api").project("OPS", "api")
    new = Organisation().project("PAY", "api").project("NEW", "api")
    found = _matching(old, new).repositories
    assert _pairs(found) == {("PAY/api", "PAY/api", "project key and slug")}
    assert _ambiguous(found) == {("slug alone", "api")}
    assert _undecided(found) == {"OPS/api", "NEW/api"}


def test_what_has_no_namesake_left_is_alone_and_not_ambiguous() -> None:
    old = Organisation().project("PAY", "api").project("OPS", "api")
    found = _matching(old, Organisation().project("PAY", "api")).repositories
    assert not found.ambiguous
    assert [where(one) for one in found.alone(found.old)] == ["OPS/api"]


def test_a_personal_repository_is_not_matched_with_a_teams() -> None:
    old = Organisation().project("~ann", "notes")
    found = _matching(old, Organisation().project("OPS", "notes"), CLOUD).repositories
    assert _pairs(found) == set()
    assert _undecided(found) == {"~ann/notes", "OPS/notes"}


def test_personal_repositories_of_two_servers_are_matched_by_project_and_slug() -> None:
    both = Organisation().project("~ann", "notes")
    assert _pairs(_matching(both, both).repositories) == {("~ann/notes", "~ann/notes", "project key and slug")}
