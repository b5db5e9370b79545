"""The rolling window in simulated time, against servers that count the requests of the last hour."""

from __future__ import annotations

import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from connector.rest.rolling_window import RollingWindow
from connector.rest.throttle import Throttle
from tests.rest.simulated_clock import SimulatedClock, SimulatedThreads
from tests.rest.simulated_server import OK, TOO_MANY, Run, permits_at_once

HOUR = 3600.0
QUOTA = 1000


@dataclass
class Quota:
    """Refuses what is more than `limit` requests in the last hour; refused ones count too.

    `others` are the times of requests of other clients. With `minute` a request counts until the whole minute in which
    it came is an hour ago.
    """

    limit: int = QUOTA
    others: list[float] = field(default_factory=list)
    minute: bool = False
    counted: deque[float] = field(default_factory=deque)

    def status(self, at: float, _in_flight: int) -> int:
        while self.others and self.others[0] <= at:
            self._let_pass(self.others.pop(0))
        return OK if self._let_pass(at) else TOO_MANY

    def _let_pass(self, at: float) -> bool:
        while self.counted and self.counted[0] <= at - HOUR:
            self.counted.popleft()
        self.counted.append(at // 60 * 60 + 60 if self.minute else at)
        return len(self.counted) <= self.limit


def throttle(limit: int = QUOTA, ages: tuple[float, ...] = ()) -> Callable[[SimulatedThreads, int], Throttle]:
    def make(clock: SimulatedThreads, workers: int) -> Throttle:
        window = RollingWindow(clock, limit, HOUR)
        window.restore(ages)
        return Throttle(clock, None, workers, window)

    return make


def asking(hours: float, quota: Quota, ages: tuple[float, ...] = (), retry_after: float | None = None) -> Run:
    """Ask for so many hours; answers take 0.1 to 0.5 s."""
    chance = random.Random(0)  # noqa: S311 - a simulation
    return Run(
        hours * HOUR,
        workers=8,
        status=quota.status,
        retry_after=retry_after,
        throttle=throttle(ages=ages),
        latency=lambda _, __: chance.uniform(0.1, 0.5),
    )


@pytest.mark.parametrize("minute", [False, True])
def test_the_quota_is_used_and_never_exceeded(minute: bool) -> None:
    run = asking(3, Quota(minute=minute))
    assert len(run.accepted) >= 0.9 * 3 * QUOTA
    assert not run.refused
    assert run.accepted[QUOTA - 1] < 0.1 * HOUR


def test_requests_of_an_earlier_run_are_counted() -> None:
    ages = (*(1200.0 + number for number in range(600)), *(5000.0 + number for number in range(400)))
    quota = Quota(counted=deque(sorted(-age for age in ages)))
    run = asking(2, quota, ages)
    assert not run.refused
    assert sum(at < 0.1 * HOUR for at in run.accepted) == QUOTA - 600
    assert len(run.accepted) >= 0.9 * (QUOTA - 600 + 600 + QUOTA - 600)


@pytest.mark.parametrize("age", [-1.0, -1e9, math.nan, 0.0])
def test_a_request_of_an_impossible_age_counts_as_one_of_now(age: float) -> None:
    clock = SimulatedClock()
    window = RollingWindow(clock, 2, HOUR)
    window.restore([age, math.inf, 1e9])
    assert window.seconds_for(1, clock.now()) == 0
    assert HOUR <= window.seconds_for(2, clock.now()) <= 1.05 * HOUR


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_part_of_the_quota_that_other_clients_leave_is_used_with_few_429_answers(share: float) -> None:
    taken = int(share * QUOTA)
    run = asking(3, Quota(others=[number * HOUR / taken for number in range(-taken, 3 * taken)]))
    assert len(run.accepted) >= 0.85 * 3 * (QUOTA - taken)
    assert len(run.refused) < 3 * 10


@pytest.mark.parametrize("retry_after", [None, 600.0])
def test_a_quota_that_was_used_up_before_the_run_is_waited_for_with_few_requests(retry_after: float | None) -> None:
    used = deque(-HOUR / 2 + number * 0.1 for number in range(QUOTA))
    run = asking(2, Quota(counted=used), retry_after=retry_after)
    assert len(run.refused) < 20
    assert len(run.accepted) >= 0.9 * QUOTA
    assert run.accepted[0] < HOUR / 2 + 660


@pytest.mark.parametrize("retry_after", [None, 0.0, 1.0])
def test_a_server_that_refuses_everything_is_asked_a_few_times_an_hour(retry_after: float | None) -> None:
    run = Run(5 * HOUR, workers=8, status=lambda _, __: TOO_MANY, retry_after=retry_after, throttle=throttle())
    assert len(run.sent) < 8 + 5 * 10


def test_a_429_with_another_cause_costs_minutes_and_not_the_run() -> None:
    numbers = itertools.count()
    run = Run(
        2 * HOUR,
        workers=8,
        status=lambda _, __: TOO_MANY if next(numbers) in {100, 600} else OK,
        retry_after=None,
        throttle=throttle(),
    )
    assert len(run.accepted) >= 0.9 * 2 * QUOTA


def test_requests_that_do_not_count_continue_while_the_others_wait() -> None:
    run = Run(HOUR / 40, workers=4, throttle=throttle(limit=10), counts=lambda worker: worker < 2)
    counted = [sent for sent in run.sent if sent.permit.counts]
    others = [sent for sent in run.sent if not sent.permit.counts]
    assert len(counted) == 10
    assert len(others) > 0.45 * 4 * HOUR / 40 / 0.05


def test_a_429_to_a_request_that_counts_pauses_only_such_requests() -> None:
    clock = SimulatedClock()
    throttled = throttle()(clock, 4)  # type: ignore[arg-type]
    with throttled.permit() as permit:
        pass
    assert throttled.rate_limited(permit, 600.0) == 600
    began = clock.time
    with throttled.permit(counts=False) as other:
        assert other.at == began
    with throttled.permit() as permit:
        assert permit.at >= began + 600
        assert permit.why == "pause after 429"


def test_a_permit_says_that_it_waited_for_the_window() -> None:
    run = Run(2 * HOUR, workers=1, throttle=throttle(limit=5))
    assert [sent.permit.why for sent in run.sent] == [*[""] * 5, "rolling window", *[""] * 4]
    assert run.sent[5].permit.waited > 0.99 * HOUR


@pytest.mark.parametrize(("requests", "hours"), [(0, 0), (1, 0), (1000, 0), (1001, 1), (2000, 1), (2056, 2), (9000, 8)])
def test_the_time_of_requests_is_forecast(requests: int, hours: int) -> None:
    clock = SimulatedClock()
    throttled = throttle()(clock, 8)  # type: ignore[arg-type]
    with throttled.permit(counts=False) as permit:
        clock.sleep(0.1)
        throttled.answered(permit)
    foreseen = throttled.seconds_for(requests, counted=requests)
    assert foreseen == pytest.approx(max(hours * HOUR, requests * 0.1 / 8), rel=0.03)
    assert throttled.seconds_for(requests) == pytest.approx(requests * 0.1 / 8)


def test_requests_in_flight_and_those_of_an_earlier_run_are_forecast_too() -> None:
    clock = SimulatedClock()
    window = RollingWindow(clock, 10, HOUR)
    throttled = Throttle(clock, None, 64, window)
    with permits_at_once(throttled, 10):
        assert window.seconds_for(1, clock.now()) == pytest.approx(HOUR, rel=0.03)
    window = RollingWindow(clock, 10, HOUR)
    window.restore([HOUR / 2] * 5 + [HOUR / 4] * 10)
    assert window.seconds_for(1, clock.now()) == pytest.approx(0.75 * HOUR, rel=0.03)


@pytest.mark.parametrize("used", [0, 600, 1000])
def test_the_forecast_comes_true(used: int) -> None:
    ages = tuple(HOUR / 2 + number for number in range(used))
    clock = SimulatedThreads()
    throttled = throttle(ages=ages)(clock, 8)
    with throttled.permit(counts=False) as permit:
        clock.time += 0.05
        throttled.answered(permit)
    foreseen = throttled.seconds_for(1500, counted=1500)
    run = Run(math.inf, workers=8, needed=1500, throttle=throttle(ages=ages))
    assert foreseen == pytest.approx(run.sent[-1].at, rel=0.02)
