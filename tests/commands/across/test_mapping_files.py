"""Mapping files of `diff --across`: what they settle, how they are written, and what is wrong with them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.commands.across.running import across, json_of, lines_of, save, written
from tests.conftest import Run
from tests.review.across.organisations import PERSON, SERVER, Organisation


def _ids(organisation: Organisation) -> dict[str, str]:
    """Give the ids that people have in the cloud, by user name."""
    users = organisation.cloud()["applications"][0]["local_users"]
    return {name: user["id"] for name, user in zip(organisation.people, users, strict=False)}


def test_mapping_files_settle_what_cannot_be_known(run: Run, old: Organisation, strangers: Organisation) -> None:
    save(old, strangers)
    ids = _ids(strangers)
    Path("people.csv").write_text(
        f"old,new\nANN,{ids['ann']}\nbob@example.com,{ids['bob'].upper()}\n", encoding="utf-8"
    )
    Path("repositories.csv").write_text("old,new\nops/RUN,acme/start\n", encoding="utf-8")
    lines = lines_of(run, "--people", "people.csv", "--repositories", "repositories.csv")
    assert [line for line in lines if "3 e-mail address" in line]
    assert "2 mapping file" in lines
    assert any(line.startswith("Ann (ann) loses read on OPS/run (now OPS/start): granted directly") for line in lines)
    assert any(line.startswith("Bob (bob) gains read on OPS/run (now OPS/start): granted directly") for line in lines)


def test_people_may_swap_names(run: Run, old: Organisation) -> None:
    save(old, old, SERVER)
    Path("people.csv").write_text("old,new\nann,root\nroot,ann\n", encoding="utf-8")
    rows = {(row["person"]["name"], row["change"]) for row in json_of(run, "--people", "people.csv")["access"]}
    assert rows == {("Ann (ann)", "gained"), ("Somebody (root)", "lost")}


def test_a_mapping_file_can_say_that_somebody_has_no_counterpart(run: Run, old: Organisation) -> None:
    save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    Path("people.csv").write_text("old,new\nann,-\n-,ann@example.com\n", encoding="utf-8")
    lines = lines_of(run, "--people", "people.csv")
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    assert "People without a counterpart on the new server, as the mapping file says" in lines


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffold;new\r\nann;ann@example.com\r\n",
        "new\told\tnotes\nann@example.com\tann\twhatever\n",
        '"old","new"\n"ann","ann@example.com"\n\n"bob",""\n,bob@example.com\n',
    ],
)
def test_mapping_files_may_come_from_a_spreadsheet(run: Run, old: Organisation, text: str) -> None:
    save(old, old)
    Path("people.csv").write_bytes(text.encode())
    assert json_of(run, "--people", "people.csv")["matching"]["people"]["by"] == {
        "mapping file": 1,
        "e-mail address": 4,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("old,new\nann,nobody\n", "line 2: the new export has no person 'nobody'"),
        ("old,new\n\nan,ann@example.com\n", "line 3: the old export has no person 'an'; did you mean ann?"),
        ("old,new\nann,bob@example.com\nann,cid@example.com\n", "line 3: Ann (ann) stands in line 2, too"),
        ("old,new\nann,bob@example.com\ncid,bob@example.com\n", "line 3: Bob (bob@example.com) stands in line 2, too"),
        (
            "old,new\nann,bob@example.com\nbob,-\n-,bob@example.com\n",
            "line 4: Bob (bob@example.com) stands in line 2, too",
        ),
        (
            "old,new\nann,x\nbob,y\ncid,z\n",
            "line 2: the new export has no person 'x' (2 more lines cannot be used, either)",
        ),
        ("ann,bob@example.com\n", "line 1: the header must name the columns old,new"),
        ("", "line 1: the header must name the columns old,new"),
        ("old,new\nann\n", "line 2: there are fewer columns than in the header"),
        ('old,new\n"ann,x\n', "line 2: no CSV: unexpected end of data"),
        ("old,new\nann,M\xfcller\n", "line 2: not UTF-8; save it as 'CSV UTF-8'"),
        ("old,new\nSomebody,ann@example.com\n", "line 2: the old export has no person 'Somebody'"),
    ],
)
def test_errors_name_the_file_and_the_line(run: Run, old: Organisation, text: str, message: str) -> None:
    save(old, old)
    Path("people.csv").write_bytes(text.encode("latin-1"))
    ended = across(run, "--people", "people.csv")
    assert (ended.code, ended.out) == (2, "")
    assert f"people.csv {message}" in ended.last_line


def test_a_name_of_several_people_is_an_error(run: Run, old: Organisation) -> None:
    old.person("ann@example.com", "other@example.com")
    save(old, old)
    Path("people.csv").write_text("old,new\nann@example.com,ann@example.com\n", encoding="utf-8")
    ended = across(run, "--people", "people.csv")
    assert (
        ended.code,
        "line 2: 'ann@example.com' names several in the old export: say which by" in ended.last_line,
    ) == (2, True)


def test_a_mapping_file_that_is_not_there(run: Run, old: Organisation) -> None:
    save(old, old)
    ended = across(run, "--repositories", "none.csv")
    assert (ended.code, "none.csv cannot be read: No such file" in ended.last_line) == (2, True)


def test_a_file_to_be_completed_holds_who_has_no_counterpart(
    run: Run, old: Organisation, strangers: Organisation
) -> None:
    save(old, strangers)
    ended = across(run, "--write-people", "people.csv", "--write-repositories", "repositories.csv")
    assert ended.code == 0
    assert "Who loses access" not in ended.out
    assert "wrote 4 rows to people.csv: complete it, then give it with --people" in ended.err
    rows = written("people.csv")
    ids = _ids(strangers)
    assert [(row["old"], row["new"]) for row in rows] == [("ann", ""), ("bob", ""), ("", ids["ann"]), ("", ids["bob"])]
    assert rows[0]["about"] == "Ann, ann@example.com"
    repositories = written("repositories.csv")
    assert [(row["old"], row["new"]) for row in repositories] == [("OPS/run", ""), ("", "OPS/start")]
    assert stat.S_IMODE(Path("people.csv").stat().st_mode) == 0o600
    # As it is, it says nothing.
    assert lines_of(run, "--people", "people.csv", "--repositories", "repositories.csv") == lines_of(run)


def test_what_was_settled_is_kept_when_the_file_is_written_again(
    run: Run, old: Organisation, strangers: Organisation
) -> None:
    save(old, strangers)
    Path("people.csv").write_text(f"old,new\nann,{_ids(strangers)['ann']}\ncid,-\n", encoding="utf-8")
    assert across(run, "--people", "people.csv", "--write-people", "people.csv").code == 0
    rows = written("people.csv")
    ids = _ids(strangers)
    expected = [("ann", ids["ann"]), ("bob", ""), ("cid", "-"), ("", ids["bob"]), ("", "cid@example.com")]
    assert [(row["old"], row["new"]) for row in rows] == expected


def test_a_file_that_is_there_is_not_replaced(run: Run, old: Organisation) -> None:
    save(old, old)
    Path("people.csv").write_text("an hour's work", encoding="utf-8")
    ended = across(run, "--write-people", "people.csv")
    assert (ended.code, "people.csv is there already" in ended.last_line) == (2, True)
    assert Path("people.csv").read_text(encoding="utf-8") == "an hour's work"


def test_names_that_a_spreadsheet_would_change_are_written_as_ids(run: Run, old: Organisation) -> None:
    old.person("=1+1", None).person("-", None).person('say "hi"', None).person("a,b", None)
    save(old, Organisation())
    across(run, "--write-people", "people.csv")
    names = [row["old"] for row in written("people.csv") if row["old"]]
    assert names == ["ann", "bob", "cid", "dora", "root", "105", "106", "107", "a,b"]
