"""What stands in the tables, in every format: all that an export says, by its keys, and nothing else."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connector.outputs.tables.schema import TABLES, Type
from tests.conftest import Run
from tests.graph.brute_force import LEVELS
from tests.outputs.tables.conftest import Nights

NIGHT = "data_source=Bitbucket Cloud - acme/date=2026-11-22"


def cloud() -> dict[str, Any]:
    """Give a small export of Bitbucket Cloud."""
    name = "Bitbucket Cloud - acme"
    jane = {
        "id": "{u-1}",
        "name": "=HYPERLINK(1)",
        "identities": ["557058:a"],
        "groups": ["admins", "bitbucket:everyone"],
        "custom_properties": {"account_id": "557058:a", "nickname": "jane", "is_member": True},
    }
    somebody = {
        "id": "{u-2}",
        "name": "\u0000\ud800",
        "groups": ["bitbucket:everyone"],
        "is_active": False,
        "last_login_at": "long ago",
        "custom_properties": {"account_id": 7, "shoe": [1, 2]},
    }
    repository = {
        "id": "{r-1}",
        "name": "API",
        "resource_type": "Repo",
        "custom_properties": {"slug": "api", "project_key": "PAY", "is_public": True, "fork_policy": "no_forks"},
    }
    project = {
        "id": "{p-1}",
        "name": "Payments",
        "resource_type": "Project",
        "sub_resources": [repository],
        "custom_properties": {"key": "PAY", "is_private": True, "url": "https://bitbucket.org/acme/PAY"},
    }
    about = {
        "workspace": "acme",
        "is_complete": False,
        "not_collected": ["groups of x"],
        "collected_at": "2026-11-22T01:02:03Z",
    }
    owner = {"application": name, "permission": "owner", "apply_to_application": True}
    public = {"application": name, "permission": "public-read", "resources": ["{p-1}.{r-1}", "{p-1}.{r-1}"]}
    return {
        "applications": [
            {
                "name": name,
                "application_type": "BitbucketCloud",
                "local_users": [jane, somebody],
                "local_groups": [
                    {"id": "admins", "name": "Admins", "custom_properties": {"auto_add": False}},
                    {"id": "bitbucket:everyone", "name": "Everyone"},
                ],
                "local_access_creds": [{"id": "deploy-key:1", "name": "+key", "is_active": True}],
                "resources": [project],
                "custom_properties": about,
            }
        ],
        "permissions": [
            {"name": "owner", "permission_type": ["DataRead", "MetadataWrite"], "apply_to_sub_resources": True},
            {"name": "public-read", "permission_type": ["DataRead"], "apply_to_sub_resources": False},
        ],
        "identity_to_permissions": [
            {"identity": "admins", "identity_type": "local_group", "application_permissions": [owner]},
            {"identity": "bitbucket:everyone", "identity_type": "local_group", "application_permissions": [public]},
        ],
    }


@pytest.fixture
def cloud_export(tmp_path: Path) -> str:
    (tmp_path / "cloud.json").write_text(json.dumps(cloud()), encoding="utf-8")
    return "cloud.json"


def _parquet(folder: Path, table: str) -> list[dict[str, Any]]:
    result = duckdb.execute(f"SELECT * FROM '{folder}/*/*/{table}.parquet'")  # noqa: S608 - ours
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def test_an_export_of_cloud_becomes_tables(run: Run, cloud_export: str) -> None:
    assert run("tables", cloud_export, "-o", "nights").code == 0
    (about,) = _parquet(Path("nights"), "exports")
    assert about["date"] == date(2026, 11, 22)
    assert about["data_source"] == "Bitbucket Cloud - acme"
    assert about["application_type"] == "BitbucketCloud"
    assert about["collected_at"] == datetime(2026, 11, 22, 1, 2, 3)  # noqa: DTZ001 - columns are UTC without saying so
    assert about["is_complete"] is False
    assert json.loads(about["not_known"]) == ["groups of x"]
    assert json.loads(about["other_properties"]) == {"workspace": "acme", "not_collected": ["groups of x"]}
    jane, other = _parquet(Path("nights"), "users")
    assert (jane["user_id"], jane["account_id"], jane["nickname"], jane["is_member"]) == (
        "{u-1}",
        "557058:a",
        "jane",
        True,
    )
    assert (jane["is_active"], jane["email"], jane["other_properties"]) == (None, None, None)
    assert json.loads(jane["identities"]) == ["557058:a"]
    assert other["name"] == "\\x00\\ud800"
    assert (other["account_id"], other["last_login_at"]) == (None, None)
    assert json.loads(other["other_properties"]) == {"account_id": 7, "shoe": [1, 2], "last_login_at": "long ago"}
    (project,) = _parquet(Path("nights"), "projects")
    assert (project["path"], project["is_private"], project["is_public"]) == ("PAY", True, None)
    (repository,) = _parquet(Path("nights"), "repositories")
    assert (repository["path"], repository["parent_key"], repository["fork_policy"]) == ("PAY/api", "{p-1}", "no_forks")
    assert [(row["resource_key"], row["level"]) for row in _parquet(Path("nights"), "grants")] == [
        ("", "admin"),
        ("{p-1}.{r-1}", "read"),
    ]
    assert {row["level"]: row["level_number"] for row in _parquet(Path("nights"), "permissions")} == {
        "admin": 3,
        "read": 1,
    }


def test_nothing_is_stale_where_the_export_does_not_tell_of_any_use(run: Run, cloud_export: str) -> None:
    rows = json.loads(run("tables", cloud_export, "--query", "stale", "--json").out)
    assert {(row["identity_id"], row["reason"]) for row in rows} == {("{u-2}", "not active")}


def test_columns_are_those_of_the_schema_in_every_format(run: Run, cloud_export: str) -> None:
    for form in ("parquet", "csv", "sqlite"):
        assert run("tables", cloud_export, "-o", form, "--format", form).code == 0
    types = {"STRING": "VARCHAR"}
    with sqlite3.connect(Path("sqlite", NIGHT, "tables.sqlite")) as database:
        for table in TABLES:
            names = [column.name for column in table.columns]
            described = duckdb.execute(f"DESCRIBE SELECT * FROM 'parquet/{NIGHT}/{table.name}.parquet'").fetchall()  # noqa: S608
            expected = [(column.name, types.get(column.type.value, column.type.value)) for column in table.columns]
            assert [row[:2] for row in described if row[0] not in ("data_source", "date")] == expected
            with Path("csv", NIGHT, f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
                assert next(csv.reader(file)) == ["data_source", "date", *names]
            columns = database.execute(f"PRAGMA table_info({table.name})").fetchall()
            assert [column[1] for column in columns] == ["data_source", "date", *names]
            assert [column[1] for column in sorted(columns, key=lambda column: column[5]) if column[5]] == [
                "data_source",
                "date",
                *table.key,
            ]


def test_every_format_says_the_same(run: Run, nights: Nights, tmp_path: Path) -> None:
    name, (document, _) = next(iter(nights.payloads.items()))
    (tmp_path / "export.json").write_text(json.dumps(document), encoding="utf-8")
    for form in ("parquet", "csv", "sqlite"):
        assert run("tables", "export.json", "-o", form, "--format", form).code == 0
    for table in TABLES:
        parquet = [
            [row["data_source"], str(row["date"]), *(_told(row[column.name]) for column in table.columns)]
            for row in _parquet(Path("parquet"), table.name)
        ]
        assert parquet == [] or parquet[0][0] == name
        with sqlite3.connect(next(Path("sqlite").glob("*/*/tables.sqlite"))) as database:
            rows = database.execute(f"SELECT * FROM {table.name}").fetchall()  # noqa: S608 - ours
        booleans = {number for number, column in enumerate(table.columns, 2) if column.type is Type.BOOLEAN}
        assert _sorted(_as_text(row, booleans) for row in rows) == _sorted(parquet)
        with next(Path("csv").glob(f"*/*/{table.name}.csv")).open(encoding="utf-8", newline="") as file:
            assert len(list(csv.reader(file))) == len(parquet) + 1


def _told(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value.isoformat()}Z"
        case _:
            return str(value)


def _as_text(row: tuple[Any, ...], booleans: set[int]) -> Iterator[str | None]:
    for number, value in enumerate(row):
        yield _told(bool(value)) if number in booleans and value is not None else _told(value)


def _sorted(rows: Any) -> list[list[str | None]]:
    return sorted((list(row) for row in rows), key=lambda row: [value or "" for value in row])


def test_no_cell_of_csv_is_a_formula(run: Run, cloud_export: str) -> None:
    run("tables", cloud_export, "-o", "csv", "--format", "csv")
    cells = [
        cell
        for path in Path("csv", NIGHT).iterdir()
        for row in csv.reader(path.read_text(encoding="utf-8").splitlines())
        for cell in row
    ]
    assert "'=HYPERLINK(1)" in cells
    assert "'+key" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_closure_has_every_user_of_every_group(nights: Nights) -> None:
    rows = {
        (
            row["data_source"],
            str(row["date"]),
            row["identity_type"],
            row["identity_id"],
            row["holder_type"],
            row["holder_id"],
        )
        for row in _parquet(nights.folder, "closure")
    }
    expected = {
        (name, day, *who, *way[-1])
        for name, both in nights.worlds.items()
        for day, world in zip(("2026-11-22", "2026-11-23"), both, strict=True)
        for who in world.identities
        for way in world.ways(who)
    }
    assert rows == expected


def test_grants_and_memberships_are_those_of_the_export_once_each(nights: Nights) -> None:
    grants = [
        (
            row["data_source"],
            row["holder_type"],
            row["holder_id"],
            row["permission"],
            row["resource_key"],
            row["role"],
            row["level"],
        )
        for row in _parquet(nights.folder, "grants")
        if row["date"] == date(2026, 11, 22)
    ]
    assert sorted(grants) == sorted(
        (name, *one.holder, one.permission, one.key, " → ".join(one.roles), LEVELS[world.level(one.permission)])
        for name, (world, _) in nights.worlds.items()
        for one in world.grants
    )
    members = {
        (row["data_source"], row["member_id"], row["group_id"])
        for row in _parquet(nights.folder, "memberships")
        if row["date"] == date(2026, 11, 22)
    }
    assert members == {
        (name, one, group)
        for name, (world, _) in nights.worlds.items()
        for one, item in (world.users | world.groups).items()
        for group in item["groups"]
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_keys_are_keys(table: Any, nights: Nights) -> None:
    rows = _parquet(nights.folder, table.name)
    keys = [tuple(row[name] for name in ("data_source", "date", *table.key)) for row in rows]
    assert len(keys) == len(set(keys))
    assert all(None not in key for key in keys)
    assert rows or table.name == "findings"


def test_findings_are_those_of_the_report(run: Run) -> None:
    run("demo", "--quiet")
    assert run("tables", "demo-export.json", "-o", "nights", "--date", "2026-11-22").code == 0
    rows = _parquet(Path("nights"), "findings")
    assert {"Keys and tokens of people who left", "Administrators of everything"} <= {row["title"] for row in rows}
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    users = {row["user_id"]: row for row in _parquet(Path("nights"), "users")}
    inactive = [row for row in rows if row["finding"] == "inactive-access"]
    assert inactive
    assert {users[row["about_id"]]["is_active"] for row in inactive} == {False}


def test_resources_that_cannot_be_told_apart_are_an_error(run: Run, tmp_path: Path) -> None:
    document = cloud()
    document["applications"][0]["resources"] = [
        {"id": above, "name": above, "sub_resources": [{"id": below, "name": below}]}
        for above, below in (("a", "b.c"), ("a.b", "c"))
    ]
    document["identity_to_permissions"] = []
    (tmp_path / "export.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("tables", "export.json", "-o", "nights")
    assert ended.code == 2
    assert "two resources have the key 'a.b.c'" in ended.err
    assert list(Path("nights").glob("data*")) == []


def test_an_export_of_two_applications_is_two_data_sources(run: Run, tmp_path: Path) -> None:
    document, other = cloud(), json.loads(json.dumps(cloud()).replace("Bitbucket Cloud - acme", "Another"))
    document["applications"] += other["applications"]
    for entry in other["identity_to_permissions"]:
        entry["application_permissions"][0]["permission"] = "public-read"
    document["identity_to_permissions"] += other["identity_to_permissions"]
    (tmp_path / "export.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("tables", "export.json", "-o", "nights")
    assert ended.code == 0
    rows = json.loads(run("tables", "nights", "--query", "effective_access", "--json").out)
    levels = {(row["data_source"], row["identity_id"], row["resource"]): row["level"] for row in rows}
    assert levels["Bitbucket Cloud - acme", "{u-1}", "PAY/api"] == "admin"
    assert levels["Another", "{u-1}", "PAY/api"] == "read"
    assert ("Another", "{u-1}", "PAY") not in levels
