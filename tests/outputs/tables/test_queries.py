"""The queries that come along, through the command: against brute force, and against what `access` answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.cli import main as cli
from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Group
from connector.outputs.tables.rows import kind
from tests.outputs.tables.conftest import Nights
from tests.outputs.tables.expected import CHECKS, Ask, Worlds


@pytest.fixture
def ask(nights: Nights, capsys: pytest.CaptureFixture[str]) -> Ask:
    def answer(query: str, **parameters: str) -> list[dict[str, Any]]:
        about = [word for name, value in parameters.items() for word in ("--set", f"{name}={value}")]
        assert cli.main(["tables", str(nights.folder), "--query", query, *about, "--json"]) == 0
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    return answer


@pytest.mark.parametrize("check", CHECKS)
def test_a_query_answers_what_brute_force_finds(check: Callable[[Ask, Worlds], None], ask: Ask, nights: Nights) -> None:
    check(ask, nights.worlds)


def test_effective_access_is_what_access_answers(ask: Ask, nights: Nights) -> None:
    rows = {
        (row["data_source"], row["identity_type"], row["identity_id"], row["resource_key"], row["level"])
        for row in ask("effective_access")
    }
    expected = set()
    for name, (_, after) in nights.payloads.items():
        access = Access(load(after))
        for one in access.export.identities:
            if not isinstance(one, Group):
                reached = access.reach(one)
                expected |= {(name, kind(one), one.id, node.key, str(level)) for node, level in reached.items()}
    assert rows == expected


def test_why_is_what_access_answers(ask: Ask, nights: Nights) -> None:
    rows = ask("why", resource="PAY/api")
    for name, (_, after) in nights.payloads.items():
        access = Access(load(after))
        node = next(node for node in access.export.resources if node.key == "p.r")
        for one in access.export.identities:
            paths = [path for path in access.paths(one, node) if path.level] if not isinstance(one, Group) else []
            found = [row for row in rows if (row["data_source"], row["identity_id"]) == (name, one.id)]
            own = [row for row in found if row["identity_type"] == kind(one)]
            assert sorted((row["permission"], row["level"]) for row in own) == sorted(
                (path.grant.permission.name, str(path.level)) for path in paths
            )
