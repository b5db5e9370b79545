"""What the server's own rate limit allows this account. One question, and two more where there is a limit."""

from __future__ import annotations

import logging
import re

from connector.errors import Unreadable
from connector.rest.throttle import Limit
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.bitbucket import Bitbucket

log = logging.getLogger(__name__)

_SAME_AS_ITS_SLUG = re.compile(r"[a-z0-9._-]+")


def rate_limit(bitbucket: Bitbucket) -> Limit | None:
    """Ask how many requests are allowed; None where there is no limit for this account.

    Raises `Unreadable` where the server does not tell: before 7.0, or without a Data Center licence.
    """
    limit = parse.rate_limit(bitbucket.get(endpoints.RATE_LIMIT.at()), endpoints.RATE_LIMIT.template)
    return None if limit is None else _own_limit(bitbucket, Limit(*limit))


def _own_limit(bitbucket: Bitbucket, otherwise: Limit) -> Limit | None:
    """Give the account's own limit, or that of everybody; None where the account is exempt."""
    try:
        slug = _slug(bitbucket)
        if slug is None:
            return otherwise
        answer = bitbucket.get(endpoints.OWN_RATE_LIMIT.at(slug))
        own = parse.own_rate_limit(answer, endpoints.OWN_RATE_LIMIT.template)
    except Unreadable:
        return otherwise
    return None if own is None else Limit(*own)


def _slug(bitbucket: Bitbucket) -> str | None:
    """Find what addresses call the account: its name in lower case, unless that holds other characters."""
    name = (bitbucket.session.account or "").lower()
    if not name or _SAME_AS_ITS_SLUG.fullmatch(name):
        return name or None
    where = endpoints.USERS.template
    rows = bitbucket.get(endpoints.USERS.at(), {"filter": name}).get("values") or []
    users = [parse.user(row, where, in_directory=True) for row in rows]
    return next((user.slug for user in users if user.name.lower() == name), None)
