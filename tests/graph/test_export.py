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
    assert [row.holder for row in export.assignments_on(payments)] == [ann, team]
    assert export.grants_of(named(export, "2")) == []


def test_defined_properties_are_known_by_name() -> None:
    definition = {
        "applications": [
            {
                "application_type": "App",
                "local_access_creds_properties": {"fingerprint": "STRING"},
                "resources": [{"resource_type": "Repo", "properties": {"webhook_hosts": "STRING_LIST"}}],
            }
        ]
    }
    assert {"fingerprint", "webhook_hosts"} <= load(payload() | {"custom_property_definition": definition}).defined
    assert load(payload()).defined == frozenset()
    assert load(payload() | {"custom_property_definition": None}).defined == frozenset()


def test_nodes_hold_each_application_before_its_resources() -> None:
    kinds = [type(item) for item in _export().nodes]
    assert kinds == [Application, *[Resource] * 5]
