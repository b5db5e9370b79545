"""Reviews in a folder, and people who answer them: what tests of a review share."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from tests.conftest import Ended, Run
from tests.graph.worlds import CREDENTIAL, GROUP, USER, World

Row = dict[str, Any]

EXPORT = "export.json"
REVIEW = Path("review")
DECISIONS = Path("decisions.csv")
EVIDENCE = Path("evidence.html")

BOB = ("Bob (bob)", "PAY/api")
DORA = ("Dora (dora)", "PAY/ledger")
DEVS = ("devs", "PAY")
KEY = ("ssh-access-key:7", "PAY/api")
"""Grants of `world`, by holder and what on."""


def world() -> World:
    """Make a small server: five grants in PAY, of them one of a key, and one in OPS."""
    return (
        World()
        .group("devs")
        .group("inner", ["devs"])
        .user("1", "Ann Lee", username="ann", email="ann@example.com", last_login_at="2026-09-01T10:00:00Z")
        .user("2", "Bob", ["devs"], username="bob", email="bob@example.com")
        .user("3", "Cid", ["inner"], username="cid", is_active=False)
        .user("4", "Dora", username="dora")
        .project("10", "PAY", "Payments")
        .repository("100", "10", "api", project_key="PAY")
        .repository("101", "10", "ledger", project_key="PAY")
        .project("20", "OPS")
        .project("30", "EMPTY")
        .credential("ssh-access-key:7", expires_at="2027-01-01T00:00:00Z")
        .grant(USER, "1", "PROJECT_ADMIN", "10")
        .grant(GROUP, "devs", "PROJECT_WRITE", "10")
        .grant(USER, "2", "REPO_WRITE", "100")
        .grant(USER, "4", "REPO_READ", "101")
        .grant(CREDENTIAL, "ssh-access-key:7", "REPO_READ", "100")
        .grant(USER, "4", "PROJECT_ADMIN", "20")
    )


def save(world: World, name: str = EXPORT) -> str:
    """Save a world's export, and give its name."""
    Path(name).write_text(json.dumps(world.payload()), encoding="utf-8")
    return name


def book(name: str = "PAY") -> Path:
    """Give the path of a project's workbook."""
    return REVIEW / f"review-{name}.xlsx"


def rows(path: Path, sheet: str = "Decide") -> list[Row]:
    """Read a table by its headers; a sheet that is not there has no rows."""
    opened = load_workbook(path)
    if sheet not in opened.sheetnames:
        return []
    header, *rest = opened[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), values, strict=True)) for values in rest]


def column(sheet: Worksheet, header: str) -> int:
    """Give the number of a column."""
    return next(cell.column for row in sheet.iter_rows() for cell in row if cell.value == header)


@contextmanager
def editing(path: Path) -> Iterator[Workbook]:
    """Open a workbook, and save it at the end."""
    opened = load_workbook(path)
    yield opened
    opened.save(path)


def cell(sheet: Worksheet, row: int, header: str) -> Cell:
    """Give the cell of a column by its header."""
    found = sheet.cell(row, column(sheet, header))
    assert isinstance(found, Cell)
    return found


def row_of(sheet: Worksheet, holder: str, on: str) -> int:
    """Give the number of the row about somebody's grant."""
    return next(
        row
        for row in range(2, sheet.max_row + 1)
        if (cell(sheet, row, "Holder").value, cell(sheet, row, "On").value) == (holder, on)
    )


def answer(
    path: Path,
    answers: Mapping[tuple[str, str], object] | str = "keep",
    *,
    name: str = "Ann",
    day: object = "2026-11-20",
) -> None:
    """Answer rows of a workbook by holder and what on, the rest with `keep`; or all alike. Sign the first sheet."""
    with editing(path) as opened:
        for sheet in (opened[name] for name in ("Decide", "Keys") if name in opened.sheetnames):
            for row in range(2, sheet.max_row + 1):
                asked = str(cell(sheet, row, "Holder").value), str(cell(sheet, row, "On").value)
                said = answers if isinstance(answers, str) else answers.get(asked, "keep")
                cell(sheet, row, "Decision").value = said  # type: ignore[assignment]
        sign(opened, name, day)


def sign(opened: Workbook, name: str, day: object = None) -> None:
    """Write who answers, and when, on the first sheet."""
    for row in opened["Start"].iter_rows():
        if row[0].value == "Your name":
            row[1].value = name
        if row[0].value == "Date of your answers":
            row[1].value = day  # type: ignore[assignment]


def start(run: Run, one: World, *options: str) -> None:
    """Start a review."""
    ended = run("review", "start", save(one), "-o", str(REVIEW), *options)
    assert ended.code == 0, ended.err


def asked(path: Path) -> list[tuple[str, str, str]]:
    """Give what a workbook asks about: holder, permission and on what."""
    found = [*rows(path), *rows(path, "Keys")]
    return [(row["Holder"], row["Permission"], row["On"]) for row in found]


def collected(run: Run) -> Ended:
    """Collect what came back."""
    return run("review", "collect", str(REVIEW))


def decisions(path: Path = DECISIONS) -> list[dict[str, str]]:
    """Read what `collect` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decided(path: Path = DECISIONS) -> dict[tuple[str, str], str]:
    """Give each decision by holder and what on, or the state where there is none."""
    return {(row["holder"], row["on"]): _said(row) for row in decisions(path)}


def _said(row: Mapping[str, str]) -> str:
    return " to ".join(filter(None, (row["decision"], row["leave"]))) or row["state"]
