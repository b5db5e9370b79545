"""Ask one question until there is an answer that asking again would not change. Knows HTTP, no product.

What an answer means is told by a judge, which the product gives with each question.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential_jitter

from connector.errors import Why
from connector.rest.answer import Answer
from connector.rest.clock import Clock
from connector.rest.diagnosis import Diagnosis, Next, of_failure, where
from connector.rest.network_errors import NetworkProblem, Server
from connector.rest.throttle import Throttle, Turn
from connector.rest.transport import TooLarge, Transport

log = logging.getLogger(__name__)

FIRST_CONTACT_SECONDS = 15.0
ATTEMPTS = 60
_SERVER_ERRORS = 4
"""How often a question is asked at most that the server itself fails to answer (500)."""
_FEW = 3
"""When so many questions of one kind have failed for good, the others of that kind are asked once."""
_UNANSWERED_SECONDS = 30.0
"""And when those have waited so long for no answer, with all places taken, the rest is not asked any more."""
_RATE_LIMITED = 60
RATE_LIMITED_SECONDS = 1800.0
_LONGEST_PAUSE = 20.0
_WAITS = wait_exponential_jitter(multiplier=0.5, max=_LONGEST_PAUSE, jitter=0.5)
_SERVER_FAILED = 500
_EMAIL = re.compile(r"[\w.+'-]+(?:@|%40)[\w.-]+")
"""E-mail addresses in questions; no log needs them."""
_TOO_MUCH = "is not available or has too much to do (502, 503, 504)"

Judge = Callable[[Answer], Diagnosis | None]
"""Explains an answer that is not what was asked for; None where it is."""


@dataclass(frozen=True, slots=True)
class Question:
    """One GET, or the POST of a form. `kind` names what fails or works together, such as an endpoint.

    `counts` says whether it counts for the throttle's window, where that has one. `attempts` is how often it is asked
    at most, where there is another way to learn the same.
    """

    url: str
    kind: str
    counts: bool = True
    form: bytes | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question: a whole answer, unless none came; and what is wrong with it, or None."""

    answer: Answer | None
    diagnosis: Diagnosis | None

    @property
    def next(self) -> Next | None:
        """What happens next; None where there is an answer to what was asked."""
        return self.diagnosis.next if self.diagnosis else None


@dataclass(slots=True)
class Statistics:
    """What the run has cost so far."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0


@dataclass(slots=True)
class _Attempts:
    """One question's attempts. Waiting for a rate limit is excused: it does not count as insisting."""

    began: float
    patience: float
    excused: float = 0.0
    count: int = 0
    server_errors: int = 0
    rate_limited: int = 0
    turn: Turn | None = None

    def left(self, now: float) -> float:
        return self.patience - (now - self.began - self.excused)


class Client:
    """Asks one server; shared by all workers.

    `patience` and `rate_limited_seconds`, which bounds the wait for a rate limit, are in seconds. Patience is the
    run's: what one kind of question has used of it in vain, another cannot use again. `probe` is a question that a
    healthy server answers; it tells a server that is away from one address that does not work.
    """

    def __init__(
        self,
        transport: Transport,
        throttle: Throttle,
        clock: Clock,
        server: Server,
        patience: float,
        statistics: Statistics,
        in_flight: int = 1,
        attempts: int = ATTEMPTS,
        rate_limited_seconds: float = RATE_LIMITED_SECONDS,
        headers: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self.probe: tuple[Question, Judge] | None = None
        self._transport = transport
        self._throttle = throttle
        self._clock = clock
        self._server = server
        self._patience = patience
        self._statistics = statistics
        self._headers = headers
        self._in_flight = in_flight
        self._attempts = attempts
        self._rate_limited_seconds = rate_limited_seconds
        self._lock = threading.Lock()
        self._met = False
        self._well_at = -1.0
        """When the last good answer came."""
        self._failed: Counter[str] = Counter()
        """By kind, how many questions failed for good although the server was well."""
        self._unanswered: Counter[str] = Counter()
        """By kind, the seconds that questions waited for no answer after enough of them had failed."""
        self._vain = 0.0
        self._vain_until = clock.now()
        """How long the run has insisted in vain, and until when that is counted."""

    def ask(self, question: Question, judge: Judge) -> Asked:
        """Ask, and insist on an answer as long as it may come. Raises `Stopped` where the run ends meanwhile."""
        if self._is_hopeless(question.kind):
            return self._not_asked(question)
        attempts = _Attempts(
            self._clock.now(), self._patience if self._met else min(self._patience, FIRST_CONTACT_SECONDS)
        )
        insist = Retrying(
            retry=retry_if_result(lambda asked: asked.next is Next.ASK_AGAIN),
            wait=_WAITS,
            stop=lambda state: self._is_over(state, attempts, question),
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._before_asking_again(state, attempts),
            retry_error_callback=lambda state: self._given_up(_asked(state), attempts, question),
        )
        asked: Asked = insist(self._ask, question, judge, attempts)
        if asked.diagnosis is None:
            self._well_at = self._clock.now()
        return asked

    def _ask(self, question: Question, judge: Judge, attempts: _Attempts) -> Asked:
        """Ask, and wait for the rate limit as long as that is what is answered."""
        while True:
            asked = self._send(question, judge, attempts)
            if asked.next is Next.ASK_AT_ONCE:
                continue
            if asked.next is not Next.WAIT or asked.diagnosis is None:
                return asked
            if not self._wait_for_rate_limit(asked.diagnosis, attempts):
                return Asked(asked.answer, dataclasses.replace(asked.diagnosis, next=Next.END))

    def _send(self, question: Question, judge: Judge, attempts: _Attempts) -> Asked:
        attempts.count += 1
        with self._throttle.turn(counts=question.counts) as turn:
            attempts.turn = turn
            attempts.excused += turn.waited
            headers = self._headers() if self._headers else None
            with self._lock:
                self._statistics.requests += 1
            try:
                answer = self._transport.get(
                    question.url,
                    max(1.0, attempts.left(turn.at)),
                    headers,
                    question.form,
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, TooLarge) as failure:
                diagnosis = of_failure(failure, question.url, self._server, met=self._met)
                self._log(question, attempts, turn, diagnosis.said)
                return Asked(None, diagnosis)
            # Refusals of a server that is busy come fast, and tell nothing of how fast it answers.
            if answer.status < requests.codes.too_many_requests:
                self._throttle.answered(turn)
        self._met = True
        self._log(question, attempts, turn, f"{answer.status}, {len(answer.body):,} bytes")
        return Asked(answer, judge(answer))

    def _log(self, question: Question, attempts: _Attempts, turn: Turn, result: str) -> None:
        if log.isEnabledFor(logging.DEBUG):
            seconds = self._clock.now() - turn.at
            waited = f", waited {turn.waited:.3f} s for its turn: {turn.why}" if turn.why else ""
            verb = "GET" if question.form is None else "POST"
            url = _EMAIL.sub("...@...", question.url)
            log.debug("%s %s: %s, after %.3f s (attempt %d)%s", verb, url, result, seconds, attempts.count, waited)

    # ---- when to stop

    def _is_over(self, state: RetryCallState, attempts: _Attempts, question: Question) -> bool:
        answer = _asked(state).answer
        attempts.server_errors += answer is not None and answer.status == _SERVER_FAILED
        if attempts.server_errors >= _SERVER_ERRORS or state.attempt_number >= (question.attempts or self._attempts):
            return True
        if attempts.left(self._clock.now()) <= state.upcoming_sleep:
            return True
        return self._has_insisted_enough(question.kind) and self._is_well(attempts)

    def _has_insisted_enough(self, kind: str) -> bool:
        with self._lock:
            return self._failed[kind] >= _FEW or self._vain >= self._patience

    def _given_up(self, asked: Asked, attempts: _Attempts, question: Question) -> Asked:
        """Tell a server that is away from one address that does not work."""
        diagnosis = asked.diagnosis
        if diagnosis is None:
            return asked
        failed_itself = asked.answer is not None and asked.answer.status == _SERVER_FAILED
        if failed_itself or self._is_well(attempts):
            self._count_in_vain(question.kind, attempts, unanswered=asked.answer is None)
            said = f"{diagnosis.said}, again and again" if attempts.count > 1 else diagnosis.said
            why = diagnosis.why or Why.BROKEN
            gone = dataclasses.replace(diagnosis, said=said, meaning="", next=Next.GIVE_UP, why=why)
            return Asked(asked.answer, gone)
        away = f"{self._server.name} is not reached: {diagnosis.said}"
        return Asked(asked.answer, dataclasses.replace(diagnosis, said=away, next=Next.END, why=None))

    def _count_in_vain(self, kind: str, attempts: _Attempts, *, unanswered: bool) -> None:
        now = self._clock.now()
        with self._lock:
            if unanswered and self._failed[kind] >= _FEW:
                self._unanswered[kind] += round(now - attempts.began)
            self._failed[kind] += 1
            # Questions that were insisted on at the same time count once.
            self._vain += max(0.0, now - attempts.excused - max(attempts.began, self._vain_until))
            self._vain_until = max(self._vain_until, now)

    def _is_hopeless(self, kind: str) -> bool:
        return self._unanswered[kind] > _UNANSWERED_SECONDS * self._in_flight

    def _not_asked(self, question: Question) -> Asked:
        said = f"{where(question.url)}: not asked any more, since {self._failed[question.kind]} others like it failed"
        advice = f"look for the address in the log of {self._server.name}, and in that of any proxy before it"
        return Asked(None, Diagnosis(NetworkProblem.TIMED_OUT, said, advice, Next.GIVE_UP, why=Why.BROKEN))

    def _is_well(self, attempts: _Attempts) -> bool:
        """Whether the server has answered another question since this one was sent, or answers one now."""
        if self.probe is None:
            return False
        if attempts.turn is not None and self._well_at > attempts.turn.at:
            return True
        question, judge = self.probe
        patience = min(FIRST_CONTACT_SECONDS, max(self._patience, 1.0))
        asked = self._send(question, judge, _Attempts(self._clock.now(), patience))
        return asked.diagnosis is None

    # ---- between two attempts

    def _before_asking_again(self, state: RetryCallState, attempts: _Attempts) -> None:
        with self._lock:
            self._statistics.retries += 1
        asked = _asked(state)
        if asked.diagnosis is None:
            return
        log.info("%s; asking again in %.1f s", asked.diagnosis.said, state.upcoming_sleep)
        unavailable = asked.answer is not None and asked.answer.status > _SERVER_FAILED
        if attempts.turn is not None and (unavailable or asked.diagnosis.problem is NetworkProblem.TIMED_OUT):
            why = _TOO_MUCH if unavailable else "gave no answer in time"
            self._throttle.overloaded(attempts.turn, f"{self._server.name} {why}")

    def _wait_for_rate_limit(self, diagnosis: Diagnosis, attempts: _Attempts) -> bool:
        """Make everybody wait after a 429. False where it has been waited for long enough."""
        attempts.rate_limited += 1
        with self._lock:
            self._statistics.rate_limited += 1
        told = diagnosis.retry_after
        if attempts.rate_limited >= _RATE_LIMITED or attempts.excused + (told or 0.0) > self._rate_limited_seconds:
            return False
        if attempts.turn is not None:
            self._throttle.rate_limited(attempts.turn, told)
        return True


def _asked(state: RetryCallState) -> Asked:
    """Give what the last attempt came to."""
    if state.outcome is None:
        raise RuntimeError("nothing was asked yet")
    asked: Asked = state.outcome.result()
    return asked
