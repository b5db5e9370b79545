"""The settings of this source; filled in by `commands`."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from connector.sources.common.settings import Common


@dataclass(frozen=True, slots=True)
class Credentials:
    """An HTTP access token, or the password of `user` where one is given."""

    secret: str = field(repr=False)
    user: str | None = None

    @property
    def is_token(self) -> bool:
        """Whether they are sent as a Bearer token."""
        return self.user is None

    def authorization(self) -> str:
        """Give the value of the Authorization header; names and passwords are UTF-8 (RFC 7617)."""
        if self.user is None:
            return f"Bearer {self.secret}"
        pair = f"{self.user}:{self.secret}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Settings(Common):
    """How a server is read. `base_url` has no slash at its end."""

    base_url: str
    credentials: Credentials
