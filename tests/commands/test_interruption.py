"""What ends a run from outside: signals, a full disk, missing rights, a second run. Real processes, real signals."""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.errors import GuardError
from connector.oaa.names import name_of_server
from connector.outputs.veza.push import VezaSettings, only_pusher
from tests.cli.test_monitoring import Listener
from tests.commands.conftest import OLD, PROGRAM, Start
from tests.outputs.veza.fake import Call, Endless, FakeVeza
from tests.outputs.veza.fake.server import API_KEY
from tests.small import small_organisation

BLOCKED_WHILE_SAVING = "import os, time\nos.fsync = lambda _: (open('saving', 'w').close(), time.sleep(60))"
BLOCKED_WHILE_MAPPING = """
from connector.commands import export

def application(_):
    open("making", "w").close()
    while True:
        pass

export.application = application
"""
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture
def slow_bitbucket() -> Iterator[EmbeddedBitbucket]:
    with EmbeddedBitbucket(small_organisation(), Settings(latency=0.1)) as server:
        yield server


# --- SIGINT and SIGTERM


@pytest.mark.parametrize(
    ("listens", "number", "code"),
    [(True, *SIGNALS[0]), (False, *SIGNALS[1])],
    ids=["a server does not answer", "a request waits to be repeated"],
)
def test_while_nothing_is_answered(listens: bool, number: int, code: int, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if not listens:
            listener.close()
        run = start(url)
        run.reach_file(".export.json.lock")
        time.sleep(0.2)
        assert run.signal(number) == code
    run.assert_nothing_changed()


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_in_the_middle_of_collecting(number: int, code: int, start: Start, slow_bitbucket: EmbeddedBitbucket) -> None:
    with Listener() as listener:
        run = start(slow_bitbucket.base_url, "--summary", "summary.json", OAA_PING=listener.url)
        run.reach(lambda: len(slow_bitbucket.requests) > 8)
        assert run.signal(number) == code
        assert listener.paths == ["/secret/start", f"/secret/{code}"]
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["exit_code"] == code
    assert summary["error"] == f"ended by {signal.Signals(number).name}"
    assert summary["requests"] > 8
    assert "no file is half written" in run.err
    assert "nothing published" in run.err.splitlines()[-1]
    (run.folder / "summary.json").unlink()
    run.assert_nothing_changed()


def test_a_journal_keeps_the_answers_and_the_log_says_so(start: Start, slow_bitbucket: EmbeddedBitbucket) -> None:
    run = start(slow_bitbucket.base_url, "--resume", "journal")
    run.reach(lambda: len(slow_bitbucket.requests) > 8)
    assert run.signal(signal.SIGINT) == 130
    assert "WARNING: the answers so far are kept in journal: the same command goes on from them" in run.err
    again = start(slow_bitbucket.base_url, "--resume", "journal")
    assert again.end() == 0
    assert "resuming from journal" in again.err
    assert again.files() == {"export.json"}


@pytest.mark.parametrize(
    ("prelude", "reached", "number", "code"),
    [(BLOCKED_WHILE_MAPPING, "making", *SIGNALS[0]), (BLOCKED_WHILE_SAVING, "saving", *SIGNALS[1])],
    ids=["the payload is made", "the file is written"],
)
def test_while(prelude: str, reached: str, number: int, code: int, start: Start, bitbucket: EmbeddedBitbucket) -> None:
    run = start(bitbucket.base_url, prelude=prelude)
    run.reach_file(reached)
    assert any(run.folder.glob(".export.json.*.part")) is (reached == "saving")
    assert run.signal(number) == code
    (run.folder / reached).unlink()
    run.assert_nothing_changed()


@pytest.mark.parametrize("call", [Call.TEMPLATES, Call.PUSH], ids=["first contact", "push"])
def test_while_veza_is_silent(call: Call, start: Start, bitbucket: EmbeddedBitbucket) -> None:
    with FakeVeza() as veza:
        veza.fail(call, Endless.SILENCE)
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        run = start(bitbucket.base_url, **settings)
        run.reach(lambda: veza.calls(call))
        other = VezaSettings(veza.url, "another key", "Bitbucket Server", name_of_server(bitbucket.base_url))
        with pytest.raises(GuardError, match="Another run has been at work on data source"), only_pusher(other):
            pass
        assert run.signal(signal.SIGTERM) == 143
        assert veza.pushes == []
    if call is Call.TEMPLATES:
        assert bitbucket.requests == []
        run.assert_nothing_changed()
    else:
        assert json.loads((run.folder / "export.json").read_text())["applications"]
        assert "whether Veza took it is not known" in run.err
        assert "saved export.json" in run.err.splitlines()[-1]


def test_several_signals(start: Start, slow_bitbucket: EmbeddedBitbucket) -> None:
    run = start(slow_bitbucket.base_url)
    run.reach(lambda: len(slow_bitbucket.requests) > 8)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        run.process.send_signal(number)
        time.sleep(0.01)
    assert run.signal(signal.SIGTERM) in {130, 143}
    run.assert_nothing_changed()


def test_while_the_pipe_of_the_log_is_full(start: Start, slow_bitbucket: EmbeddedBitbucket) -> None:
    run = start(slow_bitbucket.base_url, "--debug")
    assert run.process.stderr is not None
    fcntl.fcntl(run.process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    run.reach(lambda: len(slow_bitbucket.requests) > 30 or _is_full(run.process.stderr))
    sent = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=10) == 143
    assert time.monotonic() - sent < 2
    run.assert_nothing_changed()


def _is_full(pipe: Any) -> bool:
    waiting = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0] > 3000  # of 4096: a line that does not fit any more waits as a whole


MOMENTS = random.Random(3)  # noqa: S311 - moments to test at keep no secret


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_at_any_moment(number: int, code: int, start: Start, bitbucket: EmbeddedBitbucket) -> None:
    run = start(bitbucket.base_url)
    time.sleep(MOMENTS.uniform(0.1, 1.0))
    ended = run.signal(number)
    if ended:
        assert ended == code
        run.assert_nothing_changed()
    assert run.files() == {"export.json"}
    assert json.loads((run.folder / "export.json").read_text())


def test_killed_at_any_moment_and_then_run_again(start: Start, bitbucket: EmbeddedBitbucket) -> None:
    for _ in range(2):
        run = start(bitbucket.base_url, prelude="import os, time\nos.fsync = lambda _: time.sleep(0.1)")
        time.sleep(MOMENTS.uniform(0.3, 1.0))
        run.process.kill()
        run.end()
        assert json.loads((run.folder / "export.json").read_text())
    again = start(bitbucket.base_url)
    assert again.end() == 0
    assert again.files() == {"export.json"}


def test_a_second_run_ends_at_once_and_one_after_a_killed_run_works(start: Start, bitbucket: EmbeddedBitbucket) -> None:
    first = start(bitbucket.base_url, prelude=BLOCKED_WHILE_SAVING)
    first.reach_file("saving")
    asked = len(bitbucket.requests)
    second = start(bitbucket.base_url)
    assert second.end() == 4
    assert "Another run has been at work on export.json since" in second.err
    assert len(bitbucket.requests) == asked
    first.process.kill()
    first.end()
    assert (first.folder / "export.json").read_text() == OLD
    (first.folder / "saving").unlink()
    again = start(bitbucket.base_url)
    assert again.end() == 0
    assert "the unfinished file of a run that was killed" in again.err
    assert again.files() == {"export.json"}


# --- disks


def test_a_file_that_may_not_grow_leaves_the_old_one(start: Start, bitbucket: EmbeddedBitbucket) -> None:
    run = start(
        bitbucket.base_url, prelude="import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    )
    assert run.end() == 5
    assert "export.json cannot be written: File too large. What stood there before is unchanged" in run.err
    run.assert_nothing_changed()


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    if not Path("/bin/mount").exists():
        pytest.skip("there is no mount here")
    made = subprocess.run(  # noqa: S603 - nothing of the command comes from outside
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["/bin/umount", "-l", str(disk)], check=True)  # noqa: S603 - likewise


def test_a_disk_without_room_for_another_export_is_noticed_before_anything_is_asked(
    start: Start, tmp_path: Path, bitbucket: EmbeddedBitbucket
) -> None:
    with small_disk(tmp_path, 64) as disk:
        (disk / "export.json").write_text(OLD + " " * 40_000)
        run = start(bitbucket.base_url, "--save-json", "disk/export.json")
        assert run.end() == 5
        assert "No space left on device" in run.err
        assert bitbucket.requests == []
        assert json.loads((disk / "export.json").read_text()) == json.loads(OLD)
        assert [path.name for path in disk.iterdir()] == ["export.json"]


def test_a_disk_that_fills_up_meanwhile_leaves_the_old_export(start: Start, tmp_path: Path) -> None:
    slow_bitbucket = EmbeddedBitbucket(small_organisation(), Settings(latency=0.05))
    with slow_bitbucket, small_disk(tmp_path, 128) as disk:
        (disk / "export.json").write_text(OLD)
        run = start(slow_bitbucket.base_url, "--save-json", "disk/export.json")
        run.reach(lambda: slow_bitbucket.requests)
        (disk / "others").write_bytes(b"0" * 100_000)
        assert run.end() == 5
        assert "No space left on device. What stood there before is unchanged" in run.err
        assert json.loads((disk / "export.json").read_text()) == json.loads(OLD)
        assert {path.name for path in disk.iterdir()} == {"export.json", "others"}


def test_a_folder_without_write_permission_is_noticed_before_anything_is_asked(
    start: Start, tmp_path: Path, bitbucket: EmbeddedBitbucket
) -> None:
    tmp_path.chmod(0o555)
    run = start(
        bitbucket.base_url,
        prelude="import os\nimport connector.cli.main, connector.commands.export\nos.geteuid() or os.seteuid(65534)",
    )
    assert run.end() == 5
    assert "export.json cannot be written: Permission denied" in run.err
    assert bitbucket.requests == []
    tmp_path.chmod(0o755)
    run.assert_nothing_changed()


# --- standard streams


def test_warnings_of_libraries_are_json_lines_too(start: Start, bitbucket: EmbeddedBitbucket) -> None:
    with FakeVeza() as veza:
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "VEZA_UNSAFE_HTTPS": "true"}
        run = start(bitbucket.base_url, "--log-format", "json", **settings)
        assert run.end() == 0
    lines = [json.loads(line) for line in run.err.splitlines()]
    assert any("VEZA_UNSAFE_HTTPS" in line["message"] for line in lines)
    assert any("InsecureRequestWarning" in line["message"] for line in lines)


@pytest.mark.parametrize(
    ("command", "streams", "code"),
    [
        ("--save-json export.json", "<&- >&- 2>&-", 0),
        ("demo", "2>&1 | true", 0),
        ("demo", "2>&- >/dev/full", 5),
        ("--no-such-option", "2>/dev/full", 2),
        ("--help", "| true", 0),
    ],
)
def test_streams_that_are_closed_or_broken_change_nothing(
    command: str, streams: str, code: int, tmp_path: Path, bitbucket: EmbeddedBitbucket
) -> None:
    settings = {"BITBUCKET_URL": bitbucket.base_url, "BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
    ended = subprocess.run(  # noqa: S603 - nothing of the command comes from outside
        ["/bin/bash", "-c", f"set -o pipefail; {sys.executable} {PROGRAM} {command} {streams}"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == code
    assert ended.stdout + ended.stderr == ""
    for file in ("export.json", "demo-export.json"):
        if file in command or file.startswith(command):
            assert json.loads((tmp_path / file).read_text())["applications"]
