"""What commands need of a source, whichever product it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from connector.model import Snapshot
from connector.rest.progress import Progress
from connector.rest.statistics import Statistics
from connector.sources.common.check.report import Report
from connector.sources.common.effective import Drawn, Effective
from connector.sources.common.settings import Common

S = TypeVar("S", bound=Common)
S_contra = TypeVar("S_contra", bound=Common, contravariant=True)


class Product(Protocol[S_contra]):
    """What the package of a product offers; its module `source` has these functions."""

    def collect(self, settings: S_contra, progress: Progress, statistics: Statistics, /) -> Snapshot:
        """Read everything that decides who can reach what.

        Raises `SourceError` where the source cannot be reached, refuses the credentials or makes no sense, and
        `Unreadable` where a listing of all of it cannot be read. What else could not be read is a gap in the snapshot.
        """

    def collect_some(
        self,
        settings: S_contra,
        progress: Progress,
        statistics: Statistics,
        /,
        *,
        count: int,
        seed: int,
        repository_count: int,
    ) -> Snapshot:
        """Collect what decides about some repositories, drawn at random from a listing of about `repository_count`.

        The snapshot holds those repositories and their projects alone. Raises `SourceError` or `Unreadable`.
        """

    def ask_who_can(
        self, settings: S_contra, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn], /
    ) -> list[Effective]:
        """Ask who can do what on some repositories, according to Bitbucket. Raises `SourceError`, `Unreadable`."""

    def check(self, settings: S_contra, /) -> Report:
        """Find out what these credentials can see. Raises nothing for what Bitbucket does."""


@dataclass(frozen=True, slots=True)
class Source(Generic[S]):
    """A Bitbucket, and how it is read. `address` is what the log calls it; see `Product` for what can be asked."""

    settings: S
    address: str
    product: Product[S]

    @property
    def resume(self) -> Path | None:
        """The journal of finished answers, where one is kept."""
        return self.settings.resume

    def collect(self, progress: Progress, statistics: Statistics) -> Snapshot:
        """Read all of it."""
        return self.product.collect(self.settings, progress, statistics)

    def collect_some(
        self, progress: Progress, statistics: Statistics, *, count: int, seed: int, repository_count: int
    ) -> Snapshot:
        """Read some repositories, drawn at random."""
        return self.product.collect_some(
            self.settings, progress, statistics, count=count, seed=seed, repository_count=repository_count
        )

    def ask_who_can(self, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]) -> list[Effective]:
        """Ask who can do what on some repositories."""
        return self.product.ask_who_can(self.settings, statistics, snapshot, drawn)

    def check(self) -> Report:
        """Find out what the credentials can see."""
        return self.product.check(self.settings)
