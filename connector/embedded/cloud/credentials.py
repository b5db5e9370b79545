"""What one signs in with on Bitbucket Cloud: API tokens, OAuth consumers, access tokens.

Plain records, like those of `workspace`. Scopes are Bitbucket's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

API_TOKEN_SCOPES = frozenset(
    f"{scope}:bitbucket"
    for scope in (
        "read:user",
        "read:workspace",
        "read:project",
        "admin:project",
        "read:repository",
        "admin:repository",
        "read:permission",
        "read:webhook",
    )
)
"""All that the resources of this server ask for; none implies another."""

OAUTH_SCOPES = frozenset({"account", "project", "project:admin", "repository", "repository:admin", "webhook"})
"""Likewise; `project` implies `repository`."""


@dataclass(slots=True)
class ApiToken:
    """A token of a person, sent with the person's e-mail address. Without scopes it is good for nothing."""

    secret: str
    account_uuid: str
    scopes: frozenset[str] = API_TOKEN_SCOPES
    expired: bool = False


@dataclass(slots=True)
class Consumer:
    """An OAuth consumer of the workspace: its tokens may do what its owner may, within its scopes."""

    key: str
    secret: str
    owner_uuid: str
    scopes: frozenset[str] = OAUTH_SCOPES
    private: bool = True
    """Only private consumers get tokens by their own credentials."""


class Level(StrEnum):
    """What an access token belongs to; with `_access_token` it is its credential type."""

    WORKSPACE = "workspace"
    PROJECT = "project"
    REPOSITORY = "repo"


@dataclass(slots=True)
class AccessToken:
    """A token of a workspace, project or repository: a user of its own, that stands in no permission answer."""

    secret: str
    name: str
    level: Level = Level.WORKSPACE
    scopes: frozenset[str] = OAUTH_SCOPES
    resource_uuid: str | None = None
    """The project or repository that it belongs to."""
    expired: bool = False
