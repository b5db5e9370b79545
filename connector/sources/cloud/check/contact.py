"""The first half of a check: whose credentials are these, which workspace is it, and what may they ask there?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from connector.errors import ConnectorError
from connector.sources.cloud import endpoints
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.credentials import ApiToken
from connector.sources.cloud.diagnosis import scope_advice
from connector.sources.cloud.endpoints import Right
from connector.sources.cloud.extras.inclusions import ROWS
from connector.sources.cloud.problems import Problem
from connector.sources.cloud.settings import Settings
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.steps import failed

NEEDED = (
    endpoints.ROLES,
    endpoints.GROUPS,
    endpoints.PROJECTS,
    endpoints.PROJECT_USERS,
    endpoints.REPOSITORIES,
    endpoints.REPOSITORY_USERS,
)
"""What every export asks."""

ADMINISTRATOR = (
    f"make the account one that administers the workspace ({Right.WORKSPACE_ADMIN.where}), or use credentials of "
    "somebody who does"
)

_OF_THE_WORKSPACE = frozenset({Problem.NO_WORKSPACE, Problem.SPAM})
_IMPLIED = {"project": "repository"}
"""A scope of OAuth that implies another one; those of API tokens imply none."""


def account(bitbucket: Bitbucket, reached: Reply, facts: dict[str, Any]) -> Step:
    """Judge the first answer: who is signed in, and whether there is such a workspace."""
    credentials = bitbucket.session.credentials
    facts |= {"workspace": bitbucket.workspace.slug, "credentials": credentials.name.removeprefix("the ")}
    answer = reached.asked.answer
    if reached.diagnosis is not None or answer is None:
        return failed("workspace" if reached.problem in _OF_THE_WORKSPACE else "account", reached)
    try:
        bitbucket.take_session_from(answer)
    except ConnectorError as error:
        return Step("workspace", Mark.FAILED, str(error), reached.question, reached.answered)
    kind = bitbucket.session.credential_type
    facts |= {"workspace_uuid": bitbucket.workspace.uuid, "credential_type": kind}
    meaning = f"{credentials.name} opens the workspace {bitbucket.workspace.name} ({bitbucket.workspace.slug})"
    return Step("account", Mark.OK, meaning, reached.question, f"{reached.answered}, {kind}")


def role(bitbucket: Bitbucket, facts: dict[str, Any]) -> Step:
    """Find out whether the account administers the workspace: other accounts do not see all of it."""
    asked = f"GET /2.0/{endpoints.OWN_ROLE.template.format(bitbucket.workspace.slug)}"
    try:
        bitbucket.learn_role()
    except ConnectorError as error:
        return Step("role", Mark.FAILED, str(error).rstrip("."), asked)
    name = bitbucket.session.account
    facts |= {"account": name, "is_administrator": bitbucket.session.is_administrator}
    if bitbucket.session.is_administrator:
        return Step("role", Mark.OK, f"{name} administers the workspace", asked, "200")
    return Step(
        "role",
        Mark.LIMITED,
        f"{name} does not administer the workspace, so it does not see every project and repository",
        asked,
        "200",
        ADMINISTRATOR,
        "what only administrators see",
        blocks=True,
    )


def scopes(bitbucket: Bitbucket, settings: Settings) -> Iterator[Step]:
    """Name each scope that is missing, where the answers tell which there are; and those that are not needed."""
    known, credentials = bitbucket.session.scopes, settings.credentials
    if known is None:
        yield Step("scopes", Mark.SKIPPED, "the answers do not tell the scopes; what is asked below shows them")
        return
    is_api_token = isinstance(credentials, ApiToken)
    granted = known if is_api_token else known | {_IMPLIED[scope] for scope in known & _IMPLIED.keys()}
    lacks, needed = defaultdict[str, list[str]](list), set[str]()
    included = (endpoint for row in ROWS.offered(settings.include) for endpoint in row.endpoints)
    for endpoint in (*NEEDED, *included):
        scope = endpoint.token if is_api_token else endpoint.oauth
        needed.add(scope)
        if scope not in granted:
            lacks[scope].append(endpoint.lacks)
    asked = f"has {', '.join(sorted(known)) or 'none'}"
    for scope, lacking in lacks.items():
        meaning = f"{credentials.name} lacks the scope '{scope}'"
        without = ", ".join(dict.fromkeys(lacking))
        yield Step("scope", Mark.LIMITED, meaning, asked, "", scope_advice(credentials), without, blocks=True)
    if not lacks:
        strong = sorted(scope for scope in known - needed if not scope.startswith("read:") and ":" in scope)
        too_many = f"; these allow changes and are not needed: {', '.join(strong)}" if strong else ""
        yield Step("scopes", Mark.OK, f"{credentials.name} has every scope that is needed{too_many}", asked)
