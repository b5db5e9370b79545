"""Writing files whole or not at all, and locks for one run at a time."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import GuardError, SaveError
from connector.files import check_writable, json_pieces, only_run, only_writer, save_json, whole_file


def test_a_file_is_readable_by_its_owner_only_whatever_its_mode_was(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text("old")
    file.chmod(0o644)
    save_json({"a": 1}, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_save_json_gives_the_size_in_bytes(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    assert save_json({"name": "Ольга", "list": [1, 2]}, file) == file.stat().st_size


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), JSON), st.integers(0, 6))
def test_json_in_pieces_is_the_same_json(payload: dict[str, object], levels: int) -> None:
    assert json.loads("".join(json_pieces(payload, levels))) == payload


def _write_half(file: Path, error: type[BaseException] | BaseException) -> None:
    with whole_file(file) as unfinished:
        unfinished.write("new")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "export.json"
    file.write_text("old")
    with pytest.raises(error):
        _write_half(file, error)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_does_not_appear_before_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    with whole_file(file) as unfinished:
        unfinished.write("new")
        unfinished.flush()
        assert not file.exists()
    assert file.read_text() == "new"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text("old")
    with pytest.raises(SaveError, match="No space left on device"):
        _write_half(file, OSError(28, "No space left on device"))
    assert file.read_text() == "old"


def test_checking_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    check_writable(file)
    assert list(tmp_path.iterdir()) == []
    file.write_text("old")
    check_writable(file)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, says in [
        ("missing/export.json", "No such file"),
        ("file/export.json", "Not a directory"),
        (".", "is a folder"),
        ("pipe", "is a device or a pipe"),
        ("x" * 250, "File name too long"),
    ]:
        with pytest.raises(SaveError, match=says) as caught:
            check_writable(tmp_path / name)
        assert caught.value.exit_code == 5


def test_only_one_run_writes_a_file_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    with only_writer(file):
        with pytest.raises(GuardError, match="Another run has been at work on"), only_writer(file):
            pass
        with only_writer(tmp_path / "other.json"):
            pass
    with only_writer(file):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_one_for_all_paths_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("link.json").symlink_to("export.json")
    with (
        only_writer(tmp_path / "export.json"),
        pytest.raises(GuardError),
        only_writer(Path("link.json")),
    ):
        pass


def test_a_lock_whose_file_was_removed_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking, the run that held it ends and removes its file."""
    file, real, left = tmp_path / "export.json", fcntl.flock, [True, True]

    def flock(descriptor: int, operation: int) -> None:
        if left:
            (tmp_path / ".export.json.lock").unlink()
            if len(left) == 1:
                (tmp_path / ".export.json.lock").touch()
            left.pop()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with only_writer(file), pytest.raises(GuardError), only_writer(file):
        pass
    assert left == []


def test_a_file_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="No such file or directory"), only_writer(tmp_path / "missing" / "export.json"):
        pass


def test_a_file_system_without_locks_causes_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    with only_writer(tmp_path / "export.json"):
        pass
    assert "cannot be locked (Operation not supported)" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_only_one_run_at_a_time_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with only_run("a", "the data source"):
        with pytest.raises(GuardError, match="Another run has been at work on the data source since"):
            only_run("a", "the data source")
        with only_run("b", "another"):
            (lock, other) = (tmp_path / "state" / "oaa-bitbucket").iterdir()
            assert {stat.S_IMODE(each.stat().st_mode) for each in (lock, other)} == {0o600}
            assert stat.S_IMODE(lock.parent.stat().st_mode) == 0o700
    assert list(lock.parent.iterdir()) == []
    lock.touch()  # left by a run that was killed
    with only_run("a", "the data source"), only_run("b", "another"):
        pass


def test_without_a_state_folder_the_lock_is_in_the_current_folder_or_a_warning_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    with only_run("a", "the data source"):
        assert len(list(tmp_path.iterdir())) == 1
        with pytest.raises(GuardError):
            only_run("a", "the data source")
    assert list(tmp_path.iterdir()) == []
    assert not caplog.text
    monkeypatch.chdir("/proc/self")
    with only_run("a", "the data source"):
        assert "no lock can be written for the data source" in caplog.text
