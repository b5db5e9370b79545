"""Gaps in the log and the summary: one line for each cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.commands.shared.incomplete_guard import causes, check_gaps
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.errors import IncompleteError
from connector.model import Gap
from tests.conftest import Run, summary

URL = "https://bitbucket.example.com/rest/api/latest/projects"


def refused(project: str, status: int = 401) -> Gap:
    return Gap(
        f"project {project}", "permissions", f'{URL}/{project}/permissions answered {status}: "Project {project}"'
    )


@pytest.mark.parametrize(
    ("gaps", "folded"),
    [
        ([refused("PAY"), refused("OPS"), refused("~jdoe")], [3]),
        ([refused("PAY", 401), refused("OPS", 403)], [1, 1]),
        ([refused("A"), refused("AB"), refused("P"), refused("OPS", 500)], [3, 1]),
        (
            [Gap("project A", "x", "answered 500: req @1X7A3F2x613"), Gap("project B", "x", "answered 500: req @9Z")],
            [1, 1],
        ),
        ([Gap("project A", "x", "answered 500: id 1a2b3c4d"), Gap("project B", "x", "answered 500: id 9z8y7x6w")], [2]),
        ([Gap("instance", "users", "why"), Gap("instance", "groups", "why")], [2]),
        ([Gap("project A", "x", "why", optional=True), Gap("project B", "x", "why")], [1, 1]),
        ([Gap("project A", "x", "a", optional=True)] * 3 + [Gap("project B", "x", "b")], [1, 3]),
    ],
)
def test_gaps_are_folded_by_what_is_common_to_their_reasons(gaps: list[Gap], folded: list[int]) -> None:
    assert [len(cause.gaps) for cause in causes(gaps)] == folded


TEXT = st.text(max_size=20)


@given(st.lists(st.builds(Gap, TEXT, TEXT, TEXT, st.booleans())))
def test_every_gap_has_exactly_one_cause(gaps: list[Gap]) -> None:
    assert sorted(gap for cause in causes(gaps) for gap in cause.gaps) == sorted(gaps)


def test_two_thousand_gaps_are_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    gaps = [refused(f"P{number}") for number in range(2000)] + [
        Gap("group x", "members", w * 9) for w in "abcdefgh" * 9
    ]
    with pytest.raises(IncompleteError, match=r"^2,072 of the things"):
        check_gaps(gaps, allowed=False)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 11
    assert said[1].startswith(
        "  2,000, such as project P0: permissions, project P1: permissions, project P2: permissions  "
    )
    assert "all of the 2,072 are listed" in said[-1]
    caplog.clear()
    check_gaps([Gap("group x", "members", chr(number) * 3) for number in range(65, 90)], allowed=True)
    assert "and 5 more, for other reasons" in caplog.messages[-2]


def test_log_and_summary_of_an_account_without_rights(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    account = next(a for a in bitbucket.organisation.accounts.values() if a.name == "amara.okafor")
    account.password = "known"
    options = ("--summary", "summary.json", "--include", "all", "--log-format", "json")
    ended = export(*options, BITBUCKET_USER=account.name, BITBUCKET_TOKEN="known")
    assert ended.code == 4
    assert "'Project: Admin'" in ended.err
    assert "'Repository: Admin'" in ended.err
    told = [line["message"] for line in map(json.loads, ended.err.splitlines()) if line["level"] == "ERROR"]
    entry = summary()
    assert len(entry["gaps"]) > 40
    assert len(entry["causes"]) == len(told) - 3 < 12
    assert [cause["reason"] for cause in entry["causes"]] == [line.split("  ")[2] for line in told[1:-2]]
    for place, cause in enumerate(entry["causes"]):
        assert cause["gaps"] == sum(gap["cause"] == place for gap in entry["gaps"])
    per_gap = (Path("summary.json").stat().st_size - len(json.dumps(entry["causes"]))) / len(entry["gaps"])
    assert per_gap < 130
