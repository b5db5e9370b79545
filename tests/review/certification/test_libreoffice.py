"""A real spreadsheet program opens the workbooks, keeps what matters in them, and what it saved can be read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from connector.cli import main as cli
from tests.conftest import Run
from tests.graph.worlds import USER, World
from tests.review.certification.folders import REVIEW, answer, book, decided, rows, save, world

_OFFICE = shutil.which("soffice") or shutil.which("libreoffice")

pytestmark = pytest.mark.skipif(_OFFICE is None, reason="no LibreOffice; apt-get install libreoffice-calc")

HOSTILE = (
    "=1+1",
    "-2+3",
    "@SUM(1)",
    "+1",
    "_x0041_b",
    "007",
    "1e5",
    "TRUE",
    "2026-01-01",
    "#REF!",
    "'quoted",
    "  spaced   out ",
    "tab\there, line\nthere",
    "\u202etxt.exe",
    "U\u0308nico\u0308de",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "<b>&amp;</b>",
    "\x00nul",
    "\ud800half",
    "x" * 40_000,
)


def _hostile() -> World:
    one = world()
    for number, name in enumerate(HOSTILE, 100):
        one.user(str(number), name, username=f"u{number}").grant(USER, str(number), "REPO_READ", "100")
    return one


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the folder of a review, whose workbook is answered, and that workbook as LibreOffice saved it."""
    place = tmp_path_factory.mktemp("office")
    profile = f"-env:UserInstallation=file://{place}/profile"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert cli.main(["review", "start", save(_hostile()), "-o", str(REVIEW), "--only", "PAY"]) == 0
        answer(book(), "remove", name="Zoë")
        command = [str(_OFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(place), str(book())]
        subprocess.run(command, check=True, capture_output=True, timeout=180)  # noqa: S603 - a program of this machine
    return place / REVIEW, place / book().name


def test_what_libreoffice_saved_is_read_like_the_original(run: Run, converted: tuple[Path, Path]) -> None:
    original, saved = converted
    shutil.copytree(original, REVIEW)
    before = rows(book())
    assert rows(saved) == before
    shutil.copy(saved, book())
    ended = run("review", "collect", str(REVIEW))
    assert ended.code == 0, ended.out
    assert set(decided().values()) == {"remove"}
    assert len(before) == 4 + len(HOSTILE)


def test_libreoffice_keeps_protection_choices_and_hidden_columns(converted: tuple[Path, Path]) -> None:
    opened = load_workbook(converted[1])
    assert all(sheet.protection.sheet for sheet in opened)
    sheet = opened["Decide"]
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == [f"J2:J{5 + len(HOSTILE)}"]
    assert sheet.column_dimensions["N"].hidden
    assert sheet["J2"].protection.locked is False
    assert sheet["B2"].protection.locked is True


def test_libreoffice_counts_what_is_decided(converted: tuple[Path, Path]) -> None:
    start = load_workbook(converted[1], data_only=True)["Start"]
    figures = {row[0].value: row[1].value for row in start.iter_rows()}
    assert figures["Decisions"] == figures["Decided so far"] == 5 + len(HOSTILE)
