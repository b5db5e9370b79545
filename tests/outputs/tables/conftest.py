"""Two nights of random exports, written once by the command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.cli import main as cli
from tests.graph.brute_force import World
from tests.outputs.tables.exports import Json, next_night, payload

NUMBER = 8


@dataclass(frozen=True)
class Nights:
    """A folder of two nights of several data sources, and what they should say, by data source: before, after."""

    folder: Path
    worlds: dict[str, tuple[World, World]]
    payloads: dict[str, tuple[Json, Json]]


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Write two nights of each of a few random exports."""
    place = tmp_path_factory.mktemp("random")
    payloads = {}
    for seed in range(NUMBER):
        before = payload(seed, f"Random {seed:02}: à la carte/1")
        payloads[before["applications"][0]["name"]] = before, next_night(before, seed)
    files = []
    for name, both in payloads.items():
        for age, document in zip(("old", "new"), both, strict=True):
            path = place / f"{name.partition(':')[0]} {age}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            files.append(str(path))
    assert cli.main(["tables", *files, "-o", str(place / "nights"), "--quiet"]) == 0
    worlds = {name: (World(before), World(after)) for name, (before, after) in payloads.items()}
    return Nights(place / "nights", worlds, payloads)
