"""A night is whole or not at all: killed runs, full disks, replaced nights, several runs, and several exports."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from connector.outputs.tables import folder as folders
from connector.outputs.tables.schema import TABLES
from tests.conftest import Run
from tests.documents import ROOT
from tests.graph.worlds import GROUP, USER, World

NIGHT = "data_source=Bitbucket Server - test/date=2026-11-22"


def _export(name: str, *, users: int, collected_at: str | None = "2026-11-22T02:00:00Z") -> str:
    world = (
        World()
        .group("dev")
        .project("10", "PAY")
        .repository("100", "10", "api")
        .grant(GROUP, "dev", "PROJECT_READ", "10")
    )
    for number in range(users):
        world.user(str(number), f"user {number:04}", ["dev"])
        world.grant(USER, str(number), "REPO_READ", "100")
    if collected_at:
        world.properties["collected_at"] = collected_at
    Path(name).write_text(json.dumps(world.payload()), encoding="utf-8")
    return name


CSV = ("-o", "nights", "--format", "csv")
"""Nights in the format that is written fastest, where the format does not matter."""


def _users() -> int:
    """Count the users in all nights."""
    files = Path("nights").glob(f"{folders.NIGHTS}/users.csv")
    return sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files)


def _days() -> list[str]:
    return [path.name for path in Path("nights").glob(folders.NIGHTS)]


def _left() -> set[str]:
    return {path.name for path in Path("nights").iterdir() if path.name.startswith(".")}


def test_a_night_is_a_folder_that_only_its_owner_can_read(run: Run) -> None:
    assert run("tables", _export("a.json", users=2), "-o", "nights").code == 0
    night = Path("nights", NIGHT)
    assert {path.name for path in night.iterdir()} == {f"{table.name}.parquet" for table in TABLES}
    assert {stat.S_IMODE(path.stat().st_mode) for path in night.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (night, night.parent, night.parent.parent)} == {0o700}
    assert _left() == set()


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_same_night_twice_replaces_itself(run: Run, monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    if not can_exchange:
        monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    for users in (3, 5):
        assert run("tables", _export("a.json", users=users), *CSV).code == 0
        assert _users() == users
    assert len(_days()) == 1
    assert _left() == set()


def test_another_day_stands_beside_it(run: Run) -> None:
    run("tables", _export("a.json", users=3), *CSV)
    assert run("tables", _export("b.json", users=5, collected_at="2026-11-23T02:00:00Z"), *CSV).code == 0
    assert _users() == 8


def test_a_reader_never_finds_a_night_missing_or_in_parts(run: Run) -> None:
    run("tables", _export("a.json", users=3), *CSV)
    files = [Path("nights", NIGHT, f"{table.name}.csv").absolute() for table in TABLES]
    missing, done = set[str](), threading.Event()

    def read() -> None:
        while not done.is_set():
            missing.update(file.name for file in files if not file.exists())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(5):
            assert run("tables", "a.json", *CSV).code == 0
    finally:
        done.set()
        reader.join()
    assert missing == set()


def _run_apart(*arguments: str, before: str) -> subprocess.CompletedProcess[str]:
    """Call the command in a process of its own, after some lines of Python."""
    program = f"import sys\n{before}\nfrom connector.cli.main import main\nsys.exit(main({list(arguments)!r}))"
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


_KILL = "import os, signal\nfrom connector.outputs.tables import folder\n"
_KILLED_BEFORE_IT_PUBLISHES = _KILL + "folder._put = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
_KILLED_WHILE_IT_REPLACES = _KILL + (
    "folder._exchange = lambda *_: False\n"
    "real = folder.Path.rename\n"
    "def rename(path, target):\n"
    "    if path.name == '0': os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return real(path, target)\n"
    "folder.Path.rename = rename"
)


@pytest.mark.parametrize("moment", [_KILLED_BEFORE_IT_PUBLISHES, _KILLED_WHILE_IT_REPLACES])
def test_a_killed_run_leaves_the_night_that_was_there(run: Run, moment: str) -> None:
    run("tables", _export("a.json", users=3), *CSV)
    ended = _run_apart("tables", _export("b.json", users=5), *CSV, before=moment)
    assert ended.returncode == -signal.SIGKILL
    assert _left() != set()
    # The next run, of another night, tidies up: the old night is there again, and nothing else is.
    assert run("tables", _export("c.json", users=7, collected_at="2026-11-23T02:00:00Z"), *CSV).code == 0
    assert _users() == 3 + 7
    assert _left() == set()


def test_the_first_run_leaves_nothing_to_read_when_it_is_killed(run: Run) -> None:
    _run_apart("tables", _export("a.json", users=3), "-o", "nights", before=_KILLED_BEFORE_IT_PUBLISHES)
    assert _days() == []
    assert run("tables", "nights", "--query", "stale").code == 2


@pytest.mark.parametrize("form", ["parquet", "csv", "sqlite"])
def test_a_full_disk_is_one_line_and_leaves_what_was_there(run: Run, form: str) -> None:
    run("tables", _export("a.json", users=3), "-o", "nights", "--format", form)
    before = {path: path.read_bytes() for path in Path("nights").glob(f"{folders.NIGHTS}/*")}
    _export("b.json", users=50)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The largest file that this process can write: stands for a disk without room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        ended = run("tables", "b.json", "-o", "nights", "--format", form)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended.code == 5, ended.err
    assert "What stood there before is unchanged" in ended.err
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert {path: path.read_bytes() for path in Path("nights").glob(f"{folders.NIGHTS}/*")} == before
    assert _left() == set()


def test_a_folder_that_cannot_be_made_is_one_line(run: Run) -> None:
    _export("a.json", users=1)
    ended = run("tables", "a.json", "-o", "a.json/nights")
    assert ended.code == 5
    assert "a.json/nights cannot be written" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_two_exports_of_one_night_are_an_error_and_change_nothing(run: Run) -> None:
    run("tables", _export("a.json", users=3), *CSV)
    ended = run("tables", _export("b.json", users=4), _export("c.json", users=5), *CSV)
    assert ended.code == 2
    assert "two exports are of Bitbucket Server - test and of 2026-11-22" in ended.err
    assert _users() == 3
    assert _left() == set()


def test_one_bad_export_among_several_changes_nothing(run: Run) -> None:
    run("tables", _export("a.json", users=3), *CSV)
    Path("bad.json").write_text("{}", encoding="utf-8")
    assert run("tables", _export("b.json", users=4), "bad.json", *CSV).code == 2
    assert _users() == 3


def test_a_folder_holds_one_format(run: Run) -> None:
    run("tables", _export("a.json", users=3), "-o", "nights")
    ended = run("tables", "a.json", "-o", "nights", "--format", "csv")
    assert ended.code == 2
    assert "nights holds parquet files" in ended.err


def test_one_run_at_a_time_writes_there(run: Run) -> None:
    _export("a.json", users=1)
    with folders.staging(Path("nights"), ".csv"):
        ended = run("tables", "a.json", *CSV)
    assert ended.code == 4
    assert run("tables", "a.json", *CSV).code == 0


# ---- which day a night is


def test_the_day_is_that_of_collecting_in_utc(run: Run) -> None:
    run("tables", _export("a.json", users=1, collected_at="2026-11-22T23:30:00-02:00"), *CSV)
    assert _days() == ["date=2026-11-23"]


@pytest.mark.parametrize("name", ["Bitbucket Server - x-20261107-233000.json", "20261107-233000.json"])
def test_the_day_of_an_older_export_is_in_its_name(run: Run, name: str) -> None:
    run("tables", _export(name, users=1, collected_at=None), *CSV)
    assert _days() == ["date=2026-11-07"]


@pytest.mark.parametrize("name", ["export.json", "after-2026-11-07.json", "x-20261399-000000.json"])
def test_an_export_without_a_date_needs_the_option_date(run: Run, name: str) -> None:
    ended = run("tables", _export(name, users=1, collected_at=None), *CSV)
    assert ended.code == 2
    assert "--date YYYY-MM-DD" in ended.err
    assert run("tables", name, *CSV, "--date", "2026-11-01").code == 0
    assert _days() == ["date=2026-11-01"]


def test_names_of_data_sources_are_escaped_and_read_back(run: Run) -> None:
    document = json.loads(Path(_export("a.json", users=1)).read_text(encoding="utf-8"))
    name = "../a b/c%20=ü*[x]'\""
    document["applications"][0]["name"] = name
    for entry in document["identity_to_permissions"]:
        for item in entry["application_permissions"]:
            item["application"] = name
    Path("a.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("tables", "a.json", "-o", "n[i]ghts*'").code == 0
    rows = json.loads(run("tables", "n[i]ghts*'", "--query", "effective_access", "--json").out)
    assert {row["data_source"] for row in rows} == {name}
    assert len(list(Path("n[i]ghts*'").iterdir())) == 1


# ---- signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_query_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    run("tables", _export("a.json", users=1), "-o", "nights")
    # It never ends by itself, and its one row appears only at the end.
    sql = "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE (a.range * b.range) % 7 = 3"
    Path("endless.sql").write_text(sql, encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    waits = "import threading, time, os\nfrom connector.outputs.tables import querying\n"
    sends = f"threading.Timer(0.1, os.kill, (os.getpid(), {int(number)})).start()"
    begins = (
        "begin = querying._only_select\n"
        f"def soon(*arguments):\n    {sends}\n    return begin(*arguments)\n"
        "querying._only_select = soon"
    )
    monkeypatch.setenv("TMPDIR", str(scratch))
    ended = _run_apart("tables", "nights", "--query", "endless.sql", before=waits + begins)
    assert ended.returncode == code, ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert f"ended by {number.name}" in ended.stderr
    assert list(scratch.iterdir()) == []
