"""How many requests at the same time: the laws of the throttle, in simulated time, against servers that get slow."""

from __future__ import annotations

import logging
import math
import random
from functools import partial

import pytest

from connector.rest.throttle import Throttle
from tests.rest.simulated_clock import SimulatedClock, SimulatedThreads
from tests.rest.simulated_server import LATENCY, OK, UNAVAILABLE, Run, turns_at_once


def test_a_server_that_keeps_up_is_asked_as_much_as_is_allowed() -> None:
    run = Run(20)
    assert run.in_flight(2, 20) > 15.9
    assert len(run.sent) > 0.95 * 20 * 16 / LATENCY


@pytest.mark.parametrize("workers", [1, 3, 8, 32])
def test_answer_times_that_differ_much_are_no_reason_to_ask_less(workers: int) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    run = Run(30, workers=workers, latency=lambda _, __: LATENCY * chance.lognormvariate(0, 1))
    assert run.in_flight(2, 30) > 0.95 * workers


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_two_kinds_of_requests_of_which_one_takes_much_longer_are_no_reason_to_ask_less(share: float) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    run = Run(60, workers=8, latency=lambda _, __: 0.18 if chance.random() < share else 0.03)
    assert run.in_flight(2, 60) > 7.5


def test_where_our_own_load_makes_answers_slow_less_is_asked_and_as_much_is_answered() -> None:
    run = Run(60, latency=lambda _, in_flight: 0.04 * max(1, in_flight / 4))
    assert run.in_flight(5, 60) < 11
    assert run.per_second(5, 60) > 0.95 * 4 / 0.04


def test_a_server_that_gets_slow_is_asked_less_and_as_much_as_before_once_it_has_recovered() -> None:
    run = Run(60, latency=lambda at, in_flight: LATENCY * (in_flight / 4 if 10 <= at < 30 and in_flight > 4 else 1))
    assert run.in_flight(5, 10) > 15.9
    assert run.in_flight(15, 30) < 11
    assert run.in_flight(45, 60) > 15.9


def test_while_others_make_a_server_slow_it_is_asked_less_and_afterwards_as_before(
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
    assert "instead of 50: 4 requests at the same time instead of 8" in caplog.text


def test_answers_that_stay_slow_whatever_is_asked_are_normal_after_a_while() -> None:
    run = Run(120, latency=lambda at, _: 0.05 if at < 10 else 0.4)
    assert run.in_flight(20, 35) < 5
    assert run.in_flight(90, 120) > 15.9


def test_a_server_that_gets_faster_and_then_slow_again_is_asked_less_again() -> None:
    run = Run(40, workers=8, latency=lambda at, _: 0.4 if at < 10 else 0.05 if at < 25 else 0.3)
    assert run.in_flight(20, 25) > 7.9
    assert run.in_flight(30, 40) < 4


def test_a_server_with_too_much_to_do_is_asked_less_and_then_one_more_at_a_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    run = Run(30, status=lambda at, in_flight: UNAVAILABLE if 5 <= at < 8 and in_flight > 4 else OK)
    assert run.in_flight(6, 8) <= 4
    assert run.in_flight(20, 30) > 15.9
    assert "503: 8 requests at the same time instead of 16" in caplog.messages


@pytest.mark.parametrize("begin", [0, 5])
def test_a_server_that_restarts_is_asked_one_at_a_time_and_carefully_while_its_caches_are_cold(begin: float) -> None:
    run = Run(
        120,
        workers=8,
        latency=lambda at, _: 4 * LATENCY if begin <= at < begin + 40 else LATENCY,
        status=lambda at, _: UNAVAILABLE if begin <= at < begin + 20 else OK,
    )
    assert run.in_flight(begin + 5, begin + 20) == 1
    assert run.in_flight(begin + 20, begin + 22) < 4
    assert run.in_flight(100, 120) > 7.9


def test_a_503_in_the_very_beginning_is_soon_made_up_for() -> None:
    run = Run(30, workers=8, status=lambda at, _: UNAVAILABLE if at < 0.1 else OK)
    assert run.in_flight(10, 30) > 7.9


def test_few_quick_requests_one_after_the_other_do_not_tell_how_long_an_answer_takes_normally() -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 8)
    given: list[float] = []

    def ask(times: int, seconds: float) -> None:
        for _ in range(times):
            with throttle.turn() as turn:
                given.append(turn.at)
                clock.sleep(seconds)
                throttle.answered(turn)

    clock.run([partial(ask, 100, 0.01)], math.inf)
    began = clock.time
    clock.run([partial(ask, 100, 0.1)] * 8, math.inf)
    assert sum(began + 5 <= at < began + 6 for at in given) == pytest.approx(80, abs=8)


def test_answers_to_requests_that_were_under_way_when_less_was_asked_are_no_reason_to_ask_even_less(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 16)
    for _ in range(20):
        with turns_at_once(throttle, 4) as turns:
            clock.sleep(0.1)
            for turn in turns:
                throttle.answered(turn)
    with turns_at_once(throttle, 16) as turns:
        throttle.overloaded(turns[0], "503")
        clock.sleep(60)
        for turn in turns:
            throttle.answered(turn)
    with turns_at_once(throttle, 8):
        pass
    assert [message for message in caplog.messages if "instead of" in message] == [
        "503: 8 requests at the same time instead of 16"
    ]


def test_requests_that_were_under_way_together_count_as_one_sign(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = Run(20, status=lambda at, _: UNAVAILABLE if 4.98 <= at < 5.02 else OK)
    assert len([sent for sent in run.sent if sent.status == UNAVAILABLE]) > 4
    assert [message for message in caplog.messages if "instead of" in message] == [
        "503: 8 requests at the same time instead of 16"
    ]
