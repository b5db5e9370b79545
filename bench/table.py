"""The table of what was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.export import Measured

_COLUMNS = (
    "scenario",
    "requests",
    "wall s",
    "floor s",
    "ratio",
    "CPU ms / request",
    "peak MB",
    "last answer to file s",
    "429",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario, measured; `floor` in seconds."""

    name: str
    requests: int
    rate_limited: int
    floor: float
    measured: Measured

    def cells(self) -> tuple[str, ...]:
        """Write the row's cells."""
        took = self.measured
        return (
            self.name,
            f"{self.requests:,}",
            f"{took.wall:.1f}",
            f"{self.floor:.1f}",
            f"{took.wall / self.floor:.2f}",
            f"{1000 * took.collecting_cpu / self.requests:.2f}",
            f"{took.peak_megabytes:.0f}",
            f"{took.after_last_answer:.1f}",
            str(self.rate_limited),
        )


def head() -> Iterable[str]:
    """Write the head of the table."""
    yield _line(_COLUMNS)
    yield _line(["---"] + ["---:"] * (len(_COLUMNS) - 1))


def line(row: Row) -> str:
    """Write one row of the table."""
    return _line(row.cells())


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
