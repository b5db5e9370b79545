"""How many requests a second: a token bucket like Bitbucket's own. Knows time, nothing of HTTP.

So many requests at once, so many a second after that; and pauses, in which nobody asks. A request that was
one too many (429) says that the server's bucket is empty. All wait together, and go on more slowly: after
the first at a rate that soon grows back, after the next at the rate that was found. For between two moments
in which the bucket was empty the server let pass what flowed into it: requests divided by time is its rate.
"""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass

from connector.collect.clock import Clock

log = logging.getLogger(__name__)

_SHARE_OF_RATE = 0.98
_SHARE_OF_BURST = 0.9
"""A little below what is allowed: answers take their time, and somebody else may use the account too."""
_LOWEST = 0.2
"""Requests per second below which the rate never falls."""
_CAREFUL = 4.0
"""Requests per second at most after the first 429, when nothing is known of the limit yet."""
_AFTER_429 = 0.7
_OF_FOUND_RATE = 0.95
_SHORTEST_MEASURE = 0.5
"""Seconds that must lie between two 429 for a rate to be found from them."""
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
    found: bool
    """Whether the server's rate is known, so that more than it is tried only slowly."""

    def now(self, now: float) -> float:
        seconds = max(0.0, now - self.since)
        return self.rate * math.exp(min((seconds / _DOUBTED_AFTER) ** 2 if self.found else seconds, 50))


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
        self._round_began = clock.now()
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
        seconds = now - self._round_began
        passed = (self._sent - 1) / max(seconds, 0.1)
        present = self._rate(now)
        if self._round and seconds >= _SHORTEST_MEASURE:
            rate, found = self._found(passed, present) * _OF_FOUND_RATE, True
        elif present is None:
            rate, found = min(passed * _AFTER_429, _CAREFUL), False
        else:
            rate, found = present * _AFTER_429, False
        self._lowered = _Lowered(max(_LOWEST, rate), self._paused_until, found)
        self._next, self._round_began = self._paused_until, now
        self._round, self._sent = self._round + 1, 0
        log.info(
            "the rate limit is reached (429): everybody waits %.0f s, then at most %.1f requests a second, growing",
            self._paused_until - now,
            min(self._lowered.rate, self._limit.rate if self._limit else math.inf),
        )

    def _found(self, passed: float, present: float | None) -> float:
        """Give the server's rate: more than passed where its bucket ran over meanwhile, less than what emptied it."""
        if present is None or self._lowered is None or not self._lowered.found:
            return passed
        return (passed + present) / 2

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
