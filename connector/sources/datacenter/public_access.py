"""Whether anonymous users can read what is marked public: found out by one request, since no setting shows it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice

from connector.errors import Unreadable
from connector.model import PublicAccess, in_order
from connector.sources.datacenter import parse
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.diagnosis import account_of
from connector.sources.datacenter.endpoints import PROJECT, REPOSITORY, Address
from connector.sources.datacenter.listings import Listings

log = logging.getLogger(__name__)

_TRIALS = 3
"""At most this number of public things is tried: one that is made private meanwhile proves nothing."""


def public_access(anonymous: Bitbucket, signed_in: Bitbucket, things: Iterable[tuple[Address, str]]) -> PublicAccess:
    """Ask for one of some things that are marked public, given by address and id, without credentials.

    Since Bitbucket 8.18 public access is off unless it is switched on, while the marks stay. Only Bitbucket's own
    refusal says that it is off, and only where the thing is still marked public then. Where nothing is public, nothing
    depends on it, and it is unknown.
    """
    doubts = []
    for address, identifier in islice(things, _TRIALS):
        asked = anonymous.ask(address)
        if asked.diagnosis is None and asked.answer is not None:
            if str(asked.answer.json.get("id")) == identifier and account_of(asked.answer) is None:
                return PublicAccess.ON
            doubts.append(f"{address.path} answered something else")
        elif asked.diagnosis is not None and not anonymous.refuses(asked):
            doubts.append(asked.diagnosis.said)
            break
        elif _is_public(signed_in, address):
            return PublicAccess.OFF
        else:
            doubts.append(f"{address.path} is not public any more")
    if doubts:
        log.warning(
            "it is not known whether public access is on, so what is marked public counts as public: %s", doubts[-1]
        )
    return PublicAccess.UNKNOWN


def _is_public(signed_in: Bitbucket, address: Address) -> bool:
    """Whether a thing is still marked public, itself or by its project."""
    try:
        row = signed_in.get(address)
    except Unreadable:
        return False
    if address.endpoint is PROJECT:
        return parse.project(row, address.path).public is True
    project = parse.project(parse.project_of(row, address.path), address.path)
    return parse.repository(row, address.path).public or project.public is True


def public_things(listings: Listings) -> Iterator[tuple[Address, str]]:
    """Give the addresses and ids of repositories that are public, themselves or by their project; else of projects."""
    projects = listings.projects
    for repository_id, repository in in_order(listings.repositories):
        project = projects[repository.project_id]
        if repository.public or project.public:
            yield REPOSITORY.at(project.key, repository.slug), repository_id
    for project_id, project in in_order(projects):
        if project.public:
            yield PROJECT.at(project.key), project_id
