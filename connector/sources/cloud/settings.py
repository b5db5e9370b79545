"""The settings of this source; filled in by `commands`."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sources.cloud.credentials import Credentials
from connector.sources.common.settings import Common

DEFAULT_BASE_URL = "https://api.bitbucket.org"
PAGES = "https://bitbucket.org"
"""Where people look at Bitbucket Cloud, and where the OAuth tokens of its API come from."""
TOKEN_PATH = "/site/oauth2/access_token"  # noqa: S105 - an address
HOURLY_LIMIT = 1_000
HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Settings(Common):
    """How a workspace is read.

    `base_url` is that of the API, without `/2.0` and without a slash at its end. `hourly_limit` requests below
    `/2.0/repositories` are allowed in `hour` seconds.
    """

    workspace: str
    credentials: Credentials
    base_url: str = DEFAULT_BASE_URL
    emails: tuple[str, ...] = ()
    """Candidates: addresses that may be those of members."""
    hourly_limit: int = HOURLY_LIMIT
    hour: float = HOUR

    @property
    def address(self) -> str:
        """Name the workspace, and where it is asked about unless that is Bitbucket Cloud itself."""
        at = "" if self.base_url == DEFAULT_BASE_URL else f" at {self.base_url}"
        return f"the workspace {self.workspace} of Bitbucket Cloud{at}"

    @property
    def token_url(self) -> str:
        """Give the address that OAuth tokens come from."""
        base = PAGES if self.base_url == DEFAULT_BASE_URL else self.base_url
        return base + TOKEN_PATH
