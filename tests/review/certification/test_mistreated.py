"""`review collect`: whatever people did to the workbooks, nothing is lost, and what cannot be read is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl.comments import Comment

from tests.conftest import Run
from tests.graph.worlds import USER
from tests.review.certification.folders import (
    BOB,
    DORA,
    EXPORT,
    KEY,
    REVIEW,
    answer,
    book,
    cell,
    collected,
    column,
    decided,
    decisions,
    editing,
    row_of,
    save,
    start,
    world,
)


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
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_a_copied_row_with_the_same_answer_is_one_answer(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    _copy_row(BOB, "remove")
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_a_copied_row_with_another_answer_contradicts(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    _copy_row(BOB, "keep")
    ended = collected(started)
    assert ended.code == 4
    assert "contradicting answers about REPO_WRITE of Bob (bob) on PAY/api" in ended.out
    assert "cell J2" in ended.out
    assert "cell J6" in ended.out
    assert decided()[BOB] == "contradictory"


def test_the_same_workbook_twice_with_different_answers_contradicts_itself(started: Run) -> None:
    answer(book(), {BOB: "remove"}, name="Ann")
    shutil.copy(book(), REVIEW / "review-PAY (final).xlsx")
    answer(REVIEW / "review-PAY (final).xlsx", {BOB: "keep"}, name="Eve")
    ended = collected(started)
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
    assert collected(started).code == 0
    assert decided()[BOB] == "remove"


def test_without_a_workbook_the_rest_is_collected(started: Run) -> None:
    book().unlink()
    ended = collected(started)
    assert ended.code == 4
    assert "5 workbook missing" in " ".join(ended.out.split())
    assert decided()[BOB] == "workbook missing"
    assert decided()["Dora (dora)", "OPS"] == "keep"


def test_a_row_that_was_deleted_is_missing(started: Run) -> None:
    answer(book())
    with editing(book()) as opened:
        opened["Decide"].delete_rows(row_of(opened["Decide"], *BOB))
    assert collected(started).code == 4
    assert decided()[BOB] == "row missing"
    assert decided()[DORA] == "keep"


def test_an_edited_id_is_no_answer_about_anything(started: Run) -> None:
    answer(book(), {BOB: "remove", DORA: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        hidden = cell(sheet, row_of(sheet, *BOB), "Id (leave as it is)")
        hidden.value = str(hidden.value).replace(str(hidden.value)[12], "0" if str(hidden.value)[12] != "0" else "1")
    ended = collected(started)
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
    assert collected(started).code == 4
    assert decided()[BOB] == decided()[DORA] == "row missing"


def test_an_answer_without_the_hidden_id_is_named(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        cell(opened["Decide"], row_of(opened["Decide"], *BOB), "Id (leave as it is)").value = None
    ended = collected(started)
    assert ended.code == 4
    assert "cell N2: the hidden id '' is none, so 'remove' is no answer" in ended.out


@pytest.mark.parametrize("header", ["Id (leave as it is)", "Decision", "Holder"])
def test_a_sheet_without_a_column_that_is_needed_is_named(started: Run, header: str) -> None:
    answer(book())
    with editing(book()) as opened:
        opened["Decide"].delete_cols(column(opened["Decide"], header))
    ended = collected(started)
    assert ended.code == 4
    assert f"the column {header!r} is missing" in ended.out
    assert decided()[KEY] == "keep"


def test_a_workbook_of_another_review_is_named(started: Run) -> None:
    answer(book())
    changed = world().grant("local_user", "1", "REPO_ADMIN", "101")
    started("review", "start", save(changed, "other.json"), "-o", "other", "--only", "PAY")
    answer(Path("other/review-PAY.xlsx"), {BOB: "remove"})
    shutil.copy("other/review-PAY.xlsx", REVIEW / "last quarter.xlsx")
    ended = collected(started)
    assert ended.code == 4
    assert "last quarter.xlsx: 6 rows of another review" in ended.out
    assert decided()[BOB] == "keep"


def test_damaged_and_foreign_files_are_named_and_the_rest_is_read(started: Run) -> None:
    answer(book())
    (REVIEW / "broken.xlsx").write_bytes(book("OPS").read_bytes()[:2000])
    (REVIEW / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (REVIEW / "answers.ods").write_bytes(b"PK")
    (REVIEW / "~$review-PAY.xlsx").write_bytes(b"lock")
    ended = collected(started)
    assert ended.code == 4
    for name in ("broken.xlsx", "locked.xlsx"):
        assert f"{name}: is no Excel workbook that can be read" in ended.out
    assert "answers.ods: is not an .xlsx workbook" in ended.out
    assert "~$" not in ended.out
    assert decided()[BOB] == "keep"


def test_a_workbook_that_unfolds_to_more_than_any_review_is_not_read(
    started: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(book())
    monkeypatch.setattr("connector.review.certification.returned._LARGEST", 10_000)
    ended = collected(started)
    assert ended.code == 4
    assert "review-PAY.xlsx: is no Excel workbook that can be read" in ended.out
    assert decided()[BOB] == "workbook missing"


def test_what_people_wrote_beside_the_answers_is_named(started: Run) -> None:
    answer(book())
    with editing(book()) as opened:
        sheet = opened["Decide"]
        cell(sheet, sheet.max_row + 1, "Holder").value = "and what about Zed?"
        sheet["A1"].comment = Comment("see mail", "Ann")
        opened.create_sheet("My notes")["A1"] = "Bob leaves in March"
    ended = collected(started)
    assert ended.code == 0
    assert "review-PAY.xlsx, sheet Decide, row 6: is no row of the review: 'and what about Zed?'" in ended.out
    assert "review-PAY.xlsx, sheet My notes: is no sheet of the review, and was not read" in ended.out
    assert "review-PAY.xlsx: has comments, which are not read: look at them" in ended.out


def _copy_row(about: tuple[str, str], said: str) -> None:
    with editing(book()) as opened:
        sheet = opened["Decide"]
        for place, one in enumerate(list(sheet[row_of(sheet, *about)]), 1):
            sheet.cell(sheet.max_row if place > 1 else sheet.max_row + 1, place).value = one.value
        cell(sheet, sheet.max_row, "Decision").value = said


def test_answers_below_a_header_that_was_deleted_are_named(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        opened["Decide"].delete_rows(1)
        opened["Decide"].title = "Mine"
    ended = collected(started)
    assert ended.code == 4
    assert "sheet Mine, row 1: is a row of the review without a header above it, so no answer below" in ended.out
    assert decided()[BOB] == "row missing"


def test_a_sheet_without_header_and_ids_is_named(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        sheet.delete_cols(column(sheet, "Id (leave as it is)"))
        sheet.delete_rows(1)
    ended = collected(started)
    assert ended.code == 4
    assert "review-PAY.xlsx, sheet Decide: has no header of the review, so no answer in it can be read" in ended.out


def test_merged_cells_are_named_since_only_the_first_of_them_holds_anything(started: Run) -> None:
    answer(book(), {BOB: "remove"})
    with editing(book()) as opened:
        sheet = opened["Decide"]
        place = column(sheet, "Decision")
        sheet.merge_cells(start_row=2, end_row=4, start_column=place, end_column=place)
    ended = collected(started)
    assert ended.code == 4
    assert "review-PAY.xlsx, sheet Decide, cells J2:J4: are merged, so only the first of them holds an" in ended.out
    assert "2 undecided" in ended.out


def test_one_cell_about_many_grants_is_one_problem(run: Run) -> None:
    many = world()
    for number in range(200, 230):
        many.repository(str(number), "10", f"r{number}", project_key="PAY").grant(USER, "2", "REPO_WRITE", str(number))
    start(run, many, "--only", "PAY")
    answer(book(), "keep")
    with editing(book()) as opened:
        sheet = opened["Decide"]
        cell(sheet, next(row for row in range(2, 9) if sheet.cell(row, 2).value == "Bob (bob)"), "Decision").value = "?"
    ended = collected(run)
    assert ended.out.count("'?' is no answer") == 1
    assert "and 30 more like it" in ended.out
    assert "31 unreadable" in ended.out


@pytest.mark.parametrize("name", ["answers.csv", "answers.html"])
def test_answers_that_came_back_as_another_kind_of_file_are_named(started: Run, name: str) -> None:
    (REVIEW / name).write_text("Holder,Decision\nBob,remove\n")
    assert f"{name}: is not an .xlsx workbook, so it was not read" in collected(started).out


def test_what_the_steps_write_into_the_folder_is_no_answer(started: Run) -> None:
    answer(book())
    into = str(REVIEW / "decisions.csv")
    assert started("review", "collect", str(REVIEW), "-o", into).code == 0
    assert started("review", "prove", EXPORT, "--decisions", into, "-o", str(REVIEW / "evidence.html")).code == 0
    ended = started("review", "collect", str(REVIEW), "-o", into)
    assert (ended.code, "was not read" in ended.out) == (0, False)


def test_a_first_sheet_under_another_name_still_says_who_answers(started: Run) -> None:
    answer(book(), name="Eve")
    with editing(book()) as opened:
        opened["Start"].title = "Deckblatt"
    ended = collected(started)
    assert (ended.code, "was not read" in ended.out) == (0, False)
    assert {row["reviewer"] for row in decisions()} == {"Eve", "Dora"}
