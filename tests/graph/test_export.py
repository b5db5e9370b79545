"""The tree of an export, and its defined properties."""

from __future__ import annotations

from connector.graph.payload import load
from connector.graph.values import lineage
from tests.graph.payloads import node, payload, resource


def test_the_tree_can_be_walked_in_both_directions() -> None:
    resources = (
        resource("Payments", resource("api", resource("deep"), id="r"), resource("web"), id="p"),
        resource("Operations", description="What runs."),
    )
    export = load(payload(resources=resources))
    application, payments = export.applications[0], node(export, "p")
    assert [item.key for item in export.resources] == ["p", "p.r", "p.r.deep", "p.web", "Operations"]
    assert [item.key for item in export.descendants_of(payments)] == ["p.r", "p.r.deep", "p.web"]
    assert len(export.descendants_of(application)) == 5
    assert [item.name for item in lineage(node(export, "p.r.deep"))] == ["deep", "api", "Payments", "App"]
    assert list(export.nodes) == [application, *export.resources]
    assert export.resources[4].description == "What runs."


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
