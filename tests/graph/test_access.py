"""OAA's rules of access, one by one."""

from __future__ import annotations

import pytest

from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Category, Grant, Level
from tests.graph.payloads import (
    APPLICATION,
    Json,
    graph,
    holds,
    named,
    node,
    on,
    payload,
    permission,
    resource,
    role_on,
)

ANN = {"name": "ann"}
BEN = {"name": "ben"}
A_AND_B = (resource("a"), resource("b"))
TREE = (resource("top", resource("mid", resource("leaf")), resource("side")),)
PROJECT = (resource("p", resource("r", kind="Repo"), kind="Project"),)

RULES: dict[str, tuple[Json, set[str]]] = {
    "a grant on a resource counts there alone": (
        payload(holds("ann", on("writer", "top")), users=(ANN, BEN), resources=TREE),
        {"ann top write"},
    ),
    "an inheriting grant reaches everything below at any depth": (
        payload(holds("ann", on("tree-writer", "top")), users=(ANN,), resources=(*TREE, resource("other"))),
        {"ann top write", "ann top.mid write", "ann top.mid.leaf write", "ann top.side write"},
    ),
    "an inheriting grant does not reach upwards": (
        payload(holds("ann", on("tree-reader", "top.mid")), users=(ANN,), resources=TREE),
        {"ann top.mid read", "ann top.mid.leaf read"},
    ),
    "a grant on the application reaches resources only where it inherits": (
        payload(
            holds("ann", on("tree-owner", application=True)),
            holds("ben", on("owner", application=True)),
            users=(ANN, BEN),
            resources=(resource("top", resource("mid")),),
        ),
        {"ann top admin", "ann top.mid admin"},
    ),
    "the highest of several grants counts": (
        payload(holds("ann", on("tree-reader", "top.mid"), on("owner", "top.mid")), users=(ANN,), resources=TREE),
        {"ann top.mid admin", "ann top.mid.leaf read"},
    ),
    "members have the grants of their groups and parent groups": (
        payload(
            holds("inner", on("writer", "a"), kind="local_group"),
            holds("outer", on("reader", "b"), kind="local_group"),
            users=({"name": "ann", "groups": ["inner"]}, {"name": "ben", "groups": ["outer"]}),
            groups=(
                {"name": "inner", "groups": ["middle"]},
                {"name": "middle", "groups": ["outer"]},
                {"name": "outer"},
            ),
            resources=A_AND_B,
        ),
        {"ann a write", "ann b read", "ben b read"},
    ),
    "groups nested in a circle share their grants": (
        payload(
            holds("one", on("reader", "a"), kind="local_group"),
            holds("two", on("writer", "b"), kind="local_group"),
            users=({"name": "ann", "groups": ["one"]}, {"name": "ben", "groups": ["two"]}),
            groups=({"name": "one", "groups": ["two"]}, {"name": "two", "groups": ["one"]}),
            resources=A_AND_B,
        ),
        {"ann a read", "ann b write", "ben a read", "ben b write"},
    ),
    "a role gives its permissions and those of roles nested in it": (
        payload(
            holds("ann", roles=(role_on("editor", "a"),)),
            users=(ANN,),
            roles=(
                {"name": "editor", "permissions": ["reader"], "roles": ["publisher"]},
                {"name": "publisher", "permissions": ["writer"], "roles": ["editor"]},
            ),
            resources=A_AND_B,
        ),
        {"ann a write"},
    ),
    "in a role a permission counts only where the role is assigned on a resource of its types": (
        payload(
            holds("ann", roles=(role_on("developer", "p", "p.r"),)),
            holds("ben", on("push", "p")),
            users=(ANN, BEN),
            roles=({"name": "developer", "permissions": ["read", "push"]},),
            resources=PROJECT,
            permissions=[permission("read", ["DataRead"]), permission("push", ["DataWrite"], types=("Repo",))],
        ),
        {"ann p read", "ann p.r write", "ben p write"},
    ),
    "the permission of a role on a resource of its types is inherited by resources of others": (
        payload(
            holds("ann", roles=(role_on("lead", "p"),)),
            holds("ben", roles=(role_on("lead", application=True),)),
            users=(ANN, BEN),
            roles=({"name": "lead", "permissions": ["all"]},),
            resources=PROJECT,
            permissions=[permission("all", ["MetadataWrite"], inherits=True, types=("Project",))],
        ),
        {"ann p admin", "ann p.r admin", "ben p admin", "ben p.r admin"},
    ),
    "a role that is assigned nowhere gives nothing": (
        payload(
            holds("ann", roles=(role_on("editor"),)),
            users=(ANN,),
            roles=({"name": "editor", "permissions": ["tree-owner"]},),
            resources=A_AND_B,
        ),
        set(),
    ),
}


@pytest.mark.parametrize(("document", "expected"), RULES.values(), ids=RULES)
def test_effective_access_follows_the_rules_of_oaa(document: Json, expected: set[str]) -> None:
    assert graph(document) == expected


def test_one_grant_may_be_on_the_application_and_on_resources() -> None:
    document = payload(holds("ann", on("reader", "a", application=True)), users=(ANN,), resources=(resource("a"),))
    export = load(document)
    ann = named(export, "ann")
    assert {grant.on for grant in export.grants_of(ann)} == {node(export, "a"), node(export, APPLICATION)}


def test_a_permission_without_a_level_reaches_no_resource() -> None:
    document = payload(holds("ann", on("licence", "a", application=True)), users=(ANN,), resources=(resource("a"),))
    export = load(document)
    ann = named(export, "ann")
    assert graph(document) == set()
    assert Access(export).who_can(node(export, "a")) == {}
    assert Access(export).effective(ann, node(export, "a")) == Category.NON_DATA
    assert Access(export).level(ann, node(export, "a")) is Level.NONE


def test_an_owner_has_the_grants_of_a_credential_but_the_owners_other_credentials_do_not() -> None:
    document = payload(
        holds("key", on("writer", "a"), kind="local_access_creds"),
        holds("ann", on("reader", "b")),
        users=({"name": "ann", "access_creds": ["key", "token"]}, BEN),
        credentials=({"id": "key", "name": "deploy"}, {"id": "token", "name": "laptop"}),
        resources=A_AND_B,
    )
    export = load(document)
    access = Access(export)
    reach = {
        (who, reached.key, str(level))
        for who in ("ann", "ben", "key", "token")
        for reached, level in access.reach(named(export, who)).items()
    }
    assert reach == {("ann", "a", "write"), ("ann", "b", "read"), ("key", "a", "write"), ("token", "b", "read")}
    holders = {who.id: str(level) for who, level in access.holders(node(export, "a")).items()}
    assert holders == {"key": "write", "ann": "write"}
    assert {who.id for who in access.holders(node(export, "b"))} == {"ann", "token"}


def test_a_credential_without_grants_has_what_the_groups_of_its_owners_have() -> None:
    document = payload(
        holds("team", on("tree-writer", "top"), kind="local_group"),
        users=({"name": "ann", "groups": ["team"], "access_creds": ["token"]}, {**BEN, "access_creds": ["token"]}),
        groups=({"name": "team"},),
        credentials=({"id": "token", "name": "shared"},),
        resources=(resource("top", resource("leaf")),),
    )
    export = load(document)
    access = Access(export)
    assert {key.key for key in access.reach(named(export, "token"))} == {"top", "top.leaf"}
    assert {who.id for who in access.holders(node(export, "top.leaf"))} == {"team", "ann", "token"}


def test_identities_of_a_provider_and_agents_hold_grants_of_their_own() -> None:
    document = payload(
        holds("ann@example.com", on("reader", "a"), kind="idp"),
        holds("robot", on("writer", "a"), kind="local_agent"),
        resources=(resource("a"),),
    )
    document["applications"][0]["local_agents"] = [{"name": "robot"}]
    export = load(document)
    holders = {who.id: str(level) for who, level in Access(export).holders(node(export, "a")).items()}
    assert holders == {"ann@example.com": "read", "robot": "write"}
    assert Access(export).who_can(node(export, "a")) == {}


def test_inactive_users_keep_their_grants_and_say_that_they_are_inactive() -> None:
    document = payload(
        holds("ann", on("writer", "a")),
        holds("ben", on("reader", "a")),
        users=({"name": "ann", "is_active": False}, BEN),
        resources=(resource("a"),),
    )
    export = load(document)
    who_can = Access(export).who_can(node(export, "a"))
    assert {(user.id, user.is_active, level) for user, level in who_can.items()} == {
        ("ann", False, Level.WRITE),
        ("ben", None, Level.READ),
    }


def test_without_a_group_the_access_through_it_is_gone() -> None:
    document = payload(
        holds("outer", on("tree-writer", "a"), kind="local_group"),
        holds("ann", on("reader", "a")),
        users=({"name": "ann", "groups": ["inner"]}, {"name": "ben", "groups": ["inner", "outer"]}),
        groups=({"name": "inner", "groups": ["outer"]}, {"name": "outer"}),
        resources=(resource("a"),),
    )
    assert graph(document, without=("inner",)) == {"ann a read", "ben a write"}
    assert graph(document, without=("outer",)) == {"ann a read"}
    assert graph(document, without=("ben", "outer")) == {"ann a read"}


def test_without_a_permission_or_one_grant_the_rest_remains() -> None:
    document = payload(
        holds("ann", on("writer", "a", "b"), on("reader", "a")),
        users=(ANN,),
        resources=A_AND_B,
    )
    export = load(document)
    ann = named(export, "ann")
    writer = next(item for item in export.permissions if item.name == "writer")
    without_permission = Access(export, [writer]).reach(ann)
    assert {(reached.key, level) for reached, level in without_permission.items()} == {("a", Level.READ)}
    without_grant = Access(export, [Grant(ann, writer, node(export, "a"))]).reach(ann)
    assert {(reached.key, level) for reached, level in without_grant.items()} == {
        ("a", Level.READ),
        ("b", Level.WRITE),
    }
