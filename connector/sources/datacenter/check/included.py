"""May what `--include` adds be read? Asked of one repository and one project for each kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from connector.model import Inclusion
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.steps import limited
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check.asking import ask
from connector.sources.datacenter.endpoints import Address, Right
from connector.sources.datacenter.extras.inclusions import ROWS
from connector.sources.datacenter.problems import Problem


@dataclass(frozen=True, slots=True)
class Examples:
    """What is asked about: a repository as key and slug, a project by its key; None where there is none."""

    repository: tuple[str, str] | None
    project: str | None
    reads_global_permissions: bool


def steps(bitbucket: Bitbucket, include: frozenset[Inclusion], examples: Examples) -> Iterator[Step]:
    """Ask about each kind that is wanted, in their order."""
    for inclusion in Inclusion:
        if inclusion in include:
            yield _step(bitbucket, inclusion, examples)


def _step(bitbucket: Bitbucket, inclusion: Inclusion, examples: Examples) -> Step:
    name = inclusion.value
    asked = [ask(bitbucket, address, limit=1) for address in _addresses(inclusion, examples)]
    if not asked:
        return Step(name, Mark.SKIPPED, "there is no repository to ask for")
    refused = next((each for each in asked if each.diagnosis is not None), None)
    if refused is not None:
        return _refused(inclusion, refused)
    of_user = ROWS[inclusion].of_user
    only_for_administrators = of_user.lacks if of_user else ""
    question = " and ".join(each.question for each in asked)
    if only_for_administrators and not examples.reads_global_permissions:
        meaning = f"they can be read, but not the {only_for_administrators}, which only administrators see"
        advice = f"grant '{Right.GLOBAL_ADMIN.label}' in {Right.GLOBAL_ADMIN.where}"
        return Step(name, Mark.LIMITED, meaning, question, asked[0].answered, advice, only_for_administrators)
    return Step(name, Mark.OK, "they can be read", question, asked[0].answered)


def _addresses(inclusion: Inclusion, examples: Examples) -> Iterator[Address]:
    row = ROWS[inclusion]
    if examples.repository is not None:
        yield row.of_repository.at(*examples.repository)
    if examples.project is not None:
        yield row.of_project.at(examples.project)


def _refused(inclusion: Inclusion, refused: Reply) -> Step:
    endpoint = ROWS[inclusion].of_repository
    step = limited(inclusion.value, refused, f"{inclusion.value} (where they cannot be read)")
    if refused.problem is not Problem.NO_SUCH_ADDRESS:
        return dataclasses.replace(step, blocks=True)
    since = f", which came with {endpoint.since}" if endpoint.since else ""
    advice = f"leave {inclusion.value} out of --include, or update Bitbucket"
    return dataclasses.replace(step, meaning=f"this Bitbucket does not have them{since}", advice=advice)
