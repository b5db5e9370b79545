"""Requests in flight: the throttle in simulated time, against servers that get slow."""

from __future__ import annotations

import logging
import math
import random
from functools import partial

import pytest

from connector.rest.throttle import Throttle
from tests.rest.simulated_clock import SimulatedClock, SimulatedThreads
from tests.rest.simulated_server import LATENCY, OK, UNAVAILABLE, Run, permits_at_once


def test_a_server_that_keeps_up_gets_as_many_requests_as_allowed() -> None:
    run = Run(20)
    assert run.in_flight(2, 20) > 15.9
    assert len(run.sent) > 0.95 * 20 * 16 / LATENCY


@pytest.mark.parametrize("workers", [1, 3, 8, 32])
def test_widely_spread_answer_times_do_not_lower_the_limit(workers: int) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    seconds = 60 if workers <= 8 else 30
    run = Run(seconds, workers=workers, latency=lambda _, __: LATENCY * chance.lognormvariate(0, 1))
    assert run.in_flight(2, seconds) > 0.95 * workers


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_mixture_of_quick_and_slow_requests_does_not_lower_the_limit(share: float) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    run = Run(60, workers=8, latency=lambda _, __: 0.18 if chance.random() < share else 0.03)
    assert run.in_flight(2, 60) > 7.5


def test_where_our_own_load_makes_answers_slow_the_limit_falls_and_the_throughput_stays() -> None:
    run = Run(60, latency=lambda _, in_flight: 0.04 * max(1, in_flight / 4))
    assert run.in_flight(5, 60) < 11
    assert run.per_second(5, 60) > 0.95 * 4 / 0.04


def test_the_limit_falls_while_a_server_is_slow_and_rises_once_it_has_recovered() -> None:
    run = Run(60, latency=lambda at, in_flight: LATENCY * (in_flight / 4 if 10 <= at < 30 and in_flight > 4 else 1))
    assert run.in_flight(5, 10) > 15.9
    assert run.in_flight(15, 30) < 11
    assert run.in_flight(45, 60) > 15.9


def test_the_limit_falls_while_other_clients_make_a_server_slow_and_rises_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    def latency(at: float, in_flight: int) -> float:
        others = 24 if 10 <= at < 35 else 0
        return LATENCY * max(1, (in_flight + others) / 8)

    run = Run(60, workers=8, latency=latency)
    assert run.in_flight(5, 10) > 7.9
    assert run.in_flight(15, 35) < 3
    assert run.in_flight(45, 60) > 7.9
    assert "instead of 50: concurrency lowered from 8 to 4" in caplog.text


def test_answers_that_stay_slow_at_any_load_become_the_normal_ones() -> None:
    run = Run(120, latency=lambda at, _: 0.05 if at < 10 else 0.4)
    assert run.in_flight(20, 35) < 5
    assert run.in_flight(90, 120) > 15.9


def test_the_limit_falls_again_when_a_server_gets_faster_and_then_slow() -> None:
    run = Run(40, workers=8, latency=lambda at, _: 0.4 if at < 10 else 0.05 if at < 25 else 0.3)
    assert run.in_flight(20, 25) > 7.9
    assert run.in_flight(30, 40) < 4


def test_an_overloaded_server_gets_fewer_requests_and_then_one_more_at_a_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    run = Run(30, status=lambda at, in_flight: UNAVAILABLE if 5 <= at < 8 and in_flight > 4 else OK)
    assert run.in_flight(6, 8) <= 4
    assert run.in_flight(20, 30) > 15.9
    assert "503: concurrency lowered from 16 to 8" in caplog.messages


@pytest.mark.parametrize("begin", [0, 5])
def test_a_restarting_server_gets_one_request_at_a_time_and_few_while_its_caches_are_cold(begin: float) -> None:
    run = Run(
        120,
        workers=8,
        latency=lambda at, _: 4 * LATENCY if begin <= at < begin + 40 else LATENCY,
        status=lambda at, _: UNAVAILABLE if begin <= at < begin + 20 else OK,
    )
    assert run.in_flight(begin + 5, begin + 20) == 1
    assert run.in_flight(begin + 20, begin + 22) < 4
    assert run.in_flight(100, 120) > 7.9


def test_a_503_at_the_very_beginning_costs_little() -> None:
    run = Run(30, workers=8, status=lambda at, _: UNAVAILABLE if at < 0.1 else OK)
    assert run.in_flight(10, 30) > 7.9


def test_quick_requests_one_after_the_other_do_not_set_the_normal_answer_time() -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 8)
    given: list[float] = []

    def ask(times: int, seconds: float) -> None:
        for _ in range(times):
            with throttle.permit() as permit:
                given.append(permit.at)
                clock.sleep(seconds)
                throttle.answered(permit)

    clock.run([partial(ask, 100, 0.01)], math.inf)
    began = clock.time
    clock.run([partial(ask, 100, 0.1)] * 8, math.inf)
    assert sum(began + 5 <= at < began + 6 for at in given) == pytest.approx(80, abs=8)


def test_answers_to_requests_sent_before_the_limit_fell_do_not_lower_it_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 16)
    for _ in range(20):
        with permits_at_once(throttle, 4) as permits:
            clock.sleep(0.1)
            for permit in permits:
                throttle.answered(permit)
    with permits_at_once(throttle, 16) as permits:
        throttle.overloaded(permits[0], "503")
        clock.sleep(60)
        for permit in permits:
            throttle.answered(permit)
    with permits_at_once(throttle, 8):
        pass
    assert [message for message in caplog.messages if "lowered" in message] == ["503: concurrency lowered from 16 to 8"]


def test_503_answers_to_requests_in_flight_together_lower_the_limit_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = Run(20, status=lambda at, _: UNAVAILABLE if 4.98 <= at < 5.02 else OK)
    assert len([sent for sent in run.sent if sent.status == UNAVAILABLE]) > 4
    assert [message for message in caplog.messages if "lowered" in message] == ["503: concurrency lowered from 16 to 8"]
