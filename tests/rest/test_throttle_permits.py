"""Permits of the throttle: their order, what they say, how waiting ends; with simulated and with real threads."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from connector.rest.clock import Clock, Stopped
from connector.rest.throttle import Limit, Throttle
from tests.rest.simulated_clock import SimulatedClock, SimulatedThreads
from tests.rest.simulated_server import LATENCY


@pytest.mark.parametrize("workers", [1, 2, 7, 100])
def test_there_are_never_more_requests_in_flight_than_allowed(workers: int) -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 3)
    in_flight, most = 0, 0

    def work() -> None:
        nonlocal in_flight, most
        for _ in range(20):
            with throttle.permit() as permit:
                in_flight += 1
                most = max(most, in_flight)
                clock.sleep(LATENCY)
                in_flight -= 1
                throttle.answered(permit)

    clock.run([work] * workers, math.inf)
    assert most == min(workers, 3)


@pytest.mark.parametrize(("limit", "places"), [(Limit(1, 2), 8), (None, 1), (None, 3)])
def test_permits_are_given_first_come_first_served(limit: Limit | None, places: int) -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, limit, places)
    asked: list[int] = []
    given: list[int] = []

    def work(number: int) -> None:
        clock.sleep(number * 0.001)
        for _ in range(5):
            asked.append(number)
            with throttle.permit():
                given.append(number)
                clock.sleep(LATENCY)

    clock.run([partial(work, number) for number in range(100)], math.inf)
    assert given == asked


def test_a_permit_says_what_it_waited_for_and_how_long() -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 1)
    permits = []

    def work() -> None:
        with throttle.permit() as permit:
            clock.sleep(3)
            permits.append(permit)

    clock.run([work, work], math.inf)
    first, second = permits
    assert (first.waited, first.why) == (0, "")
    assert (second.waited, second.why) == (3, "in flight")
    assert second.at == first.at + 3


def test_an_exception_releases_the_permit() -> None:
    throttle = Throttle(SimulatedClock(), None, 1)
    for _ in range(3):
        with pytest.raises(LookupError), throttle.permit():
            raise LookupError


class StandingStill(Clock):
    """The clock of a suspended machine; it is stopped after ten waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def now(self) -> float:
        return 5.0

    def wait(self, event: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == 10:
            self.stop()
        super().wait(event, 0)


def test_a_clock_that_stands_still_gives_no_more_than_the_burst() -> None:
    clock = StandingStill()
    throttle = Throttle(clock, Limit(3, 1), 4)
    for _ in range(3):
        with throttle.permit() as permit:
            throttle.answered(permit)
    for _ in range(9):
        throttle.rate_limited(permit, 0.0)
    throttle.overloaded(permit, "503")
    assert throttle.seconds_for(10) is not None
    with pytest.raises(Stopped), throttle.permit():
        raise AssertionError
    assert min(clock.waits) > 0


@pytest.fixture
def stopped_in_the_end() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.stop()


def test_a_hundred_real_threads_share_a_throttle(stopped_in_the_end: Clock) -> None:
    throttle = Throttle(stopped_in_the_end, Limit(400, 4000), 5)
    lock = threading.Lock()
    in_flight, most, done = 0, 0, 0

    def work() -> None:
        nonlocal in_flight, most, done
        for _ in range(20):
            with throttle.permit() as permit:
                with lock:
                    in_flight += 1
                    most = max(most, in_flight)
                throttle.answered(permit)
                with lock:
                    in_flight -= 1
                    done += 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == 2000
    assert most <= 5


@pytest.mark.parametrize("limit", [None, Limit(1, 0.001)], ids=["in flight", "rate"])
def test_all_waiting_threads_stop_with_the_clock(stopped_in_the_end: Clock, limit: Limit | None) -> None:
    throttle = Throttle(stopped_in_the_end, limit, 1)
    stopped = []

    def work() -> None:
        try:
            with throttle.permit():
                raise AssertionError
        except Stopped:
            stopped.append(1)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(10)]
    with throttle.permit():
        for thread in threads:
            thread.start()
        stopped_in_the_end.stop()
        for thread in threads:
            thread.join(60)
    assert len(stopped) == 10
    with pytest.raises(Stopped), throttle.permit():
        raise AssertionError
