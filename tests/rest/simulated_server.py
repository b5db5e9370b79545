"""A server in simulated time, and workers that send requests through a throttle without pause."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from connector.embedded.datacenter.login import _Bucket
from connector.embedded.datacenter.settings import RateLimit
from connector.rest.throttle import Limit, Permit, Throttle
from tests.rest.simulated_clock import SimulatedThreads

OK, TOO_MANY, UNAVAILABLE = 200, 429, 503
LATENCY = 0.05
RETRIED_AFTER = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, as the server saw it: seconds since the run began, and requests in flight, this one included."""

    at: float
    status: int
    in_flight: int
    permit: Permit


@dataclass
class Run:
    """Workers send requests for `seconds`, or until `needed` requests are accepted."""

    seconds: float
    limit: RateLimit | None = None
    """The limit of the server."""
    announced: RateLimit | None = None
    """The limit that the throttle is told."""
    workers: int = 16
    needed: float = math.inf
    latency: Callable[[float, int], float] = lambda _, __: LATENCY
    """Seconds since the beginning, and requests in flight → seconds that an answer takes."""
    status: Callable[[float, int], int] = lambda _, __: OK
    """Seconds since the beginning, and requests in flight → the status within the limit."""
    retry_after: float | None = 1.0
    """Retry-After of a 429 from `status`."""
    throttle: Callable[[SimulatedThreads, int], Throttle] = lambda clock, workers: Throttle(clock, None, workers)
    counts: Callable[[int], bool] = lambda _: True
    """Number of the worker → whether its requests count."""
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock = SimulatedThreads()
        self._began = self._clock.time
        self._in_flight = self._accepted = 0
        self._bucket = _Bucket(self.limit, self._began) if self.limit else None
        self._throttle = self.throttle(self._clock, self.workers)
        if self.announced is not None:
            self._throttle.obey(Limit(self.announced.capacity, self.announced.fill_rate))
        self._clock.run([partial(self._work, number) for number in range(self.workers)], self.seconds)

    def _work(self, number: int) -> None:
        while self._accepted < self.needed:
            self._ask(counts=self.counts(number))

    def _ask(self, *, counts: bool) -> None:
        with self._throttle.permit(counts=counts) as permit:
            at = self._clock.time - self._began
            self._in_flight += 1
            wait = self._bucket.take(self._clock.time) if self._bucket else 0.0
            status = TOO_MANY if wait else self.status(at, self._in_flight)
            self.sent.append(Sent(at, status, self._in_flight, permit))
            self._clock.sleep(self.latency(at, self._in_flight))
            self._in_flight -= 1
            if status == OK:
                self._accepted += 1
                self._throttle.answered(permit)
        if status == TOO_MANY:
            self._throttle.rate_limited(permit, math.ceil(wait) if wait else self.retry_after)
        elif status == UNAVAILABLE:
            self._throttle.overloaded(permit, "503")
            self._clock.sleep(RETRIED_AFTER)

    @property
    def accepted(self) -> list[float]:
        return [sent.at for sent in self.sent if sent.status == OK]

    @property
    def refused(self) -> list[float]:
        return [sent.at for sent in self.sent if sent.status == TOO_MANY]

    @property
    def refusals(self) -> float:
        """The share of answers that were 429."""
        return len(self.refused) / len(self.sent)

    @property
    def share(self) -> float:
        """The share of the server's limit that was used."""
        if self.limit is None:
            raise TypeError("there is no limit")
        return len(self.accepted) / (self.limit.capacity + self.limit.fill_rate * self.seconds)

    def in_flight(self, begin: float, end: float) -> float:
        """The mean, as the server saw it."""
        counts = [sent.in_flight for sent in self.sent if begin <= sent.at < end]
        return sum(counts) / len(counts)

    def per_second(self, begin: float, end: float) -> float:
        return sum(begin <= at < end for at in self.accepted) / (end - begin)


@contextmanager
def permits_at_once(throttle: Throttle, count: int) -> Iterator[list[Permit]]:
    """Have `count` requests in flight."""
    with ExitStack() as permits:
        yield [permits.enter_context(throttle.permit()) for _ in range(count)]
