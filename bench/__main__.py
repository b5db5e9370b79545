"""Measure all scenarios and print the tables that docs/benchmarks.md holds."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from bench.bare import cost_of_a_permit, cost_of_libraries, throughput
from bench.export import export
from bench.gentleness import gentleness
from bench.scenarios import CROWDED, PEERS, SCENARIOS, Scenario
from bench.server import serving
from bench.table import Row, head
from bench.tables import costs


def main() -> None:
    """Measure one scenario after the other, and print each as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    quick = parser.parse_args().quick
    _print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    with serving(PEERS) as server:
        most = throughput(server.base_url)
        _print(f"the embedded Bitbucket answers {most:,.0f} requests a second")
        for library, cost in cost_of_libraries(server.base_url).items():
            _print(f"{library}: {cost:.2f} ms of processor time a request")
    for threads in (1, 8, 16):
        _print(f"the throttle, {threads} threads: {cost_of_a_permit(threads):.1f} µs of processor time a request")
    _print("", *gentleness(CROWDED), "")
    _print(*head())
    for scenario in SCENARIOS:
        if not (quick and scenario.is_long):
            _print(str(_measured(scenario, most)))
    _print("")
    for row in costs(quick=quick):
        _print(row)


def _measured(scenario: Scenario, most: float) -> Row:
    with tempfile.TemporaryDirectory() as folder, serving(scenario.server_options) as server:
        options = [option.replace("=journal", f"={folder}/journal") for option in scenario.export_options]
        took = export(server.base_url, Path(folder) / "export.json", options)
    requests = sum(server.answers.values())
    return Row(scenario.name, requests, server.answers.get("429", 0), scenario.floor(requests, most), took)


def _print(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
