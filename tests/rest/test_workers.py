from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.rest.clock import Clock, Stopped
from connector.rest.workers import Task, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(3, Clock()) as workers:
        yield workers


def fail() -> None:
    raise LookupError("unknown")


def doing(fetch: Callable[[], Any]) -> Task[Any]:
    return Task(fetch, lambda _: None)


def test_tasks_are_fetched_in_workers_and_stored_in_the_calling_thread(workers: Workers) -> None:
    here, stored = threading.current_thread(), []

    def fetch(number: int) -> tuple[int, bool]:
        return number, threading.current_thread() is here

    workers.run(
        Task(lambda number=number: fetch(number), lambda one: stored.append((*one, threading.current_thread() is here)))  # type: ignore[misc]
        for number in range(100)
    )
    assert sorted(stored) == [(number, False, True) for number in range(100)]


def test_tasks_are_taken_only_when_workers_need_them(workers: Workers) -> None:
    drawn: list[int] = []
    go_on = threading.Event()

    def tasks() -> Iterator[Task[Any]]:
        for number in range(1000):
            drawn.append(number)
            if len(drawn) == 13:  # more than are queued for three workers: a task has ended by now
                assert go_on.is_set()
            yield doing(go_on.wait if number else go_on.set)

    workers.run(tasks())
    assert len(drawn) == 1000


def test_an_exception_of_a_task_is_raised_where_the_workers_run(workers: Workers) -> None:
    with pytest.raises(LookupError, match="unknown"):
        workers.run([doing(fail)])


def test_workers_are_usable_after_an_exception(workers: Workers) -> None:
    slow = threading.Event()
    stored: list[object] = []
    with pytest.raises(LookupError):
        workers.run([doing(fail), Task(slow.wait, stored.append)])
    slow.set()
    assert workers.call(lambda: 7) == 7
    assert stored == []


def test_a_sleeping_worker_is_woken_when_the_block_ends() -> None:
    clock = Clock()
    stopped = threading.Event()

    def sleep() -> None:
        try:
            clock.sleep(60)
        except Stopped:
            stopped.set()
            raise

    with Workers(2, clock) as workers, pytest.raises(LookupError):
        workers.run([doing(sleep), doing(fail)])
    assert stopped.wait(5)
