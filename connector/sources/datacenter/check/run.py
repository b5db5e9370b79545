"""The steps of a check, in their order; the failed one is the last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from connector.model import Inclusion
from connector.rest.client import Client, Question
from connector.rest.clock import Clock
from connector.rest.statistics import Statistics
from connector.rest.throttle import Throttle
from connector.rest.transport import Transport
from connector.sources.common.check.asking import ATTEMPTS, PATIENCE, RATE_LIMITED_SECONDS, Reply
from connector.sources.common.check.report import Mark, Report, Step
from connector.sources.common.check.sizes import READINGS, Size, in_words
from connector.sources.common.check.steps import address
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check import contact
from connector.sources.datacenter.check.contents import Contents
from connector.sources.datacenter.collector import OF_A_GROUP, OF_A_PROJECT, OF_A_REPOSITORY
from connector.sources.datacenter.diagnosis import Session
from connector.sources.datacenter.extras.inclusions import requests_at_most
from connector.sources.datacenter.problems import BITBUCKET
from connector.sources.datacenter.settings import Settings

_ALWAYS = 10
"""Requests of the sign-in, and of the proof at the end."""


def check(settings: Settings) -> Report:
    """Ask Bitbucket all that decides whether an export can be whole."""
    url, authorization, statistics = settings.base_url, settings.credentials.authorization(), Statistics()
    clock = Clock()
    throttle = Throttle(clock, settings.rate_limit, settings.concurrency)

    def client(transport: Transport) -> Client:
        return Client(
            transport,
            throttle,
            clock,
            BITBUCKET,
            PATIENCE,
            statistics,
            attempts=ATTEMPTS,
            rate_limited_seconds=RATE_LIMITED_SECONDS,
        )

    with (
        closing(Transport(url, None, 1)) as anonymous_transport,
        closing(Transport(url, authorization, 1)) as transport,
    ):
        facts: dict[str, Any] = {}
        anonymous_client = client(anonymous_transport)
        reached = Reply("GET /status", anonymous_client.ask(Question(f"{url}/status", "status"), lambda _: None))
        anonymous = Bitbucket(url, anonymous_client, clock, None)
        signed_in = Bitbucket(url, client(transport), clock, settings.credentials)
        steps = tuple(_steps(settings, reached, anonymous, signed_in, throttle, facts))
        return Report(url, steps, facts, statistics.requests)


def _steps(
    settings: Settings,
    reached: Reply,
    anonymous: Bitbucket,
    signed_in: Bitbucket,
    throttle: Throttle,
    facts: dict[str, Any],
) -> Iterator[Step]:
    """Take one step after the other; a failed one is the last."""
    step = address(settings.base_url, reached)
    yield step
    if step.mark is Mark.FAILED:
        return
    state = contact.state(reached)
    if state.mark is Mark.FAILED:
        yield state
        return
    step, version = contact.bitbucket(anonymous, signed_in)
    yield step
    if step.mark is Mark.FAILED:
        return
    yield state
    step, name = contact.account(signed_in, settings.credentials)
    facts |= contact.facts(version, name, settings.credentials)
    yield step
    if step.mark is Mark.FAILED:
        return
    anonymous.session = Session(has_request_ids=signed_in.session.has_request_ids)
    contents = Contents(signed_in, anonymous, name, include=settings.include)
    for step in contents.steps():
        yield step
        if step.mark is Mark.FAILED:
            return
    yield _cost(settings, contents, throttle, facts)


def _cost(settings: Settings, contents: Contents, throttle: Throttle, facts: dict[str, Any]) -> Step:
    facts |= {what: {"at_least": size.least, "at_most": size.most} for what, size in contents.sizes.items()}
    users_are_asked = contents.reads_global_permissions
    requests = requests_for(contents.sizes, contents.page_size, settings.include, users_are_asked=users_are_asked)
    if contents.limit is not None and settings.max_rate is None:
        throttle.obey(contents.limit)
    seconds = throttle.seconds_for(requests) or 0.0
    facts |= {"estimated_requests": requests, "estimated_seconds": round(seconds)}
    meaning = f"an export takes {in_words(requests, seconds)}"
    return Step("cost", Mark.OK, meaning, f"as fast as this server answers, {settings.concurrency} at a time")


def requests_for(
    sizes: Mapping[str, Size], page_size: int, include: frozenset[Inclusion], *, users_are_asked: bool
) -> int:
    """Count the requests of an export; `users_are_asked` where keys and tokens of each user can be read."""
    count = {name: size.estimate for name, size in sizes.items()}
    projects, repositories = count.get("projects", 0), count.get("repositories", 0)
    users = count.get("users", 0) if users_are_asked else 0
    pages = READINGS * sum(math.ceil(number / page_size) for number in count.values())
    asked = OF_A_GROUP * count.get("groups", 0) + OF_A_PROJECT * projects + OF_A_REPOSITORY * repositories
    extra = requests_at_most(include, projects=projects, repositories=repositories, users=users)
    return _ALWAYS + pages + asked + extra
