"""What commands need of a source, whichever product it reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from connector.model import Snapshot
from connector.rest.client import Statistics
from connector.rest.progress import Progress
from connector.sources.common.check.report import Report
from connector.sources.common.effective import Drawn, Effective


class Source(Protocol):
    """A Bitbucket, and how it is read."""

    @property
    def address(self) -> str:
        """What is read, as the log names it."""

    @property
    def resume(self) -> Path | None:
        """The journal of finished answers, where one is kept."""

    def collect(self, progress: Progress, statistics: Statistics) -> Snapshot:
        """Read everything that decides who can reach what.

        Raises `SourceError` where the source cannot be reached, refuses the credentials or makes no sense, and
        `Unreadable` where a listing of all of it cannot be read. What else could not be read is a gap in the snapshot.
        """

    def collect_some(
        self, progress: Progress, statistics: Statistics, *, count: int, seed: int, behind: int
    ) -> Snapshot:
        """Collect what decides about some repositories, drawn at random from a listing of about `behind` rows.

        The snapshot holds those repositories and their projects alone. Raises `SourceError` or `Unreadable`.
        """

    def ask_who_can(self, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
        """Ask who can do what on some repositories, by Bitbucket's own account. Raises `SourceError`, `Unreadable`."""

    def check(self) -> Report:
        """Find out what these credentials can see. Raises nothing for what Bitbucket does."""
