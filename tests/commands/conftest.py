"""Runs in processes of their own, for tests that end them from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER

PROGRAM = Path(__file__).resolve().parents[2] / "oaa_bitbucket.py"
OLD = '{"old": "and whole"}'


class Started:
    """A run in a process of its own, in a folder of its own that holds an earlier export."""

    def __init__(
        self, folder: Path, url: str, prelude: str, options: tuple[str, ...], environment: dict[str, str]
    ) -> None:
        self.folder = folder
        program = [str(PROGRAM)]
        if prelude:
            # What it does stands for a slow disk, a slow machine or a bound that a system sets.
            here = f"import sys\nsys.path.insert(0, {str(PROGRAM.parent)!r})"
            program = ["-c", f"{here}\n{prelude}\nfrom connector.cli.main import run\nrun()"]
        settings = {"BITBUCKET_URL": url, "BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
        self.process = subprocess.Popen(  # noqa: S603 - the program itself
            [sys.executable, *program, "--save-json", "export.json", *options],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"], **settings, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.err = ""

    def end(self, within: float = 30.0) -> int:
        _, self.err = self.process.communicate(timeout=within)
        return self.process.returncode

    def reach(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds, while the run goes on."""
        deadline = time.monotonic() + 20
        while not condition():
            assert self.process.poll() is None, f"ended with {self.end()}: {self.err}"
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def reach_file(self, name: str) -> None:
        self.reach((self.folder / name).exists)

    def signal(self, number: int) -> int:
        """Send a signal; the run has to end within two seconds, in order. Gives the exit code."""
        sent = time.monotonic()
        self.process.send_signal(number)
        code = self.end()
        assert time.monotonic() - sent < 2
        for trace in ("Traceback", "Exception ignored", "Fatal Python error", "Thread 0x", 'File "'):
            assert trace not in self.err
        return code

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def assert_nothing_changed(self) -> None:
        assert self.files() == {"export.json"}
        assert (self.folder / "export.json").read_text() == OLD


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    (tmp_path / "export.json").write_text(OLD)
    runs: list[Started] = []

    def call(url: str, *options: str, prelude: str = "", **environment: str) -> Started:
        runs.append(Started(tmp_path, url, prelude, options, environment))
        return runs[-1]

    yield call
    for run in runs:
        run.process.kill()
        run.process.communicate()
