"""Bitbucket Cloud, as commands use a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.model import Snapshot
from connector.rest.client import Statistics
from connector.rest.progress import Progress
from connector.sources.cloud import collect
from connector.sources.cloud.check import check
from connector.sources.cloud.settings import DEFAULT_BASE_URL, Settings
from connector.sources.cloud.verify import ask_who_can, collect_some
from connector.sources.common.check.report import Report
from connector.sources.common.effective import Drawn, Effective


@dataclass(frozen=True, slots=True)
class Cloud:
    """A workspace; see `sources.common.source.Source`."""

    settings: Settings

    @property
    def address(self) -> str:
        """Name the workspace, and where it is asked about unless that is Bitbucket Cloud itself."""
        base_url = self.settings.base_url
        at = "" if base_url == DEFAULT_BASE_URL else f" at {base_url}"
        return f"the workspace {self.settings.workspace} of Bitbucket Cloud{at}"

    @property
    def resume(self) -> Path | None:
        """Give the journal of finished answers, where one is kept."""
        return self.settings.resume

    def collect(self, progress: Progress, statistics: Statistics) -> Snapshot:
        """Read all of it."""
        return collect(self.settings, progress, statistics)

    def collect_some(
        self,
        progress: Progress,
        statistics: Statistics,
        *,
        count: int,
        seed: int,
        behind: int,  # noqa: ARG002 - a server's listing is drawn from by number
    ) -> Snapshot:
        """Read some repositories, drawn at random."""
        return collect_some(self.settings, progress, statistics, count=count, seed=seed)

    def ask_who_can(self, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
        """Ask who can do what on some repositories."""
        return ask_who_can(self.settings, statistics, snapshot, drawn)

    def check(self) -> Report:
        """Find out what these credentials can see."""
        return check(self.settings)
