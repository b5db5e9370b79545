"""What the server's own rate limit allows this account. One question, and two more where there is a limit."""

from __future__ import annotations

import logging
import re

from connector.errors import Unreadable
from connector.rest.fields import Malformed
from connector.rest.pace import Limit, Pace
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.client import Client

log = logging.getLogger(__name__)

_SAME_AS_ITS_SLUG = re.compile(r"[a-z0-9._-]+")


def keep_to_rate_limit(client: Client, pace: Pace) -> None:
    """Ask how many requests are allowed, and set the pace accordingly.

    A server that does not tell (before 7.0, or without a Data Center licence) is asked as fast as it answers.
    """
    try:
        limit = _limit(client)
    except (Unreadable, Malformed) as unknown:
        log.debug("the server's rate limit is not known: %s", unknown)
        return
    if limit is None:
        return
    log.info("Bitbucket allows %g requests at once and %g a second: it is asked a little less", limit.burst, limit.rate)
    pace.obey(limit)


def _limit(client: Client) -> Limit | None:
    answer = client.get(endpoints.RATE_LIMIT.at())
    limit = parse.rate_limit(answer, endpoints.RATE_LIMIT.template)
    return None if limit is None else _own_limit(client, Limit(*limit))


def _own_limit(client: Client, otherwise: Limit) -> Limit | None:
    """Give the account's own limit, or that of everybody; None where the account is exempt."""
    try:
        slug = _slug(client)
        if slug is None:
            return otherwise
        answer = client.get(endpoints.OWN_RATE_LIMIT.at(slug))
        own = parse.own_rate_limit(answer, endpoints.OWN_RATE_LIMIT.template)
    except Unreadable:
        return otherwise
    return None if own is None else Limit(*own)


def _slug(client: Client) -> str | None:
    """Find what addresses call the account: its name in lower case, unless that holds other characters."""
    name = (client.user_name or "").lower()
    if not name or _SAME_AS_ITS_SLUG.fullmatch(name):
        return name or None
    where = endpoints.USERS.template
    rows = client.get(endpoints.USERS.at(), filter=name).get("values") or []
    users = [parse.user(row, where, in_directory=True) for row in rows]
    return next((user.slug for user in users if user.name.lower() == name), None)
