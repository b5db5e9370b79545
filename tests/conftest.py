"""What many tests need: a command line to call in this process, and a clock that does not make anybody wait."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main as cli
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.rest.clock import Clock
from tests.small import small_organisation

_READ_FROM_THE_ENVIRONMENT = [
    "BITBUCKET_URL",
    "BITBUCKET_TOKEN",
    "BITBUCKET_USER",
    "BITBUCKET_WORKSPACE",
    "BITBUCKET_EMAIL",
    "BITBUCKET_CLIENT_ID",
    "BITBUCKET_CLIENT_SECRET",
    "VEZA_URL",
    "VEZA_API_KEY",
    "OAA_DEBUG",
    "OAA_CONCURRENCY",
    "OAA_PATIENCE",
    "OAA_MAX_RATE",
    "OAA_INCLUDE",
    "OAA_PING",
    "NO_COLOR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
    "VEZA_UNSAFE_HTTPS",
]


def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at the same time as there are cores: most of them wait for a socket."""
    return 2 * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.err.strip().rpartition("\n")[2]


Run = Callable[..., Ended]


class SkippedTime:
    """Seconds that somebody meant to sleep, and did not."""

    seconds = 0.0


@pytest.fixture
def skipped_time(monkeypatch: pytest.MonkeyPatch) -> SkippedTime:
    """Let every wait of collecting pass at once."""
    skipped = SkippedTime()
    real_sleep, real_wait = Clock.sleep, Clock.wait

    def sleep(clock: Clock, seconds: float) -> None:
        skipped.seconds += max(0.0, seconds)
        real_sleep(clock, 0.0)

    def wait(clock: Clock, event: threading.Event, seconds: float) -> None:
        is_for_time = seconds < math.inf
        skipped.seconds += seconds if is_for_time else 0.0
        real_wait(clock, event, 0.0 if is_for_time else seconds)

    monkeypatch.setattr(Clock, "sleep", sleep)
    monkeypatch.setattr(Clock, "wait", wait)
    monkeypatch.setattr(Clock, "now", lambda _: time.monotonic() + skipped.seconds)
    return skipped


@pytest.fixture
def run_in_real_time(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Call the command line in this process, in an empty folder, with just the environment that is given."""
    monkeypatch.chdir(tmp_path)
    for name in _READ_FROM_THE_ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def call(*argv: str, **environment: str) -> Ended:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            code = cli.main(argv)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    yield call
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("connector").setLevel(logging.NOTSET)
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def run(run_in_real_time: Run, skipped_time: SkippedTime) -> Run:  # noqa: ARG001 - it works by being there
    """Call the command line as `run_in_real_time` does, but let every wait of collecting pass at once."""
    return run_in_real_time


@pytest.fixture
def bitbucket() -> Iterator[EmbeddedBitbucket]:
    """Serve a small organisation."""
    with EmbeddedBitbucket(small_organisation()) as server:
        yield server


@pytest.fixture
def export(run: Run, bitbucket: EmbeddedBitbucket) -> Run:
    """Export the small organisation to export.json; options and settings can be added, or replace these."""
    usual = {"BITBUCKET_URL": bitbucket.base_url, "BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}

    def call(*options: str, **environment: str) -> Ended:
        return run("--save-json", "export.json", *options, **{**usual, **environment})

    return call


def files() -> set[str]:
    """Give the names of the files in the current folder."""
    return {path.name for path in Path.cwd().iterdir()}


def saved() -> dict[str, Any]:
    """Read what `--save-json export.json` wrote."""
    payload: dict[str, Any] = json.loads(Path("export.json").read_text())
    return payload


def timeless(path: Path) -> str:
    """Give what stands in an export, but for the time at which it was collected."""
    return re.sub(r'"collected_at":\s*"[^"]*"', "", path.read_text())


def summary() -> dict[str, Any]:
    """Read what `--summary summary.json` wrote."""
    entry: dict[str, Any] = json.loads(Path("summary.json").read_text())
    return entry
