"""How often and how long a failed call to Veza is repeated. Knows nothing of what a call is for."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from connector.errors import VezaError
from connector.outputs.veza.failures import Failure

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_CONTACT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long (in seconds, waits included) one call is repeated before it is given up."""

    attempts: int = 10
    seconds: float = 600.0
    unreachable_seconds: float = 600.0
    first_wait: float = 1.0
    longest_wait: float = 30.0

    def at_first_contact(self) -> RetryPolicy:
        """Give up soon where no answer comes, so that a wrong address shows within seconds.

        A server that answers that it is busy is the right one, and worth the whole wait.
        """
        return replace(self, unreachable_seconds=min(self.unreachable_seconds, _FIRST_CONTACT_SECONDS))

    def wait(self, attempt: int, failure: Failure) -> float:
        """Give the wait after an attempt: exponential with jitter, and at least the Retry-After of Veza."""
        growing = min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait)
        return max(growing + self.first_wait * random.SystemRandom().random(), failure.retry_after or 0.0)


def with_retries(call: Callable[[], T], policy: RetryPolicy, sleep: Callable[[float], None]) -> T:
    """Make a call, and repeat it while its failure is transient.

    The call must be idempotent: a failed one may have taken effect. Raises `VezaError`.
    """
    began, attempt = time.monotonic(), 1
    while True:
        try:
            return call()
        except Failure as failure:
            if not failure.is_transient:
                raise
            wait, elapsed = policy.wait(attempt, failure), time.monotonic() - began
            limit = policy.unreachable_seconds if failure.status is None else policy.seconds
            if attempt >= policy.attempts or elapsed + wait >= limit:
                times = "1 attempt" if attempt == 1 else f"{attempt} attempts"
                raise VezaError(f"{failure}; given up after {times} in {elapsed:.0f} seconds") from failure
            attempt += 1
            log.warning("Veza: %s; attempt %d in %.1f seconds", failure, attempt, wait)
        sleep(wait)
