"""`review start`: who is asked about what, and what the workbooks show, protect and offer."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from connector.embedded.datacenter.sample import sample_organisation
from connector.review.certification import rows as folding
from connector.review.certification import sheets
from tests.conftest import Run
from tests.documents import ROOT
from tests.graph.worlds import GROUP, USER, World
from tests.review.certification.folders import (
    REVIEW,
    answer,
    asked,
    book,
    cell,
    decided,
    editing,
    row_of,
    rows,
    save,
    sign,
    start,
    world,
)

EVERYONE, LICENSED = "bitbucket:everyone", "bitbucket:licensed-users"


def _files() -> set[str]:
    return {path.name for path in REVIEW.iterdir()}


def test_a_project_with_five_grants_has_five_rows(run: Run) -> None:
    start(run, world())
    assert len(asked(book())) == 5
    assert asked(book())[-1] == ("ssh-access-key:7", "REPO_READ", "PAY/api")
    assert asked(book("OPS")) == [("Dora (dora)", "PROJECT_ADMIN", "OPS")]


def test_keys_and_people_are_apart(run: Run) -> None:
    start(run, world())
    assert "ssh-access-key:7" not in [row["Holder"] for row in rows(book())]
    (key,) = rows(book(), "Keys")
    assert (key["Kind"], key["Level"], key["Expires"]) == ("SSH access key", "read", "2027-01-01")


def test_what_deserves_a_look_comes_first_in_the_words_of_the_report(run: Run) -> None:
    start(run, world().user("9", "Zed", is_active=False, username="zed").grant(USER, "9", "REPO_READ", "100"))
    found = [(row["Holder"], row["Why it deserves a look"]) for row in rows(book())]
    assert found[0][0] == "Zed (zed)"
    assert found[0][1]
    assert [bool(why) for _, why in found] == sorted((bool(why) for _, why in found), reverse=True)
    assert next(row["Level"] for row in rows(book()) if not row["Why it deserves a look"]) == "admin"


def test_people_of_groups_stand_once_on_a_sheet_behind(run: Run) -> None:
    start(run, world().grant(GROUP, "devs", "REPO_WRITE", "101"))
    found = {(row["Group"], row["Person"]): row for row in rows(book(), "People")}
    assert list(found) == [("devs", "Bob (bob)"), ("devs", "Cid (cid)")]
    assert found["devs", "Bob (bob)"]["E-mail"] == "bob@example.com"
    assert found["devs", "Cid (cid)"]["Cannot sign in"] == "inactive"
    assert found["devs", "Cid (cid)"]["Through"] == "inner"
    devs = next(row for row in rows(book()) if row["Holder"] == "devs")
    assert devs["Whom it lets in"] == "2 people, 1 of them cannot sign in"


def test_people_of_very_large_groups_stand_in_one_workbook_for_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.review.certification.people.LONGEST_LIST", 1)
    start(run, world())
    assert rows(book(), "People") == []
    assert [row["Person"] for row in rows(REVIEW / "groups.xlsx", "People")] == ["Bob (bob)", "Cid (cid)"]
    assert "listed in groups.xlsx" in next(row for row in rows(book()) if row["Holder"] == "devs")["Whom it lets in"]


def test_defaults_public_access_owners_and_global_administrators_are_information(run: Run) -> None:
    one = world().group(EVERYONE).group(LICENSED, [EVERYONE]).user("9", "Olga", username="olga")
    one.grant(GROUP, LICENSED, "PROJECT_READ", "10").grant(GROUP, EVERYONE, "PUBLIC_READ", "100")
    one.grant(USER, "9", "ADMIN").project("40", "~olga", project_type="PERSONAL", owner="olga")
    one.grant(USER, "9", "PROJECT_ADMIN", "40").repository("400", "40", "mine", project_key="~olga")
    start(run, one.grant(USER, "1", "REPO_READ", "400"))
    assert len(asked(book())) == 5
    facts = {(row["What"], row["On"]): row["Level"] for row in rows(book(), "For information")}
    assert facts == {
        ("default permission of the project", "PAY"): "read",
        ("public access", "PAY/api"): "read",
        ("global permission ADMIN", "everything"): "admin",
    }
    assert asked(book("~olga")) == [("Ann Lee (ann)", "REPO_READ", "~olga/mine")]
    assert "owner of the personal project" in [row["What"] for row in rows(book("~olga"), "For information")]


def test_global_permissions_have_a_workbook_of_their_own(run: Run) -> None:
    start(run, world().grant(USER, "1", "ADMIN").grant(GROUP, "devs", "LICENSED_USER"))
    assert asked(book("global-permissions")) == [
        ("Ann Lee (ann)", "ADMIN", "the whole server"),
        ("devs", "LICENSED_USER", "the whole server"),
    ]
    assert [row["Level"] for row in rows(book("global-permissions"))] == ["admin", "other"]


# ---- many grants


def _many(count: int) -> World:
    one = world().group("qa")
    for number in range(count):
        one.repository(str(1000 + number), "10", f"s{number:03}", project_key="PAY")
        one.grant(GROUP, "qa", "REPO_WRITE", str(1000 + number))
    return one


def test_equal_grants_are_one_row_where_there_are_many(run: Run) -> None:
    start(run, _many(400))
    found = [row for row in rows(book()) if row["Holder"] == "qa"]
    assert [row["On"] for row in found] == ["400 repositories in PAY: s000, s001, s002, s003 and 396 more"]
    assert len(rows(book())) == 5
    behind = rows(book(), "One by one")
    assert len(behind) == 400
    assert {row["Row"] for row in behind} == {found[0]["Row"]}


def test_few_grants_are_a_row_each_however_equal_they_are(run: Run) -> None:
    start(run, _many(folding.FOLDED_FROM - 5))
    assert len(asked(book())) == folding.FOLDED_FROM
    assert rows(book(), "One by one") == []


def test_the_answer_of_a_folded_row_counts_where_a_grant_was_not_answered_by_itself(run: Run) -> None:
    start(run, _many(30), "--only", "PAY")
    answer(book(), {("qa", "30 repositories in PAY: s000, s001, s002, s003 and 26 more"): "remove"})
    with editing(book()) as opened:
        sheet = opened["One by one"]
        cell(sheet, row_of(sheet, "qa", "PAY/s007"), "Decision").value = "reduce to read"
    assert run("review", "collect", str(REVIEW)).code == 0
    found = decided()
    assert found["qa", "PAY/s007"] == "reduce to read"
    assert [found["qa", f"PAY/s{number:03}"] for number in range(30) if number != 7] == ["remove"] * 29


def test_a_table_longer_than_a_sheet_goes_on_in_another(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LAST_ROW", 2)
    start(run, world(), "--only", "PAY")
    assert load_workbook(book()).sheetnames == ["Start", "Decide", "Decide (2)", "Keys", "People", "Words"]
    with editing(book()) as opened:
        for name in ("Decide", "Decide (2)", "Keys"):
            for row in range(2, opened[name].max_row + 1):
                cell(opened[name], row, "Decision").value = "keep"
        sign(opened, "Ann")
    assert run("review", "collect", str(REVIEW)).code == 0


def test_a_large_workbook_is_the_same_as_a_small_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    start(run, world(), "--only", "PAY")
    small = {name: rows(book(), name) for name in ("Decide", "Keys", "People")}
    monkeypatch.setattr(sheets, "_MANY_ROWS", 0)
    run("review", "start", "export.json", "-o", "large", "--only", "PAY")
    assert {name: rows(Path("large/review-PAY.xlsx"), name) for name in small} == small
    assert sorted(path.name for path in Path("large").iterdir()) == sorted(_files())


# ---- Excel


def test_sheets_are_protected_but_for_the_answers_and_offer_what_fits_the_level(run: Run) -> None:
    start(run, world())
    sheet = load_workbook(book())["Decide"]
    assert sheet.protection.sheet
    assert not sheet.protection.autoFilter
    headers = {cell.column: cell.value for cell in sheet[1]}
    unlocked = {headers[cell.column] for cell in sheet[2] if not cell.protection.locked}
    assert unlocked == {"Decision", "Reason", "Reviewer", "Date"}
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:N5"
    assert sheet.column_dimensions["N"].hidden
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.print_title_rows) == (
        "landscape",
        0,
        "$1:$1",
    )
    (offered,) = sheet.data_validations.dataValidation
    assert str(offered.sqref) == "J2:J5"
    assert offered.formula1 == 'IF($D2="write",Words!$A$1:$A$3,IF($D2="admin",Words!$A$1:$A$4,Words!$A$1:$A$2))'
    words = load_workbook(book())["Words"]
    assert words.sheet_state == "hidden"
    assert [row[0].value for row in words] == ["keep", "remove", "reduce to read", "reduce to write"]


def test_levels_have_colours(run: Run) -> None:
    start(run, world())
    sheet = load_workbook(book())["Decide"]
    colours = {sheet.cell(row, 4).value: sheet.cell(row, 4).fill.fgColor.rgb for row in range(2, 6)}
    assert len(set(colours.values())) == len(colours) == 3


def test_names_that_are_formulas_stay_text(run: Run) -> None:
    start(run, world().user("9", '=HYPERLINK("http://evil.example","x")').grant(USER, "9", "REPO_READ", "100"))
    sheet = load_workbook(book())["Decide"]
    (cell,) = [cell for row in sheet for cell in row if str(cell.value).startswith("=HYPER")]
    assert cell.data_type == "s"
    assert cell.quotePrefix


def test_what_the_export_does_not_know_is_said_everywhere(run: Run) -> None:
    one = world()
    one.properties |= {"is_complete": False, "not_collected": ["permissions of PAY/api"]}
    ended = run("review", "start", save(one), "-o", str(REVIEW))
    assert ended.code == 0
    assert "permissions of PAY/api" in ended.err
    for path in (book(), REVIEW / "overview.xlsx"):
        texts = [str(cell.value) for row in load_workbook(path)["Start"] for cell in row]
        assert any("permissions of PAY/api" in text for text in texts)


# ---- files


def test_keys_that_no_file_system_takes_make_files_that_all_do(run: Run) -> None:
    keys = ["CON", "aux", "pay", "PAY", "~jdoe", "a/b", "x" * 200, "Zahlungen", "..", "global-permissions", "trailing."]
    one = World().user("1", "Ann").grant(USER, "1", "ADMIN")
    for number, key in enumerate(keys):
        one.project(str(number), key).grant(USER, "1", "PROJECT_READ", str(number))
    start(run, one)
    names = [path.name for path in REVIEW.glob("review-*.xlsx")]
    assert len(names) == len({name.casefold() for name in names}) == len(keys) + 1
    assert all(name.startswith("review-") and len(name) < 80 and "/" not in name for name in names)
    assert {"review-CON.xlsx", "review-~jdoe.xlsx", "review-PAY-2.xlsx"} <= set(names)


def test_everything_is_for_its_owner_only(run: Run) -> None:
    start(run, world())
    assert stat.S_IMODE(REVIEW.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in REVIEW.iterdir()} == {0o600}


def test_the_same_export_gives_the_same_files(run: Run) -> None:
    start(run, world())
    run("review", "start", "export.json", "-o", "again")
    assert {path.name: path.read_bytes() for path in REVIEW.iterdir()} == {
        path.name: path.read_bytes() for path in Path("again").iterdir()
    }


def test_an_empty_folder_is_filled_and_any_other_is_refused(run: Run) -> None:
    REVIEW.mkdir()
    start(run, world())
    before = {path.name: path.read_bytes() for path in REVIEW.iterdir()}
    ended = run("review", "start", "export.json", "-o", str(REVIEW))
    assert ended.code == 2
    assert "review already holds a review, and its answers stay: name another folder for a new one" in ended.err
    assert {path.name: path.read_bytes() for path in REVIEW.iterdir()} == before
    ended = run("review", "start", "export.json", "-o", ".")
    assert ended.code == 2
    assert "is not empty: name a new folder" in ended.err


def test_a_folder_that_cannot_be_made_is_one_clear_line(run: Run) -> None:
    Path("file").write_text("x", encoding="utf-8")
    for place in ("missing/review", "file/review", "file"):
        ended = run("review", "start", save(world()), "-o", place)
        assert ended.code in {2, 5}
        assert ended.err.count("\n") == 1


def test_a_full_disk_leaves_nothing_behind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("connector.review.certification.start.write_overview", full)
    ended = run("review", "start", save(world()), "-o", str(REVIEW))
    assert ended.code == 5
    assert "review cannot be written: No space left on device. Nothing was written" in ended.err
    assert [path.name for path in Path().iterdir()] == ["export.json"]


def test_what_is_no_export_is_one_clear_line(run: Run) -> None:
    Path("export.json").write_text("{}", encoding="utf-8")
    ended = run("review", "start", "export.json", "-o", str(REVIEW))
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert not REVIEW.exists()


def test_a_proof_needs_no_library_of_workbooks() -> None:
    program = "import sys; sys.modules['openpyxl'] = sys.modules['xlsxwriter'] = None; import connector.commands.review"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)  # noqa: S603 - this Python


@pytest.mark.parametrize("missing", ["xlsxwriter", "openpyxl"])
def test_without_its_libraries_the_command_says_what_to_install(tmp_path: Path, missing: str) -> None:
    (tmp_path / "export.json").write_text(json.dumps(world().payload()), encoding="utf-8")
    program = (
        f"import contextlib, sys; sys.modules[{missing!r}] = None; from connector.cli.main import main\n"
        "with contextlib.suppress(SystemExit): main(['review', 'start', '--help'])\n"
        "sys.exit(main(['review', 'start', 'export.json', '-o', 'review']))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout.startswith("usage: ")
    assert "pip install -r requirements-extras.txt" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "review").exists()


# ---- other applications


def test_the_demo_has_a_workbook_for_every_project_with_grants(run: Run) -> None:
    assert run("demo").code == 0
    assert run("review", "start", "demo-export.json", "-o", str(REVIEW)).code == 0
    organisation = sample_organisation()
    assert len(list(REVIEW.glob("review-*.xlsx"))) <= len(organisation.projects) + 1
    assert rows(book())


def test_rows_that_are_alike_are_next_to_each_other_and_marked_by_one_click(run: Run) -> None:
    many = world()
    for number in range(40, 65):
        many.user(str(number), f"User {number}", is_active=not number % 2).grant(USER, str(number), "REPO_WRITE", "100")
    start(run, many, "--only", "PAY")
    opened = load_workbook(book())
    found = rows(book())
    blocks = {}
    for row in opened["Start"].iter_rows(min_row=20):
        if link := row[0].hyperlink:
            first, last = (int(cell.split("$")[2]) for cell in str(link.location).split("!")[1].split(":"))
            alike = {(one["Level"], one["Why it deserves a look"]) for one in found[first - 2 : last - 1]}
            blocks[row[0].value, row[1].value, row[2].value] = alike
    assert blocks == {
        ("Decide!J2:J13", 12, "write, user: Inactive accounts with access"): {
            ("write", "Inactive accounts with access")
        },
        ("Decide!J15:J27", 13, "write, user: Never signed in"): {("write", "Never signed in")},
    }
