"""What is asked for keys, tokens, webhooks and branch restrictions, and in which order. See the topics."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass

from connector.model import GlobalPermissionsRead, Inclusion, Machines, Snapshot
from connector.rest.workers import Crew
from connector.sources.datacenter.client import Client
from connector.sources.datacenter.cost import Counts, of_the_included
from connector.sources.datacenter.extras.branch_rules import BranchRules
from connector.sources.datacenter.extras.credentials import Credentials
from connector.sources.datacenter.extras.errands import Errands
from connector.sources.datacenter.extras.keys import Keys
from connector.sources.datacenter.extras.scopes import Scopes, Topic
from connector.sources.datacenter.extras.tokens import Tokens
from connector.sources.datacenter.extras.webhooks import Webhooks
from connector.sources.datacenter.settings import Settings

_OF_USERS = {
    Inclusion.ACCESS_KEYS: "SSH keys of users",
    Inclusion.TOKENS: "HTTP access tokens of users",
}
_FOR_ADMINISTRATORS = (
    "a global administrator who signs in with a password is shown those of others, and nobody else is: it needs "
    "'Global: Admin', granted in Administration > Global permissions, and BITBUCKET_USER with its password"
)

_TRIALS = 10
"""Requests at most to find out which versions of its APIs a server knows, and what is switched on."""


def collect_machines(client: Client, crew: Crew, counts: Counts, snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Ask everything that is to be included, and give the snapshot with what was found and what could not be.

    `counts` expects already what projects, repositories and listed users take. Raises `BitbucketError` where the run
    cannot go on.
    """
    scopes, include = Scopes(snapshot), settings.include
    people = list(scopes.people) if _may_ask_about_users(snapshot, settings) else []
    counts.expect(0, _TRIALS + of_the_included(include, users=len(people) - _users_expected(snapshot, settings)))
    counts.tell("what --include adds")
    found = _Found(Credentials(), Webhooks(scopes), BranchRules(scopes))
    topics = list(_topics(include, scopes, found))
    errands = Errands(client, crew, counts, client.version, snapshot.server.version)
    errands.run(lambda: (errand for topic in topics for errand in topic.before()))
    errands.run(lambda: (errand for topic in topics for errand in topic.first()))
    errands.run(lambda: (errand for topic in topics for errand in topic.second()))
    errands.run(lambda: (errand for topic in topics for errand in topic.third()))
    if people:
        errands.run(lambda: (errand for topic in topics for errand in topic.of_users()))
    else:
        for inclusion in sorted(include & _OF_USERS.keys()):
            errands.leave_out(_OF_USERS[inclusion], _FOR_ADMINISTRATORS)
    gaps = tuple(sorted({*snapshot.gaps, *errands.gaps}))
    return dataclasses.replace(snapshot, machines=found.machines(include, _now(client)), gaps=gaps)


@dataclass(frozen=True, slots=True)
class _Found:
    credentials: Credentials
    webhooks: Webhooks
    rules: BranchRules

    def machines(self, include: frozenset[Inclusion], taken_at: int) -> Machines:
        return Machines(
            included=include,
            taken_at=taken_at,
            credentials=self.credentials.all(),
            project_webhook_hosts=self.webhooks.of_projects,
            repository_webhook_hosts=self.webhooks.of_repositories,
            default_branches=self.rules.judged(),
        )


def _topics(include: frozenset[Inclusion], scopes: Scopes, found: _Found) -> Iterator[Topic]:
    if Inclusion.ACCESS_KEYS in include:
        yield Keys(scopes, found.credentials)
    if Inclusion.TOKENS in include:
        yield Tokens(scopes, found.credentials)
    if Inclusion.WEBHOOKS in include:
        yield found.webhooks
    if Inclusion.BRANCH_PERMISSIONS in include:
        yield found.rules


def _users_expected(snapshot: Snapshot, settings: Settings) -> int:
    """Count the users that were expected to be asked about, before it was known whether that is allowed."""
    return 0 if settings.credentials.is_token else sum(user.in_directory for user in snapshot.users.values())


def _now(client: Client) -> int:
    """Give the time by which is judged what has expired: the server's, or else this machine's."""
    return round(time.time() * 1000) if client.server_time is None else client.server_time


def _may_ask_about_users(snapshot: Snapshot, settings: Settings) -> bool:
    """Tell whether the account is shown other people's keys and tokens: an access token is never."""
    is_administrator = snapshot.server.global_permissions is GlobalPermissionsRead.FULL
    return is_administrator and not settings.credentials.is_token
