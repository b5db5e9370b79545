"""An export's things and how they hang together."""

from __future__ import annotations

from connector.graph.export import Export
from connector.graph.payload import load
from connector.graph.values import Application, Credential, Group, Resource, User, lineage
from tests.graph.payloads import holds, named, node, on, payload, resource


def _export() -> Export:
    return load(
        payload(
            holds("1", on("reader", "p", "p.r")),
            holds("team", on("tree-writer", "p"), kind="local_group"),
            users=(
                {
                    "id": "1",
                    "name": "Ann Smith",
                    "email": "Ann@Example.com",
                    "identities": ["asmith"],
                    "groups": ["team"],
                    "access_creds": ["key"],
                    "custom_properties": {"username": "ann"},
                },
                {"id": "2", "name": "Ben"},
            ),
            groups=({"name": "Team", "groups": ["all"]}, {"name": "all"}),
            credentials=({"id": "key", "name": "Laptop"},),
            resources=(
                resource(
                    "Payments",
                    resource("api", resource("deep"), id="r", custom_properties={"slug": "API", "project_key": "PAY"}),
                    resource("web"),
                    id="p",
                    custom_properties={"key": "PAY"},
                ),
                resource("Operations", description="What runs."),
            ),
        )
    )


def test_the_tree_can_be_walked_in_both_directions() -> None:
    export = _export()
    application, payments = export.applications[0], node(export, "p")
    assert [item.key for item in export.resources] == ["p", "p.r", "p.r.deep", "p.web", "Operations"]
    assert [item.key for item in export.children_of(application)] == ["p", "Operations"]
    assert [item.key for item in export.children_of(payments)] == ["p.r", "p.web"]
    assert [item.key for item in export.descendants_of(payments)] == ["p.r", "p.r.deep", "p.web"]
    assert len(export.descendants_of(application)) == 5
    assert [item.name for item in lineage(node(export, "p.r.deep"))] == ["deep", "api", "Payments", "App"]
    assert export.resources[4].description == "What runs."


def test_memberships_and_ownership_can_be_walked_in_both_directions() -> None:
    export = _export()
    ann, team, everybody, key = (named(export, name) for name in ("1", "Team", "all", "key"))
    assert isinstance(ann, User)
    assert isinstance(team, Group)
    assert isinstance(everybody, Group)
    assert isinstance(key, Credential)
    assert list(export.groups_of(ann)) == [team]
    assert list(export.groups_of(team)) == [everybody]
    assert list(export.members_of(team)) == [ann]
    assert list(export.members_of(everybody)) == [team]
    assert list(export.credentials_of(ann)) == [key]
    assert list(export.owners_of(key)) == [ann]
    assert list(export.groups_of(everybody)) == []


def test_grants_are_told_by_holder_and_by_what_they_are_on() -> None:
    export = _export()
    ann, team, payments = named(export, "1"), named(export, "Team"), node(export, "p")
    graph = {(item.holder.id, item.permission.name, item.on.name) for item in export.grants()}
    assert graph == {("1", "reader", "Payments"), ("1", "reader", "api"), ("Team", "tree-writer", "Payments")}
    assert {grant.on.name for grant in export.grants_of(ann)} == {"Payments", "api"}
    assert {grant.holder for grant in export.grants_on(payments)} == {ann, team}
    assert set(export.grants_on(payments)) <= set(export.grants())
    assert export.grants_of(named(export, "2")) == []


def test_users_are_found_by_any_of_their_names_in_any_case() -> None:
    export = _export()
    for name in ("1", "ann smith", "ANN@example.com", "ASmith", "Ann"):
        assert [user.id for user in export.find_users(name)] == ["1"]
    assert export.find_users("smith") == []


def test_groups_credentials_and_resources_are_found_by_their_names() -> None:
    export = _export()
    assert [group.id for group in export.find_groups("TEAM")] == ["Team"]
    assert [item.id for item in export.find_credentials("laptop")] == ["key"]
    assert [item.id for item in export.find_credentials("KEY")] == ["key"]
    for name in ("pay", "payments", "P"):
        assert [item.key for item in export.find_resources(name)] == ["p"]
    for name in ("PAY/api", "api", "p.r"):
        assert [item.key for item in export.find_resources(name)] == ["p.r"]
    assert export.find_resources("pay/web") == []


def test_nodes_hold_each_application_before_its_resources() -> None:
    kinds = [type(item) for item in _export().nodes]
    assert kinds == [Application, *[Resource] * 5]
