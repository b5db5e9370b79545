"""The laws of the rate, in simulated time: a server with a token bucket, and workers that ask as fast as they may."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field

import pytest

from connector.embedded.datacenter.login import _Bucket as ServersBucket
from connector.embedded.datacenter.settings import RateLimit
from connector.rest.bucket import Bucket, Limit
from tests.rest.simulated_clock import SimulatedClock

LATENCY = 0.05


@dataclass
class Run:
    """So many workers ask a server with a token bucket, for so long; a worker waits in its own time."""

    seconds: float
    server: RateLimit
    told: Limit | None = None
    workers: int = 16
    stray_429_at: frozenset[int] = frozenset()
    retry_after: float = 1.0
    needed: float = math.inf
    """The run ends when so many requests were accepted."""
    latency: float = LATENCY
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = SimulatedClock()
        began = clock.time
        servers = ServersBucket(self.server, began)
        ours = Bucket(clock, self.told)
        number = itertools.count()
        nth = itertools.count()
        # What happens next: to a worker who waits for the moment of its token, or for its answer.
        tokens = [ours.reserve() for _ in range(self.workers)]
        no_pause: float | None = None
        events = [(max(began, token.moment), next(number), token, False, no_pause) for token in tokens]
        while events:
            clock.time, _, token, is_answer, pause = heapq.heappop(events)
            if clock.time > began + self.seconds or len(self.accepted) >= self.needed:
                break
            if not is_answer and ours.take(token):
                wait = servers.take(clock.time)
                is_stray = next(nth) in self.stray_429_at
                pause = self.retry_after if is_stray else math.ceil(wait) or None
                (self.accepted if pause is None else self.refused).append(clock.time - began)
                heapq.heappush(events, (clock.time + self.latency, next(number), token, True, pause))
                continue
            if is_answer and pause is None:
                ours.answered(token.round)
            elif is_answer and pause is not None:
                ours.found_empty(token.round, pause)
            token = ours.reserve()
            heapq.heappush(events, (max(clock.time, token.moment), next(number), token, False, None))

    @property
    def share(self) -> float:
        """What was got of what the server allows."""
        return len(self.accepted) / (self.server.capacity + self.server.fill_rate * self.seconds)

    @property
    def refusals(self) -> float:
        return len(self.refused) / (len(self.accepted) + len(self.refused))


SERVERS = [RateLimit(60, 5), RateLimit(100, 50), RateLimit(10, 1), RateLimit(1, 2)]


@pytest.mark.parametrize("server", SERVERS, ids=str)
def test_a_known_limit_is_used_up_and_never_exceeded(server: RateLimit) -> None:
    run = Run(1000, server, Limit(server.capacity, server.fill_rate).a_little_below())
    assert run.share >= 0.95
    assert not run.refused


@pytest.mark.parametrize("server", SERVERS[:2], ids=str)
def test_an_unknown_limit_is_found(server: RateLimit) -> None:
    run = Run(1500, server)
    assert run.share >= 0.95
    assert run.refusals < 0.01


def test_where_the_account_has_less_than_is_told_the_rest_is_found() -> None:
    run = Run(3600, RateLimit(60, 5), Limit(120, 10).a_little_below())
    assert run.share >= 0.95
    assert run.refusals < 0.01


def test_everybody_waits_after_a_429_and_goes_on_more_slowly_until_that_has_grown_back() -> None:
    run = Run(60, RateLimit(10**6, 10**6), stray_429_at=frozenset({3000}))
    (refused,) = run.refused
    pause = [at for at in run.accepted if 0.001 < at - refused - LATENCY < 0.999]
    assert not pause
    after = [at for at in run.accepted if 0 <= at - (refused + LATENCY + 1) < 1]
    at_the_end = [at for at in run.accepted if at >= 59]
    assert 1 <= len(after) <= 13
    assert len(at_the_end) == pytest.approx(16 / LATENCY, rel=0.1)


def _stray(share: float, seed: int) -> frozenset[int]:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    return frozenset(number for number in range(2000) if chance.random() < share)


@pytest.mark.parametrize("retry_after", [0.0, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("share", [0.002, 0.01, 0.02, 0.05, 0.1, 0.25])
def test_429_that_have_nothing_to_do_with_how_much_is_asked_cost_little_more_than_the_pauses(
    share: float, retry_after: float
) -> None:
    for seed in range(8):
        run = Run(
            10_000,
            RateLimit(10**6, 10**6),
            workers=8,
            latency=0.01,
            stray_429_at=_stray(share, seed),
            retry_after=retry_after,
            needed=500,
        )
        undisturbed = 500 * run.latency / run.workers
        pauses = len(run.refused) * retry_after
        assert len(run.accepted) == 500
        # Where pauses are short, it is the time in which the rate grows back that counts.
        assert run.accepted[-1] <= undisturbed + 1.25 * pauses + 0.8 * len(run.refused) + 8, seed


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_a_known_limit_is_used_up_between_the_pauses_of_stray_429(share: float) -> None:
    run = Run(1000, RateLimit(60, 5), Limit(60, 5).a_little_below(), stray_429_at=_stray(share, 1))
    assert len(run.accepted) >= 0.6 * 5 * (1000 - len(run.refused))


@pytest.mark.parametrize("server", [*SERVERS[2:], RateLimit(60, 0.5)], ids=str)
@pytest.mark.parametrize("workers", [1, 16])
def test_a_tiny_bucket_is_found_too(server: RateLimit, workers: int) -> None:
    run = Run(3600, server, workers=workers)
    assert run.share >= 0.85
    assert run.refusals < 0.15


def test_a_limit_that_is_lowered_meanwhile_is_found_again() -> None:
    clock = SimulatedClock()
    bucket = Bucket(clock)

    def asked(rate: float, seconds: float) -> tuple[int, int]:
        """Count what a server with a small bucket lets pass and refuses."""
        servers, end = ServersBucket(RateLimit(10, rate), clock.time), clock.time + seconds
        answers = [0, 0]
        while clock.time < end:
            request_round = bucket.wait()
            wait = servers.take(clock.time)
            clock.time += 0.01
            answers[bool(wait)] += 1
            if wait:
                bucket.found_empty(request_round, math.ceil(wait))
            else:
                bucket.answered(request_round)
        return answers[0], answers[1]

    asked(50, 300)
    passed, refused = asked(5, 600)
    assert passed >= 0.95 * 5 * 600
    assert refused < 0.03 * passed


def test_a_rate_set_by_hand_has_no_burst() -> None:
    run = Run(30, RateLimit(10**6, 10**6), Limit(1, 4))
    gaps = [later - earlier for earlier, later in itertools.pairwise(run.accepted)]
    assert min(gaps) == pytest.approx(0.25)
    assert len(run.accepted) == pytest.approx(120, abs=2)


def test_the_time_that_requests_take_is_foreseen() -> None:
    clock = SimulatedClock()
    bucket = Bucket(clock)
    assert bucket.seconds_for(1000) == 0
    bucket.obey(Limit(51, 5))
    assert bucket.seconds_for(51) == pytest.approx(0)
    assert bucket.seconds_for(551) == pytest.approx(100)


def test_what_was_sent_before_the_limit_is_known_came_out_of_its_burst() -> None:
    clock = SimulatedClock()
    bucket = Bucket(clock)
    for _ in range(8):
        bucket.wait()
    bucket.obey(Limit(10, 1))
    began = clock.time
    for _ in range(4):
        bucket.wait()
    assert clock.time - began == pytest.approx(2)
