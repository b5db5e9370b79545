"""What holds for every review: each answer reaches its grant, however rows and columns stand, and proofs tell truth."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from connector.graph.payload import load
from connector.graph.values import Level
from connector.review.certification import rows
from connector.review.certification.answers import offered
from connector.review.certification.collect import Collected
from connector.review.certification.decisions import csv_of, header_of
from connector.review.certification.proof import Status, prove
from connector.review.certification.scope import By, Scope
from connector.review.certification.start import start
from tests.graph.worlds import World, worlds
from tests.review.certification.folders import sign

_LEVELS = {"read": Level.READ, "write": Level.WRITE, "admin": Level.ADMIN, "other": Level.NONE}
_KINDS = {"user": "local_user", "group": "local_group", "credential": "local_access_creds"}

Grant = tuple[str, str, str, str]


@settings(max_examples=20, deadline=None)
@given(worlds(), st.sampled_from(By), st.sampled_from((0, 3, 20)), st.randoms(use_true_random=False))
def test_every_answer_reaches_its_grant_and_carrying_it_out_is_proven(
    world: World, by: By, folded_from: int, chance: random.Random
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "FOLDED_FROM", folded_from)
        folder = Path(name)
        before = _saved(world, folder / "before.json")
        start(load(before), before, folder / "review", Scope(by))
        said: dict[tuple[str, str], str] = {}
        for path in (folder / "review").glob("review-*.xlsx"):
            _answer(path, said, chance)
        collected = Collected(folder / "review")
        assert collected.is_complete, collected.problems
        decisions = folder / "decisions.csv"
        lines = csv_of(header_of(collected.review, collected.totals.total()), collected.decided())
        decisions.write_text("\n".join(lines) + "\n", encoding="utf-8")
        taken = _taken(decisions)
        assert taken == {grant for grant in world.grants if said[grant[1], grant[2]] != "keep"}
        _check_proofs(world, taken, decisions, folder)


def _check_proofs(world: World, taken: set[Grant], decisions: Path, folder: Path) -> None:
    if not world.grants:
        return
    undone = prove(decisions, [folder / "before.json"])
    assert len(undone.of(Status.OPEN)) == len(taken)
    after = world.changed()
    after.grants -= taken
    done = prove(decisions, [_saved(after, folder / "after.json")])
    assert len(done.of(Status.DONE)) == len(taken)
    assert not done.is_open
    assert done.given_since == []
    again = prove(decisions, [folder / "after.json", folder / "before.json"])
    assert len(again.of(Status.BACK)) == len(taken)


def _saved(world: World, path: Path) -> Path:
    path.write_text(json.dumps(world.payload()), encoding="utf-8")
    return path


def _answer(path: Path, said: dict[tuple[str, str], str], chance: random.Random) -> None:
    """Answer every row, the same for the same holder and right, and leave rows and columns in disorder."""
    opened = load_workbook(path)
    for sheet in opened:
        headers: list[Any] = [cell.value for cell in sheet[1]]
        if "Decision" in headers:
            found: list[list[Any]] = [list(values) for values in sheet.iter_rows(min_row=2, values_only=True)]
            for values in found:
                grant = str(values[headers.index("Holder")]), str(values[headers.index("Permission")])
                level = _LEVELS[str(values[headers.index("Level")])]
                values[headers.index("Decision")] = said.setdefault(grant, chance.choice(offered(level)))
            _scatter(sheet, [headers, *found], chance)
    sign(opened, "Ann")
    opened.save(path)


def _scatter(sheet: Worksheet, rows: list[list[Any]], chance: random.Random) -> None:
    header, *body = rows
    body += chance.choices(body, k=2)
    chance.shuffle(body)
    order = list(range(len(header)))
    chance.shuffle(order)
    for number, values in enumerate([header, *body], 1):
        for place, column in enumerate(order, 1):
            sheet.cell(number, place).value = values[column]


def _taken(decisions: Path) -> set[Grant]:
    """Read which grants of the world are to be taken away."""
    with decisions.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["to_do"]]
    return {
        (_KINDS[row["holder_kind"]], row["holder_id"], row["permission"], row["node"].rpartition(".")[2])
        for row in rows
    }
