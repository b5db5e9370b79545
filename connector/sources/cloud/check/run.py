"""The steps of a check, in their order; without an answer, a login or a workspace the failed one is the last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.rest.client import Asked
from connector.rest.clock import Clock
from connector.rest.network_errors import NetworkProblem
from connector.rest.statistics import Statistics
from connector.rest.throttle import Throttle
from connector.sources.cloud import endpoints
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.check import contact
from connector.sources.cloud.check.asking import ask
from connector.sources.cloud.check.contents import Contents
from connector.sources.cloud.connection import Bounds, conversation, throttle_of
from connector.sources.cloud.settings import Settings
from connector.sources.common.check.asking import ATTEMPTS, PATIENCE, RATE_LIMITED_SECONDS, Reply
from connector.sources.common.check.report import Mark, Report, Step
from connector.sources.common.check.steps import address


def check(settings: Settings) -> Report:
    """Ask Bitbucket Cloud all that decides whether an export can be whole."""
    clock, statistics, facts = Clock(), Statistics(), dict[str, Any]()
    throttle = throttle_of(settings, clock)
    bounds = Bounds(PATIENCE, ATTEMPTS, RATE_LIMITED_SECONDS)
    with conversation(settings, statistics, clock, throttle, bounds) as bitbucket:
        steps = tuple(_steps(settings, bitbucket, throttle, facts))
        return Report(settings.base_url, steps, facts, statistics.requests)


def _steps(settings: Settings, bitbucket: Bitbucket, throttle: Throttle, facts: dict[str, Any]) -> Iterator[Step]:
    """Take one step after the other; without an answer, a login or a workspace the failed one is the last."""
    reached = ask(bitbucket, endpoints.WORKSPACE.at(settings.workspace))
    is_network = isinstance(reached.problem, NetworkProblem)
    url = settings.token_url if reached.question.startswith("POST") else settings.base_url
    step = address(url, reached if is_network else Reply(reached.question, Asked(reached.asked.answer, None)))
    yield step
    if step.mark is Mark.FAILED:
        return
    step = contact.account(bitbucket, reached, facts)
    yield step
    if step.mark is Mark.FAILED:
        return
    yield from contact.scopes(bitbucket, settings)
    step = contact.role(bitbucket, facts)
    yield step
    if step.mark is Mark.FAILED:
        return
    yield from Contents(settings, bitbucket, throttle, facts).steps()
