"""What else the embedded Bitbucket keeps: keys, tokens, webhooks and branch restrictions.

Plain records, like those of `organisation`. `project_id` and `repository_id` say what one belongs to; of a key or
token with neither, `owner_id` says whose it is. Times are epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class SshKey:
    """A public key: of a user, or an access key of any number of projects and repositories."""

    id: int
    label: str
    text: str
    owner_id: int | None = None
    projects: dict[int, str] = field(default_factory=dict)
    """By project id: PROJECT_READ or PROJECT_WRITE."""
    repositories: dict[int, str] = field(default_factory=dict)
    """By repository id: REPO_READ or REPO_WRITE."""
    created: int | None = None
    expiry_days: int | None = None
    last_authenticated: int | None = None
    algorithm: str | None = None
    bits: int | None = None


@dataclass(slots=True)
class HttpToken:
    """An HTTP access token as it is listed: never with its secret. `Token` is how one signs in with it."""

    id: str
    name: str
    permissions: list[str]
    project_id: int | None = None
    repository_id: int | None = None
    owner_id: int | None = None
    created: int = 0
    expires: int | None = None
    last_authenticated: int | None = None


@dataclass(slots=True)
class Webhook:
    """An address that is told what happens."""

    id: int
    name: str
    url: str
    project_id: int | None = None
    repository_id: int | None = None
    secret: str | None = None
    active: bool = True


@dataclass(slots=True)
class Restriction:
    """A branch restriction; `matcher` is a ref, a pattern, or something of the branching model, by `matcher_type`."""

    id: int
    type: str
    matcher: str
    matcher_type: str = "BRANCH"
    project_id: int | None = None
    repository_id: int | None = None
    users: list[int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    active: bool = True
