"""Reasons why an identity reaches a node: every path, step by step, shortest first."""

from __future__ import annotations

from itertools import pairwise

from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Level
from tests.graph.payloads import APPLICATION, Json, holds, named, node, on, payload, resource, role_on, why


def _organisation() -> Json:
    return payload(
        holds("u1", on("reader", "p.r"), on("licence", application=True)),
        holds("devs", on("tree-writer", "p"), kind="local_group"),
        holds("all", on("tree-reader", "p"), on("reader", "p.r"), kind="local_group"),
        holds("admins", on("tree-owner", application=True), kind="local_group"),
        holds("key", on("writer", "p.r"), kind="local_access_creds"),
        users=(
            {"id": "u1", "name": "Ann", "groups": ["devs", "ops"], "access_creds": ["key"]},
            {"id": "u2", "name": "Ben", "groups": ["admins"], "access_creds": ["token"]},
        ),
        groups=(
            {"id": "devs", "name": "Developers", "groups": ["all"]},
            {"id": "ops", "name": "Operations", "groups": ["all"]},
            {"id": "all", "name": "All", "groups": ["devs"]},
            {"id": "admins", "name": "Admins"},
        ),
        credentials=({"id": "key", "name": "deploy key"}, {"id": "token", "name": "laptop"}),
        resources=(resource("Payments", resource("api", id="r"), id="p"),),
    )


def test_all_paths_are_given_step_by_step_shortest_first() -> None:
    assert why(_organisation(), "u1", "p.r") == [
        "Ann → reader on api",
        "Ann → deploy key → writer on api",
        "Ann → Developers → All → reader on api",
        "Ann → Developers → tree-writer on Payments → api",
        "Ann → Operations → All → reader on api",
        "Ann → Developers → All → tree-reader on Payments → api",
        "Ann → Operations → All → tree-reader on Payments → api",
        "Ann → Operations → All → Developers → tree-writer on Payments → api",
    ]


def test_the_path_of_an_administrator_begins_at_the_application() -> None:
    assert why(_organisation(), "u2", "p.r") == ["Ben → Admins → tree-owner on App → Payments → api"]
    assert why(_organisation(), "u2", APPLICATION) == ["Ben → Admins → tree-owner on App"]


def test_the_path_of_a_credential_without_grants_leads_through_its_owner() -> None:
    assert why(_organisation(), "token", "p") == ["laptop → Ben → Admins → tree-owner on App → Payments"]
    assert why(_organisation(), "key", "p") == []


def test_a_group_has_paths() -> None:
    assert why(_organisation(), "ops", "p") == [
        "Operations → All → tree-reader on Payments",
        "Operations → All → Developers → tree-writer on Payments",
    ]


def test_the_roles_of_a_grant_are_steps_of_the_path() -> None:
    document = payload(
        holds("ann", roles=(role_on("outer", "a"),)),
        users=({"name": "ann"},),
        roles=({"name": "outer", "roles": ["inner"]}, {"name": "inner", "permissions": ["writer"]}),
        resources=(resource("a"),),
    )
    assert why(document, "ann", "a") == ["ann → outer → inner → writer on a"]


def test_a_path_has_parts_and_a_level() -> None:
    export = load(_organisation())
    api = node(export, "p.r")
    path = Access(export).paths(named(export, "u2"), api)[0]
    assert [identity.id for identity in path.chain] == ["u2", "admins"]
    assert path.grant.permission.name == "tree-owner"
    assert path.grant.on is export.applications[0]
    assert path.inherited == (node(export, "p"), api)
    assert path.level is Level.ADMIN
    assert path.length == 4


def test_a_grant_that_is_listed_twice_is_one_reason() -> None:
    document = payload(
        holds("ann", on("reader", "a", "a")),
        holds("ann", on("reader", "a")),
        users=({"name": "ann"},),
        resources=(resource("a"),),
    )
    assert why(document, "ann", "a") == ["ann → reader on a"]


def test_parts_left_out_are_in_no_path() -> None:
    export = load(_organisation())
    without = Access(export, [named(export, "devs")])
    assert [str(path) for path in without.paths(named(export, "u1"), node(export, "p"))] == [
        "Ann → Operations → All → tree-reader on Payments"
    ]
    assert Access(export, [named(export, "u1")]).paths(named(export, "u1"), node(export, "p")) == []


def test_of_groups_all_nested_in_each_other_the_shortest_paths_up_to_the_limit_are_given() -> None:
    names = [f"g{number}" for number in range(12)]
    document = payload(
        holds("g11", on("reader", "a"), kind="local_group"),
        users=({"name": "ann", "groups": ["g0"]},),
        groups=tuple({"name": name, "groups": [other for other in names if other != name]} for name in names),
        resources=(resource("a"),),
    )
    export = load(document)
    paths = Access(export).paths(named(export, "ann"), node(export, "a"), limit=50)
    assert len(paths) == 50
    assert str(paths[0]) == "ann → g0 → g11 → reader on a"
    assert all(shorter.length <= longer.length for shorter, longer in pairwise(paths))
