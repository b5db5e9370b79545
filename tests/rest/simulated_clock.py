"""Time that passes only when somebody waits, or a simulation says so."""

from __future__ import annotations

from connector.rest.clock import Clock


class SimulatedClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)
