"""The scenarios, and how long each would take an ideal client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PEERS = ("--users=2000", "--groups=200", "--projects=100", "--repositories=2001")
"""The organisation on which other connectors were measured."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """An organisation, a server, and the options of an export.

    `rate` is burst and requests per second; with `slots` the server works on so many answers at the same time.
    """

    name: str
    organisation: Sequence[str]
    concurrency: int = 16
    latency: float = 0.0
    rate: tuple[int, int] | None = None
    slots: int | None = None
    options: Sequence[str] = ()
    is_long: bool = False

    @property
    def server_options(self) -> list[str]:
        """The options of the server."""
        limit = [f"--rate-capacity={self.rate[0]}", f"--rate-fill={self.rate[1]}"] if self.rate else []
        slots = [f"--slots={self.slots}"] if self.slots else []
        return [*self.organisation, f"--latency={self.latency}", *limit, *slots]

    @property
    def export_options(self) -> list[str]:
        """The options of the export."""
        return [f"--concurrency={self.concurrency}", *self.options]

    def floor(self, requests: int, throughput: float) -> float:
        """Give the seconds that so many requests take at least: by latency, by rate limit, and by the server."""
        by_latency = requests * self.latency / self.concurrency
        by_rate = max(0.0, requests - self.rate[0]) / self.rate[1] if self.rate else 0.0
        return max(by_latency, by_rate, requests / throughput)


def _of_size(repositories: int, *, is_long: bool = True) -> Scenario:
    organisation = (
        f"--users={repositories // 2}",
        f"--groups={repositories // 20}",
        f"--projects={repositories // 10}",
        f"--repositories={repositories}",
    )
    return Scenario(f"{repositories:,} repositories", organisation, is_long=is_long)


_SMALL = ("--users=200", "--groups=20", "--projects=10", "--repositories=200")

SCENARIOS = (
    Scenario("2,001 repositories, no latency", PEERS),
    Scenario("the same, 50 ms an answer", PEERS, latency=0.05),
    Scenario("the same, with a journal", PEERS, latency=0.05, options=("--resume=journal",)),
    Scenario("200 repositories, 60 + 5 a second", _SMALL, rate=(60, 5)),
    _of_size(10_000, is_long=False),
    _of_size(30_000),
    _of_size(100_000),
)

CROWDED = Scenario(
    "1,000 repositories, 8 slots of 50 ms",
    ("--users=500", "--groups=50", "--projects=100", "--repositories=1000"),
    concurrency=8,
    latency=0.05,
    slots=8,
)
"""A server that other clients keep busy for a while."""
