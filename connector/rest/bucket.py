"""How many requests a second: a token bucket like Bitbucket's own. Knows time, nothing of HTTP.

So many requests at once, so many a second after that; and pauses, in which nobody asks. After a request that
was one too many (429) all wait together, and go on more slowly, at a rate that soon grows back.

A 429 may mean two things. Where the server's bucket was empty, it let pass what flowed into it since it was
empty last: requests divided by time is its rate, and the next times give about the same. Then that rate is kept
to. Where a 429 has nothing to do with how much was asked (a proxy, a server that is busy), these measures are
all different, or it comes although less was asked than was let pass before: then only the pause is obeyed.
"""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass

from connector.rest.clock import Clock

log = logging.getLogger(__name__)

_SHARE_OF_RATE = 0.98
_SHARE_OF_BURST = 0.9
"""A little below what is allowed: answers take their time, and somebody else may use the account too."""
_LOWEST = 1.0
"""Requests per second below which the rate does not fall unless the server's is known to be lower."""
_CAREFUL = 4.0
"""Requests per second at most after the first 429, when nothing is known of the limit yet."""
_AFTER_429 = 0.7
_OF_FOUND_RATE = 0.95
_SURELY_LESS = 0.97
"""A bucket whose rate is known is not emptied by less than this of it."""
_ALIKE = 1.25
"""Measures of a bucket's rate differ by less than this factor."""
_ENOUGH = 2
"""So many measures in a row that are like an earlier one make a rate known."""
_FADING = 0.8
"""What an earlier measure still counts after one that contradicts it: the limit may be lower now."""
_GROWTH = 2.0
"""The rate grows by the factor e in one second divided by this, as long as the server's is not known."""
_SHORTEST_MEASURE = 0.5
_SMALLEST_MEASURE = 4
"""Seconds and requests that must lie between two 429 for a rate to be found from them."""
_DOUBTED_AFTER = 300.0
"""Seconds: a rate that was found grows by 1 % in the first half minute, and by a tenth in a minute and a half."""
_FORGOTTEN = 10.0
"""A rate that has grown so many times without another 429 limits nothing any more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` requests at once, `rate` a second."""

    burst: float
    rate: float

    def a_little_below(self) -> Limit:
        """Leave something over."""
        return Limit(max(1.0, self.burst * _SHARE_OF_BURST), self.rate * _SHARE_OF_RATE)


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to send one request at a moment, and the round of the bucket it was taken from."""

    round: int
    moment: float


@dataclass(frozen=True, slots=True)
class _Lowered:
    """A rate after a 429, and how it grows back."""

    rate: float
    since: float
    found: float | None = None
    """The server's rate where it is known; more than it is tried only slowly."""

    def now(self, now: float) -> float:
        seconds = max(0.0, now - self.since)
        growth = _GROWTH * seconds if self.found is None else (seconds / _DOUBTED_AFTER) ** 2
        return self.rate * math.exp(min(growth, 50))


class Bucket:
    """Hands out moments at which one request may be sent.

    A moment is computed as that at which a bucket drained by every request would hold a token again (the
    generic cell rate algorithm, ITU-T I.371), so there is no thread that fills it.
    """

    def __init__(self, clock: Clock, limit: Limit | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limit = limit
        self._lowered: _Lowered | None = None
        self._round = 0
        """Counts the times that the bucket was found empty."""
        self._sent = 0
        """Requests in this round."""
        self._passed = 0
        """Those that were let pass since the measure began."""
        self._measured_since = clock.now()
        self._highest = 0.0
        """The highest rate measured lately."""
        self._alike = 0
        """How many measures in a row were like it."""
        self._next = -math.inf
        """The moment of the next request, were there no burst."""
        self._paused_until = -math.inf

    def obey(self, limit: Limit) -> None:
        """Keep to a limit from now on; what was sent before came out of its burst."""
        with self._lock:
            self._limit = limit
            self._next = self._clock.now() - (limit.burst - 1 - self._sent) / limit.rate

    def wait(self) -> int:
        """Return when one request may be sent, and give the round it belongs to. Raises `Stopped`."""
        while True:
            token = self.reserve()
            pause = token.moment - self._clock.now()
            if pause > 0:
                self._clock.sleep(pause)
            if self.take(token):
                return token.round

    def reserve(self) -> Token:
        """Give the token of one request; whoever comes next gets a later one."""
        with self._lock:
            now = self._clock.now()
            rate = self._rate(now)
            if rate is None:
                return Token(self._round, max(now, self._paused_until))
            moment = max(self._next, self._first(now, rate))
            self._next = moment + 1 / rate
            return Token(self._round, moment)

    def take(self, token: Token) -> bool:
        """Use a token whose moment has come; false where it is good no more, since everybody has to wait now."""
        with self._lock:
            is_good = token.round == self._round and token.moment >= self._paused_until
            self._sent += is_good
            return is_good

    def answered(self, request_round: int) -> None:
        """Take note that a request was let pass."""
        with self._lock:
            self._passed += request_round == self._round

    def found_empty(self, request_round: int, retry_after: float) -> None:
        """Make everybody wait after a 429, in seconds, and ask more slowly from then on.

        A request that was under way when the bucket was found empty (one of an earlier round) says nothing new.
        """
        with self._lock:
            now = self._clock.now()
            self._paused_until = max(self._paused_until, now + retry_after)
            if request_round == self._round:
                self._slow_down(now)
            self._next = max(self._next, self._paused_until)

    def seconds_for(self, requests: int) -> float:
        """Estimate how long so many requests take because of the rate; 0 where there is none."""
        with self._lock:
            now = self._clock.now()
            rate = self._rate(now)
            if rate is None:
                return 0.0
            return max(0.0, max(self._next, self._first(now, rate)) + (requests - 1) / rate - now)

    @property
    def rate(self) -> float | None:
        """Requests per second at most at present; None where nothing limits them."""
        with self._lock:
            return self._rate(self._clock.now())

    def _slow_down(self, now: float) -> None:
        lowered = self._lower(now)
        self._lowered = lowered
        self._next = self._paused_until
        self._round, self._sent = self._round + 1, 0
        log.info(
            "the rate limit is reached (429): everybody waits %.0f s, then at most %.1f requests a second, growing",
            self._paused_until - now,
            min(lowered.rate, self._limit.rate if self._limit else math.inf),
        )

    def _lower(self, now: float) -> _Lowered:
        """Decide what is asked after a 429 that came now."""
        seconds = now - self._measured_since
        passed = self._passed / max(seconds, 0.1)
        present = self._rate(now)
        if self._round and (seconds < _SHORTEST_MEASURE or self._passed < _SMALLEST_MEASURE):
            return self._slower(present or passed)
        self._passed, self._measured_since = 0, now
        if not self._round:
            # What passed came out of a burst, and measures nothing.
            return self._slower(present or min(passed, _CAREFUL / _AFTER_429))
        known = self._lowered.found if self._lowered else None
        if known is not None and present is not None:
            return self._doubted(known, present, passed)
        is_like = self._highest / _ALIKE < passed < self._highest * _ALIKE
        self._alike = self._alike + 1 if is_like else 0
        if self._alike >= _ENOUGH:
            return self._found(passed)
        self._highest = max(passed, self._highest * _FADING)
        return self._slower(present or passed)

    def _doubted(self, known: float, present: float, passed: float) -> _Lowered:
        """Find a known rate anew: more than passed where the bucket ran over meanwhile, less than what emptied it."""
        if present < known * _SURELY_LESS:
            return _Lowered(present, self._paused_until)
        return self._found((max(passed, known * _AFTER_429) + present) / 2)

    def _slower(self, rate: float) -> _Lowered:
        return _Lowered(max(_LOWEST, rate * _AFTER_429), self._paused_until)

    def _found(self, rate: float) -> _Lowered:
        self._highest = rate
        return _Lowered(rate * _OF_FOUND_RATE, self._paused_until, rate)

    def _first(self, now: float, rate: float) -> float:
        burst = self._limit.burst if self._limit and not self._lowered else 1.0
        return max(self._paused_until, now - (burst - 1) / rate)

    def _rate(self, now: float) -> float | None:
        most = self._limit.rate if self._limit else math.inf
        if self._lowered is not None:
            grown = self._lowered.now(now)
            if grown < min(most, self._lowered.rate * _FORGOTTEN):
                return grown
            self._lowered = None
        return most if self._limit else None
