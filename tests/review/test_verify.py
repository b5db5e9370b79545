"""What counts as a difference between an export and its server, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from connector.graph.payload import load
from connector.graph.values import Level
from connector.review.verify import RepositoryVerification, Stated, Verification
from tests.graph.payloads import holds, on, payload, resource

READ, WRITE, ADMIN = Level.READ, Level.WRITE, Level.ADMIN
EVERYONE = "bitbucket:everyone"


def person(number: int, name: str, *groups: str, active: bool = True, **known: object) -> dict[str, Any]:
    properties = {"username": name, "is_licensed": True, "in_directory": True, **known}
    return {
        "name": name.title(),
        "id": str(number),
        "is_active": active,
        "groups": list(groups),
        "custom_properties": properties,
    }


def repository(*, public: bool = False) -> dict[str, Any]:
    properties = {"slug": "api", "project_key": "PAY", "is_public": public}
    return resource("Api", kind="Repo", id="7", custom_properties=properties)


PEOPLE = (
    person(1, "ann"),
    person(2, "bob", "team"),
    person(3, "cat", active=False),
    person(4, "dan", is_licensed=False),
    person(5, "eve", in_directory=False),
    person(6, "fay"),
)
GRANTS = (
    holds("1", on("owner", "7")),
    holds("team", on("writer", "7"), kind="local_group"),
    holds("3", on("reader", "7")),
    holds("4", on("reader", "7")),
    holds("5", on("reader", "7")),
)
EQUAL = {"1": ("ann", ADMIN), "2": ("bob", WRITE)}


def compared(stated: dict[str, tuple[str, Level]] | None) -> RepositoryVerification:
    """Compare an export in which nothing is public with what a server says."""
    export = load(payload(*GRANTS, users=PEOPLE, groups=({"name": "team"},), resources=(repository(),)))
    return Verification(export).compare(Stated("PAY/api", stated))


def differences(
    stated: dict[str, tuple[str, Level]],
    *,
    public: bool = False,
    people: tuple[dict[str, Any], ...] = PEOPLE,
    extra: tuple[dict[str, Any], ...] = (),
) -> list[tuple[str, Level, Level]]:
    groups = ({"name": "team"}, {"name": "Everyone", "id": EVERYONE})
    export = load(payload(*GRANTS, *extra, users=people, groups=groups, resources=(repository(public=public),)))
    found = Verification(export).compare(Stated("PAY/api", stated))
    return [(each.user, each.server, each.export) for each in found.differences]


def test_equal_sets_are_no_difference_and_one_line() -> None:
    assert differences(EQUAL) == []
    assert compared(EQUAL).text == "PAY/api: equal (2 people)"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"6": ("fay", READ)}, ("fay", READ, Level.NONE)),
        ({"6": ("fay", ADMIN)}, ("fay", ADMIN, Level.NONE)),
        ({"2": ("bob", ADMIN)}, ("bob", ADMIN, WRITE)),
        ({"1": ("ann", READ)}, ("ann", READ, ADMIN)),
        ({"9": ("zoe", READ)}, ("zoe (not in the export)", READ, Level.NONE)),
        ({"3": ("cat", ADMIN)}, ("cat", ADMIN, READ)),
    ],
)
def test_each_user_with_another_level_on_the_server_is_a_difference(
    changed: dict[str, tuple[str, Level]], found: tuple[str, Level, Level]
) -> None:
    assert differences(EQUAL | changed) == [found]


def test_a_user_whom_the_server_does_not_list_is_a_difference() -> None:
    assert differences({"1": ("ann", ADMIN)}) == [("bob", Level.NONE, WRITE)]


def test_users_who_cannot_sign_in_may_be_listed_or_not() -> None:
    """Inactive, unlicensed, in no directory: what they are granted waits, and servers differ."""
    waiting = {"3": ("cat", READ), "4": ("dan", READ), "5": ("eve", READ)}
    assert differences(EQUAL | waiting) == []


def test_an_account_that_was_created_again_is_known_by_its_name() -> None:
    assert differences({"1": ("ann", ADMIN), "22": ("BOB", WRITE)}) == []


@pytest.mark.parametrize("exported_as_public", [True, False])
def test_public_readers_may_be_counted_or_not(*, exported_as_public: bool) -> None:
    people = (*PEOPLE[:5], person(6, "fay", EVERYONE), person(7, "gil", EVERYONE))
    extra = (holds(EVERYONE, on("reader", "7"), kind="local_group"),) if exported_as_public else ()
    counted = EQUAL | {"6": ("fay", READ), "7": ("gil", READ)}
    assert differences(EQUAL, public=True, people=people, extra=extra) == []
    assert differences(counted, public=True, people=people, extra=extra) == []


def test_a_reader_of_a_public_repository_is_found_where_public_readers_are_not_counted() -> None:
    people = (*PEOPLE, person(7, "gil"))
    assert differences(EQUAL | {"7": ("gil", READ)}, public=True, people=people) == [("gil", READ, Level.NONE)]


def test_more_than_reading_is_never_public() -> None:
    assert differences(EQUAL | {"6": ("fay", WRITE)}, public=True) == [("fay", WRITE, READ)]


def test_public_readers_whose_licence_is_unknown_may_be_left_out() -> None:
    people = (*PEOPLE[:5], person(6, "fay", is_licensed=None), person(7, "gil", is_licensed=None))
    assert differences(EQUAL | {"7": ("gil", READ)}, public=True, people=people) == []


def test_a_user_whose_licence_is_unknown_may_be_listed_or_not() -> None:
    people = (PEOPLE[0], person(2, "bob", "team", is_licensed=None), *PEOPLE[2:])
    assert differences({"1": ("ann", ADMIN)}, people=people) == []
    assert differences(EQUAL, people=people) == []
    assert differences(EQUAL | {"2": ("bob", ADMIN)}, people=people) == [("bob", ADMIN, WRITE)]


def test_a_difference_names_the_grants_that_the_export_knows() -> None:
    found = compared({"1": ("ann", ADMIN)})
    assert found.text == "PAY/api: 1 person has other access than the export says"
    (difference,) = found.differences
    assert difference.text == (
        "bob: Bitbucket says none, the export says write (it knows: bob → group team → writer on PAY/api)"
    )


def test_a_deleted_repository_is_said_to_be_deleted_and_is_no_difference() -> None:
    found = compared(None)
    assert found.differences == ()
    assert found.text == "PAY/api: was deleted or moved during the run"


def test_harmful_names_are_shown_as_escapes() -> None:
    assert "\x1b" not in differences(EQUAL | {"9": ("\x1b[2Jzoe", READ)})[0][0]


def test_many_differences_are_counted() -> None:
    strangers = {str(number): (f"stranger {number}", READ) for number in range(1_000, 1_130)}
    found = compared(EQUAL | strangers)
    assert found.text.startswith("PAY/api: 130 people have other access")
    assert len(found.lines) == 1 + 100 + 1
    assert found.lines[-1] == "  and 30 more people"
