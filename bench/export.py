"""One export by the connector's own command in a process of its own, and its measurements.

As a program it is that process: it runs the command line it is given, and writes its measurements to
standard output as one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connector.cli import main as cli
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.sources.datacenter import source as server


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds: in all, of one core while collecting, and from the last answer to the file on disk."""

    exit_code: int
    wall: float
    collecting_cpu: float
    after_last_answer: float
    peak_megabytes: float


def export(base_url: str, path: Path, options: Sequence[str]) -> Measured:
    """Export a server to a file, and measure it. Raises RuntimeError where it does not end well."""
    environment = os.environ | {
        "BITBUCKET_URL": base_url,
        "BITBUCKET_USER": DEMO_USER,
        "BITBUCKET_TOKEN": DEMO_PASSWORD,
    }
    command = [sys.executable, "-m", "bench.export", "--save-json", str(path), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Measured(**json.loads(done.stdout))


def measure(arguments: Sequence[str]) -> Measured:
    """Run a command line of the connector in this process."""
    began = time.monotonic()
    collected: list[tuple[float, float]] = []

    def noting_when_it_ends(collect: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any) -> Any:  # noqa: ANN401 - any arguments
            cpu = time.process_time()
            snapshot = collect(*arguments)
            collected.append((time.process_time() - cpu, time.monotonic()))
            return snapshot

        return noting

    replaced: Any = server
    replaced.collect = noting_when_it_ends(replaced.collect)
    exit_code = cli.main(arguments)
    ended = time.monotonic()
    cpu, last_answer = collected[0] if collected else (0.0, ended)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Measured(exit_code, ended - began, cpu, ended - last_answer, peak_megabytes(usage))


def peak_megabytes(usage: resource.struct_rusage) -> float:
    """Give the highest memory of a process: `ru_maxrss` is in kilobytes on Linux, in bytes on macOS."""
    return usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    measured = measure(sys.argv[1:])
    sys.stdout.write(json.dumps(asdict(measured)))
    sys.exit(measured.exit_code)
