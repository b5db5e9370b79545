"""Reading a payload: how references resolve, what is unknown, and what is refused with which message."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from connector.errors import ConnectorError
from connector.graph.payload import load
from connector.graph.values import Category, ReviewError
from tests.graph.payloads import Json, graph, holds, on, payload, permission, resource


def _small() -> Json:
    return payload(
        holds("1", on("reader", "p.r")),
        holds("team", on("writer", "p.r"), kind="local_group"),
        users=({"id": "1", "name": "Ann", "groups": ["team"], "access_creds": ["key"]},),
        groups=({"name": "team", "groups": ["others"]}, {"name": "others"}),
        roles=({"name": "role", "permissions": ["reader"]},),
        credentials=({"id": "key", "name": "deploy"},),
        resources=(resource("Project", resource("Repo", id="r"), id="p"),),
    )


def test_a_file_and_its_parsed_json_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(_small()).encode())
    assert [user.id for user in load(path).users] == [user.id for user in load(_small()).users]
    assert load(str(path)).resources[1].key == "p.r"


def test_references_are_by_id_where_there_is_one() -> None:
    document = payload(
        holds("1", on("reader", "p.r")),
        users=({"id": "1", "name": "Ann"}, {"id": "2", "name": "1st"}),
        resources=(resource("Same", resource("Same", id="r"), id="p"),),
    )
    assert graph(document) == {"1 p.r read"}


def test_a_name_is_no_reference_to_what_has_an_id() -> None:
    document = payload(holds("Ann", on("reader", "a")), users=({"id": "1", "name": "Ann"},), resources=(resource("a"),))
    with pytest.raises(ReviewError, match="unknown local user 'Ann'"):
        load(document)


def test_identities_are_one_in_any_letter_case() -> None:
    document = payload(
        holds("TEAM", on("writer", "a"), kind="local_group"),
        holds("ann", on("reader", "b")),
        users=({"name": "Ann", "groups": ["tEAm"]},),
        groups=({"name": "Team"},),
        resources=(resource("a"), resource("b")),
    )
    assert graph(document) == {"Ann a write", "Ann b read"}


def test_names_that_differ_in_sharp_s_are_two_groups() -> None:
    document = payload(groups=({"name": "strasse"}, {"name": "straße"}))
    assert [group.id for group in load(document).groups] == ["strasse", "straße"]


def test_keys_are_resolved_along_the_tree_and_not_split() -> None:
    document = payload(
        holds("ann", on("reader", "a.b.c"), on("tree-writer", "x.y")),
        users=({"name": "ann"},),
        resources=(resource("a.b", resource("c")), resource("a"), resource("x.y", resource("my.repo"))),
    )
    assert graph(document) == {"ann a.b.c read", "ann x.y write", "ann x.y.my.repo write"}


def test_numbers_as_ids_are_read_as_text() -> None:
    document = payload(
        holds("7", on("reader", "1.2")),
        users=({"id": 7, "name": "ann"},),
        resources=(resource("p", resource("r", id=2), id=1),),
    )
    assert graph(document) == {"7 1.2 read"}


def test_absent_fields_are_none() -> None:
    user = load(payload(users=({"name": "ann"},))).users[0]
    assert (user.email, user.is_active, user.last_login_at, user.created_at, user.user_type) == (None,) * 5
    assert user.identities == ()
    assert user.properties == {}


def test_all_fields_of_users_and_credentials_are_read() -> None:
    user = {
        "id": "1",
        "name": "Ann",
        "email": "ann@example.com",
        "identities": ["ann@example.com", "ann"],
        "is_active": False,
        "user_type": "human",
        "created_at": "2020-01-01T00:00:00Z",
        "last_login_at": "2025-01-02T03:04:05Z",
    }
    credential = {
        "id": "key",
        "name": "deploy",
        "is_active": True,
        "can_expire": True,
        "created_at": "2024-01-01T00:00:00Z",
        "expires_at": "2026-01-01T00:00:00Z",
        "last_used_at": "2025-01-01T00:00:00Z",
    }
    custom = {"custom_properties": {"username": "ann"}}
    export = load(payload(users=(user | custom,), credentials=(credential,)))
    found = export.users[0]
    assert {name: getattr(found, name) for name in user} == user | {"identities": ("ann@example.com", "ann")}
    assert found.properties == custom["custom_properties"]
    assert found.application is export.applications[0]
    assert {name: getattr(export.credentials[0], name) for name in credential} == credential


def test_every_category_of_oaa_is_known_by_its_name() -> None:
    names = [category.oaa_name for category in Category]
    export = load(payload(permissions=[permission("all", names)]))
    assert export.permissions[0].categories == ~Category(0)
    assert names[:2] == ["DataRead", "DataWrite"]


def test_applications_have_names_of_their_own() -> None:
    document = payload(holds("ann", on("reader", "a")), users=({"name": "ann"},), resources=(resource("a"),))
    other = {"name": "Other", "local_users": [{"name": "ann"}], "resources": [resource("a")]}
    document["applications"].append(other)
    document["identity_to_permissions"].append(
        holds("ann", {"application": "Other", "permission": "writer", "resources": ["a"]})
    )
    export = load(document)
    assert [application.name for application in export.applications] == ["App", "Other"]
    grants = {(item.holder.application.name, item.permission.name, item.on) for item in export.grants()}
    assert grants == {("App", "reader", export.nodes[1]), ("Other", "writer", export.nodes[3])}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON, or cut short"),
        (json.dumps(_small()).encode()[:-40], "not JSON, or cut short: .* at line 1 column"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"<html></html>", "not JSON"),
        (b"[1, 2]", "its JSON is no object"),
        (b"{}", "no list 'applications'"),
        (b'{"applications": [], "permissions": []}', "no list 'identity_to_permissions'"),
        (b"[" * 100_000, "nested deeper"),
    ],
)
def test_a_file_that_is_no_payload_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    with pytest.raises(ReviewError, match=words) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConnectorError)
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match=r"missing\.json: cannot be read: No such file"):
        load(tmp_path / "missing.json")


def test_an_incremental_payload_is_refused() -> None:
    with pytest.raises(ReviewError, match="incremental"):
        load(_small() | {"incremental_change": True})


_BROKEN: list[tuple[tuple[str | int, ...], object, str]] = [
    (("identity_to_permissions", 0, "identity"), "2", r"identity_to_permissions\[0\]: .*unknown local user '2'"),
    (("identity_to_permissions", 0, "identity"), None, "no local user is named"),
    (("identity_to_permissions", 1, "identity_type"), "team", "unknown identity 'team' of type 'team'"),
    (("identity_to_permissions", 0, "application_permissions", 0, "permission"), "x", "unknown permission 'x'"),
    (("identity_to_permissions", 0, "application_permissions", 0, "application"), "x", "unknown application 'x'"),
    (("identity_to_permissions", 0, "application_permissions", 0, "resources"), ["p.r", "p.x"], "resource 'p.x'"),
    (("identity_to_permissions", 0, "application_permissions", 0, "resources"), [["p"]], "unknown resource"),
    (("identity_to_permissions", 0, "application_permissions", 0, "resources"), "p.r", "'resources' is no list"),
    (
        ("identity_to_permissions", 0, "role_assignments"),
        [{"application": "App", "role": "x"}],
        r"role_assignments\[0\]: unknown role 'x'",
    ),
    (("permissions", 0, "permission_type"), ["Fly"], r"permissions\[0\]: unknown OAA permission 'Fly'"),
    (("permissions", 1, "name"), "reader", "a second permission 'reader'"),
    (("applications", 0, "name"), None, r"applications\[0\]: neither id nor name"),
    (("applications", 0, "local_users", 0), "Ann", r"local_users\[0\]: no object"),
    (("applications", 0, "local_users", 0, "groups"), ["x"], r"local_users\[0\]: unknown local group 'x'"),
    (("applications", 0, "local_users", 0, "access_creds"), ["x"], "unknown access credential 'x'"),
    (("applications", 0, "local_users", 0, "is_active"), "yes", "'is_active' is neither true nor false"),
    (("applications", 0, "local_users", 0, "email"), ["x"], "'email' is no text"),
    (("applications", 0, "local_users", 0, "custom_properties"), [], "'custom_properties' is no object"),
    (("applications", 0, "local_groups", 0, "groups"), ["x"], r"local_groups\[0\]: unknown local group 'x'"),
    (("applications", 0, "local_groups", 1, "name"), "TEAM", "a second identity 'TEAM'"),
    (("applications", 0, "local_roles", 0, "permissions"), ["x"], r"local_roles\[0\]: unknown permission 'x'"),
    (("applications", 0, "local_roles", 0, "roles"), ["x"], "unknown role 'x'"),
    (("applications", 0, "resources", 0, "sub_resources", 0), {}, r"sub_resources\[0\]: neither id nor name"),
]


@pytest.mark.parametrize(("place", "value", "words"), _BROKEN)
def test_an_error_names_its_place(place: tuple[str | int, ...], value: object, words: str) -> None:
    document = copy.deepcopy(_small())
    load(document)
    *parents, last = place
    target = document
    for step in parents:
        target = target[step]  # type: ignore[index]
    target[last] = value  # type: ignore[index]
    with pytest.raises(ReviewError, match=words):
        load(document)


def test_a_key_that_two_resources_have_is_refused_where_a_grant_uses_it() -> None:
    resources = (resource("a", resource("b.c")), resource("a.b", resource("c")), resource("d"))
    users = ({"name": "ann"},)
    assert graph(payload(holds("ann", on("reader", "d")), users=users, resources=resources)) == {"ann d read"}
    with pytest.raises(ReviewError, match=r"two resources have the key 'a\.b\.c'"):
        load(payload(holds("ann", on("reader", "a.b.c")), users=users, resources=resources))


def test_a_second_application_of_one_name_is_refused() -> None:
    document = payload()
    document["applications"] *= 2
    with pytest.raises(ReviewError, match="a second application 'App'"):
        load(document)
