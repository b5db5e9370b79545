"""The benchmarks, against a server in a process of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.bare import throughput
from bench.export import Measured, export
from bench.gentleness import gentleness
from bench.scenarios import CROWDED, Scenario
from bench.server import serving
from bench.table import Row, head

SMALL = ("--users=10", "--groups=3", "--projects=2", "--repositories=5", "--grants-per-repository=2")


def test_an_export_is_measured_in_processes_of_its_own(tmp_path: Path) -> None:
    with serving(SMALL) as server:
        most = throughput(server.base_url, requests_in_all=50, connections=4)
        took = export(server.base_url, tmp_path / "export.json", ["--concurrency=2"])
    assert most > 50
    assert json.loads((tmp_path / "export.json").read_text())["applications"]
    assert took.exit_code == 0
    assert 0 < took.collecting_cpu < took.wall
    assert took.after_last_answer < took.wall
    assert 20 < took.peak_megabytes < 400
    assert server.answers["200"] > 50 + 5 * 2


def test_an_export_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="takes a number"):
        export("http://127.0.0.1:1", tmp_path / "export.json", ["--concurrency=many"])


@pytest.mark.parametrize(
    ("scenario", "floor"),
    [
        (Scenario("by latency", SMALL, concurrency=10, latency=0.05), 5.0),
        (Scenario("by rate", SMALL, rate=(60, 5)), 188.0),
        (Scenario("by the server", SMALL), 0.5),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_floor_is_the_time_of_an_ideal_client(scenario: Scenario, floor: float) -> None:
    assert scenario.floor(1000, throughput=2000) == pytest.approx(floor)


def test_the_table_is_markdown() -> None:
    row = Row("one", 1000, 3, 5.0, Measured(0, 5.5, 0.8, 0.4, 60.0))
    first, second = head()
    assert first.count("|") == second.count("|") == str(row).count("|")
    assert str(row) == "| one | 1,000 | 5.5 | 5.0 | 1.10 | 0.80 | 60 | 0.4 | 3 |"


def test_the_effect_on_other_clients_is_compared_with_a_server_without_an_export(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.gentleness._SECONDS", 2.0)
    monkeypatch.setattr("bench.gentleness._BEFORE_THEY_COME", 0.1)
    monkeypatch.setattr("bench.gentleness._TO_NOTICE", 1.0)
    title, _, first, second, *rows = gentleness(replace(CROWDED, organisation=SMALL))
    assert "8 slots" in title
    assert len({line.count("|") for line in (first, second, *rows)}) == 1
    assert rows[0].split(" | ")[2] == "1.00"
    assert len(rows) == 4
