"""Tables of what was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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

    def __str__(self) -> str:
        took = self.measured
        return line(
            (
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
        )


def head(columns: Sequence[str] = _COLUMNS) -> Iterator[str]:
    """Write the head of a table: names on the left, numbers on the right."""
    yield line(columns)
    yield line(["---"] + ["---:"] * (len(columns) - 1))


def line(cells: Iterable[str]) -> str:
    """Write one row of a table."""
    return f"| {' | '.join(cells)} |"
