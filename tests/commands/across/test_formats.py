"""`diff --across` as CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io

from tests.commands.across.running import across, json_of, save
from tests.conftest import Run
from tests.review.across.organisations import GROUP, PERSON, Organisation


def test_csv_has_a_row_for_each_person_and_repository(run: Run, old: Organisation, strangers: Organisation) -> None:
    save(old, strangers.revoke(GROUP, "payments-dev", "write", "PAY"))
    ended = across(run, "--csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(row["change"], row["old_user"], row["new_user"]) for row in rows[:2]] == [
        ("lost", "cid", "cid@example.com"),
        ("lost", "dora", "dora@example.com"),
    ]
    assert {(row["old_repository"], row["before"], row["after"], row["status"]) for row in rows} == {
        (f"PAY/{slug}", "write", "none", "in force") for slug in ("api", "web", "docs")
    }
    assert "not matched, and not compared: 2 old and 2 new people" in ended.err
    assert "not matched, and not compared: 1 old and 1 new repositories" in ended.err


def test_json_is_whole(run: Run, old: Organisation, strangers: Organisation) -> None:
    save(old, strangers.revoke(GROUP, "payments-dev", "write", "PAY"))
    answer = json_of(run)
    assert answer["matching"]["people"] == {"old": 5, "new": 5, "matched": 3, "by": {"e-mail address": 3}}
    assert [(one["change"], one["cause"], one["combinations"]) for one in answer["differences"]] == [
        ("lost", "grant", 6)
    ]
    unmatched = {(one["server"], one["kind"], one["name"]) for one in answer["unmatched"]}
    assert ("old", "Repo", "OPS/run") in unmatched
    assert ("old", "user", "Ann") in unmatched
    assert (answer["gained"], answer["lost"], answer["is_conclusive"], answer["access_left_out"]) == (
        False,
        True,
        True,
        0,
    )
    assert len(answer["access"]) == 6


def test_markdown_takes_no_name_for_markup(run: Run, old: Organisation) -> None:
    old.people["ann"].name = "*Ann* <b>"
    save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    out = across(run, "--markdown").out
    assert r"- \*Ann\* \<b\> (ann) loses read on OPS/run" in out
    assert "| people | 5 | 5 | 5 | 5 e-mail address | 0 | 0 | 0 |" in out


def test_hostile_names_do_no_harm(run: Run, old: Organisation) -> None:
    old.people["ann"].name = "Ann\x1b[2J\u202e\nBob"
    old.person("x", None, name="=cmd()")
    save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    for form in ("--csv", "--json", "--markdown"):
        out = across(run, form).out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "\x1b" not in across(run).out
