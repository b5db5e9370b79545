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
from connector.embedded.cloud.settings import TooMany

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


class RateLimiter:
    """Counts the requests of every caller below `/2.0/repositories`; webhooks are counted apart."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._hours: dict[tuple[str, str], Hour] = {}

    def count(self, segments: Sequence[str], credential: Credential | None, workspace: Workspace) -> Headers:
        """Count a request, and give what its answer tells of the limit; raises Refusal where the hour is used up."""
        limit = self._settings.rate_limit
        resource = "webhooks" if segments[-1] == "hooks" else "api"
        is_counted = resource == "webhooks" or segments[:2] == ["2.0", "repositories"]
        if limit is None or credential is None or not is_counted:
            return ()
        tells = credential.token is not None and resource == "api"
        if tells:
            scaled = limit.requests + _SCALED_BY * max(0, workspace.paid_users - _SCALED_FROM)
            limit = replace(limit, requests=max(limit.requests, min(scaled, _SCALED_AT_MOST)))
        hour = self._hours.setdefault((credential.identity, resource), Hour(limit))
        wait = hour.take(self._clock())
        if wait:
            raise self._refusal(limit, math.ceil(wait))
        if not tells:
            return ()
        near = hour.left * _NEAR < limit.requests
        told = (("Limit", str(limit.requests)), ("Resource", resource), ("NearLimit", str(near).lower()))
        return tuple((f"X-RateLimit-{name}", value) for name, value in told)

    def _refusal(self, limit: RateLimit, wait: int) -> Refusal:
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
                told = f"{limit.requests}, {limit.requests};w={limit.hour:.0f}"
                values = (("Limit", told), ("Remaining", "0"), ("Reset", str(wait)))
                return rate_limited(tuple((f"X-RateLimit-{name}", value) for name, value in values))


class Hour:
    """What one caller asked in the last hour, of one kind."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._made: deque[float] = deque()

    @property
    def left(self) -> int:
        """How many requests were left after the last one."""
        return max(0, self._limit.requests - len(self._made))

    def take(self, now: float) -> float:
        """Take one; give 0, or the seconds until there is one again."""
        made, limit = self._made, self._limit
        while made and made[0] <= now - limit.hour:
            made.popleft()
        made.append(now)
        beyond = len(made) - limit.requests
        return made[beyond] + limit.hour - now if beyond > 0 else 0.0
