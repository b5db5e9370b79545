"""DuckDB, embedded. It is an extra: where it is not installed, one line says how to get it. Asks no network."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from connector.errors import Interrupted, SaveError, UsageError

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_SETTINGS = {
    "max_temp_directory_size": "20GB",
    "preserve_insertion_order": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""What memory does not hold is put on disk, of which the rest of the machine needs some, too. Queries say in which
order they answer, and keeping another one would take memory. Nothing is fetched from anywhere.
"""


def require_duckdb() -> None:
    """Raise `UsageError` where DuckDB is not installed, before anything is read."""
    try:
        importlib.import_module("duckdb")
    except ImportError as error:
        raise UsageError(
            "Parquet and queries need DuckDB, which is not installed: pip install 'oaa-bitbucket[tables]', or in a "
            f"clone pip install -r requirements-extras.txt; --format csv and sqlite need nothing more ({error})"
        ) from error


@dataclass(frozen=True, slots=True)
class Database:
    """A connection at work in a thread of its own: DuckDB would hide from this one which signal ended a statement."""

    _connection: duckdb.DuckDBPyConnection
    _worker: Executor

    def execute(self, statement: str | duckdb.Statement, parameters: Sequence[object] = ()) -> Self:
        """Execute a statement, whose rows `fetch` gives then."""
        self._do(lambda: self._connection.execute(statement, parameters))
        return self

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        """Give the next rows, up to this number; none at the end."""
        return self._do(lambda: self._connection.fetchmany(most))

    def fetch_all(self) -> list[tuple[Any, ...]]:
        """Give all rows that are left."""
        return self._do(self._connection.fetchall)

    @property
    def columns(self) -> list[str]:
        """The names of the columns of what was executed."""
        return [column[0] for column in self._connection.description or ()]

    def statements(self, sql: str) -> list[duckdb.Statement]:
        """Read statements from a text."""
        return self._connection.extract_statements(sql)

    def interrupt(self) -> None:
        """Let what is being executed end; return once it has."""
        import duckdb  # noqa: PLC0415 - an extra

        idle = self._worker.submit(lambda: None)
        while not idle.done():
            # It refuses in the moment before a statement begins.
            with suppress(duckdb.Error):
                self._connection.interrupt()
            wait([idle], timeout=0.05)

    def _do(self, work: Callable[[], T]) -> T:
        return self._worker.submit(work).result()


@contextmanager
def database(scratch: Path, megabytes: int, without_room: str) -> Iterator[Database]:
    """Open an empty database that puts what does not fit into so much memory below `scratch`.

    Raises `SaveError`, which ends with `without_room`, where neither memory nor disk has room; `UsageError` for SQL
    that it does not understand.
    """
    require_duckdb()
    import duckdb  # noqa: PLC0415 - an extra

    settings: Any = {**_SETTINGS, "temp_directory": str(scratch), "memory_limit": f"{megabytes}MB"}
    try:
        with (
            duckdb.connect(config=settings) as connection,
            ThreadPoolExecutor(max_workers=1) as worker,
        ):
            data = Database(connection, worker)
            try:
                yield data
            except Interrupted:
                data.interrupt()
                raise
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise SaveError(f"DuckDB: {_line(error)}. {without_room}") from error
    except duckdb.Error as error:
        raise UsageError(_line(error)) from error


def _line(error: Exception) -> str:
    """Give an error as one line: what is wrong, and where in the query."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join([lines[0], *(line.strip() for line in lines[1:] if line.startswith("LINE "))])


def quoted(text: str) -> str:
    """Write a text as SQL does."""
    return "'" + text.replace("'", "''") + "'"
