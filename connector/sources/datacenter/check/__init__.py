"""Can these credentials see everything that an export needs? Some dozens of requests, however large the server.

contact    is it a Bitbucket, is it well, does it know us     sight     what does it show us
network    how it is reached                                  elsewhere where it may be instead
asking     one question at a time                             counting  listings, looked at
cost       what an export will take                           report    steps and verdict
included   what --include adds

A check never raises for what Bitbucket does: every failure is a step, explained by `collect.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connector.sources.datacenter.check import contact
from connector.sources.datacenter.check.asking import Asker
from connector.sources.datacenter.check.cost import as_people_say, requests_for, seconds_for
from connector.sources.datacenter.check.report import Mark, Report, Step, Verdict
from connector.sources.datacenter.check.sight import Sight
from connector.sources.datacenter.settings import Settings

__all__ = ["Mark", "Report", "Step", "Verdict", "check"]

_LATENCY = 0.05
"""Seconds for an answer, where none was measured."""


def check(settings: Settings) -> Report:
    """Ask Bitbucket all that decides whether an export can be whole."""
    with _askers(settings) as (anonymous, signed_in):
        facts: dict[str, Any] = {}
        steps = tuple(_steps(settings, anonymous, signed_in, facts))
        return Report(settings.base_url, steps, facts, anonymous.requests + signed_in.requests)


@contextmanager
def _askers(settings: Settings) -> Iterator[tuple[Asker, Asker]]:
    anonymous = Asker(settings.base_url, None, max_rate=settings.max_rate)
    signed_in = Asker(settings.base_url, settings.credentials.authorization(), max_rate=settings.max_rate)
    try:
        yield anonymous, signed_in
    finally:
        anonymous.close()
        signed_in.close()


def _steps(settings: Settings, anonymous: Asker, signed_in: Asker, facts: dict[str, Any]) -> Iterator[Step]:
    reached = anonymous.reach("/status")
    step = contact.address(settings.base_url, reached)
    if step.mark is Mark.FAILED:
        step, requests = contact.other_scheme(settings.base_url, step, reached)
        anonymous.requests += requests
        yield step
        return
    yield step
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
    yield from _sight(settings, anonymous, signed_in, name, facts)


def _sight(
    settings: Settings, anonymous: Asker, signed_in: Asker, name: str | None, facts: dict[str, Any]
) -> Iterator[Step]:
    is_token = settings.credentials.is_token
    sight = Sight(signed_in, anonymous, name, is_token=is_token, include=settings.include)
    for step in sight.steps():
        yield step
        if step.mark is Mark.FAILED:
            return
    facts |= {what: {"at_least": size.least, "at_most": size.most} for what, size in sight.sizes.items()}
    latency = signed_in.latency or _LATENCY
    rate = sight.rate if settings.max_rate is None else (1.0, settings.max_rate)
    users_are_asked = sight.reads_global_permissions
    requests = requests_for(sight.sizes, sight.page_size, settings.include, users_are_asked=users_are_asked)
    seconds = seconds_for(requests, latency, settings.concurrency, rate)
    facts |= {"estimated_requests": requests, "estimated_seconds": round(seconds)}
    meaning = f"an export takes {as_people_say(requests, seconds)}"
    asked = f"{max(1.0, latency * 1000):.0f} ms for an answer, {settings.concurrency} at a time"
    yield Step("cost", Mark.OK, meaning, asked)
