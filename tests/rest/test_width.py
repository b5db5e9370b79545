"""The laws of how much is asked at the same time, in simulated time, against servers that have enough to do."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable

import pytest

from connector.rest.width import Width
from tests.rest.simulated_clock import SimulatedClock

CEILING = 16

Server = Callable[[float, int], float | None]
"""Takes the time and how many requests are under way, and gives how long the answer takes; None for a 503."""


def requests_under_way(server: Server, seconds: float) -> list[tuple[float, int]]:
    """Let as many workers as there may be ask without pause; give time and requests under way at each sending."""
    clock = SimulatedClock()
    began = clock.time
    width = Width(clock, CEILING)
    numbers = itertools.count()
    answers: list[tuple[float, int, float, bool]] = []
    sent: list[tuple[float, int]] = []
    while clock.time < began + seconds:
        while width.try_to_enter():
            took = server(clock.time - began, len(answers) + 1)
            answer = (clock.time + (0.005 if took is None else took), next(numbers), clock.time, took is not None)
            heapq.heappush(answers, answer)
            sent.append((clock.time - began, len(answers)))
        clock.time, _, at, is_good = heapq.heappop(answers)
        width.leave()
        if is_good:
            width.answered(clock.time - at)
        else:
            width.overloaded(at, "503")
    return sent


def at_once(sent: list[tuple[float, int]], begin: float, end: float) -> float:
    counts = [count for at, count in sent if begin <= at < end]
    return sum(counts) / len(counts)


def answers(sent: list[tuple[float, int]], begin: float, end: float) -> float:
    return sum(begin <= at < end for at, _ in sent) / (end - begin)


def test_a_server_that_keeps_up_is_asked_as_much_as_is_allowed() -> None:
    sent = requests_under_way(lambda _, __: 0.05, 20)
    assert at_once(sent, 0.5, 20) > 15.5
    assert len(sent) > 0.97 * CEILING * 20 / 0.05


def test_where_answers_get_slower_the_more_is_asked_less_is_asked_and_as_much_is_answered() -> None:
    sent = requests_under_way(lambda _, under_way: 0.04 * max(1, under_way / 4), 30)
    assert at_once(sent, 15, 30) < 11
    assert answers(sent, 15, 30) > 0.95 * 4 / 0.04


def test_where_answers_get_slower_for_another_reason_as_much_is_asked_as_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sent = requests_under_way(lambda at, _: 0.05 if at < 10 else 0.4, 60)
    assert at_once(sent, 30, 60) > 15.5
    assert "so it is not our doing: 16 requests at the same time instead of 11" in caplog.text


def test_a_server_that_says_that_it_has_too_much_to_do_is_asked_less_and_again_more_when_it_keeps_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sent = requests_under_way(lambda at, under_way: None if 5 < at < 8 and under_way > 4 else 0.05, 20)
    assert at_once(sent, 6, 8) < 6
    assert at_once(sent, 15, 20) > 15.5
    assert "503: 8 requests at the same time instead of 16" in caplog.messages
    assert "Bitbucket keeps up: 16 requests at the same time instead of" in caplog.text


def test_a_server_that_is_away_altogether_is_asked_one_at_a_time() -> None:
    sent = requests_under_way(lambda at, _: None if 5 < at < 6 else 0.05, 20)
    assert at_once(sent, 5.5, 6) == 1
    assert at_once(sent, 15, 20) > 15.5


def test_requests_that_were_under_way_together_count_as_one_sign() -> None:
    clock = SimulatedClock()
    width = Width(clock, CEILING)
    sent_at = clock.time
    for _ in range(CEILING):
        width.answered(0.05)
    clock.time += 1
    for _ in range(CEILING):
        width.overloaded(sent_at + 0.5, "503")
    assert width.limit == CEILING // 2
