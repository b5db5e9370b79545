"""The rolling hour: who has how many requests left, and what a 429 looks like.

Source: Atlassian's page on API request limits. Times are seconds of a clock that only goes forward.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from connector.embedded.cloud.answers import Refusal, rate_limited
from connector.embedded.cloud.settings import TooMany, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.embedded.cloud.login import Credential
    from connector.embedded.cloud.settings import RateLimit, Settings
    from connector.embedded.cloud.workspace import Workspace
    from connector.embedded.common.messages import Headers


_SCALED_FROM = 100
_SCALED_BY = 10
_SCALED_AT_MOST = 10_000
_NEAR = 5
"""An hour is nearly used up where less than a fifth of it is left."""


class Gate:
    """Counts the requests of every caller against the limit that each kind of address has."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._hours: dict[tuple[str, str], Hour] = {}

    def pass_through(self, segments: Sequence[str], credential: Credential | None, workspace: Workspace) -> Headers:
        """Count a request, and give what its answer tells of the limit; raises Refusal where the hour is used up."""
        resource, limit = self._limit(segments, credential, workspace)
        if limit is None:
            return ()
        caller = credential.identity if credential else ""
        hour = self._hours.setdefault((caller, resource), Hour(limit))
        wait = hour.take(self._clock())
        if wait:
            raise self._refusal(hour, math.ceil(wait))
        if credential is None:
            return hour.headers(hour.reset)
        if credential.token is None or resource != "api":
            return ()
        near = hour.left * _NEAR < limit.requests
        told = (("Limit", str(limit.requests)), ("Resource", resource), ("NearLimit", str(near).lower()))
        return tuple((f"X-RateLimit-{name}", value) for name, value in told)

    def _limit(
        self, segments: Sequence[str], credential: Credential | None, workspace: Workspace
    ) -> tuple[str, RateLimit | None]:
        settings = self._settings
        if credential is None:
            return "anonymous", settings.anonymous_limit
        if segments[-1] == "hooks":
            return "webhooks", settings.rate_limit
        if segments[:2] != ["2.0", "repositories"]:
            return "other", settings.other_limit
        limit = settings.rate_limit
        if limit and credential.token:
            scaled = limit.requests + _SCALED_BY * max(0, workspace.paid_users - _SCALED_FROM)
            limit = replace(limit, requests=max(limit.requests, min(scaled, _SCALED_AT_MOST)))
        return "api", limit

    def _refusal(self, hour: Hour, wait: int) -> Refusal:
        match self._settings.too_many:
            case TooMany.TEXT:
                return rate_limited()
            case TooMany.JSON:
                return rate_limited(as_json=True)
            case TooMany.RETRY_AFTER:
                return rate_limited((("Retry-After", str(wait)),))
            case TooMany.RETRY_AFTER_DATE:
                return rate_limited((("Retry-After", formatdate(time.time() + wait, usegmt=True)),))
            case TooMany.RESET:
                return rate_limited(hour.headers(wait))


class Hour:
    """What one caller asked in the last hour, of one kind."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._made: deque[float] = deque()
        self._used = 0.0
        self._at = -math.inf

    @property
    def left(self) -> int:
        """How many requests were left after the last one."""
        used = len(self._made) if self.limit.window is Window.SLIDING else math.ceil(self._used)
        return max(0, self.limit.requests - used)

    def take(self, now: float) -> float:
        """Take one; give 0, or the seconds until there is one again."""
        return self._slide(now) if self.limit.window is Window.SLIDING else self._refill(now)

    def headers(self, reset: int) -> Headers:
        """Tell limit, remainder and reset, this in seconds from now, as answers of 2026 do."""
        limit = self.limit
        return (
            ("X-RateLimit-Limit", f"{limit.requests}, {limit.requests};w={limit.hour:.0f}"),
            ("X-RateLimit-Remaining", str(self.left)),
            ("X-RateLimit-Reset", str(reset)),
        )

    @property
    def reset(self) -> int:
        """Seconds until the oldest request of a sliding hour is free again."""
        return math.ceil(self._made[0] + self.limit.hour - self._at) if self._made else 0

    def _slide(self, now: float) -> float:
        self._at = now
        made, limit = self._made, self.limit
        while made and made[0] <= now - limit.hour:
            made.popleft()
        refused = len(made) >= limit.requests
        if not refused or limit.counts_refused:
            made.append(now)
        return made[len(made) - limit.requests] + limit.hour - now if refused else 0.0

    def _refill(self, now: float) -> float:
        limit = self.limit
        back = (now - self._at) * limit.requests / limit.hour
        self._used = max(0.0, self._used - back)
        self._at = now
        if self._used + 1 <= limit.requests:
            self._used += 1
            return 0.0
        return (self._used + 1 - limit.requests) * limit.hour / limit.requests
