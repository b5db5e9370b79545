"""Ask Bitbucket itself who can read, write and administer a repository, to hold an export against.

`/users` with a permission filter gives whoever holds the permission in effect, by whatever way: the only
listing that no export is made from. Knows HTTP; what an export says is `review`'s business.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from connector.errors import Gone
from connector.model import (
    GlobalPermission,
    Project,
    PublicAccess,
    Repository,
    RepositoryPermission,
    Snapshot,
    User,
    in_order,
)
from connector.rest.answer import JsonObject
from connector.rest.clock import Clock
from connector.rest.pace import Pace
from connector.rest.transport import Transport
from connector.rest.workers import Crew, Job, Keep
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.client import Client, Statistics
from connector.sources.datacenter.collector import Asks, Collector
from connector.sources.datacenter.cost import Progress, Uncounted
from connector.sources.datacenter.endpoints import Address
from connector.sources.datacenter.login import introduce
from connector.sources.datacenter.paging import LIMIT, LIMIT_WITH_PERMISSION, pages
from connector.sources.datacenter.rate_limit import keep_to_rate_limit
from connector.sources.datacenter.settings import Settings

_DRAWS = 20
"""Offsets tried for each repository that is wanted, where the account cannot see what lies at many of them."""

Drawn = tuple[Project, Repository]


@dataclass(frozen=True, slots=True)
class Effective:
    """Who has access to one repository, by Bitbucket's own account: the highest permission of each.

    `holders` is None where the repository does not exist any more.
    """

    repository: str
    holders: tuple[tuple[User, RepositoryPermission], ...] | None


def draw(snapshot: Snapshot, count: int, seed: int) -> list[Drawn]:
    """Draw repositories of a snapshot at random, leaving out what the snapshot has gaps about."""
    unread = {gap.scope for gap in snapshot.gaps}
    known = [
        (snapshot.projects[repository.project_id], repository) for _, repository in in_order(snapshot.repositories)
    ]
    whole = [
        (project, repository)
        for project, repository in known
        if not {f"project {project.key}", f"repository {project.key}/{repository.slug}"} & unread
    ]
    return random.Random(seed).sample(whole, min(count, len(whole)))  # noqa: S311 - a sample, not a secret


def ask_who_can(
    settings: Settings, statistics: Statistics, snapshot: Snapshot, drawn: Iterable[Drawn]
) -> list[Effective]:
    """Ask about each of some repositories of a snapshot. Raises `BitbucketError`.

    People whom Bitbucket lists although they are inactive or have no licence are left out: they can do nothing.
    """
    with _conversation(settings, statistics) as talk:
        return _Oracle(talk.client, talk.crew, snapshot.users).ask(list(drawn))


def collect_some(
    settings: Settings, progress: Progress, statistics: Statistics, *, count: int, seed: int, behind: int
) -> Snapshot:
    """Collect what decides about some repositories, drawn at random from a listing of about `behind` rows.

    The snapshot holds those repositories and their projects alone. Raises `BitbucketError`.
    """
    with _conversation(settings, statistics) as talk:
        chance = random.Random(seed)  # noqa: S311 - likewise
        rows = talk.crew.call(partial(_some_rows, talk.client, count, chance, behind))
        collector = Collector(
            _Excerpt(talk.client, rows),
            talk.crew,
            Uncounted(progress),
            concurrency=settings.concurrency,
            granted_groups_only=True,
        )
        # Whether anybody at all may read what is public makes no difference to what is verified.
        return collector.collect().snapshot(settings.base_url, talk.version, PublicAccess.UNKNOWN)


class _Excerpt:
    """Shows some rows of the listing of repositories in place of all; the only projects are those that they name."""

    def __init__(self, client: Client, rows: list[Any]) -> None:
        self._client = client
        self._rows = rows

    def get(self, address: Address, **question: str | int) -> JsonObject:
        """Ask for anything but the two listings that are cut short."""
        if address.endpoint is endpoints.REPOSITORIES:
            return {"values": self._rows, "isLastPage": True}
        if address.endpoint is endpoints.PROJECTS:
            return {"values": [], "isLastPage": True}
        return self._client.get(address, **question)


@dataclass(frozen=True, slots=True)
class _Conversation:
    client: Client
    crew: Crew
    version: str


@contextmanager
def _conversation(settings: Settings, statistics: Statistics) -> Iterator[_Conversation]:
    """Sign in, and offer a client and workers who use it."""
    clock = Clock()
    pace = Pace.of(settings, clock)
    url, authorization = settings.base_url, settings.credentials.authorization()
    with (
        closing(Transport(url, authorization, settings.concurrency)) as transport,
        Crew(settings.concurrency, clock) as crew,
    ):
        client = Client(url, transport, pace, clock, settings.patience, statistics)
        version = crew.call(partial(introduce, client))
        crew.call(client.sign_in)
        if settings.max_rate is None:
            crew.call(partial(keep_to_rate_limit, client, pace))
        yield _Conversation(client, crew, version)


class _Oracle:
    def __init__(self, client: Asks, crew: Crew, known: Mapping[str, User]) -> None:
        self._client = client
        self._crew = crew
        self._known = known
        self._found: dict[str, Effective] = {}

    def ask(self, drawn: Sequence[Drawn]) -> list[Effective]:
        jobs: list[Job] = [partial(self._read, project, repository) for project, repository in drawn]
        self._crew.add(jobs)
        self._crew.run()
        return self._without_unlicensed([self._found[repository.id] for _, repository in drawn])

    def _read(self, project: Project, repository: Repository) -> Keep:
        name = f"{project.key}/{repository.slug}"
        holders: dict[str, tuple[User, RepositoryPermission]] = {}
        try:
            for permission in RepositoryPermission:
                for user in self._holders(permission, project.key, repository.slug):
                    holders[user.id] = user, permission
        except Gone:
            return partial(self._found.__setitem__, repository.id, Effective(name, None))
        active = tuple(each for each in holders.values() if each[0].active is not False)
        return partial(self._found.__setitem__, repository.id, Effective(name, active))

    def _holders(self, permission: RepositoryPermission, key: str, slug: str) -> Iterator[User]:
        question = {
            "permission.1": permission.value,
            "permission.1.projectKey": key,
            "permission.1.repositorySlug": slug,
        }
        return _users(self._client, question)

    def _without_unlicensed(self, found: list[Effective]) -> list[Effective]:
        """Ask again about those who are listed, but by the snapshot have no licence: it might have missed one."""
        listed = {user.id for effective in found for user, _ in effective.holders or ()}
        doubtful = {i for i in listed if i in self._known and self._known[i].licensed is False}
        if not doubtful:
            return found
        licensed = self._crew.call(self._licensed)
        return [_without(effective, doubtful - licensed) for effective in found]

    def _licensed(self) -> frozenset[str]:
        return frozenset(user.id for user in _users(self._client, {"permission": GlobalPermission.LICENSED_USER.value}))


def _users(client: Asks, question: Mapping[str, str]) -> Iterator[User]:
    """Read the users who hold a permission; a larger page than 500 would lose some (BSERV-11884)."""
    address = endpoints.USERS.at()
    where = f"{address.path}?{' '.join(question.values())}"
    for rows in pages(partial(client.get, address, **question), where, LIMIT_WITH_PERMISSION):
        for row in rows:
            yield parse.user(row, where, in_directory=True)


def _without(effective: Effective, ids: frozenset[str] | set[str]) -> Effective:
    if effective.holders is None:
        return effective
    return Effective(effective.repository, tuple(each for each in effective.holders if each[0].id not in ids))


def _some_rows(client: Client, count: int, chance: random.Random, behind: int) -> list[Any]:
    """Draw rows of the listing of repositories: from its first page, or at random offsets where it has more."""
    address = endpoints.REPOSITORIES.at()
    first = client.get(address, archived="ALL", start=0, limit=LIMIT)
    rows = next(pages(lambda **_: first, address.path))
    if first.get("isLastPage") is not False:
        return chance.sample(rows, min(count, len(rows)))
    found: dict[object, Any] = {}
    for _ in range(count * _DRAWS):
        page = client.get(address, archived="ALL", start=chance.randrange(max(behind, len(rows))), limit=1)
        found |= {parse.repository(row, address.path).id: row for row in page.get("values", [])[:1]}
        if len(found) == count:
            break
    return list(found.values())
