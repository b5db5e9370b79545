"""The cost of tables: writing those of a large server, querying them, and keeping a year of nights.

The command runs in a process of its own, three times, Python's start included; the medians count.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from bench.days import EXPORT, LATER, days_of, two_nights_of
from bench.export import peak_megabytes
from bench.payloads import APPLICATION
from bench.table import head, line
from connector.graph.payload import load
from connector.outputs.tables.folder import staging
from connector.outputs.tables.formats import FileFormat, Place, write
from connector.outputs.tables.rows import Rows

LARGE, SMALL = 100_000, 2_001
"""Repositories, each with ten grants."""

_RUNS = 3
_PERSON = ("--set", "identity=user000077")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a command: wall seconds, seconds of processor time, and peak megabytes."""

    wall: float
    cpu: float
    megabytes: float


def costs(*, quick: bool) -> Iterator[str]:
    """Yield the rows of the table; `quick` leaves out the large server and the year."""
    yield from head(("what", "wall s", "CPU s", "peak MB", "size"))
    with tempfile.TemporaryDirectory() as folder:
        yield from _of_a_server(Path(folder), SMALL if quick else LARGE)
    if not quick:
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_a_year(Path(folder))


def _of_a_server(folder: Path, repositories: int) -> Iterator[str]:
    export, nights = folder / EXPORT, folder / "nights"
    repository = ("--set", f"resource={two_nights_of(repositories, folder)}")
    yield _row("starting the program", _cost("--version"))
    for form in FileFormat:
        where = nights if form is FileFormat.PARQUET else folder / form
        took = _cost("tables", export, "-o", where, "--format", form)
        yield _row(f"{repositories:,} repositories to {form}", took, _size(where))
    graph = folder / "graph.json"
    took = _cost("tables", export, "-o", graph, "--format", "opengraph")
    yield _row(f"{repositories:,} repositories to opengraph", took, graph.stat().st_size)
    for query, about in (
        ("effective_access", _PERSON),
        ("effective_access", repository),
        ("who_had_access", repository),
        ("why", (*_PERSON, *repository)),
        ("stale", ()),
    ):
        yield _asked(nights, query, about)
    _cost("tables", folder / LATER, "-o", nights, runs=1)
    yield _asked(nights, "changes", ())


def _of_a_year(folder: Path) -> Iterator[str]:
    nights = folder / "nights"
    began = time.monotonic()
    for day, document in days_of(SMALL, date(2025, 11, 23), 365):
        with staging(nights, FileFormat.PARQUET.ending) as staged:
            place = Place(staged.night(APPLICATION, day), staged.scratch, APPLICATION, str(day))
            write(Rows(load(document)), place, FileFormat.PARQUET)
            staged.publish()
    spent = Cost(time.monotonic() - began, 0, 0)
    yield _row(f"365 nights of {SMALL:,} repositories to parquet", spent, _size(nights))
    yield _asked(nights, "effective_access", _PERSON)
    yield _asked(nights, "changes", ("--set", "since=2026-01-01"))


def _asked(nights: Path, query: str, about: Sequence[str]) -> str:
    what = " ".join((query, *(word for word in about if word != "--set")))
    return _row(what, _cost("tables", nights, "--query", query, *about, "--csv"))


def _cost(*arguments: str | Path, runs: int = _RUNS) -> Cost:
    """Run the command, and give medians. Raises RuntimeError where it does not end well."""
    took = [_once([sys.executable, "-m", "connector", *map(str, arguments)]) for _ in range(runs)]
    return Cost(*(median(getattr(one, name) for one in took) for name in ("wall", "cpu", "megabytes")))


def _once(command: Sequence[str]) -> Cost:
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603 - ours
    told = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(told.decode())
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, peak_megabytes(usage))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _row(what: str, cost: Cost, size: int | None = None) -> str:
    return line(
        (
            what,
            f"{cost.wall:.1f}",
            f"{cost.cpu:.1f}" if cost.cpu else "",
            f"{cost.megabytes:.0f}" if cost.megabytes else "",
            "" if size is None else f"{size / 1e6:.1f} MB",
        )
    )
