"""A folder of the last exports: named by time, the newest as latest.json, and something to compare with."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.commands.shared.destinations import History
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.review.report.page import page
from tests.conftest import Ended, Run

KEEPING = ("--save-json", "exports", "--keep", "2", "--baseline", "exports/latest.json")

Night = Callable[..., Ended]


@pytest.fixture
def night(export: Run, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Run as every night, at a time of its own."""

    def call(day: int, *options: str) -> Ended:
        monkeypatch.setattr("connector.commands.shared.destinations._now", lambda: f"202611{day:02}-021500")
        return export(*KEEPING, *options)

    return call


def exports() -> list[str]:
    return sorted(path.name for path in Path("exports").iterdir())


def lose_half(bitbucket: EmbeddedBitbucket) -> None:
    with bitbucket.change() as organisation:
        for number in list(organisation.repositories)[::2]:
            del organisation.repositories[number]


def test_the_last_exports_are_kept_and_the_latest_is_one_of_them(night: Night) -> None:
    Path("exports").mkdir()
    others = {"20261101.json", "notes-20261101-021500.json", "summary.json"}
    for name in others:
        Path("exports", name).write_text("of somebody else")
    for day in (1, 2, 3):
        ended = night(day)
        assert ended.code == 0
        assert f"saved exports/202611{day:02}-021500.json" in ended.last_line
        assert Path("exports/latest.json").readlink() == Path(f"202611{day:02}-021500.json")
        assert ("there is no baseline" in ended.err) == (day == 1)
    assert set(exports()) == others | {"20261102-021500.json", "20261103-021500.json", "latest.json"}
    assert stat.S_IMODE(Path("exports/latest.json").stat().st_mode) == 0o600


def test_the_folder_is_made_for_its_owner_only(night: Night) -> None:
    assert night(1).code == 0
    assert stat.S_IMODE(Path("exports").stat().st_mode) == 0o700


def test_what_a_guard_refuses_is_not_the_latest_and_pushes_nothing_out(
    night: Night, bitbucket: EmbeddedBitbucket
) -> None:
    assert [night(1).code, night(2).code] == [0, 0]
    before = exports()
    lose_half(bitbucket)
    assert night(3).code == 4
    assert exports() == before
    assert Path("exports/latest.json").readlink() == Path("20261102-021500.json")


def test_two_nights_can_be_compared(night: Night, run: Run, bitbucket: EmbeddedBitbucket) -> None:
    assert night(1).code == 0
    lose_half(bitbucket)
    assert night(2, "--max-removal", "100", "--report", "access.html").code == 0
    old, new = Path("exports/20261101-021500.json"), Path("exports/latest.json")
    assert run("diff", str(old), str(new), "--fail-on", "any").code == 4
    assert Path("access.html").read_text() == page(load(new), load(old))


def test_the_page_says_what_changed_though_the_baseline_is_replaced(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    one_file = ("--baseline", "export.json", "--report", "access.html", "--max-removal", "100")
    assert export(*one_file).code == 0
    old = load(Path("export.json"))
    assert Path("access.html").read_text() == page(old)
    lose_half(bitbucket)
    assert export(*one_file).code == 0
    assert Path("access.html").read_text() == page(load(Path("export.json")), old)


def test_a_run_that_was_killed_leaves_nothing(night: Night) -> None:
    Path("exports").mkdir()
    for name in (".20261101-021500.json.1234abcd.part", ".latest.json.1234abcd.part", ".latest.json.lock"):
        Path("exports", name).touch()
    assert night(2).code == 0
    assert exports() == ["20261102-021500.json", "latest.json"]


def test_a_second_run_ends_at_once_whatever_the_latest_is(night: Night, bitbucket: EmbeddedBitbucket) -> None:
    assert night(1).code == 0
    asked = len(bitbucket.requests)
    with History(Path("exports"), 2).lock():
        ended = night(2)
    assert (ended.code, len(bitbucket.requests)) == (4, asked)
    assert "Another run has been at work on exports/latest.json" in ended.err


def test_a_latest_that_cannot_be_a_link_is_said_and_the_export_is_there(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    def symlink_to(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "symlink_to", symlink_to)
    ended = night(1)
    assert ended.code == 5
    assert "exports/latest.json cannot be written: Operation not supported" in ended.err
    assert "The export is saved in exports/20261101-021500.json" in ended.err
    assert exports() == ["20261101-021500.json"]


def test_a_dry_run_says_where_the_export_would_be(night: Night) -> None:
    assert "not saved in exports/20261101-021500.json" in night(1, "--dry-run").last_line
    assert exports() == []


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--save-json"], 2, "--keep needs a folder"),
        (["--keep", "0"], 2, "--keep takes a number of at least 1"),
        (["--keep", "1.5"], 2, "--keep takes a whole number"),
        (["--report", "exports/20251101-021500.json"], 2, "--report names a file that --keep gives to exports"),
        (["--summary", "exports/20261101-021500.json"], 2, "--summary names a file"),
        (["--metrics", "./exports/../exports/latest.json"], 2, "--metrics and --baseline name the same file"),
        (["--save-json", "a-file"], 5, "a-file is a file, and --keep needs a folder"),
        (["--save-json", "nowhere/exports"], 5, "nowhere/exports cannot be made: No such file"),
    ],
)
def test_what_cannot_be_kept_is_one_line_before_anything_is_asked(
    options: list[str], code: int, says: str, night: Night, bitbucket: EmbeddedBitbucket
) -> None:
    Path("a-file").write_text("kept")
    ended = night(1, *options)
    assert (ended.code, Path("a-file").read_text()) == (code, "kept")
    assert says in ended.err
    assert bitbucket.requests == []
    assert [path.name for path in Path.cwd().iterdir()] == ["a-file"]


def test_the_nightly_page_sets_apart_what_is_accepted(night: Night, run: Run) -> None:
    Path("accepted.csv").write_text("finding,subject,until,why,by\npublic,GONE,9999-12-31,gone,Jane\n")
    ended = night(1, "--report", "night.html", "--accepted", "accepted.csv")
    assert ended.code == 0
    assert "0 accepted" in ended.err
    assert "line 2 accepts nothing in this export: public of GONE" in ended.err
    assert run("report", "exports/latest.json", "-o", "later.html", "--accepted", "accepted.csv").code == 0
    assert Path("night.html").read_text() == Path("later.html").read_text()
    assert night(2, "--accepted", "accepted.csv").code == 2
    assert exports() == ["20261101-021500.json", "latest.json"]
