"""The laws of the throttle, in simulated time, against servers that limit, slow down, fail and recover."""

from __future__ import annotations

import itertools
import logging
import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from connector.embedded.datacenter.login import _Bucket
from connector.embedded.datacenter.settings import RateLimit
from connector.rest.clock import Clock, Stopped
from connector.rest.throttle import Limit, Throttle, Turn
from tests.rest.simulated_clock import SimulatedClock, SimulatedThreads
from tests.rest.simulated_server import OK, TOO_MANY, UNAVAILABLE, Run

LATENCY = 0.05
LIMITS = [RateLimit(60, 5), RateLimit(10, 1), RateLimit(600, 100)]
DAY = 86_400.0


@pytest.mark.parametrize("workers", [1, 8, 16])
@pytest.mark.parametrize("limit", [*LIMITS, RateLimit(1, 2), RateLimit(60, 0.5)], ids=str)
def test_a_limit_that_is_told_is_used_up_and_never_exceeded(limit: RateLimit, workers: int) -> None:
    seconds = min(600, 6000 / limit.fill_rate)
    run = Run(seconds, limit, told=limit, workers=workers, latency=lambda _, __: 0.005)
    assert run.share >= 0.95
    assert not run.refused


@pytest.mark.parametrize("workers", [8, 16])
@pytest.mark.parametrize("limit", [*LIMITS, RateLimit(50, 60)], ids=str)
def test_a_limit_that_only_429_reveal_is_found_and_kept(limit: RateLimit, workers: int) -> None:
    run = Run(120 if limit.fill_rate > 50 else 900, limit, workers=workers)
    assert run.share >= 0.85
    assert run.refusals < (0.01 if limit.fill_rate >= 5 else 0.05)


def test_a_tiny_bucket_is_found_too() -> None:
    run = Run(3600, RateLimit(1, 2))
    assert run.share >= 0.85
    assert run.refusals < 0.05


def test_where_the_account_has_less_than_is_told_the_rest_is_found() -> None:
    run = Run(1800, RateLimit(60, 5), told=RateLimit(120, 10))
    assert run.share >= 0.95
    assert run.refusals < 0.01


def test_a_limit_that_changes_meanwhile_is_found_again() -> None:
    class Changing:
        """A bucket of 100 that is filled with 50 a second, from 100 s on with 5, from 400 s on with 50."""

        def __init__(self) -> None:
            self.left, self.last = 100.0, 0.0

        def status(self, at: float, _in_flight: int) -> int:
            rate = 5 if 100 <= at < 400 else 50
            self.left = min(100.0, self.left + (at - self.last) * rate)
            self.last = at
            if self.left < 1:
                return TOO_MANY
            self.left -= 1
            return OK

    run = Run(800, status=Changing().status, workers=8)
    assert run.per_second(20, 100) > 0.85 * 50
    assert run.per_second(130, 400) > 0.85 * 5
    # It was ten times as much from one moment to the next; the way there takes some minutes.
    assert run.per_second(600, 800) > 0.6 * 50
    assert run.refusals < 0.02


def stray(share: float, seed: int, until: float = math.inf) -> Callable[[float, int], int]:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    return lambda at, _: TOO_MANY if at < until and chance.random() < share else OK


@pytest.mark.parametrize("retry_after", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.1, 0.25])
def test_429_that_have_nothing_to_do_with_how_much_is_asked_cost_little_more_than_their_pauses(
    share: float, retry_after: float
) -> None:
    for seed in range(2):
        run = Run(math.inf, workers=8, needed=3000, status=stray(share, seed), retry_after=retry_after)
        undisturbed = 3000 * LATENCY / 8
        pauses = (retry_after + LATENCY) * len(run.refused)
        assert run.accepted[-1] <= 2 * (undisturbed + pauses) + 5, seed


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_a_limit_that_is_told_is_used_up_between_the_pauses_of_such_429(share: float) -> None:
    run = Run(1000, RateLimit(60, 5), told=RateLimit(60, 5), status=stray(share, 1))
    assert len(run.accepted) >= 0.7 * 5 * (1000 - len(run.refused))


def test_such_429_do_not_slow_down_the_rest_of_the_run() -> None:
    run = Run(300, status=stray(0.02, 1, until=120))
    assert run.per_second(200, 300) == pytest.approx(16 / LATENCY, rel=0.01)


def test_nobody_asks_in_the_pause_that_a_429_asks_for_and_all_go_on_afterwards() -> None:
    numbers = itertools.count()
    run = Run(60, status=lambda _, __: TOO_MANY if next(numbers) == 3000 else OK, retry_after=5.0)
    (refused,) = run.refused
    assert not [sent for sent in run.sent if LATENCY < sent.at - refused < 5]
    after = next(sent for sent in run.sent if sent.at - refused >= 5)
    assert after.turn.why == "pause after 429"
    assert run.per_second(refused + 6, 60) == pytest.approx(16 / LATENCY, rel=0.01)


def limited(throttle: Throttle, retry_after: float | None) -> float:
    with throttle.turn() as turn:
        pass
    return throttle.rate_limited(turn, retry_after)


@pytest.mark.parametrize("told", [None, -1.0, math.nan, math.inf])
def test_a_429_without_a_usable_retry_after_makes_a_pause_that_grows_and_ends(told: float | None) -> None:
    throttle = Throttle(SimulatedClock(), None, 4)
    pauses = [limited(throttle, told) for _ in range(40)]
    assert 0.5 <= pauses[0] <= 5
    assert pauses == sorted(pauses)
    assert 10 <= pauses[-1] <= 60


def test_pauses_grow_only_while_nothing_passes() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    first = limited(throttle, None)
    assert limited(throttle, None) > first
    with throttle.turn() as turn:
        clock.sleep(LATENCY)
        throttle.answered(turn)
    assert limited(throttle, None) == first


def test_an_answer_to_a_request_that_was_under_way_when_429_came_does_not_end_the_row() -> None:
    throttle = Throttle(SimulatedClock(), None, 64)
    with in_flight(throttle, 2) as turns:
        pass
    first = throttle.rate_limited(turns[0], None)
    throttle.answered(turns[1])
    assert limited(throttle, None) > first


def test_a_day_of_retry_after_is_kept_and_foreseen() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    with throttle.turn() as turn:
        throttle.answered(turn)
    began = clock.time
    assert limited(throttle, DAY) == DAY
    assert throttle.seconds_for(1) == pytest.approx(DAY)
    with throttle.turn() as turn:
        assert turn.at >= began + DAY
        assert turn.waited == pytest.approx(DAY)


def test_a_rate_that_is_set_has_no_burst_not_even_after_a_rest() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, Limit(1, 4), 8)
    given: list[float] = []
    for rest in (0, 60):
        clock.sleep(rest)
        for _ in range(60):
            with throttle.turn() as turn:
                given.append(turn.at)
    gaps = [later - earlier for earlier, later in itertools.pairwise(given)]
    assert min(gaps) > 0.2
    assert given[59] - given[0] == pytest.approx(59 / 4, rel=0.05)


def test_a_little_is_left_of_a_limit_that_is_told_for_somebody_else_who_uses_the_account() -> None:
    bucket, numbers = _Bucket(RateLimit(60, 5), 0), itertools.count()

    def status(at: float, _in_flight: int) -> int:
        if next(numbers) % 60 == 0:
            bucket.take(at)
        return TOO_MANY if bucket.take(at) else OK

    assert not Run(600, told=RateLimit(60, 5), status=status).refused


def test_what_was_sent_before_the_limit_is_told_came_out_of_its_burst() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 4)
    for _ in range(8):
        with throttle.turn():
            pass
    throttle.obey(Limit(10, 1))
    began = clock.time
    for _ in range(4):
        with throttle.turn() as turn:
            pass
    assert clock.time - began >= 2
    assert turn.why == "rate limit"


def test_the_time_that_requests_take_is_foreseen() -> None:
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 10)
    assert throttle.seconds_for(1000) is None
    with throttle.turn() as turn:
        clock.sleep(0.05)
        throttle.answered(turn)
    assert throttle.seconds_for(1000) == pytest.approx(1000 * 0.05 / 10)
    throttle.obey(Limit(50, 5))
    assert throttle.seconds_for(1000) == pytest.approx((1000 - 50) / 5, rel=0.05)


def test_a_server_that_keeps_up_is_asked_as_much_as_is_allowed() -> None:
    run = Run(20)
    assert run.in_flight(2, 20) > 15.9
    assert len(run.sent) > 0.95 * 20 * 16 / LATENCY


@pytest.mark.parametrize("workers", [1, 3, 8, 32])
@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_answer_times_that_differ_much_are_no_reason_to_ask_less(workers: int, spread: float) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    run = Run(60, workers=workers, latency=lambda _, __: LATENCY * chance.lognormvariate(0, spread))
    assert run.in_flight(2, 60) > 0.95 * workers


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_two_kinds_of_requests_of_which_one_takes_much_longer_are_no_reason_to_ask_less(share: float) -> None:
    chance = random.Random(1)  # noqa: S311 - a simulation
    run = Run(60, workers=8, latency=lambda _, __: 0.18 if chance.random() < share else 0.03)
    assert run.in_flight(2, 60) > 7.5


def test_where_our_own_load_makes_answers_slow_less_is_asked_and_as_much_is_answered() -> None:
    run = Run(120, latency=lambda _, in_flight: 0.04 * max(1, in_flight / 4))
    assert run.in_flight(5, 120) < 11
    assert run.per_second(5, 120) > 0.95 * 4 / 0.04


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
        150,
        latency=lambda at, _: 4 * LATENCY if begin <= at < begin + 40 else LATENCY,
        status=lambda at, _: UNAVAILABLE if begin <= at < begin + 20 else OK,
    )
    assert run.in_flight(begin + 5, begin + 20) == 1
    assert run.in_flight(begin + 20, begin + 22) < 4
    assert run.in_flight(100, 150) > 15.9


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


@contextmanager
def in_flight(throttle: Throttle, count: int) -> Iterator[list[Turn]]:
    with ExitStack() as turns:
        yield [turns.enter_context(throttle.turn()) for _ in range(count)]


def test_429_to_requests_that_were_under_way_together_make_one_pause() -> None:
    throttle = Throttle(SimulatedClock(), None, 64)
    with in_flight(throttle, 8) as turns:
        pass
    pauses = [throttle.rate_limited(turn, None) for turn in turns]
    assert pauses == [pauses[0]] * 8


def test_answers_to_requests_that_were_under_way_when_less_was_asked_are_no_reason_to_ask_even_less(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = SimulatedClock()
    throttle = Throttle(clock, None, 16)
    for _ in range(20):
        with in_flight(throttle, 4) as turns:
            clock.sleep(0.1)
            for turn in turns:
                throttle.answered(turn)
    with in_flight(throttle, 16) as turns:
        throttle.overloaded(turns[0], "503")
        clock.sleep(60)
        for turn in turns:
            throttle.answered(turn)
    with in_flight(throttle, 8):
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


@pytest.mark.parametrize("workers", [1, 2, 7, 100])
def test_there_are_never_more_requests_in_flight_than_allowed(workers: int) -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 3)
    in_flight, most = 0, 0

    def work() -> None:
        nonlocal in_flight, most
        for _ in range(20):
            with throttle.turn() as turn:
                in_flight += 1
                most = max(most, in_flight)
                clock.sleep(LATENCY)
                in_flight -= 1
                throttle.answered(turn)

    clock.run([work] * workers, math.inf)
    assert most == min(workers, 3)


@pytest.mark.parametrize(("limit", "places"), [(Limit(1, 2), 8), (None, 1), (None, 3)])
def test_turns_are_given_in_the_order_in_which_they_are_asked_for(limit: Limit | None, places: int) -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, limit, places)
    asked: list[int] = []
    given: list[int] = []

    def work(number: int) -> None:
        clock.sleep(number * 0.001)
        for _ in range(5):
            asked.append(number)
            with throttle.turn():
                given.append(number)
                clock.sleep(LATENCY)

    clock.run([partial(work, number) for number in range(100)], math.inf)
    assert given == asked


def test_a_turn_tells_what_it_waited_for_and_how_long() -> None:
    clock = SimulatedThreads()
    throttle = Throttle(clock, None, 1)
    turns = []

    def work() -> None:
        with throttle.turn() as turn:
            clock.sleep(3)
            turns.append(turn)

    clock.run([work, work], math.inf)
    first, second = turns
    assert (first.waited, first.why) == (0, "")
    assert (second.waited, second.why) == (3, "in flight")
    assert second.at == first.at + 3


def test_an_exception_within_a_turn_gives_the_place_back() -> None:
    throttle = Throttle(SimulatedClock(), None, 1)
    for _ in range(3):
        with pytest.raises(LookupError), throttle.turn():
            raise LookupError


class StandingStill(Clock):
    """A clock of a machine that sleeps; it is stopped after some attempts to wait."""

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


def test_a_clock_that_stands_still_gives_no_more_than_the_burst_and_breaks_nothing() -> None:
    clock = StandingStill()
    throttle = Throttle(clock, Limit(3, 1), 4)
    for _ in range(3):
        with throttle.turn() as turn:
            throttle.answered(turn)
    for _ in range(9):
        throttle.rate_limited(turn, 0.0)
    throttle.overloaded(turn, "503")
    assert throttle.seconds_for(10) is not None
    with pytest.raises(Stopped), throttle.turn():
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
            with throttle.turn() as turn:
                with lock:
                    in_flight += 1
                    most = max(most, in_flight)
                throttle.answered(turn)
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
def test_all_who_wait_stop_with_the_clock(stopped_in_the_end: Clock, limit: Limit | None) -> None:
    throttle = Throttle(stopped_in_the_end, limit, 1)
    stopped = []

    def work() -> None:
        try:
            with throttle.turn():
                raise AssertionError
        except Stopped:
            stopped.append(1)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(10)]
    with throttle.turn():
        for thread in threads:
            thread.start()
        stopped_in_the_end.stop()
        for thread in threads:
            thread.join(60)
    assert len(stopped) == 10
    with pytest.raises(Stopped), throttle.turn():
        raise AssertionError
