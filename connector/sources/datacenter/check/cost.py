"""What an export will cost, from sizes that are known roughly."""

from __future__ import annotations

import math
from collections.abc import Mapping

from connector.model import Inclusion
from connector.sources.common.check.sizes import Size
from connector.sources.datacenter.collector import OF_A_GROUP, OF_A_PROJECT, OF_A_REPOSITORY
from connector.sources.datacenter.extras.inclusions import requests_at_most

_ALWAYS = 10
"""Requests of the sign-in, and of the proof at the end."""
_READINGS = 2
"""Every listing is read at the beginning and at the end."""


def requests_for(
    sizes: Mapping[str, Size], page_size: int, include: frozenset[Inclusion], *, users_are_asked: bool
) -> int:
    """Count the requests of an export; `users_are_asked` where keys and tokens of each user can be read."""
    count = {name: size.estimate for name, size in sizes.items()}
    projects, repositories = count.get("projects", 0), count.get("repositories", 0)
    users = count.get("users", 0) if users_are_asked else 0
    pages = _READINGS * sum(math.ceil(number / page_size) for number in count.values())
    asked = OF_A_GROUP * count.get("groups", 0) + OF_A_PROJECT * projects + OF_A_REPOSITORY * repositories
    extra = requests_at_most(include, projects=projects, repositories=repositories, users=users)
    return _ALWAYS + pages + asked + extra
