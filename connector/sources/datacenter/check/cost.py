"""What an export will cost, from sizes that are known roughly."""

from __future__ import annotations

import math
from collections.abc import Mapping

from connector.model import Inclusion
from connector.sources.datacenter.check.counting import Size
from connector.sources.datacenter.cost import OF_A_GROUP, OF_A_PROJECT, OF_A_REPOSITORY, duration, of_the_included

_ALWAYS = 10
"""The first words, and the last."""


def requests_for(
    sizes: Mapping[str, Size], page_size: int, include: frozenset[Inclusion], *, users_are_asked: bool
) -> int:
    """Count the requests of an export; `users_are_asked` where keys and tokens of each user can be read."""
    count = {name: size.estimate for name, size in sizes.items()}
    projects, repositories = count.get("projects", 0), count.get("repositories", 0)
    users = count.get("users", 0) if users_are_asked else 0
    pages = sum(math.ceil(number / page_size) for number in count.values())
    asked = OF_A_GROUP * count.get("groups", 0) + OF_A_PROJECT * projects + OF_A_REPOSITORY * repositories
    return _ALWAYS + pages + asked + of_the_included(include, projects=projects, repositories=repositories, users=users)


def seconds_for(requests: int, latency: float, concurrency: int, rate: tuple[float, float] | None) -> float:
    """Reckon with `latency` seconds for an answer, so many at a time, and the rate limit: burst, and rate a second."""
    unhindered = requests * latency / concurrency
    held_back = max(0.0, requests - rate[0]) / rate[1] if rate else 0.0
    return max(unhindered, held_back)


def as_people_say(requests: int, seconds: float) -> str:
    """Put both into words."""
    return f"about {_rounded(requests):,} requests, which take {duration(max(1.0, seconds))}"


def _rounded(number: int) -> int:
    """Keep two digits that count: the rest is a guess."""
    digits = max(0, len(str(number)) - 2)
    return round(number, -digits)
