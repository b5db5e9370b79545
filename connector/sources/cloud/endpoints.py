"""Every address that is asked, the scope and the right that it needs, and what an export lacks without it.

Source: the official OpenAPI file of 2026-06, Atlassian's pages on the API 1.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from connector.rest.answer import JsonObject


class Right(Enum):
    """What an account must be or hold: in Bitbucket's words, and where it is given."""

    NONE = ("", "")
    MEMBER = ("member of the workspace", "Workspace settings > User directory")
    WORKSPACE_ADMIN = (
        "administrator of the workspace",
        "Workspace settings > User groups, to a group with 'Administer workspace'",
    )
    PROJECT_ADMIN = ("administrator of the project", "Project settings > Project permissions")
    REPOSITORY_ADMIN = ("administrator of the repository", "Repository settings > Repository permissions")

    def __init__(self, label: str, where: str) -> None:
        self.label = label
        self.where = where


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of address below `/{api}/`; `{}` stands for a segment, of which the first is the workspace.

    `oauth` is the scope that OAuth and access tokens need, `token` the one of API tokens.
    """

    template: str
    oauth: str
    token: str
    right: Right
    lacks: str
    """What the export lacks where this cannot be read."""
    api: str = "2.0"
    is_list: bool = False
    """Whether a bare JSON list is answered, and no object."""
    purge: Callable[[JsonObject], JsonObject] | None = None
    """Takes out of an answer what nobody may keep, such as the secrets of webhooks."""

    @property
    def counts(self) -> bool:
        """Whether it counts for the limit of the rolling hour."""
        return self.api == "2.0" and self.template.startswith("repositories/")

    def at(self, *segments: str) -> Address:
        """Fill in the segments, percent-encoded, braces of uuids too.

        Raises ValueError for a segment that an HTTP library would resolve as a step in a path.
        """
        if any(segment in {"", ".", ".."} for segment in segments):
            raise ValueError(f"{self.template} cannot be asked for {segments!r}")
        return Address(self, self.template.format(*(quote(segment, safe="") for segment in segments)))


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint with its segments filled in."""

    endpoint: Endpoint
    path: str


WORKSPACE = Endpoint("workspaces/{}", "account", "read:workspace:bitbucket", Right.MEMBER, "everything")
OWN_ROLE = Endpoint(
    "user/workspaces/{}/permission",
    "account",
    "read:workspace:bitbucket",
    Right.MEMBER,
    "whether the account administers the workspace",
)
EFFECTIVE = Endpoint(
    "workspaces/{}/permissions/repositories",
    "account",
    "read:repository:bitbucket",
    Right.WORKSPACE_ADMIN,
    "whether the account administers the workspace",
)
