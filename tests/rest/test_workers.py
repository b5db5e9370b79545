from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from connector.rest.clock import Clock, Stopped
from connector.rest.workers import Crew


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(3, Clock()) as crew:
        yield crew


def test_every_job_is_done_and_kept_in_the_calling_thread(crew: Crew) -> None:
    kept: list[tuple[int, bool]] = []

    def job(number: int) -> Callable[[], None]:
        here = threading.current_thread()
        return lambda: kept.append((number, threading.current_thread() is not here))

    crew.add(partial(job, number) for number in range(100))
    crew.run()
    assert sorted(kept) == [(number, True) for number in range(100)]


def test_what_is_kept_may_add_jobs_and_a_job_may_hand_over_before_it_ends(crew: Crew) -> None:
    kept: list[str] = []

    def second() -> Callable[[], None]:
        crew.hand_over(partial(kept.append, "handed over"))
        return partial(kept.append, "ended")

    crew.add([lambda: lambda: crew.add([second])])
    crew.run()
    assert kept == ["handed over", "ended"]


def test_jobs_are_drawn_when_they_are_needed_and_not_before(crew: Crew) -> None:
    drawn: list[int] = []
    go_on = threading.Event()

    def jobs() -> Iterator[Callable[[], Callable[[], None]]]:
        for number in range(1000):
            drawn.append(number)
            yield lambda: (go_on.wait(10), lambda: None)[1]

    def stop_looking() -> None:
        assert len(drawn) < 100
        go_on.set()

    crew.add([lambda: stop_looking])
    crew.add(jobs())
    crew.run()
    assert len(drawn) == 1000


def fail() -> Callable[[], None]:
    raise LookupError("nobody knows")


def test_an_exception_of_a_job_is_raised_where_the_crew_runs(crew: Crew) -> None:
    crew.add([fail])
    with pytest.raises(LookupError, match="nobody knows"):
        crew.run()


def test_an_exception_that_is_caught_leaves_a_crew_that_works(crew: Crew) -> None:
    with pytest.raises(LookupError):
        crew.call(fail)
    assert crew.call(lambda: 7) == 7


def test_whoever_sleeps_is_woken_when_the_crew_goes() -> None:
    clock = Clock()
    stopped = threading.Event()

    def sleeper() -> Callable[[], None]:
        try:
            clock.sleep(60)
        except Stopped:
            stopped.set()
            raise
        return lambda: None

    with Crew(2, clock) as crew:
        crew.add([sleeper, fail])
        with pytest.raises(LookupError):
            crew.run()
    assert stopped.wait(5)
