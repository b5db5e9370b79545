"""Requests a second: the throttle in simulated time, against servers that answer 429."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest

from connector.embedded.datacenter.login import _Bucket
from connector.embedded.datacenter.settings import RateLimit
from connector.rest.rolling_window import RollingWindow
from connector.rest.throttle import Limit, Throttle
from tests.rest.simulated_clock import SimulatedClock
from tests.rest.simulated_server import LATENCY, OK, TOO_MANY, Run, permits_at_once

LIMITS = [RateLimit(60, 5), RateLimit(10, 1), RateLimit(600, 100)]
DAY = 86_400.0


@pytest.mark.parametrize("workers", [1, 16])
@pytest.mark.parametrize("limit", [*LIMITS, RateLimit(1, 2), RateLimit(60, 0.5)], ids=str)
def test_an_announced_limit_is_used_and_never_exceeded(limit: RateLimit, workers: int) -> None:
    seconds = min(600, 2000 / limit.fill_rate)
    run = Run(seconds, limit, announced=limit, workers=workers, latency=lambda _, __: 0.005)
    assert run.share >= 0.95
    assert not run.refused


@pytest.mark.parametrize(
    ("burst", "rate", "seconds"), [(60, 5, 900), (10, 1, 900), (600, 100, 100), (50, 60, 100), (1, 2, 1800)]
)
def test_a_limit_that_only_429_answers_reveal_is_found_and_kept(burst: int, rate: int, seconds: int) -> None:
    run = Run(seconds, RateLimit(burst, rate))
    assert run.share >= 0.85
    assert run.refusals < (0.01 if rate >= 5 else 0.05)


def test_a_limit_below_the_announced_one_is_found() -> None:
    run = Run(900, RateLimit(60, 5), announced=RateLimit(120, 10))
    assert run.share >= 0.95
    assert run.refusals < 0.01


def test_a_limit_that_changes_during_the_run_is_found_again() -> None:
    bucket = _Bucket(RateLimit(40, 20), 0)

    def status(at: float, _in_flight: int) -> int:
        bucket._limit = RateLimit(40, 2 if 100 <= at < 400 else 20)
        return TOO_MANY if bucket.take(at) else OK

    run = Run(800, status=status, workers=8)
    assert run.per_second(20, 100) > 0.85 * 20
    assert run.per_second(130, 400) > 0.85 * 2
    # The limit became ten times as high at once; the rate takes some minutes to grow.
    assert run.per_second(600, 800) > 0.6 * 20
    assert run.refusals < 0.02


def stray(share: float, seed: int, until: float = math.inf) -> Callable[[float, int], int]:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    return lambda at, _: TOO_MANY if at < until and chance.random() < share else OK


@pytest.mark.parametrize("retry_after", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.1, 0.25])
def test_429_answers_with_another_cause_cost_little_more_than_their_pauses(share: float, retry_after: float) -> None:
    run = Run(math.inf, workers=8, needed=2000, status=stray(share, 1), retry_after=retry_after)
    undisturbed = 2000 * LATENCY / 8
    pauses = (retry_after + LATENCY) * len(run.refused)
    assert run.accepted[-1] <= 2 * (undisturbed + pauses) + 5


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_an_announced_limit_is_used_between_the_pauses_of_such_429_answers(share: float) -> None:
    run = Run(1000, RateLimit(60, 5), announced=RateLimit(60, 5), status=stray(share, 1))
    assert len(run.accepted) >= 0.7 * 5 * (1000 - len(run.refused))


def test_such_429_answers_do_not_slow_down_the_rest_of_the_run() -> None:
    run = Run(300, workers=4, status=stray(0.02, 1, until=120))
    assert run.per_second(200, 300) == pytest.approx(4 / LATENCY, rel=0.01)


def test_no_request_is_sent_in_the_pause_of_a_429_and_all_workers_continue_afterwards() -> None:
    numbers = itertools.count()
    run = Run(20, status=lambda _, __: TOO_MANY if next(numbers) == 1000 else OK, retry_after=5.0)
    (refused,) = run.refused
    assert not [sent for sent in run.sent if LATENCY < sent.at - refused < 5]
    after = next(sent for sent in run.sent if sent.at - refused >= 5)
    assert after.permit.why == "pause after 429"
    assert run.per_second(refused + 6, 20) == pytest.approx(16 / LATENCY, rel=0.01)


def limited(throttle: Throttle, retry_after: float | None) -> float:
    with throttle.permit() as permit:
        pass
    return throttle.rate_limited(permit, retry_after)


@pytest.mark.parametrize("retry_after", [None, -1.0, math.nan, math.inf])
def test_a_429_without_a_usable_retry_after_makes_a_pause_that_grows_and_ends(retry_after: float | None) -> None:
    throttle = Throttle(SimulatedClock(), None, 4)
    pauses = [limited(throttle, retry_after) for _ in range(40)]
    assert 0.5 <= pauses[0] <= 5
    assert pauses == sorted(pauses)
    assert 10 <= pauses[-1] <= 60


def test_pauses_grow_only_until_a_request_is_accepted() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    first = limited(throttle, None)
    assert limited(throttle, None) > first
    with throttle.permit() as permit:
        clock.sleep(LATENCY)
        throttle.answered(permit)
    assert limited(throttle, None) == first


def test_an_answer_to_a_request_sent_before_the_429_does_not_end_the_row() -> None:
    throttle = Throttle(SimulatedClock(), None, 64)
    with permits_at_once(throttle, 2) as permits:
        pass
    first = throttle.rate_limited(permits[0], None)
    throttle.answered(permits[1])
    assert limited(throttle, None) > first


def test_a_retry_after_of_a_day_is_kept_and_forecast() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    with throttle.permit() as permit:
        throttle.answered(permit)
    began = clock.time
    assert limited(throttle, DAY) == DAY
    assert throttle.seconds_for(1) == pytest.approx(DAY)
    with throttle.permit() as permit:
        assert permit.at >= began + DAY
        assert permit.waited == pytest.approx(DAY)


def test_a_configured_rate_has_no_burst_not_even_after_idle_time() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, Limit(1, 4), 8)
    given: list[float] = []
    for rest in (0, 60):
        clock.sleep(rest)
        for _ in range(60):
            with throttle.permit() as permit:
                given.append(permit.at)
    gaps = [later - earlier for earlier, later in itertools.pairwise(given)]
    assert min(gaps) > 0.2
    assert given[59] - given[0] == pytest.approx(59 / 4, rel=0.05)


def test_a_little_of_an_announced_limit_is_left_for_other_clients_of_the_account() -> None:
    bucket, numbers = _Bucket(RateLimit(60, 5), 0), itertools.count()

    def status(at: float, _in_flight: int) -> int:
        if next(numbers) % 60 == 0:
            bucket.take(at)
        return TOO_MANY if bucket.take(at) else OK

    assert not Run(300, announced=RateLimit(60, 5), status=status).refused


def test_requests_sent_before_the_limit_is_known_count_against_its_burst() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    for _ in range(8):
        with throttle.permit():
            pass
    throttle.obey(Limit(10, 1))
    began = clock.time
    for _ in range(4):
        with throttle.permit() as permit:
            pass
    assert clock.time - began >= 2
    assert permit.why == "rate limit"


def test_the_time_of_requests_is_forecast() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 10)
    assert throttle.seconds_for(1000) is None
    with throttle.permit() as permit:
        clock.sleep(0.05)
        throttle.answered(permit)
    assert throttle.seconds_for(1000) == pytest.approx(1000 * 0.05 / 10)
    throttle.obey(Limit(50, 5))
    assert throttle.seconds_for(1000) == pytest.approx((1000 - 50) / 5, rel=0.05)


@pytest.mark.parametrize("window", [None, RollingWindow(SimulatedClock(), 1000, 3600)], ids=["rate", "window"])
def test_429_answers_to_requests_in_flight_together_make_one_pause(window: RollingWindow | None) -> None:
    throttle = Throttle(SimulatedClock(), None, 64, window)
    with permits_at_once(throttle, 8) as permits:
        pass
    assert len({throttle.rate_limited(permit, None) for permit in permits}) == 1
