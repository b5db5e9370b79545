"""Whether somebody who is not signed in can read what is marked public: no setting tells, one question does."""

from __future__ import annotations

import logging

import requests

from connector.errors import Unreadable
from connector.model import PublicAccess, in_order
from connector.sources.datacenter.client import Client
from connector.sources.datacenter.endpoints import PROJECT, REPOSITORY, Address
from connector.sources.datacenter.snapshot_builder import Findings

log = logging.getLogger(__name__)


def public_access(anonymous: Client, findings: Findings) -> PublicAccess:
    """Ask for one thing that is marked public, without credentials.

    Since Bitbucket 8.18 public access is off unless it is switched on, while the marks stay.
    """
    address = _something_public(findings)
    if address is None:
        return PublicAccess.UNKNOWN
    try:
        answer = anonymous.answer(address)
    except Unreadable as unreadable:
        return _unknown(str(unreadable))
    if answer.status == requests.codes.unauthorized:
        return PublicAccess.OFF
    if answer.status == requests.codes.ok and answer.is_json and answer.user_name is None:
        return PublicAccess.ON
    return _unknown(f"{address.path} answered {answer.status}")


def _unknown(why: str) -> PublicAccess:
    log.warning("it is not known whether public access is on, so what is marked public counts as public: %s", why)
    return PublicAccess.UNKNOWN


def _something_public(findings: Findings) -> Address | None:
    projects = findings.projects
    repositories = findings.present_repositories
    for _, repository in in_order(repositories):
        project = projects[repository.project_id]
        if repository.public or project.public:
            return REPOSITORY.at(project.key, repository.slug)
    empty = next((project for _, project in in_order(projects) if project.public), None)
    return PROJECT.at(empty.key) if empty else None
