"""The flow of what `--include` adds, when everything else is settled: ask, and see what is gone meanwhile."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from connector.model import Gap, GlobalPermissionsRead, GroupGrant, Inclusion, Machines, Snapshot, UserGrant, UserType
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.collector import Counts
from connector.sources.datacenter.connection import Connection
from connector.sources.datacenter.endpoints import Endpoint
from connector.sources.datacenter.extras.asking import ScopeRequests
from connector.sources.datacenter.extras.builder import ExtrasBuilder
from connector.sources.datacenter.extras.inclusions import ROWS, requests_at_most
from connector.sources.datacenter.extras.scopes import Scopes, Topic
from connector.sources.datacenter.listings import Listings
from connector.sources.datacenter.permissions import GlobalPermission
from connector.sources.datacenter.settings import Settings

T = TypeVar("T")

_FOR_ADMINISTRATORS = (
    "only a global administrator who signs in with a password is shown what others have: it needs 'Global: Admin', "
    "granted in Administration > Global permissions, and BITBUCKET_USER with its password"
)
_FOR_SYSTEM_ADMINISTRATORS = (
    "an account with Global: Admin is not shown what system administrators have; 'Global: System Admin' would be"
)


def requests_for(include: frozenset[Inclusion], listings: Listings, *, is_token: bool) -> int:
    """Count the requests at most about everything that the listings show."""
    may_ask_about_users = listings.global_permissions.read is GlobalPermissionsRead.FULL and not is_token
    people = [user for user in listings.users.values() if user.type is not UserType.SERVICE]
    return requests_at_most(
        include,
        repositories=len(listings.repositories.repositories),
        projects=len(listings.projects),
        users=len(people) if may_ask_about_users else 0,
    )


@dataclass(frozen=True, slots=True)
class Extras:
    """What was found, what could not be read, and what Bitbucket says does not exist, with kind and id."""

    machines: Machines
    gaps: tuple[Gap, ...]
    gone: tuple[tuple[tuple[str, str], Gap], ...]

    def added_to(self, snapshot: Snapshot) -> Snapshot:
        """Add them to a settled snapshot. What it still has, under whatever name, is a gap; the rest is gone."""
        present = {"user": snapshot.users, "project": snapshot.projects, "repository": snapshot.repositories}
        still_there = [gap for (kind, identifier), gap in self.gone if identifier in present[kind]]
        gaps = tuple(sorted({*snapshot.gaps, *self.gaps, *still_there}))
        return dataclasses.replace(snapshot, machines=_of_present(self.machines, snapshot), gaps=gaps)


def collect_extras(connection: Connection, counts: Counts, snapshot: Snapshot, settings: Settings) -> Extras:
    """Ask everything that is to be included. `counts` expects the requests already.

    Raises `SourceError` where the run cannot go on.
    """
    scopes, builder = Scopes(snapshot), ExtrasBuilder()
    rows = [ROWS[inclusion] for inclusion in Inclusion if inclusion in settings.include]
    topics = [row.topic(scopes, builder) for row in rows]
    requests = ScopeRequests(
        connection.bitbucket, connection.fetch, connection.workers, counts, connection.server_version
    )
    requests.run(lambda: (request for topic in topics for request in topic.before()))
    requests.run(lambda: (request for topic in topics for request in topic.first()))
    requests.run(lambda: (request for topic in topics for request in topic.second()))
    requests.run(lambda: (request for topic in topics for request in topic.third()))
    for row in rows:
        if row.of_user is not None:
            _ask_about_users(requests, topics, row.of_user, snapshot, connection, settings)
    for topic in topics:
        topic.finish()
    machines = builder.machines(settings.include, _now(connection.bitbucket))
    return Extras(machines, tuple(requests.gaps), tuple(requests.gone))


def _ask_about_users(
    requests: ScopeRequests,
    topics: list[Topic],
    endpoint: Endpoint,
    snapshot: Snapshot,
    connection: Connection,
    settings: Settings,
) -> None:
    """Ask for the keys or tokens of every user whom the account is shown them of."""
    is_administrator = snapshot.source.global_permissions is GlobalPermissionsRead.FULL
    if not is_administrator or settings.credentials.is_token:
        requests.leave_out(endpoint.lacks, _FOR_ADMINISTRATORS)
        return
    hidden = _system_administrators(snapshot, connection.bitbucket.session.account)
    if hidden:
        requests.leave_out(f"{endpoint.lacks} who are system administrators", _FOR_SYSTEM_ADMINISTRATORS)
    requests.run(
        lambda: (
            request
            for topic in topics
            for request in topic.of_users()
            if request.endpoint is endpoint and request.thing[1] not in hidden
        )
    )


def _of_present(machines: Machines, snapshot: Snapshot) -> Machines:
    """Leave out what belongs to something that is gone."""

    def present(found: Mapping[str, T], things: Mapping[str, object]) -> dict[str, T]:
        return {i: value for i, value in found.items() if i in things}

    projects, repositories = snapshot.projects, snapshot.repositories
    credentials = (
        dataclasses.replace(
            credential,
            on_projects=present(credential.on_projects, projects),
            on_repositories=present(credential.on_repositories, repositories),
        )
        for credential in machines.credentials
        if credential.owner_id is None or credential.owner_id in snapshot.users
    )
    return dataclasses.replace(
        machines,
        credentials=tuple(credentials),
        project_webhook_hosts=present(machines.project_webhook_hosts, projects),
        repository_webhook_hosts=present(machines.repository_webhook_hosts, repositories),
        default_branches=present(machines.default_branches, repositories),
    )


def _system_administrators(snapshot: Snapshot, account: str | None) -> set[str]:
    """Give the ids of system administrators, unless the account is one of them."""
    ids: set[str] = set()
    for grant in snapshot.global_grants:
        if grant.permission is GlobalPermission.SYS_ADMIN:
            match grant:
                case UserGrant(user_id=user_id):
                    ids.add(user_id)
                case GroupGrant(group_key=key):
                    ids |= snapshot.members.get(key, frozenset())
    names = {snapshot.users[i].name.lower() for i in ids}
    return set() if account is None or account.lower() in names else ids


def _now(bitbucket: Bitbucket) -> int:
    """Give the time by which is judged what has expired: the server's, or else this machine's."""
    return round(time.time() * 1000) if bitbucket.server_time is None else bitbucket.server_time
