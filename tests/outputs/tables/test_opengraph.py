"""The graph for BloodHound: what it takes, and that its paths are what `access` answers.

What BloodHound takes is stated here in our words, from its documentation of nodes, edges, metadata and definitions
(https://bloodhound.specterops.io/opengraph/developer/graph-data), and a little more strictly.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Credential, Group, Identity, Resource, User
from connector.outputs.tables.opengraph import EDGE_KINDS, NODE_KINDS
from tests.conftest import Run
from tests.documents import ROOT
from tests.outputs.tables.conftest import NUMBER
from tests.outputs.tables.exports import payload
from tests.outputs.tables.test_tables import cloud

Json = dict[str, Any]

_NAME = re.compile(r"Bitbucket_[A-Za-z0-9]+")
_RESERVED = {"objectid", "lastseen", "reconcile"}


def _graph(run: Run, document: Json) -> Json:
    Path("export.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("tables", "export.json", "--format", "opengraph", "-o", "graph.json")
    assert ended.code == 0, ended.err
    graph: Json = json.loads(Path("graph.json").read_text(encoding="utf-8"))
    return graph


def _check(graph: Json) -> None:
    assert graph.keys() == {"metadata", "graph"}
    assert graph["metadata"].keys() == {"source_kind"}
    assert graph["graph"].keys() == {"nodes", "edges"}
    ids = set()
    for node in graph["graph"]["nodes"]:
        assert node.keys() == {"id", "kinds", "properties"}
        assert re.fullmatch(r"[0-9A-F-]{36}", node["id"]), (
            "unique everywhere, without colons, in capitals as BloodHound keeps ids"
        )
        assert node["id"] not in ids
        ids.add(node["id"])
        assert 1 <= len(node["kinds"]) <= 3
        assert all(_NAME.fullmatch(kind) for kind in node["kinds"])
        _check_properties(node["properties"])
        assert {"name", "displayname", "environmentid"} <= node["properties"].keys()
    assert {node["properties"]["environmentid"] for node in graph["graph"]["nodes"]} <= ids
    seen = set()
    for edge in graph["graph"]["edges"]:
        assert edge.keys() == {"kind", "start", "end", "properties"}
        assert _NAME.fullmatch(edge["kind"])
        for end in (edge["start"], edge["end"]):
            assert end.keys() == {"match_by", "value"}
            assert end["match_by"] == "id"
            assert end["value"] in ids
        _check_properties(edge["properties"])
        key = edge["kind"], edge["start"]["value"], edge["end"]["value"]
        assert key not in seen, "BloodHound keeps one edge of a kind between two nodes"
        seen.add(key)


def _check_properties(properties: Json) -> None:
    assert not _RESERVED & properties.keys()
    for name, value in properties.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        if isinstance(value, list):
            assert len({type(one) for one in value}) <= 1
            assert all(isinstance(one, str) for one in value)
        else:
            assert isinstance(value, str | bool | int | float)


@pytest.mark.parametrize("seed", range(NUMBER))
def test_bloodhound_takes_it(run: Run, seed: int) -> None:
    _check(_graph(run, payload(seed, "Bitbucket: à la carte/1")))


def test_bloodhound_takes_an_export_of_cloud(run: Run) -> None:
    graph = _graph(run, cloud())
    _check(graph)
    nodes = {node["properties"]["name"]: node for node in graph["graph"]["nodes"]}
    assert nodes["PAY/api"]["kinds"] == ["Bitbucket_Repository"]
    assert nodes["PAY/api"]["properties"]["is_public"] is True
    assert nodes["=HYPERLINK(1)"]["properties"]["account_id"] == "557058:a"


def test_the_demo_uses_every_kind_that_bitbucket_has(run: Run) -> None:
    run("demo", "--quiet")
    graph = _graph(run, json.loads(Path("demo-export.json").read_text(encoding="utf-8")))
    _check(graph)
    nodes = {kind for node in graph["graph"]["nodes"] for kind in node["kinds"]}
    assert {f"Bitbucket_{name}" for name in NODE_KINDS} - nodes == {"Bitbucket_Identity", "Bitbucket_Resource"}
    edges = {edge["kind"] for edge in graph["graph"]["edges"]}
    assert {f"Bitbucket_{name}" for name in EDGE_KINDS} - edges == {"Bitbucket_HasCredential"}


@pytest.mark.parametrize("seed", range(NUMBER))
def test_paths_lead_where_access_does(run: Run, seed: int) -> None:
    document = payload(seed, "Bitbucket")
    graph = _graph(run, document)
    definition = json.loads(Path("graph.definition.json").read_text(encoding="utf-8"))
    ways = {kind["name"] for kind in definition["relationship_kinds"] if kind["is_traversable"]}
    onwards = defaultdict(set)
    for edge in graph["graph"]["edges"]:
        if edge["kind"] in ways:
            onwards[edge["start"]["value"]].add(edge["end"]["value"])
    nodes = {node["id"]: node for node in graph["graph"]["nodes"]}
    keys = {one: node["properties"]["key"] for one, node in nodes.items() if _is_resource(node)}
    access = Access(load(document))
    checked = 0
    for identity in access.export.identities:
        acts = isinstance(identity, Credential) and not access.export.assignments_of(identity)
        (own,) = [one for one, node in nodes.items() if _is(node, identity)]
        reached = {keys[one] for one in _closure(own, onwards) if one in keys}
        expected = {node.key for node in access.reach(identity)}
        # A grant that ends at what contains others is no way on, see the documentation; neither is it one to there.
        rows = [(row, node) for row, node in access.granted_to(identity) if not row.permission.inherits]
        ends = [node for _, node in rows if isinstance(node, Resource)]
        only = {node.key for node in ends if access.export.descendants_of(node)}
        assert expected - only <= reached
        assert reached <= expected or acts
        checked += bool(expected)
    assert checked or not document["identity_to_permissions"]


def _is_resource(node: Json) -> bool:
    return node["kinds"][0] in {"Bitbucket_Project", "Bitbucket_Repository", "Bitbucket_Resource"}


def _is(node: Json, identity: Identity) -> bool:
    kinds = {Credential: "Credential", Group: "Group", User: "User"}
    kind = kinds.get(type(identity), "Identity")
    return bool(node["kinds"] == [f"Bitbucket_{kind}"] and node["properties"].get("id") == identity.id)


def _closure(start: str, onwards: dict[str, set[str]]) -> set[str]:
    found, left = {start}, [start]
    while left:
        fresh = onwards[left.pop()] - found
        found |= fresh
        left.extend(fresh)
    return found


def test_ids_stay_from_night_to_night(run: Run) -> None:
    first = {node["id"] for node in _graph(run, payload(1, "Bitbucket"))["graph"]["nodes"]}
    second = {node["id"] for node in _graph(run, payload(2, "Bitbucket"))["graph"]["nodes"]}
    other = {node["id"] for node in _graph(run, payload(1, "Another"))["graph"]["nodes"]}
    assert len(first & second) >= len(first) - 1
    assert first & other == set()


def test_the_definition_has_every_kind_and_the_form_that_bloodhound_takes(run: Run) -> None:
    _graph(run, cloud())
    definition = json.loads(Path("graph.definition.json").read_text(encoding="utf-8"))
    assert definition.keys() == {"schema", "node_kinds", "relationship_kinds", "environments", "relationship_findings"}
    assert definition["schema"].keys() == {"name", "display_name", "version", "namespace"}
    assert re.fullmatch(r"v\d+\.\d+\.\d+", definition["schema"]["version"])
    names = [kind["name"] for kind in (*definition["node_kinds"], *definition["relationship_kinds"])]
    assert len(names) == len(set(names))
    assert all(name.startswith(definition["schema"]["namespace"] + "_") for name in names)
    assert all(re.fullmatch(r"#[0-9A-F]{6}", kind["color"]) for kind in definition["node_kinds"])
    (environment,) = definition["environments"]
    assert {environment["environment_kind"], *environment["principal_kinds"]} <= set(names)


def test_queries_in_the_documentation_name_kinds_that_there_are() -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    queries = re.findall(r"```cypher\n(.*?)```", text, re.DOTALL)
    assert len(queries) == 3
    known = {f"Bitbucket_{name}" for name in (*NODE_KINDS, *EDGE_KINDS)}
    assert {kind for query in queries for kind in _NAME.findall(query)} <= known
    documented = {kind for line in text.splitlines() if line.startswith("|") for kind in _NAME.findall(line)}
    assert documented == known
    edges = {
        line.split("`")[1]: line.rstrip(" |").endswith("yes")
        for line in text.splitlines()
        if " → " in line and line.startswith("| `Bitbucket_")
    }
    for name, (_, traversable) in EDGE_KINDS.items():
        levels = "Bitbucket_Read" if name in ("Read", "Write", "Admin") else f"Bitbucket_{name}"
        assert edges.get(levels, False) is traversable
