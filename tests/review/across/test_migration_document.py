"""docs/migration.md is followed from its first command to its last, and what it shows is what is printed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.documents import ROOT, all_options
from tests.review.across import example

TEXT = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
_COMMAND = re.compile(r"^ {4}\$ \./oaa_bitbucket\.py (.*)\n((?: {4}.*\n|\n(?= {4}))*)", re.MULTILINE)
_MAPPING = re.compile(r"^ {4}old,new\n((?: {4}.*\n)+)", re.MULTILINE)
_OF_CLOUD = {"--workspace", "--emails"}
"""Options that an export of Bitbucket Cloud has."""


@pytest.fixture
def exports(run: Run) -> Run:
    """Save the exports of the example where the command runs."""
    Path("old.json").write_text(json.dumps(example.old().server("bitbucket.example.com")), encoding="utf-8")
    Path("new.json").write_text(json.dumps(example.new().cloud()), encoding="utf-8")
    Path("repaired.json").write_text(json.dumps(example.repaired().cloud()), encoding="utf-8")
    return run


def _stripped(block: str) -> str:
    return re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n")


def test_every_command_does_what_is_shown(exports: Run) -> None:
    offline = [(line, shown) for line, shown in _COMMAND.findall(TEXT) if line.startswith(("diff", "report"))]
    assert len(offline) == 4
    mappings = [_stripped(rows) for rows in _MAPPING.findall(TEXT)]
    for line, shown in offline:
        ended = exports(*shlex.split(line), COLUMNS="116")
        assert ended.code == 0, ended.err
        at = 0
        for part in _stripped(shown).split("…"):
            at = ended.out.index(part.strip("\n"), at)
        if "--write-people" in line:
            assert _stripped(Path("people.csv").read_text(encoding="utf-8")) in re.sub(
                "^ {4}", "", TEXT, flags=re.MULTILINE
            )
            for name, rows in zip(("people.csv", "repositories.csv"), mappings, strict=True):
                Path(name).write_text(f"old,new\n{rows}\n", encoding="utf-8")
    assert Path("migration.html").exists()


def test_documented_options_exist() -> None:
    named = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", TEXT))
    assert named - _OF_CLOUD <= set(all_options())
