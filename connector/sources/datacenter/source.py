"""Bitbucket Server / Data Center, as commands use a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.model import Snapshot
from connector.rest.client import Statistics
from connector.rest.progress import Progress
from connector.sources.common.check.report import Report
from connector.sources.common.effective import Drawn, Effective
from connector.sources.datacenter import collect
from connector.sources.datacenter.check import check
from connector.sources.datacenter.settings import Settings
from connector.sources.datacenter.verify import ask_who_can, collect_some


@dataclass(frozen=True, slots=True)
class DataCenter:
    """A server; see `sources.common.source.Source`."""

    settings: Settings

    @property
    def address(self) -> str:
        """Give its base URL."""
        return self.settings.base_url

    @property
    def resume(self) -> Path | None:
        """Give the journal of finished answers, where one is kept."""
        return self.settings.resume

    def collect(self, progress: Progress, statistics: Statistics) -> Snapshot:
        """Read all of it."""
        return collect(self.settings, progress, statistics)

    def collect_some(
        self, progress: Progress, statistics: Statistics, *, count: int, seed: int, behind: int
    ) -> Snapshot:
        """Read some repositories, drawn at random."""
        return collect_some(self.settings, progress, statistics, count=count, seed=seed, behind=behind)

    def ask_who_can(self, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
        """Ask who can do what on some repositories."""
        return ask_who_can(self.settings, statistics, snapshot, drawn)

    def check(self) -> Report:
        """Find out what these credentials can see."""
        return check(self.settings)
