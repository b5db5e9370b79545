"""The rolling hour: what the server tells about it, and the requests of an interrupted run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.credentials import AccessToken as EmbeddedAccessToken
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import RateLimit, TooMany
from connector.embedded.cloud.settings import Settings as Behaviour
from connector.rest.journal import Journal
from connector.rest.statistics import Statistics
from connector.sources.cloud.connection import Connection, connect
from connector.sources.cloud.credentials import AccessToken, ApiToken, Credentials
from connector.sources.cloud.endpoints import REPOSITORIES
from connector.sources.cloud.settings import Settings
from tests.conftest import SkippedTime
from tests.embedded.cloud.client import small

ADA = ApiToken("ada@example.com", "ada-token")


@contextmanager
def connected(server: EmbeddedCloud, credentials: Credentials = ADA, **settings: Any) -> Iterator[Connection]:
    with connect(Settings("acme", credentials, server.base_url, **settings), Statistics()) as connection:
        yield connection


def ask(connection: Connection, times: int) -> None:
    """Ask so many questions, the same ones each time."""
    for number in range(times):
        connection.workers.call(partial(connection.bitbucket.get, REPOSITORIES.at("acme"), {"page": number + 1}))


@pytest.mark.usefixtures("run")
def test_a_limit_that_is_told_is_used() -> None:
    world = small(paid_users=300)
    world.workspace.access_tokens = [EmbeddedAccessToken("an-access-token", "export")]
    behaviour, token = Behaviour(permission_tokens=frozenset({"workspace"})), AccessToken("an-access-token")
    with EmbeddedCloud(world.workspace, behaviour) as server, connected(server, token) as asking:
        assert (asking.throttle.seconds_for(2_500, 2_500) or 0.0) > 3_600
        ask(asking, 1)
        assert (asking.throttle.seconds_for(2_500, 2_500) or 0.0) < 600


def test_the_hour_of_a_run_that_died_goes_on(tmp_path: Path) -> None:
    owner, path = {"workspace": "acme"}, tmp_path / "journal"
    with EmbeddedCloud(small().workspace) as server:
        with connected(server, hourly_limit=30) as asking, closing(Journal(path, owner, 24)) as journal:
            asking.bitbucket.resume_from(journal)
            ask(asking, 20)
        with connected(server, hourly_limit=30) as asking, closing(Journal(path, owner, 24)) as journal:
            assert asking.throttle.ages() == []
            asking.bitbucket.resume_from(journal)
            assert len(asking.throttle.ages()) == 20
            ask(asking, 20)
            assert len(server.requests) == 2 * 2 + 20, "what the journal answers is not asked again"
            assert (asking.throttle.seconds_for(10, 10) or 0.0) < 600
            assert (asking.throttle.seconds_for(11, 11) or 0.0) > 3_000


@pytest.mark.parametrize("form", list(TooMany))
def test_a_quota_that_somebody_else_uses_is_waited_for(skipped_time: SkippedTime, form: TooMany) -> None:
    def clock() -> float:
        return skipped_time.seconds

    behaviour = Behaviour(rate_limit=RateLimit(100, 3_600.0), too_many=form)
    with EmbeddedCloud(small().workspace, behaviour, clock=clock) as server, connected(server, concurrency=1) as asking:
        ask(asking, 105)
        statuses = [entry.status for entry in server.requests if "repositories" in entry.path]
    assert statuses.count(200) == 105
    assert statuses.count(429) <= 12
    assert skipped_time.seconds < 2.5 * 3_600
