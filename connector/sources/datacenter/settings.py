"""What collecting needs to be told; filled in by `commands`, read by nobody else outside this folder."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

from connector.model import Inclusion
from connector.sources.common.settings import DEFAULT_CONCURRENCY, DEFAULT_PATIENCE, DEFAULT_RESUME_MAX_AGE


@dataclass(frozen=True, slots=True)
class Credentials:
    """An HTTP access token, or the password of `user` where one is given."""

    secret: str = field(repr=False)
    user: str | None = None

    @property
    def is_token(self) -> bool:
        """Whether they are sent as a Bearer token."""
        return self.user is None

    def authorization(self) -> str:
        """Give the value of the Authorization header; names and passwords are UTF-8 (RFC 7617)."""
        if self.user is None:
            return f"Bearer {self.secret}"
        pair = f"{self.user}:{self.secret}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How Bitbucket is read.

    `base_url` has no slash at its end; `patience` is in seconds, `max_rate` in requests per second.
    """

    base_url: str
    credentials: Credentials
    concurrency: int = DEFAULT_CONCURRENCY
    patience: float = DEFAULT_PATIENCE
    max_rate: float | None = None
    granted_groups_only: bool = False
    resume: Path | None = None
    """The journal of finished answers that a run goes on from; `resume_max_age` is in hours."""
    resume_max_age: float = DEFAULT_RESUME_MAX_AGE
    include: frozenset[Inclusion] = frozenset()
