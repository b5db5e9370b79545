"""The rolling hour of the embedded Bitbucket Cloud, for whom it counts, and every 429 that was ever seen."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from connector.embedded.cloud.credentials import AccessToken, ApiToken, Level
from connector.embedded.cloud.settings import RateLimit, TooMany
from connector.embedded.common.messages import Request
from tests.embedded.asking import basic
from tests.embedded.cloud.client import RECORDED, Client, by_consumer, message_of, serving, small

BELOW_REPOSITORIES = Request(
    "GET", "/2.0/repositories/acme/nothing", {"authorization": basic("ada@example.com", "ada-token")}
)
"""What counts, and is answered in no time."""
THREE = RateLimit(3, hour=60.0)


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def answered(client: Client, path: str = "repositories/acme", times: int = 1) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_a_thousand_an_hour_below_repositories_and_nowhere_else() -> None:
    clock = Clock()
    with serving(small().workspace, clock) as client:
        for _ in range(1_000):
            client.server.exchange(BELOW_REPOSITORIES)
        assert {entry.status for entry in client.server.requests} == {404}
        assert answered(client, "repositories/acme/api/permissions-config/users") == [429]
        for path in ("workspaces/acme/permissions", "workspaces/acme/projects/PAY/permissions-config/users", "user"):
            assert answered(client, path) == [200]
        clock.now += 3_599
        assert answered(client) == [429]
        clock.now += 3_600
        assert answered(client) == [200]


def test_a_sliding_hour_frees_a_request_an_hour_after_it_was_made() -> None:
    clock = Clock()
    with serving(small().workspace, clock, rate_limit=THREE) as client:
        for seconds in (0, 10, 10, 40):
            clock.now += seconds
            assert answered(client) == [200]
        assert answered(client) == [429]


def test_who_goes_on_asking_waits_longer() -> None:
    clock = Clock()
    with serving(small().workspace, clock, rate_limit=THREE, too_many=TooMany.RETRY_AFTER) as client:
        assert answered(client, times=3) == [200] * 3
        clock.now += 30
        for seconds in ("30", "30", "60", "60"):
            assert client.get("repositories/acme").headers["Retry-After"] == seconds
        clock.now += 31
        assert answered(client) == [429]


def test_each_caller_has_an_hour_of_its_own() -> None:
    world = small()
    world.workspace.api_tokens.append(ApiToken("another", world.admin.uuid))
    world.workspace.access_tokens = [AccessToken(f"access-{name}", name) for name in ("one", "two")]
    with serving(world.workspace, Clock(), rate_limit=RateLimit(1)) as admin:
        assert answered(admin, times=2) == [200, 429]
        with Client(admin.server, "ada@example.com", "another") as same_person:
            assert answered(same_person) == [429]
        with Client(admin.server, "dee@example.com", "dee-token") as other_person:
            assert answered(other_person) == [200]
        with by_consumer(admin) as consumer, by_consumer(admin) as again:
            assert answered(consumer) + answered(again) == [200, 429]
        for name in ("one", "two"):
            with Client(admin.server, token=f"access-{name}") as token:
                assert answered(token, times=2) == [200, 429]


def test_webhooks_have_an_hour_of_their_own() -> None:
    with serving(small().workspace, Clock(), rate_limit=RateLimit(2)) as client:
        assert answered(client, "workspaces/acme/hooks") + answered(client, "repositories/acme/api/hooks") == [200] * 2
        assert answered(client, "repositories/acme/docs/hooks") == [429]
        assert answered(client, times=3) == [200, 200, 429]


def test_access_tokens_have_more_in_a_large_workspace_and_are_told() -> None:
    world = small(paid_users=150)
    world.workspace.access_tokens = [AccessToken("access", "build", Level.WORKSPACE)]
    with (
        serving(world.workspace, Clock(), rate_limit=RateLimit(10)) as admin,
        Client(admin.server, token="access") as token,
    ):
        headers = token.get("repositories/acme").headers
        assert headers["X-RateLimit-Limit"] == "510"
        assert (headers["X-RateLimit-Resource"], headers["X-RateLimit-NearLimit"]) == ("api", "false")
        assert "X-RateLimit-Limit" not in admin.get("repositories/acme").headers
        assert "X-RateLimit-Limit" not in token.get("workspaces/acme").headers
        for _ in range(410):
            admin.server.exchange(replace(BELOW_REPOSITORIES, headers={"authorization": "Bearer access"}))
        assert token.get("repositories/acme").headers["X-RateLimit-NearLimit"] == "true"


def test_no_limit_at_all() -> None:
    with serving(small().workspace, Clock(), rate_limit=None) as client:
        for _ in range(1_100):
            client.server.exchange(BELOW_REPOSITORIES)
        assert {entry.status for entry in client.server.requests} == {404}


@pytest.mark.parametrize("form", list(TooMany))
def test_what_a_429_looks_like(form: TooMany) -> None:
    with serving(small().workspace, Clock(), rate_limit=RateLimit(1, hour=600.0), too_many=form) as client:
        answered(client)
        answer = client.get("repositories/acme")
    told = {name.lower() for name in answer.headers}
    text = (RECORDED / "error_429.txt").read_bytes()
    assert answer.status_code == 429
    assert answer.headers["X-Credential-Type"] == "apitoken"
    match form:
        case TooMany.JSON:
            assert message_of(answer) == (429, text.decode())
        case _:
            assert (answer.content, answer.headers["Content-Type"], len(text)) == (text, "text/plain", 46)
    match form:
        case TooMany.RETRY_AFTER:
            assert answer.headers["Retry-After"] == "600"
        case TooMany.RETRY_AFTER_DATE:
            assert parsedate_to_datetime(answer.headers["Retry-After"]).tzinfo is not None
        case TooMany.RESET:
            assert answer.headers["X-RateLimit-Reset"] == "600"
            assert answer.headers["X-RateLimit-Remaining"] == "0"
        case _:
            assert not told & {"retry-after", "x-ratelimit-limit", "x-ratelimit-reset"}


def test_answers_may_say_that_they_are_throttled() -> None:
    with serving(small().workspace, throttled=True) as client:
        answer = client.get("repositories/acme")
    assert (answer.status_code, answer.headers["X-Usage-Throttled"]) == (200, "True")
