"""The settings that every source has, and their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.model import Inclusion
from connector.rest.throttle import Limit

DEFAULT_CONCURRENCY = 8
DEFAULT_PATIENCE = 300.0
DEFAULT_RESUME_MAX_AGE = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The settings of every source: `patience` in seconds, `max_rate` in requests per second."""

    concurrency: int = DEFAULT_CONCURRENCY
    patience: float = DEFAULT_PATIENCE
    max_rate: float | None = None
    granted_groups_only: bool = False
    resume: Path | None = None
    """The journal of finished answers that a run resumes from; `resume_max_age` is in hours."""
    resume_max_age: float = DEFAULT_RESUME_MAX_AGE
    include: frozenset[Inclusion] = frozenset()

    @property
    def rate_limit(self) -> Limit | None:
        """The limit that `max_rate` sets; None where it is not set."""
        return Limit(burst=1, rate=self.max_rate) if self.max_rate else None
