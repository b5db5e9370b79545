"""How many requests a run has sent. Needs no library, so that commands that send none load none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """What the run has cost so far."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
