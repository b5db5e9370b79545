"""May what `--include` adds be read? Asked of one repository and one project for each kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from connector.model import Inclusion
from connector.sources.datacenter.check.asking import Asked, Asker
from connector.sources.datacenter.check.contact import limited
from connector.sources.datacenter.check.report import Mark, Step
from connector.sources.datacenter.diagnosis import Problem
from connector.sources.datacenter.endpoints import Address, Endpoint, Right
from connector.sources.datacenter.extras import endpoints

_ENDPOINTS: dict[Inclusion, tuple[Endpoint, Endpoint, str]] = {
    Inclusion.ACCESS_KEYS: (endpoints.REPOSITORY_KEYS, endpoints.PROJECT_KEYS, endpoints.USER_KEYS.lacks),
    Inclusion.TOKENS: (endpoints.REPOSITORY_TOKENS, endpoints.PROJECT_TOKENS, endpoints.USER_TOKENS.lacks),
    Inclusion.WEBHOOKS: (endpoints.REPOSITORY_WEBHOOKS, endpoints.PROJECT_WEBHOOKS, ""),
    Inclusion.BRANCH_PERMISSIONS: (endpoints.REPOSITORY_RESTRICTIONS, endpoints.PROJECT_RESTRICTIONS, ""),
}
"""For each kind: its listing of a repository, that of a project, and what of it only administrators read."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What is asked about: a repository as key and slug, a project by its key; None where there is none."""

    repository: tuple[str, str] | None
    project: str | None
    reads_global_permissions: bool


def steps(asker: Asker, include: frozenset[Inclusion], examples: Examples) -> Iterator[Step]:
    """Ask about each kind that is wanted, in their order."""
    for inclusion in Inclusion:
        if inclusion in include:
            yield _step(asker, inclusion, examples)


def _step(asker: Asker, inclusion: Inclusion, examples: Examples) -> Step:
    name = inclusion.value
    asked = [asker.ask(address, limit=1) for address in _addresses(inclusion, examples)]
    if not asked:
        return Step(name, Mark.SKIPPED, "there is no repository to ask for")
    refused = next((each for each in asked if each.diagnosis is not None), None)
    if refused is not None:
        return _refused(inclusion, refused)
    only_for_administrators = _ENDPOINTS[inclusion][2]
    question = " and ".join(each.question for each in asked)
    if only_for_administrators and not examples.reads_global_permissions:
        meaning = f"they can be read, but not the {only_for_administrators}, which only administrators see"
        advice = f"grant '{Right.GLOBAL_ADMIN.label}' in {Right.GLOBAL_ADMIN.where}"
        return Step(name, Mark.LIMITED, meaning, question, asked[0].answered, advice, only_for_administrators)
    return Step(name, Mark.OK, "they can be read", question, asked[0].answered)


def _addresses(inclusion: Inclusion, examples: Examples) -> Iterator[Address]:
    of_a_repository, of_a_project, _ = _ENDPOINTS[inclusion]
    if examples.repository is not None:
        yield of_a_repository.at(*examples.repository)
    if examples.project is not None:
        yield of_a_project.at(examples.project)


def _refused(inclusion: Inclusion, refused: Asked) -> Step:
    endpoint = _ENDPOINTS[inclusion][0]
    step = limited(inclusion.value, refused, f"{inclusion.value} (where they cannot be read)")
    if refused.problem not in {Problem.NO_SUCH_ADDRESS, Problem.NOT_BITBUCKET_MISSES}:
        return step
    since = f", which came with {endpoint.since}" if endpoint.since else ""
    advice = f"leave {inclusion.value} out of --include, or update Bitbucket"
    return dataclasses.replace(step, meaning=f"this Bitbucket does not have them{since}", advice=advice)
