"""How the embedded Bitbucket behaves: where it listens to, and the quirks real servers differ in.

Knows no HTTP and no organisation; every default is what a well-kept server of today does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class PersonalGrants(StrEnum):
    """What a server answers when asked for the permissions of a personal project."""

    ANSWERED = "answered"
    """The explicit grants; the owner is implicit."""
    WITH_OWNER = "with owner"
    """The explicit grants and a PROJECT_ADMIN row for the owner."""
    REFUSED = "401"
    MISSING = "404"
    CONFLICT = "409"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket: `capacity` requests at once, refilled by `fill_rate` a second."""

    capacity: int = 60
    fill_rate: float = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What one embedded Bitbucket does differently from another."""

    context: str = ""
    """Context path, such as `/bitbucket`."""
    latency: float = 0.0
    """Seconds before each answer; answers on several connections wait at the same time."""
    slots: int | None = None
    """At most so many answers are worked on at the same time, `latency` each; the others queue. None: all are."""
    answers_latest: bool = True
    """Whether `/rest/api/latest` is known beside `/rest/api/1.0`."""
    strip_user_headers: bool = False
    """A proxy removes X-AUSERNAME and X-AUSERID."""
    strip_request_numbers: bool = False
    """A proxy removes X-AREQUESTID."""
    captcha_after: int | None = 5
    """Failed passwords of one user after which it has to solve a CAPTCHA first."""
    rate_limit: RateLimit | None = None
    """Per user; None switches rate limiting off."""
    rate_limit_overrides: Mapping[str, RateLimit] = field(default_factory=dict)
    """By user name: a limit of its own."""
    rate_limit_exempt: frozenset[str] = frozenset()
    """Names of users without a limit."""
    refused: frozenset[str] = frozenset()
    """Routes, as `routes.ROUTES` writes them, that are refused to every user."""
    absent: frozenset[str] = frozenset()
    """Routes that this version or licence does not have."""

    page_cap: int = 1000
    """The largest page; a larger `limit` is lowered silently."""
    page_caps: Mapping[str, int] = field(default_factory=dict)
    """By route: a cap other than `page_cap`."""
    holes: int = 0
    """Up to so many rows that the caller cannot see stand before each row and count in offsets."""
    short_pages: bool = False
    """A page looks at `limit` offsets only, so that holes make it short, or empty and not the last."""
    null_next_page: bool = False
    """The last page says `"nextPageStart": null` instead of nothing."""

    null_email: bool = False
    """`emailAddress` is null instead of absent for a user without one."""
    null_description: bool = False
    """`description` is null instead of absent."""
    ids_as_strings: bool = False
    shuffled_keys: bool = False
    """The members of each object come in an order of their own."""

    lists_personal_projects: bool = False
    """`/projects` lists personal projects too."""
    active_users_only: bool = False
    """`/users` leaves out inactive users."""
    loses_users: bool = True
    """BSERV-11884: `/users` with a permission filter and a limit above 500 leaves out users."""
    public_counts_as_read: bool = False
    """`/users?permission.1=REPO_READ` counts who can read only because a repository is public."""
    defaults_imply_lower: bool = False
    """`permissions/{PERMISSION}/all` is also true below the default permission that is set."""
    personal_grants: PersonalGrants = PersonalGrants.ANSWERED
    answers_latest_everywhere: bool = True
    """Whether the other APIs know `latest` too, where the main one does."""
    effective_keys: bool = True
    """The effective listing of a repository's access keys has its project's too; else `effective` is ignored."""
    inherited_restrictions: bool = True
    """The listing of a repository's branch restrictions has its project's too."""
    restriction_scopes: bool = True
    """Branch restrictions tell their scope."""
    restriction_types_as_objects: bool = False
    expiry_in_days: bool = False
    """Tokens tell `expiryDays` instead of `expiryDate`, as in 2021."""
    moments_as_strings: bool = False
    """Moments of keys are strings of digits, as Atlassian's OpenAPI file has them."""
