"""`tables --query` as a command: forms of answers, what can be given, and errors that say what to do."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import duckdb
import pytest

from connector.commands import tables
from tests.conftest import Run
from tests.graph.worlds import GROUP, USER, World

FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def export(tmp_path: Path) -> str:
    world = (
        World()
        .group("dev")
        .user("1", "Jane Doe", ["dev"], username="jdoe", email="jane@example.com")
        .user("2", FORMULA, username="bob\u202e")
        .project("10", "PAY")
        .repository("100", "10", "api")
        .grant(GROUP, "dev", "PROJECT_WRITE", "10")
        .grant(USER, "2", "REPO_READ", "100")
    )
    world.properties |= {"collected_at": "2026-11-22T02:00:00Z"}
    (tmp_path / "export.json").write_text(json.dumps(world.payload()), encoding="utf-8")
    return "export.json"


def test_a_query_on_an_export_needs_no_folder(run: Run, export: str) -> None:
    ended = run("tables", export, "--query", "effective_access", "--set", "resource=PAY/api")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert "data_source: Bitbucket Server - test" in lines
    assert "resource: PAY/api" in lines
    assert lines[-1] == "2 rows"
    assert "\u202e" not in ended.out
    assert {path.name for path in Path().iterdir()} == {"export.json"}


def test_one_row_is_a_list_of_its_cells(run: Run, export: str) -> None:
    out = run("tables", export, "--query", "why", "--set", "resource=PAY/api", "--set", "identity=JDOE").out
    assert "why: jdoe → group dev → PROJECT_WRITE on PAY" in out.splitlines()
    assert out.splitlines()[-1] == "1 row"


def test_csv_is_whole_and_harmless(run: Run, export: str) -> None:
    out = run("tables", export, "--query", "effective_access", "--csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {(row["name"], row["is_active"], row["level"], row["resource"]) for row in rows} == {
        ("Jane Doe", "true", "write", "PAY"),
        ("Jane Doe", "true", "write", "PAY/api"),
        (f"'{FORMULA}", "true", "read", "PAY/api"),
    }


def test_json_has_an_object_for_each_row(run: Run, export: str) -> None:
    rows = json.loads(run("tables", export, "--query", "effective_access", "--json").out)
    assert {(row["date"], row["name"], row["is_active"]) for row in rows} == {
        ("2026-11-22", "Jane Doe", True),
        ("2026-11-22", FORMULA, True),
    }
    assert json.loads(run("tables", export, "--query", "stale", "--json").out) == []


def test_only_accounts_known_to_be_active_never_signed_in(run: Run) -> None:
    world = World().project("10", "PAY")
    world.user("signs in", last_login_at="2026-11-21T08:00:00Z").user("never did")
    world.user("inactive", is_active=False).user("unknown", is_active=None)
    for name in world.users:
        world.grant(USER, name, "PROJECT_READ", "10")
    world.properties |= {"collected_at": "2026-11-22T02:00:00Z"}
    Path("export.json").write_text(json.dumps(world.payload()), encoding="utf-8")
    rows = json.loads(run("tables", "export.json", "--query", "stale", "--json").out)
    assert {row["name"]: row["reason"] for row in rows} == {"never did": "never signed in", "inactive": "not active"}


def test_a_folder_that_was_just_written_can_be_asked_at_once(run: Run, export: str) -> None:
    ended = run("tables", export, "-o", "nights", "--query", "who_had_access", "--set", "resource=10.100", "--json")
    assert [row["identity_id"] for row in json.loads(ended.out)] == ["1", "2"]
    assert Path("nights").is_dir()


def test_a_query_of_ones_own_knows_tables_and_any_parameter(run: Run, export: str) -> None:
    Path("mine.sql").write_text(
        "SELECT name, last_login_at, TIMESTAMP '2026-01-02 03:04:05' AS t FROM users\n"
        "WHERE username = (SELECT team FROM parameters)",
        encoding="utf-8",
    )
    ended = run("tables", export, "--query", "mine.sql", "--set", "team=jdoe", "--json")
    assert json.loads(ended.out) == [{"name": "Jane Doe", "last_login_at": None, "t": "2026-01-02T03:04:05Z"}]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nme FROM users", 'Referenced column "nme" not found'),
        ("SELEC 1", "syntax error"),
        ("SELECT 1; SELECT 2", "is not one SELECT"),
        ("COPY users TO 'stolen.csv'", "is not one SELECT"),
        ("", "is not one SELECT"),
        ("SELECT * FROM 'https://example.com/x.parquet'", "httpfs"),
    ],
)
def test_bad_sql_is_one_line(run: Run, export: str, sql: str, message: str) -> None:
    Path("mine.sql").write_text(sql, encoding="utf-8")
    ended = run("tables", export, "--query", "mine.sql")
    assert ended.code in (2, 5)
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not Path("stolen.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--query", "nope"], "there are changes, effective_access, stale, who_had_access, why"),
        (["--query", "why"], "name it with --set resource=KEY/slug"),
        (["--query", "why", "--set", "resource=PAY/apo"], "no export has the resource 'PAY/apo'; did you mean PAY/api"),
        (["--query", "stale", "--set", "identity=x", "--set", "identity=y"], "each NAME once"),
        (["--query", "stale", "--set", "days=soon"], "takes a whole number"),
        (["--query", "stale", "--set", "days=-1"], "from 0 to 36500, not '-1'"),
        (["--query", "stale", "--set", "days=99999999999"], "from 0 to 36500"),
        (["--query", "stale", "--set", "date=yesterday"], "takes a date such as"),
        (["--query", "stale", "--set", "date=20261122"], "takes a date such as"),
        (
            ["--query", "stale", "--set", "date=2026-11-21"],
            "has no export up to 2026-11-21: the first is of 2026-11-22",
        ),
        (["--query", "stale", "--set", "data_source=Other"], "no export has the data source 'Other'"),
        (
            ["--query", "stale", "--set", "repository=x"],
            "knows no parameter 'repository': there are date, data_source, days",
        ),
        (["--query", "effective_access", "--set", "identity=jdo"], "no export has the identity 'jdo'; did you mean"),
        (["--query", "changes"], "has no export before 2026-11-22 to compare with"),
        (["--query", "stale", "--format", "csv"], "leave out --format"),
        ([], "-o DIR"),
        (["-o", "x", "--csv"], "name one with --query"),
        (["export.json", "-o", "x", "--format", "opengraph"], "a graph of one export"),
        (["-o", "x", "--format", "opengraph", "--date", "2026-11-22"], "leave it out"),
        (["-o", "x", "--format", "xml"], "choose from 'parquet', 'csv', 'sqlite', 'opengraph'"),
        (["-o", "export.json", "--format", "opengraph"], "-o and EXPORT name the same file"),
        (["-o", "x", "--date", "22.11.2026"], "not a date such as"),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Run, export: str, arguments: list[str], message: str) -> None:
    ended = run("tables", export, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_folder_without_tables_cannot_be_queried(run: Run, export: str) -> None:
    Path("empty").mkdir()
    assert "holds no tables in Parquet" in run("tables", "empty", "--query", "stale").err
    ended = run("tables", "empty", export, "--query", "stale")
    assert (ended.code, "one folder alone" in ended.err) == (2, True)


def test_a_file_that_is_no_export_is_one_clear_line(run: Run) -> None:
    Path("x.json").write_text("[]", encoding="utf-8")
    for arguments in (["-o", "nights"], ["--query", "stale"], ["-o", "g.json", "--format", "opengraph"]):
        ended = run("tables", "x.json", *arguments)
        assert (ended.code, len(ended.err.splitlines())) == (2, 1)
        assert "not an OAA payload" in ended.err


def test_gaps_of_an_export_are_warnings_of_its_tables_and_queries(run: Run, export: str) -> None:
    document = json.loads(Path(export).read_text(encoding="utf-8"))
    document["applications"][0]["custom_properties"] |= {
        "is_complete": False,
        "not_collected": ["repository X\x1b: all"],
    }
    Path(export).write_text(json.dumps(document), encoding="utf-8")
    assert "test of 2026-11-22: not known: repository X" in run("tables", export, "-o", "nights").err
    ended = run("tables", "nights", "--query", "who_had_access", "--set", "resource=PAY/api", "--json")
    assert "not known: Bitbucket Server - test of 2026-11-22: repository X\\x1b: all" in ended.err
    assert {row["is_complete"] for row in json.loads(ended.out)} == {False}


def test_a_data_source_without_an_export_to_compare_with_is_named(run: Run, export: str) -> None:
    document = json.loads(Path(export).read_text(encoding="utf-8").replace("Bitbucket Server - test", "Other"))
    Path("other.json").write_text(json.dumps(document), encoding="utf-8")
    run("tables", export, "other.json", "-o", "nights")
    run("tables", export, "-o", "nights", "--date", "2026-11-23")
    ended = run("tables", "nights", "--query", "changes", "--json")
    assert (ended.code, json.loads(ended.out)) == (0, [])
    assert "Other has no export before 2026-11-22 to compare with" in ended.err


def test_a_night_of_an_older_version_lacks_tables_and_columns(run: Run, export: str) -> None:
    run("tables", export, "-o", "nights")
    (path,) = Path("nights").glob("*/*/nesting.parquet")
    path.unlink()
    (path,) = Path("nights").glob("*/*/users.parquet")
    duckdb.execute(f"COPY (SELECT * EXCLUDE (last_login_at) FROM '{path}') TO 'old.parquet'")  # noqa: S608 - ours
    Path("old.parquet").rename(path)
    assert run("tables", "nights", "--query", "effective_access").code == 0
    assert run("tables", "nights", "--query", "stale").code == 0


def test_without_duckdb_one_line_says_what_to_install(run: Run, export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for arguments in (["-o", "nights"], ["--query", "stale"]):
        ended = run("tables", export, *arguments)
        assert (ended.code, len(ended.err.splitlines())) == (2, 1)
        assert "pip install 'oaa-bitbucket[tables]'" in ended.err
    assert not Path("nights").exists()
    for form in ("csv", "sqlite", "opengraph"):
        assert run("tables", export, "-o", form, "--format", form).code == 0


def test_a_parameter_that_a_query_ignores_is_an_error(run: Run, export: str) -> None:
    ended = run("tables", export, "--query", "stale", "--set", "identity=jdoe")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "stale knows no parameter 'identity': there are date, data_source, days" in ended.err
    Path("mine.sql").write_text("SELECT 1 AS one -- about a team", encoding="utf-8")
    assert run("tables", export, "--query", "mine.sql", "--set", "team=x").code == 2


def test_a_table_says_what_it_leaves_out(run: Run, export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = run("tables", export, "--query", "effective_access").out
    assert "columns not shown: identity_id, resource_type, resource_key; --csv and --json have them" in out
    monkeypatch.setattr(tables, "_IN_A_FILE", 2)
    lines = run("tables", export, "--query", "effective_access").out.splitlines()
    assert "1 more row not shown: --all shows every row, --csv and --json too" in lines
    # What the third row has as well is said once; what only the first two have is not.
    assert "data_source: Bitbucket Server - test" in lines
    Path("mine.sql").write_text("SELECT n, n > 2 AS late FROM range(1, 4) AS r(n) ORDER BY n", encoding="utf-8")
    assert "late: false" not in run("tables", export, "--query", "mine.sql").out.splitlines()
    assert "more row" not in run("tables", export, "--query", "mine.sql", "--all").out


def test_values_of_any_type_are_valid_json_and_nothing_is_lost(run: Run, export: str) -> None:
    Path("mine.sql").write_text(
        "SELECT 'nan'::DOUBLE AS number, [1, 2] AS list, TIMESTAMPTZ '2026-01-02 03:04:05+01' AS time", encoding="utf-8"
    )
    out = run("tables", export, "--query", "mine.sql", "--json").out
    assert json.loads(out, parse_constant=pytest.fail) == [
        {"number": "nan", "list": [1, 2], "time": "2026-01-02T02:04:05Z"}
    ]
    Path("mine.sql").write_text("SELECT 1 AS a, 2 AS a", encoding="utf-8")
    ended = run("tables", export, "--query", "mine.sql", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "two columns with the name 'a'" in ended.err
