"""The result of a run, for its last log line and for monitoring. Knows no server, and no secret."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.model import Snapshot
from connector.rest.statistics import Statistics
from connector.review.text.names import counted


@dataclass(slots=True)
class Outcome:
    """Filled in while the run goes on, so that it is complete whenever the run ends."""

    bar: bool = True
    """Whether a bar of progress may be drawn."""
    is_export: bool = False
    """Whether an export began: then the last line of the log gives its figures."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    statistics: Statistics = field(default_factory=Statistics)
    snapshot: Snapshot | None = None
    published: list[dict[str, Any]] = field(default_factory=list)
    """Each with `to` (`file` or `veza`), and `said`, the words for the log."""
    dry_run: str | None = None
    """What would have been published where, in words; None without `--dry-run`, or if the run failed before."""
    unsettled: bool = False
    """Whether a push was sent, and Veza's answer to it is not known."""
    veza_warnings: list[str] = field(default_factory=list)
    exit_code: int = 0
    error: str | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each were collected; empty if collecting did not finish."""
        return {} if self.snapshot is None else {many: number for (_, many), number in count(self.snapshot).items()}

    def line(self) -> str:
        """Give the last line of the log: what was collected and published, the requests, and the duration."""
        counts = {} if self.snapshot is None else count(self.snapshot)
        collected = ", ".join(counted(number, *words) for words, number in counts.items())
        said = [entry["said"] for entry in self.published] + ["a push that Veza may have accepted"] * self.unsettled
        published = "; ".join(said) or self.dry_run or "nothing published"
        asked = self.statistics
        seconds = time.monotonic() - self._began
        failed = f"ended with code {self.exit_code}: " if self.exit_code else ""
        return (
            f"{failed}{f'collected {collected}' if collected else 'the collection is not complete'}; {published}; "
            f"{counted(asked.requests, 'request')} ({asked.retries:,} repeated, {asked.rate_limited:,} held back by "
            f"the rate limit); {seconds:.1f} s"
        )


def count(snapshot: Snapshot) -> dict[tuple[str, str], int]:
    """Count what a snapshot holds, by the words for one and for more.

    Grants are those that Bitbucket lists, and default permissions.
    """
    granted = [snapshot.global_grants, *snapshot.project_grants.values(), *snapshot.repository_grants.values()]
    return {
        ("user", "users"): len(snapshot.users),
        ("group", "groups"): len(snapshot.groups),
        ("project", "projects"): len(snapshot.projects),
        ("repository", "repositories"): len(snapshot.repositories),
        ("grant", "grants"): sum(map(len, granted)) + len(snapshot.default_permissions),
    } | snapshot.extras.counts()
