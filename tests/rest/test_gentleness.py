"""How gently an export asks Bitbucket: the command line over real HTTP, seen from the server's log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.embedded.common.faults import Fault, Slow, Status
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import RateLimit, Settings
from connector.embedded.datacenter.synthetic import synthetic_organisation
from tests.conftest import Ended, Run

LATENCY = 0.02


@pytest.fixture
def run(run_in_real_time: Run) -> Run:
    """Wait in real time: here the server measures it, too."""
    return run_in_real_time


def organisation() -> Organisation:
    return synthetic_organisation(users=20, groups=5, projects=4, repositories=30, grants_per_repository=4)


def bitbucket(**settings: object) -> EmbeddedBitbucket:
    return EmbeddedBitbucket(organisation(), Settings(**settings))  # type: ignore[arg-type]


def export(server: EmbeddedBitbucket, run: Run, *options: str, user: str = DEMO_USER) -> Ended:
    credentials = {"BITBUCKET_USER": user, "BITBUCKET_TOKEN": DEMO_PASSWORD}
    ended = run("--bitbucket-url", server.base_url, "--save-json", "export.json", *options, **credentials)
    assert ended.code == 0
    assert Path("export.json").exists()
    return ended


def seconds(server: EmbeddedBitbucket) -> float:
    return server.requests[-1].at - server.requests[0].at


def refused(server: EmbeddedBitbucket) -> int:
    return sum(entry.status == 429 for entry in server.requests)


def most_in(server: EmbeddedBitbucket, seconds: float) -> int:
    """The most requests that arrived within so many seconds."""
    times = [entry.at for entry in server.requests]
    return max(sum(begin <= at < begin + seconds for at in times) for begin in times)


def asked(server: EmbeddedBitbucket) -> list[str]:
    return [entry.path.rpartition("/rest/api/latest/")[2] for entry in server.requests]


def test_the_rate_limit_of_the_server_is_used_and_not_exceeded(run: Run) -> None:
    with bitbucket(rate_limit=RateLimit(20, 100)) as server:
        ended = export(server, run)
    assert "Bitbucket allows 20 requests at once and 100 a second" in ended.err
    assert not refused(server)


@pytest.mark.parametrize(
    "own",
    [{"rate_limit_overrides": {DEMO_USER: RateLimit(500, 500)}}, {"rate_limit_exempt": frozenset({DEMO_USER})}],
    ids=["more", "exempt"],
)
def test_the_limit_of_the_account_replaces_the_one_of_the_server(run: Run, own: dict[str, object]) -> None:
    with bitbucket(rate_limit=RateLimit(5, 1), **own) as server:
        export(server, run)
    assert f"admin/rate-limit/settings/users/{DEMO_USER}" in asked(server)
    assert not refused(server)
    # With the limit of everybody it would be two minutes.
    assert seconds(server) < 60


def test_an_account_is_found_by_its_slug_where_that_is_not_its_name(run: Run) -> None:
    builder = Builder()
    admin = builder.account("Ådmin/1@x", password=DEMO_PASSWORD)
    builder.organisation.global_users[admin.id] = "SYS_ADMIN"
    builder.repository(builder.project("P", "P"), "r")
    settings = Settings(rate_limit=RateLimit(3, 1), rate_limit_exempt=frozenset({admin.name}))
    with EmbeddedBitbucket(builder.organisation, settings) as server:
        export(server, run, user=admin.name)
    assert "admin/rate-limit/settings/users/_dmin_1_x" in asked(server)
    assert not refused(server)
    assert len(server.requests) - 3 > seconds(server)


def test_a_hidden_limit_is_measured_and_kept(run: Run) -> None:
    hidden = frozenset({"admin/rate-limit/settings"})
    with bitbucket(rate_limit=RateLimit(20, 40), absent=hidden) as server:
        ended = export(server, run)
    assert 1 <= refused(server) < 30
    assert "rate limit reached (429): pausing 1 s" in ended.err
    assert "requests a second: continuing at that rate" in ended.err
    (line,) = re.findall(r"(\d+) held back by the rate limit", ended.last_line)
    assert int(line) == refused(server)


def test_no_request_is_sent_in_the_pause_after_a_429(run: Run) -> None:
    with bitbucket(latency=LATENCY) as server:
        server.faults.add(Fault(Status(429, retry_after="1"), after=60, times=1))
        export(server, run)
    (refusal,) = [entry.at for entry in server.requests if entry.status == 429]
    assert not [entry for entry in server.requests if 2 * LATENCY < entry.at - refusal < 1]


def test_max_rate_is_kept_and_the_limit_of_the_server_is_not_read(run: Run) -> None:
    with bitbucket() as server:
        export(server, run, "--max-rate", "80")
    assert len(server.requests) - 1 <= 80 * seconds(server) * 1.1
    # Requests of all workers may arrive late, together with the next ones.
    assert most_in(server, 0.5) <= 40 + 1 + 8 + 4
    assert "admin/rate-limit/settings" not in asked(server)


@pytest.mark.parametrize("concurrency", [1, 5])
def test_concurrency_bounds_the_requests_in_flight(run: Run, concurrency: int) -> None:
    with bitbucket(latency=LATENCY) as server:
        export(server, run, "--concurrency", str(concurrency))
    assert most_in(server, LATENCY) <= concurrency


def test_an_overloaded_server_gets_fewer_requests_at_the_same_time_and_the_log_says_so(run: Run) -> None:
    with bitbucket(latency=LATENCY) as server:
        server.faults.add(Fault(Status(503), after=80, times=8))
        ended = export(server, run)
    assert re.search(r"has too much to do \(502, 503, 504\): concurrency lowered from \d to \d", ended.err)


def test_a_slow_server_gets_fewer_requests_at_the_same_time_and_the_log_says_so(run: Run) -> None:
    large = synthetic_organisation(users=30, groups=6, projects=4, repositories=150, grants_per_repository=2)
    with EmbeddedBitbucket(large, Settings(latency=LATENCY)) as server:
        server.faults.add(Fault(Slow(0.2), after=200, times=40))
        ended = export(server, run)
    assert re.search(r"answers take \d+ ms instead of \d+: concurrency lowered from 8 to 4", ended.err)


def test_the_number_of_requests_is_logged_before_the_first_permission_is_read(run: Run) -> None:
    with bitbucket(latency=LATENCY) as server:
        ended = export(server, run, "--debug")
    told = re.search(r"at most (\d+) requests are left: \d+ s at the present pace", ended.err)
    assert told
    permissions = [at for at, path in enumerate(asked(server)) if path.startswith("projects/")]
    listings = [at for at, path in enumerate(asked(server)) if path in {"repos", "projects"}]
    assert sum(at < min(permissions) for at in listings) == 2
    assert int(told[1]) == pytest.approx(len(server.requests) - min(permissions), rel=0.15)


def test_no_request_is_sent_twice(run: Run) -> None:
    with bitbucket() as server:
        export(server, run)
    questions = [(entry.path, entry.query, entry.with_credentials) for entry in server.requests]
    assert len(questions) == len(set(questions))
