"""`review collect`: answers are read whatever people did to the workbooks, and what is no answer is named."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.conftest import Run
from tests.review.certification.folders import (
    BOB,
    DECISIONS,
    DEVS,
    DORA,
    KEY,
    REVIEW,
    answer,
    book,
    cell,
    collected,
    decided,
    decisions,
    editing,
    row_of,
    save,
    sign,
    world,
)


def test_every_grant_is_decided_once_and_what_is_to_be_done_comes_first(started: Run) -> None:
    answer(book(), {BOB: "remove", DEVS: "reduce to read"})
    ended = collected(started)
    assert ended.code == 0, ended
    found = decisions()
    assert [(row["decision"], row["leave"]) for row in found[:3]] == [("remove", ""), ("reduce", "read"), ("keep", "")]
    assert decided() == {
        BOB: "remove",
        DEVS: "reduce to read",
        ("Ann Lee (ann)", "PAY"): "keep",
        DORA: "keep",
        KEY: "keep",
        ("Dora (dora)", "OPS"): "keep",
    }


def test_what_is_to_be_done_names_the_exact_grant_and_who_decided(started: Run) -> None:
    answer(book(), {BOB: "remove"}, name="Ann", day=date(2026, 11, 20))
    collected(started)
    row = decisions()[0]
    assert row["to_do"] == "take REPO_WRITE on PAY/api from user Bob (bob)"
    assert (row["holder_kind"], row["holder_id"], row["permission"], row["node"]) == (
        "user",
        "2",
        "REPO_WRITE",
        "10.100",
    )
    assert (row["reviewer"], row["date"]) == ("Ann", "2026-11-20")
    assert row["answered_in"] == "review-PAY.xlsx, sheet Decide, cell J2"


@pytest.mark.parametrize(
    "written", ["Remove ", "  REMOVE", "remove", "re\u00admove".replace("\u00ad", ""), "remove\u00a0"]
)
def test_blanks_and_letter_case_do_not_matter(started: Run, written: str) -> None:
    answer(book(), {BOB: written})
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"


@pytest.mark.parametrize("written", ["rmv?", "delete", "yes", "remove?", "keep for now", 1, "reduce to admin", "#REF!"])
def test_what_is_no_answer_is_named_with_its_cell_and_never_taken_for_one(started: Run, written: object) -> None:
    answer(book(), {BOB: written})
    ended = collected(started)
    assert ended.code == 4
    assert f"review-PAY.xlsx, sheet Decide, cell J2: {str(written)!r} is no answer" in ended.out
    assert decided()[BOB] == "unreadable"
    assert str(written) in next(row["reason"] for row in decisions() if row["state"] == "unreadable")


def test_a_grant_that_only_reads_cannot_be_reduced(started: Run) -> None:
    answer(book(), {DORA: "reduce", BOB: "reduce"})
    assert collected(started).code == 4
    assert decided()[DORA] == "unreadable"
    assert decided()[BOB] == "reduce to read"


def test_reduce_alone_is_one_level_less(started: Run) -> None:
    answer(book(), {("Ann Lee (ann)", "PAY"): "reduce", DEVS: "Reduce  to READ"})
    assert collected(started).code == 0
    assert decided()["Ann Lee (ann)", "PAY"] == "reduce to write"
    assert decided()[DEVS] == "reduce to read"


def test_names_and_dates_of_rows_go_before_those_of_the_first_sheet(started: Run) -> None:
    answer(book(), name="Ann", day=datetime(2026, 11, 20, 9, 30))  # noqa: DTZ001 - cells know no time zone
    with editing(book()) as opened:
        sheet = opened["Decide"]
        row = row_of(sheet, *BOB)
        cell(sheet, row, "Reviewer").value = " Eve  Adams "
        cell(sheet, row, "Date").value = "21.11.2026"
        cell(sheet, row, "Reason").value = "=left the team"[1:]
    assert collected(started).code == 0
    found = {(row["holder"], row["on"]): row for row in decisions()}
    assert (found[BOB]["reviewer"], found[BOB]["date"], found[BOB]["reason"]) == (
        "Eve Adams",
        "2026-11-21",
        "left the team",
    )
    assert (found[DORA]["reviewer"], found[DORA]["date"]) == ("Ann", "2026-11-20")


def test_an_unclear_date_is_kept_as_written_and_named(started: Run) -> None:
    answer(book(), day="03/04/2026")
    ended = collected(started)
    assert ended.code == 0
    assert "'03/04/2026' is no day, or can be read as two" in ended.out
    assert decisions()[0]["date"] == "03/04/2026"


def test_decisions_of_nobody_are_decisions_and_the_review_is_not_complete(started: Run) -> None:
    answer(book(), {BOB: "remove"}, name="")
    ended = collected(started)
    assert ended.code == 4
    assert "nobody named (5)" in ended.out
    assert decided()[BOB] == "remove"


def test_an_answer_that_is_a_formula_counts_as_what_it_shows(started: Run) -> None:
    answer(book(), {BOB: '=IF(TRUE,"remove","keep")'})
    with editing(book()) as opened:
        reason = cell(opened["Decide"], row_of(opened["Decide"], *DORA), "Reason")
        reason.value, reason.data_type = "= still needed", "s"
    ended = collected(started)
    assert ended.code == 4
    assert 'sheet Decide, cell J2: \'=IF(TRUE,"remove","keep")\' is no answer' in ended.out
    _show_in_formulas(book(), "remove")
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"
    assert "'= still needed" in [row["reason"] for row in decisions()]


def _show_in_formulas(path: Path, text: str) -> None:
    """Do what Excel does when it saves: write beside a formula what it shows."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(
                name,
                re.sub(
                    rb"(<c [^>]*)><f>(.*?)</f><v ?/></c>",
                    rb'\1 t="str"><f>\2</f><v>' + text.encode() + b"</v></c>",
                    part,
                ),
            )


def test_a_reason_without_an_answer_is_kept(started: Run) -> None:
    answer(book())
    with editing(book()) as opened:
        row = row_of(opened["Decide"], *BOB)
        cell(opened["Decide"], row, "Decision").value = None
        cell(opened["Decide"], row, "Reason").value = "ask his manager"
    assert collected(started).code == 4
    open_one = next(row for row in decisions() if row["state"] == "undecided")
    assert "ask his manager" in open_one["reason"]


def test_names_like_formulas_come_back_as_text_and_reach_the_csv_harmlessly(run: Run) -> None:
    hostile = (
        world()
        .group('=HYPERLINK("http://evil.example")')
        .grant("local_group", '=HYPERLINK("http://evil.example")', "REPO_READ", "100")
    )
    run("review", "start", save(hostile), "-o", str(REVIEW), "--only", "PAY")
    shown = [row["Holder"] for row in _values("Decide")]
    assert '=HYPERLINK("http://evil.example")' in shown
    answer(book(), "remove")
    assert collected(run).code == 0
    assert '\'=HYPERLINK("http://evil.example")' in [row["holder"] for row in decisions()]


def _values(sheet: str) -> list[dict[str, object]]:
    header, *rest = load_workbook(book())[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), values, strict=True)) for values in rest]


def test_collecting_twice_replaces_the_decisions(started: Run) -> None:
    assert collected(started).code == 4
    answer(book())
    assert collected(started).code == 0
    assert {row["state"] for row in decisions()} == {"decided"}


def test_decisions_never_replace_a_workbook(started: Run) -> None:
    before = book().read_bytes()
    ended = started("review", "collect", str(REVIEW), "-o", str(book()))
    assert ended.code == 2
    assert "holds something else than decisions" in ended.err
    assert book().read_bytes() == before


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (str, "no folder of a review"),
        (lambda folder: folder.mkdir(), "no folder of a review"),
        (lambda folder: folder.write_text("x"), "cannot be read"),
        (lambda folder: (folder.mkdir(), (folder / "review.jsonl.gz").write_bytes(b"x" * 99)), "cannot be read"),
    ],
)
def test_a_folder_that_is_no_reviews_is_one_clear_line(run: Run, prepare: Callable[[Path], object], said: str) -> None:
    prepare(Path("somewhere"))
    ended = run("review", "collect", "somewhere")
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not DECISIONS.exists()


def test_a_list_that_breaks_off_is_named(started: Run) -> None:
    path = REVIEW / "review.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])
    ended = collected(started)
    assert ended.code == 2
    assert "review.jsonl.gz cannot be read" in ended.err


def test_a_lost_list_is_the_same_when_the_review_is_started_again(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    started("review", "start", "export.json", "-o", "again", "--only", "PAY", "OPS")
    shutil.copy("again/review.jsonl.gz", REVIEW / "review.jsonl.gz")
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_an_unsigned_copy_of_a_signed_workbook_needs_no_second_signature(started: Run) -> None:
    answer(book(), name="Ann")
    copy = REVIEW / "copy.xlsx"
    shutil.copy(book(), copy)
    with editing(copy) as opened:
        sign(opened, "", None)
    assert collected(started).code == 0
    assert decisions()[0]["reviewer"] == "Ann"


def test_decisions_for_excel_begin_with_a_byte_order_mark_and_are_the_same(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    assert started("review", "collect", str(REVIEW), "--excel").code == 0
    text = DECISIONS.read_text(encoding="utf-8")
    assert text.startswith("\ufeffdecision,")
    assert collected(started).code == 0
    assert DECISIONS.read_text(encoding="utf-8") == text.removeprefix("\ufeff")


def test_what_is_missing_is_said_at_the_end(started: Run) -> None:
    answer(book(), {BOB: "rmv", DORA: None}, name="")
    ended = collected(started)
    assert ended.code == 4
    assert "the review is not complete: 1 undecided, 1 unreadable, 3 decided by nobody who is named" in ended.err


@pytest.mark.parametrize("place", [1, 4])
def test_options_of_the_log_may_stand_before_or_after_the_step(started: Run, place: int) -> None:
    answer(book())
    arguments = ["review", "collect", str(REVIEW), "--all"]
    arguments.insert(place, "--quiet")
    ended = started(*arguments)
    assert (ended.code, ended.err) == (0, "")
