"""May what `--include` adds be read? Asked of one repository and one project for each kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from connector.model import Inclusion
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.steps import limited, not_offered
from connector.sources.common.extras.inclusions import NotOffered
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check.asking import ask
from connector.sources.datacenter.endpoints import Address, Right
from connector.sources.datacenter.extras.inclusions import ROWS, Row
from connector.sources.datacenter.problems import Problem


@dataclass(frozen=True, slots=True)
class Examples:
    """What is asked about: a repository as key and slug, a project by its key; None where there is none."""

    repository: tuple[str, str] | None
    project: str | None
    reads_global_permissions: bool


def steps(bitbucket: Bitbucket, include: frozenset[Inclusion], examples: Examples) -> Iterator[Step]:
    """Ask about each kind that is wanted, in their order."""
    for name, row in ROWS.rows(include).items():
        yield not_offered(name, row) if isinstance(row, NotOffered) else _step(bitbucket, name, row, examples)


def _step(bitbucket: Bitbucket, name: str, row: Row, examples: Examples) -> Step:
    asked = [ask(bitbucket, address, limit=1) for address in _addresses(row, examples)]
    if not asked:
        return Step(name, Mark.SKIPPED, "there is no repository to ask for")
    refused = next((each for each in asked if each.diagnosis is not None), None)
    if refused is not None:
        return _refused(name, row, refused)
    only_for_administrators = row.of_user.lacks if row.of_user else ""
    question = " and ".join(each.question for each in asked)
    if only_for_administrators and not examples.reads_global_permissions:
        meaning = f"they can be read, but not the {only_for_administrators}, which only administrators see"
        advice = f"grant '{Right.GLOBAL_ADMIN.label}' in {Right.GLOBAL_ADMIN.where}"
        return Step(name, Mark.LIMITED, meaning, question, asked[0].answered, advice, only_for_administrators)
    return Step(name, Mark.OK, "they can be read", question, asked[0].answered)


def _addresses(row: Row, examples: Examples) -> Iterator[Address]:
    if examples.repository is not None:
        yield row.of_repository.at(*examples.repository)
    if examples.project is not None:
        yield row.of_project.at(examples.project)


def _refused(name: str, row: Row, refused: Reply) -> Step:
    step = limited(name, refused, f"{name} (where they cannot be read)")
    if refused.problem is not Problem.NO_SUCH_ADDRESS:
        return dataclasses.replace(step, blocks=True)
    since = f", which came with {row.of_repository.since}" if row.of_repository.since else ""
    advice = f"leave {name} out of --include, or update Bitbucket"
    return dataclasses.replace(step, meaning=f"this Bitbucket does not have them{since}", advice=advice)
