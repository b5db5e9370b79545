"""The first words with a server: is this a Bitbucket, which one, and does it know us?"""

from __future__ import annotations

import logging

from connector.errors import BitbucketError, Missing
from connector.sources.datacenter import parse
from connector.sources.datacenter.client import Client
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES

log = logging.getLogger(__name__)

_VERSIONS = ("latest", "1.0")
"""Newest first: servers before 8.0 document 1.0 only, and not all of them answer to `latest`."""


def introduce(client: Client) -> str:
    """Find the version of the REST API to use, and give the version of the server.

    Raises `BitbucketError` where the address is not that of a Bitbucket.
    """
    for version in _VERSIONS:
        client.version = version
        try:
            properties = client.get(APPLICATION_PROPERTIES.at())
        except Missing as missing:
            last = missing
        else:
            return parse.version(properties, "application-properties")
    raise BitbucketError(str(last))


def sign_in(client: Client, user: str | None) -> None:
    """Prove the login, and say as whom; `user` is the name that was configured, if any."""
    name = client.sign_in()
    if name is None:
        log.warning(
            "Bitbucket's answers do not name the account (no X-AUSERNAME header; a proxy may strip it): "
            "the login is proved again from time to time, and before anything is published"
        )
        return
    if user is not None and name.lower() != user.lower():
        raise BitbucketError(
            f"BITBUCKET_USER is {user!r}, but Bitbucket answers as to {name!r}, and the export would show what that "
            "account may see. If this is another name of the same account, set BITBUCKET_USER to it; if not, look "
            "for a proxy that signs in for others"
        )
    log.info("signed in as %s", name)
