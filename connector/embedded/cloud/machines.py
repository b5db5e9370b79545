"""What else the embedded Bitbucket Cloud keeps: deploy keys, webhooks and branch restrictions.

Plain records, like those of `workspace`. Moments are RFC 3339 as Bitbucket writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.embedded.cloud.workspace import FOUNDED


@dataclass(slots=True)
class DeployKey:
    """A public key that reads: on any number of repositories and projects, by uuid."""

    id: int
    label: str
    key: str
    comment: str = ""
    repositories: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)
    created_on: str = FOUNDED
    last_used: str | None = None


@dataclass(slots=True)
class Webhook:
    """An address that is told what happens in a repository, or without one in the workspace."""

    uuid: str
    description: str
    url: str
    repository_uuid: str | None = None
    active: bool = True
    secret_set: bool = False
    skips_verification: bool = False
    events: tuple[str, ...] = ("repo:push",)
    created_at: str = FOUNDED


@dataclass(slots=True)
class Restriction:
    """A branch restriction of a repository: by a glob `pattern`, or a `branch_type` of the branching model.

    `users` and `groups` are those who may in spite of it.
    """

    id: int
    repository_uuid: str
    kind: str
    pattern: str = ""
    branch_type: str | None = None
    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    value: int | None = None
