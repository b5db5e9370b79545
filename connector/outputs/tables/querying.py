"""A query on a folder of nights: its SQL, its parameters, and its answer. Knows DuckDB, and no other engine.

Every table is a view of that name, and what was asked about is in a view `parameters` with one row: so the same
SQL runs wherever somebody sets up these views. docs/tables.md shows how for Spark.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.outputs.tables.duck import Database, database, quoted
from connector.outputs.tables.folder import NIGHTS
from connector.outputs.tables.parameters import check_names, parameters_view
from connector.outputs.tables.query import Query
from connector.outputs.tables.schema import TABLES, Table

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The columns, the rows, and what is not known of the exports that were asked."""

    columns: Sequence[str]
    rows: Iterator[tuple[Any, ...]]
    not_known: Sequence[str]


_MEGABYTES = 1000

_ASK_LESS = "Ask about less at a time: an identity, a resource or a data source"


@contextmanager
def answer(query: Query, folder: Path, parameters: Mapping[str, str], scratch: Path) -> Iterator[QueryResult]:
    """Run a query on a folder of nights. Raises `UsageError` where it cannot be answered, and says why."""
    with database(scratch, _MEGABYTES, _ASK_LESS) as data:
        _set_up(data, folder)
        data.execute(parameters_view(parameters))
        not_known = check_names(data, query.name, parameters) if query.comes_along else []
        data.execute(_only_select(data, query))
        _check_distinct(data.columns)
        yield QueryResult(data.columns, _fetched(data), not_known)


def _set_up(data: Database, folder: Path) -> None:
    """Make a view of each table. Raises `UsageError` where the folder holds no tables in Parquet."""
    for table in TABLES:
        files = sorted(folder.glob(f"{NIGHTS}/{table.name}.parquet"))
        if table.name == "exports" and not files:
            raise UsageError(f"{folder} holds no tables in Parquet: write some with tables EXPORT -o {folder}")
        # A table that an older version did not write has no rows, and a column that it lacks is NULL.
        read = f"SELECT * FROM {_scan(files)} UNION ALL BY NAME " if files else ""  # noqa: S608 - our own files
        data.execute(f"CREATE VIEW {table.name} AS {read}{_nothing(table)}")


def _scan(files: Sequence[Path]) -> str:
    listed = ", ".join(quoted(glob.escape(str(file))) for file in files)
    types = "{'data_source': VARCHAR, 'date': DATE}"
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {types}, union_by_name = true)"


def _nothing(table: Table) -> str:
    columns = [("data_source", "STRING"), ("date", "DATE"), *((each.name, each.type.value) for each in table.columns)]
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns)} WHERE FALSE"


def _only_select(data: Database, query: Query) -> duckdb.Statement:
    statements = data.statements(query.sql)
    if [statement.type.name for statement in statements] != ["SELECT"]:
        raise UsageError(f"{query.name} is not one SELECT: a query only reads")
    return statements[0]


def _check_distinct(columns: Sequence[str]) -> None:
    for name in columns:
        if columns.count(name) > 1:
            raise UsageError(f"the query has two columns with the name {name!r}: give one of them another with AS")


def _fetched(data: Database) -> Iterator[tuple[Any, ...]]:
    while rows := data.fetch(_ROWS_AT_ONCE):
        yield from rows


_ROWS_AT_ONCE = 10_000
