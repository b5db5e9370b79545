"""How the embedded Bitbucket Cloud behaves: its limits, and what is not known of the real one, to be set.

Knows no HTTP and no workspace. Where the real service was recorded, the default is what it did; where sources
are silent or differ, the default is what most of them say, and the setting says that it is not confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` in each rolling `hour`, which lasts so many seconds; one that was answered 429 counts too."""

    requests: int = 1_000
    hour: float = 3_600.0


class TooMany(StrEnum):
    """What a 429 looks like; each was seen."""

    TEXT = "text"
    """46 bytes of text and nothing else, as in 2019 and 2021."""
    RETRY_AFTER = "retry-after"
    """The same, with Retry-After in seconds."""
    RETRY_AFTER_DATE = "retry-after as a date"
    RESET = "x-ratelimit-reset"
    """The same, with X-RateLimit-*, its reset in seconds from now, as in 2026."""
    JSON = "json"
    """An error as Bitbucket writes all others."""


class CutOff(StrEnum):
    """How an answer ends that takes too long."""

    ERROR = "500"
    """Something went wrong, in JSON (BCLOUD-20733)."""
    GATEWAY = "504"
    """A gateway's page."""
    HANG_UP = "hang up"
    """The connection ends without an answer."""


class Privileges(StrEnum):
    """What `1.0/group-privileges` tells; nobody recorded it in years."""

    TRUE = "true"
    GONE = "410"
    REFUSED = "403"
    UNKNOWN = "404"
    EMPTY = "empty"
    """No rows, whatever is granted."""
    LOSES = "loses"
    """Every third row is not there."""
    STALE = "stale"
    """Every third row tells read, whatever it is now."""
    INVENTS = "invents"
    """Groups without any grant on a repository hold read on the first one."""
    WITH_PROJECTS = "with projects"
    """Grants on a project stand there as grants on each of its repositories."""


class Access(StrEnum):
    """What a Premium workspace demands of the caller, who has not got it."""

    FREE = "free"
    ADDRESS = "address"
    """An IP address of the allowlist."""
    TWO_STEP = "two-step"
    """Two-step verification."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one embedded Bitbucket Cloud does differently from another."""

    context: str = ""
    """Path of a gateway before `/2.0`, such as `/bitbucket`."""
    latency: float = 0.0
    """Seconds before each answer; answers on several connections wait at the same time."""

    page_cap: int = 100
    page_caps: Mapping[str, int] = field(default_factory=dict)
    """By route, as `routes.ROUTES` writes them: a cap other than `page_cap`."""
    lowers_page: bool = False
    """A `pagelen` above the cap is lowered; else it is refused."""
    opaque_next: bool = False
    """`next` carries a cursor instead of a page number, and `page` is refused."""
    tells_size: bool = True
    """Listings tell `size` where the real ones did; else none does."""
    unsortable: frozenset[str] = frozenset()
    """Routes that refuse `sort` and `q`, beside those that never knew them."""

    rate_limit: RateLimit | None = field(default_factory=RateLimit)
    """Below `/2.0/repositories`, per user, consumer or access token; webhooks have as many of their own."""
    too_many: TooMany = TooMany.TEXT
    throttled: bool = False
    """Answers say `X-Usage-Throttled: True`, which means nothing."""

    expires_in: int = 7_200
    """Seconds that an OAuth token is said to last."""
    token_lifetime: float | None = None
    """Seconds that it does last; None for as long as it is said."""
    consumers_are_users: bool = True
    """`/user` answers an OAuth consumer as its owner; not confirmed."""
    consumers_read_projects: bool = True
    """OAuth consumers may read the grants of projects; a report of 2026 says they may not."""
    permission_tokens: frozenset[str] = frozenset()
    """Kinds of access tokens (`workspace`, `project`, `repo`) that may read permissions; officially none."""
    tells_credential: bool = True
    """Answers to a known caller carry `X-Credential-Type`; else a gateway takes it away."""
    tells_scopes: bool = True
    """Answers to a known caller carry `X-OAuth-Scopes`."""

    access: Access = Access.FREE
    groups_cut_off: int | None = None
    """`1.0/groups` with members breaks off where the groups have more members than this, together."""
    privileges_cut_off: int | None = None
    """`1.0/group-privileges` breaks off where there are more rows than this."""
    cut_off_after: float = 28.0
    """Seconds until an answer breaks off."""
    cut_off: CutOff = CutOff.ERROR
    privileges: Privileges = Privileges.TRUE
    uuid_in_v1: int = 405
    """Status of a 1.0 address with the uuid of the workspace; 403 was seen too."""

    effective_owners: bool = True
    """The effective listing has the owners of the workspace; not confirmed, like the three that follow."""
    effective_outsiders: bool = True
    """It has people who are in no member list."""
    effective_public: bool = False
    """It has every member as reader of every public repository."""

    lists_creators: bool = False
    """The member listing tells the role `create-project`; else it says `member`."""
    keys_added_on: bool = False
    """Deploy keys tell `added_on` instead of `created_on`, as the schema has it; the examples have the other."""
    null_absent: bool = False
    """Fields without a value are left out instead of null, where answers of other years did."""
