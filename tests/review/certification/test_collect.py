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
from openpyxl.comments import Comment

from tests.conftest import Ended, Run
from tests.review.certification.folders import (
    DECISIONS,
    REVIEW,
    answer,
    book,
    cell,
    column,
    decided,
    decisions,
    editing,
    row_of,
    save,
    sign,
    world,
)

BOB = ("Bob (bob)", "PAY/api")
DORA = ("Dora (dora)", "PAY/ledger")
DEVS = ("devs", "PAY")
KEY = ("ssh-access-key:7", "PAY/api")


@pytest.fixture
def started(run: Run) -> Run:
    """Start a review of PAY and OPS; OPS is answered."""
    assert run("review", "start", save(world()), "-o", str(REVIEW), "--only", "PAY", "OPS").code == 0
    answer(book("OPS"), name="Dora")
    return run


def _collected(run: Run) -> Ended:
    return run("review", "collect", str(REVIEW))


def test_every_grant_is_decided_once_and_what_is_to_be_done_comes_first(started: Run) -> None:
    answer(book(), {BOB: "remove", DEVS: "reduce to read"})
    ended = _collected(started)
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
    _collected(started)
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
    assert _collected(started).code == 0
    assert decided()[BOB] == "remove"


@pytest.mark.parametrize("written", ["rmv?", "delete", "yes", "remove?", "keep for now", 1, "reduce to admin", "#REF!"])
def test_what_is_no_answer_is_named_with_its_cell_and_never_taken_for_one(started: Run, written: object) -> None:
    answer(book(), {BOB: written})
    ended = _collected(started)
    assert ended.code == 4
    assert f"review-PAY.xlsx, sheet Decide, cell J2: {str(written)!r} is no answer" in ended.out
    assert decided()[BOB] == "unreadable"
    assert str(written) in next(row["reason"] for row in decisions() if row["state"] == "unreadable")


def test_a_grant_that_only_reads_cannot_be_reduced(started: Run) -> None:
    answer(book(), {DORA: "reduce", BOB: "reduce"})
    assert _collected(started).code == 4
    assert decided()[DORA] == "unreadable"
    assert decided()[BOB] == "reduce to read"


def test_reduce_alone_is_one_level_less(started: Run) -> None:
    answer(book(), {("Ann Lee (ann)", "PAY"): "reduce", DEVS: "Reduce  to READ"})
    assert _collected(started).code == 0
    assert decided()["Ann Lee (ann)", "PAY"] == "reduce to write"
    assert decided()[DEVS] == "reduce to read"


def test_sorted_filtered_moved_and_added_columns_change_nothing(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        sheet.protection.sheet = False
        body = [[one.value for one in row] for row in sheet.iter_rows(min_row=2)]
        for number, values in enumerate(sorted(body, key=lambda values: str(values[1]), reverse=True), 2):
            for place, value in enumerate(values, 1):
                sheet.cell(number, place).value = value
        sheet.insert_cols(3, 2)
        sheet.cell(1, 3).value = "Team"
        sheet.insert_rows(1, 2)
        sheet.cell(1, 1).value = "Please answer by Friday!"
        sheet.row_dimensions[5].hidden = True
        sheet.title = "Blatt 1"
        sheet.move_range("K3:K10", cols=12)
    assert _collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_a_copied_row_with_the_same_answer_is_one_answer(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    _copy_row(BOB, "remove")
    assert _collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_a_copied_row_with_another_answer_contradicts(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    _copy_row(BOB, "keep")
    ended = _collected(started)
    assert ended.code == 4
    assert "contradicting answers about REPO_WRITE of Bob (bob) on PAY/api" in ended.out
    assert "cell J2" in ended.out
    assert "cell J6" in ended.out
    assert decided()[BOB] == "contradictory"


def _copy_row(about: tuple[str, str], said: str) -> None:
    with editing(book()) as opened:
        sheet = opened["Decide"]
        for place, one in enumerate(list(sheet[row_of(sheet, *about)]), 1):
            sheet.cell(sheet.max_row if place > 1 else sheet.max_row + 1, place).value = one.value
        cell(sheet, sheet.max_row, "Decision").value = said


def test_the_same_workbook_twice_with_different_answers_contradicts_itself(started: Run) -> None:
    answer(book(), {BOB: "remove"}, name="Ann")
    shutil.copy(book(), REVIEW / "review-PAY (final).xlsx")
    answer(REVIEW / "review-PAY (final).xlsx", {BOB: "keep"}, name="Eve")
    ended = _collected(started)
    assert ended.code == 4
    assert decided()[BOB] == "contradictory"
    assert decided()[DORA] == "keep"
    said = next(row["reason"] for row in decisions() if row["state"] == "contradictory")
    assert "'remove' by Ann (review-PAY.xlsx, sheet Decide, cell J2)" in said
    assert "'keep' by Eve (review-PAY (final).xlsx, sheet Decide, cell J2)" in said


def test_an_unanswered_original_beside_its_answered_copy_does_not_matter(started: Run) -> None:
    copy = REVIEW / "from mail" / "RE review.xlsx"
    copy.parent.mkdir()
    shutil.copy(book(), copy)
    answer(copy, {BOB: "remove"})
    assert _collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_a_missing_workbook_is_missing_and_the_rest_is_collected(started: Run) -> None:
    book().unlink()
    ended = _collected(started)
    assert ended.code == 4
    assert "5 workbook missing" in " ".join(ended.out.split())
    assert decided()[BOB] == "workbook missing"
    assert decided()["Dora (dora)", "OPS"] == "keep"


def test_a_row_that_was_deleted_is_missing(started: Run) -> None:
    answer(book())
    with editing(book()) as opened:
        opened["Decide"].delete_rows(row_of(opened["Decide"], *BOB))
    assert _collected(started).code == 4
    assert decided()[BOB] == "row missing"
    assert decided()[DORA] == "keep"


def test_an_edited_id_is_no_answer_about_anything(started: Run) -> None:
    answer(book(), {BOB: "remove", DORA: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        hidden = cell(sheet, row_of(sheet, *BOB), "Id (leave as it is)")
        hidden.value = str(hidden.value).replace(str(hidden.value)[12], "0" if str(hidden.value)[12] != "0" else "1")
    ended = _collected(started)
    assert ended.code == 4
    assert (
        "review-PAY.xlsx, sheet Decide, cell N2: the hidden id is not the one of 'Bob (bob), REPO_WRITE, PAY/api'"
        in ended.out
    )
    assert decided()[BOB] == "row missing"
    assert decided()[DORA] == "remove"


def test_ids_that_were_sorted_apart_from_their_rows_are_no_answers(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        bob, dora = (cell(sheet, row_of(sheet, *who), "Id (leave as it is)") for who in (BOB, DORA))
        bob.value, dora.value = dora.value, bob.value
    assert _collected(started).code == 4
    assert decided()[BOB] == decided()[DORA] == "row missing"


def test_an_answer_without_the_hidden_id_is_named(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        cell(opened["Decide"], row_of(opened["Decide"], *BOB), "Id (leave as it is)").value = None
    ended = _collected(started)
    assert ended.code == 4
    assert "cell N2: the hidden id '' is none, so 'remove' is no answer" in ended.out


@pytest.mark.parametrize("header", ["Id (leave as it is)", "Decision", "Holder"])
def test_a_sheet_without_a_column_that_is_needed_is_named(started: Run, header: str) -> None:
    answer(book())
    with editing(book()) as opened:
        opened["Decide"].delete_cols(column(opened["Decide"], header))
    ended = _collected(started)
    assert ended.code == 4
    assert f"the column {header!r} is missing" in ended.out
    assert decided()[KEY] == "keep"


def test_a_workbook_of_another_review_is_named(started: Run) -> None:
    answer(book())
    changed = world().grant("local_user", "1", "REPO_ADMIN", "101")
    started("review", "start", save(changed, "other.json"), "-o", "other", "--only", "PAY")
    answer(Path("other/review-PAY.xlsx"), {BOB: "remove"})
    shutil.copy("other/review-PAY.xlsx", REVIEW / "last quarter.xlsx")
    ended = _collected(started)
    assert ended.code == 4
    assert "last quarter.xlsx: 6 rows of another review" in ended.out
    assert decided()[BOB] == "keep"


def test_damaged_and_foreign_files_are_named_and_the_rest_is_read(started: Run) -> None:
    answer(book())
    (REVIEW / "broken.xlsx").write_bytes(book("OPS").read_bytes()[:2000])
    (REVIEW / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (REVIEW / "answers.ods").write_bytes(b"PK")
    (REVIEW / "~$review-PAY.xlsx").write_bytes(b"lock")
    ended = _collected(started)
    assert ended.code == 4
    for name in ("broken.xlsx", "locked.xlsx"):
        assert f"{name}: is no Excel workbook that can be read" in ended.out
    assert "answers.ods: is no .xlsx workbook" in ended.out
    assert "~$" not in ended.out
    assert decided()[BOB] == "keep"


def test_names_and_dates_of_rows_go_before_those_of_the_first_sheet(started: Run) -> None:
    answer(book(), name="Ann", day=datetime(2026, 11, 20, 9, 30))  # noqa: DTZ001 - cells know no time zone
    with editing(book()) as opened:
        sheet = opened["Decide"]
        row = row_of(sheet, *BOB)
        cell(sheet, row, "Reviewer").value = " Eve  Adams "
        cell(sheet, row, "Date").value = "21.11.2026"
        cell(sheet, row, "Reason").value = "=left the team"[1:]
    assert _collected(started).code == 0
    found = {(row["holder"], row["on"]): row for row in decisions()}
    assert (found[BOB]["reviewer"], found[BOB]["date"], found[BOB]["reason"]) == (
        "Eve Adams",
        "2026-11-21",
        "left the team",
    )
    assert (found[DORA]["reviewer"], found[DORA]["date"]) == ("Ann", "2026-11-20")


def test_an_unclear_date_is_kept_as_written_and_named(started: Run) -> None:
    answer(book(), day="03/04/2026")
    ended = _collected(started)
    assert ended.code == 0
    assert "'03/04/2026' is no day, or can be read as two" in ended.out
    assert decisions()[0]["date"] == "03/04/2026"


def test_decisions_of_nobody_are_decisions_and_the_review_is_not_complete(started: Run) -> None:
    answer(book(), {BOB: "remove"}, name="")
    ended = _collected(started)
    assert ended.code == 4
    assert "nobody named (5)" in ended.out
    assert decided()[BOB] == "remove"


def test_an_answer_that_is_a_formula_counts_as_what_it_shows(started: Run) -> None:
    answer(book(), {BOB: '=IF(TRUE,"remove","keep")'})
    with editing(book()) as opened:
        reason = cell(opened["Decide"], row_of(opened["Decide"], *DORA), "Reason")
        reason.value, reason.data_type = "= still needed", "s"
    ended = _collected(started)
    assert ended.code == 4
    assert 'sheet Decide, cell J2: \'=IF(TRUE,"remove","keep")\' is no answer' in ended.out
    _show_in_formulas(book(), "remove")
    assert _collected(started).code == 0
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
    assert _collected(started).code == 4
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
    assert _collected(run).code == 0
    assert '\'=HYPERLINK("http://evil.example")' in [row["holder"] for row in decisions()]


def _values(sheet: str) -> list[dict[str, object]]:
    header, *rest = load_workbook(book())[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), values, strict=True)) for values in rest]


def test_collecting_twice_replaces_the_decisions(started: Run) -> None:
    assert _collected(started).code == 4
    answer(book())
    assert _collected(started).code == 0
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
    ended = _collected(started)
    assert ended.code == 2
    assert "review.jsonl.gz cannot be read" in ended.err


def test_a_lost_list_is_the_same_when_the_review_is_started_again(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    started("review", "start", "export.json", "-o", "again", "--only", "PAY", "OPS")
    shutil.copy("again/review.jsonl.gz", REVIEW / "review.jsonl.gz")
    assert _collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_an_unsigned_copy_of_a_signed_workbook_needs_no_second_signature(started: Run) -> None:
    answer(book(), name="Ann")
    copy = REVIEW / "copy.xlsx"
    shutil.copy(book(), copy)
    with editing(copy) as opened:
        sign(opened, "", None)
    assert _collected(started).code == 0
    assert decisions()[0]["reviewer"] == "Ann"


def test_a_workbook_that_unfolds_to_more_than_any_review_is_not_read(
    started: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(book())
    monkeypatch.setattr("connector.review.certification.returned._LARGEST", 10_000)
    ended = _collected(started)
    assert ended.code == 4
    assert "review-PAY.xlsx: is no Excel workbook that can be read" in ended.out
    assert decided()[BOB] == "workbook missing"


def test_decisions_for_excel_begin_with_a_byte_order_mark_and_are_the_same(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    assert started("review", "collect", str(REVIEW), "--excel").code == 0
    text = DECISIONS.read_text(encoding="utf-8")
    assert text.startswith("\ufeffdecision,")
    assert _collected(started).code == 0
    assert DECISIONS.read_text(encoding="utf-8") == text.removeprefix("\ufeff")


def test_what_people_wrote_beside_the_answers_is_named(started: Run) -> None:
    answer(book())
    with editing(book()) as opened:
        sheet = opened["Decide"]
        cell(sheet, sheet.max_row + 1, "Holder").value = "and what about Zed?"
        sheet["A1"].comment = Comment("see mail", "Ann")
        opened.create_sheet("My notes")["A1"] = "Bob leaves in March"
    ended = _collected(started)
    assert ended.code == 0
    assert "review-PAY.xlsx, sheet Decide, row 6: is no row of the review: 'and what about Zed?'" in ended.out
    assert "review-PAY.xlsx, sheet My notes: is no sheet of the review, and was not read" in ended.out
    assert "review-PAY.xlsx: has comments, which are not read: look at them" in ended.out
