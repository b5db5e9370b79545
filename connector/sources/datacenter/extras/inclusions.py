"""What can be included: a row for each word of `--include`, with its endpoints, its cost, and what asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.model import Inclusion
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.inclusions import Inclusions
from connector.sources.datacenter.endpoints import Endpoint
from connector.sources.datacenter.extras import endpoints
from connector.sources.datacenter.extras.branch_restrictions import BranchRestrictions
from connector.sources.datacenter.extras.keys import Keys
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes
from connector.sources.datacenter.extras.tokens import Tokens
from connector.sources.datacenter.extras.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Row:
    """One inclusion. The numbers are requests at most: for each repository, project and user."""

    collector: Callable[[Scopes, ExtrasBuilder], ExtraCollector]
    of_repository: Endpoint
    of_project: Endpoint
    of_user: Endpoint | None = None
    """What every user is asked about, where the account may."""
    per_repository: int = 1
    per_project: int = 1


ROWS: Inclusions[Row] = Inclusions(
    "Bitbucket Server",
    {
        Inclusion.ACCESS_KEYS: Row(Keys, endpoints.REPOSITORY_KEYS, endpoints.PROJECT_KEYS, endpoints.USER_KEYS),
        Inclusion.TOKENS: Row(Tokens, endpoints.REPOSITORY_TOKENS, endpoints.PROJECT_TOKENS, endpoints.USER_TOKENS),
        Inclusion.WEBHOOKS: Row(Webhooks, endpoints.REPOSITORY_WEBHOOKS, endpoints.PROJECT_WEBHOOKS),
        # A repository's restrictions, its default branch, and the branching model where a restriction speaks of it.
        Inclusion.BRANCH_PERMISSIONS: Row(
            BranchRestrictions, endpoints.REPOSITORY_RESTRICTIONS, endpoints.PROJECT_RESTRICTIONS, per_repository=3
        ),
    },
)


def requests_at_most(include: frozenset[Inclusion], *, repositories: int, projects: int, users: int) -> int:
    """Count requests; `users` are those that may be asked about."""
    rows = ROWS.offered(include)
    return sum(
        row.per_repository * repositories + row.per_project * projects + (users if row.of_user else 0) for row in rows
    )
