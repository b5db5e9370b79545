"""What can be included: a row for each word of `--include`, with its endpoints, its cost, and what asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.model import Inclusion
from connector.rest.progress import Cost
from connector.sources.cloud.endpoints import Endpoint
from connector.sources.cloud.extras import endpoints
from connector.sources.cloud.extras.branch_restrictions import BranchRestrictions
from connector.sources.cloud.extras.keys import Keys
from connector.sources.cloud.extras.scopes import Scopes
from connector.sources.cloud.extras.webhooks import Webhooks
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.inclusions import Inclusions, NotOffered
from connector.sources.common.extras.rounds import ExtraCollector


@dataclass(frozen=True, slots=True)
class Row:
    """One inclusion: what the workspace, each project and each repository are asked for, once each at most."""

    collector: Callable[[Scopes, ExtrasBuilder], ExtraCollector]
    of_repository: tuple[Endpoint, ...]
    of_project: tuple[Endpoint, ...] = ()
    of_workspace: tuple[Endpoint, ...] = ()
    only_with_branch: bool = False
    """Whether only repositories that have a main branch are asked."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Everything that is asked for."""
        return self.of_repository + self.of_project + self.of_workspace


ROWS: Inclusions[Row] = Inclusions(
    "Bitbucket Cloud",
    {
        Inclusion.ACCESS_KEYS: Row(Keys, (endpoints.REPOSITORY_KEYS,), (endpoints.PROJECT_KEYS,)),
        Inclusion.TOKENS: NotOffered(
            "access tokens",
            "Bitbucket Cloud has no listing of the access tokens of a workspace, its projects and repositories",
            "look at them in the settings of the workspace, its projects and repositories, under 'Access tokens'",
        ),
        Inclusion.WEBHOOKS: Row(
            Webhooks, (endpoints.REPOSITORY_WEBHOOKS,), of_workspace=(endpoints.WORKSPACE_WEBHOOKS,)
        ),
        Inclusion.BRANCH_PERMISSIONS: Row(
            BranchRestrictions, (endpoints.RESTRICTIONS, endpoints.BRANCHING_MODEL), only_with_branch=True
        ),
    },
)


def cost_of(include: frozenset[Inclusion], *, projects: int, repositories: int, branches: int) -> Cost:
    """Count the requests at most; `branches` are the repositories that have one."""
    total = Cost()
    for row in ROWS.offered(include):
        asked = branches if row.only_with_branch else repositories
        for count, of_each in ((asked, row.of_repository), (projects, row.of_project), (1, row.of_workspace)):
            total = sum((endpoint.cost * count for endpoint in of_each), total)
    return total
