"""What became of one run: said in its last log line, and to monitoring. Knows no server, and no secret."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector import __version__
from connector.collect import Statistics
from connector.model import Snapshot


@dataclass(slots=True)
class Outcome:
    """Filled in while the run goes on; whole at whatever moment it ends."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    statistics: Statistics = field(default_factory=Statistics)
    snapshot: Snapshot | None = None
    published: list[dict[str, Any]] = field(default_factory=list)
    veza_warnings: list[str] = field(default_factory=list)
    exit_code: int = 0
    error: str | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each were collected; empty where collecting did not come to its end."""
        return {} if self.snapshot is None else count(self.snapshot)

    def line(self) -> str:
        """Say in numbers what was collected, what was published where, the requests, and how long it took."""
        collected = ", ".join(f"{number} {what}" for what, number in self.counts.items()) or "nothing whole"
        published = "; ".join(entry["said"] for entry in self.published) or "nothing published"
        asked = self.statistics
        seconds = time.monotonic() - self._began
        return (
            f"collected {collected}; {published}; {asked.requests} requests "
            f"({asked.retries} repeated, {asked.rate_limited} held back by the rate limit); {seconds:.1f} s"
        )

    def summary(self) -> dict[str, Any]:
        """Give the object for monitoring. Times are RFC 3339, UTC."""
        gaps = self.snapshot.gaps if self.snapshot else ()
        return {
            "version": __version__,
            "started": _rfc3339(self.started),
            "ended": _rfc3339(datetime.now(UTC)),
            "exit_code": self.exit_code,
            "error": self.error,
            "counts": self.counts,
            "requests": self.statistics.requests,
            "retries": self.statistics.retries,
            "rate_limited": self.statistics.rate_limited,
            "gaps": [{"scope": gap.scope, "missing": gap.missing, "reason": gap.reason} for gap in gaps],
            "published": [{k: v for k, v in entry.items() if k != "said"} for entry in self.published],
            "veza_warnings": self.veza_warnings,
        }


def count(snapshot: Snapshot) -> dict[str, int]:
    """Count what a snapshot holds; grants are those that Bitbucket lists, and default permissions."""
    return {
        "users": len(snapshot.users),
        "groups": len(snapshot.groups),
        "projects": len(snapshot.projects),
        "repositories": len(snapshot.repositories),
        "grants": len(snapshot.global_grants)
        + sum(map(len, snapshot.project_grants.values()))
        + sum(map(len, snapshot.repository_grants.values()))
        + len(snapshot.default_permissions),
    }


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
