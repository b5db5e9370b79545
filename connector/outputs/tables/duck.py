"""DuckDB, which is an extra: where it is missing, its absence is said in one line. Contacts nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    import duckdb

_MEMORY = "600MB"


def quoted(text: str) -> str:
    """Write a text as SQL does."""
    return "'" + text.replace("'", "''") + "'"


def library() -> duckdb:
    try:
        import duckdb
    except ImportError as error:
        raise UsageError("") from error
    return duckdb


@contextmanager
def connection(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(scratch), "autoinstall_known_extensions": "false","autoload_known_extensions":"false"}) as database:
        yield database
