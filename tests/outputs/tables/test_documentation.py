"""docs/tables.md says what is so: its tables are the schema, the parameters and the queries of the program."""

from __future__ import annotations

import ast
import re

import pytest

from connector.outputs.tables.parameters import PARAMETERS
from connector.outputs.tables.query import find, names
from connector.outputs.tables.schema import TABLES, Table
from tests.documents import ROOT

TEXT = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def snippet() -> str:
    """Give the code that sets up the queries on Spark."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return str(code)


def _section(title: str) -> str:
    return TEXT.partition(f"\n{title}\n")[2].partition("\n#")[0]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_documented_with_its_columns_types_and_key(table: Table) -> None:
    section = _section(f"### {table.name}")
    expected = [f"| {_bold(column.name, table)} | {column.type.value} | {column.meaning} |" for column in table.columns]
    assert [line for line in section.splitlines() if line.startswith("|")][2:] == expected
    assert section.strip().startswith(f"{table.meaning[0].upper()}{table.meaning[1:]}.")


def _bold(name: str, table: Table) -> str:
    return f"**`{name}`**" if name in table.key else f"`{name}`"


def test_no_other_table_is_documented() -> None:
    assert re.findall(r"^### (\w+)$", TEXT, re.MULTILINE) == [table.name for table in TABLES]


def test_every_table_stands_in_the_picture() -> None:
    picture = _section("## Which rows follow from which")
    drawn = set(re.findall(r"^    (\w+) [|}]", picture, re.MULTILINE)) | set(re.findall(r"[|{] (\w+) :", picture))
    assert drawn == {table.name for table in TABLES} - {"findings", "other_identities"}


def test_every_parameter_and_query_is_documented() -> None:
    section = _section("## Queries")
    assert dict(re.findall(r"^\| `(\w+)` \| ([A-Z]+) \|", section, re.MULTILINE)) == PARAMETERS
    assert sorted(re.findall(r"^\| `(\w+)` \| [a-z]", section, re.MULTILINE)) == names()


def test_the_code_for_spark_sets_up_what_the_program_does() -> None:
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(snippet()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    }
    assert values["TABLES"].split() == [table.name for table in TABLES]
    assert values["PARAMETERS"] == PARAMETERS


@pytest.mark.parametrize("name", names())
def test_every_query_says_what_it_reads(name: str) -> None:
    sql = find(name).sql
    head = "\n".join(line for line in sql.splitlines() if line.startswith("--")).partition("parameters")[2]
    known = set(re.findall(r"^-- (?: +|  parameters +)(\w+) {2,}\S", "-- " + head, re.MULTILINE)) | {head.split()[0]}
    read = set(re.findall(r"SELECT (?:lower\()?(\w+)\)? FROM parameters", sql))
    assert known == read
    assert read <= PARAMETERS.keys()
