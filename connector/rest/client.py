"""Send one request, and retry until its answer is final. Knows HTTP, no product.

What an answer means is decided by `Diagnose`: a function that the product passes with each question.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_result, wait_exponential_jitter

from connector.errors import Why
from connector.rest.answer import Answer
from connector.rest.clock import Clock
from connector.rest.diagnosis import Diagnosis, Next, of_failure, where
from connector.rest.network_errors import NetworkProblem, Server
from connector.rest.statistics import Statistics
from connector.rest.throttle import Permit, Throttle
from connector.rest.transport import TooLarge, Transport

log = logging.getLogger(__name__)

FIRST_CONTACT_SECONDS = 15.0
ATTEMPTS = 60
_SERVER_ERRORS = 4
"""The most attempts at a question that the server answers with 500."""
_FEW = 3
"""After this many final failures of one kind, other questions of that kind have one attempt."""
_UNANSWERED_SECONDS = 30.0
"""After this many seconds without an answer, for each request in flight, a kind is not asked about any more."""
_RATE_LIMITED = 60
RATE_LIMITED_SECONDS = 1800.0
_LONGEST_PAUSE = 20.0
_WAITS = wait_exponential_jitter(multiplier=0.5, max=_LONGEST_PAUSE, jitter=0.5)
_SERVER_FAILED = 500
_EMAIL = re.compile(r"[\w.+'-]+(?:@|%40)[\w.-]+")
"""E-mail addresses in URLs; they are left out of the log."""
_TOO_MUCH = "is not available or has too much to do (502, 503, 504)"

NO_QUESTION: Mapping[str, Any] = {}

Diagnose = Callable[[Answer], Diagnosis | None]
"""Explains an answer that is an error; gives None for a good one."""


@dataclass(frozen=True, slots=True)
class Question:
    """One GET, or the POST of a form. `kind` groups questions that fail or work together, such as an endpoint's.

    `counts` says whether it counts for the throttle's window, if there is one. `attempts` is the most attempts, for a
    question that has an alternative.
    """

    url: str
    kind: str
    counts: bool = True
    form: bytes | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The result of a question: its whole answer, None where there is none; and what is wrong, None for nothing."""

    answer: Answer | None
    diagnosis: Diagnosis | None

    @property
    def next(self) -> Next | None:
        """What happens next; None after a good answer."""
        return self.diagnosis.next if self.diagnosis else None


@dataclass(slots=True)
class _Attempts:
    """The attempts at one question. Seconds spent on a rate limit are `excused`: they use up no patience."""

    began: float
    patience: float
    excused: float = 0.0
    count: int = 0
    server_errors: int = 0
    rate_limited: int = 0
    permit: Permit | None = None

    def left(self, now: float) -> float:
        return self.patience - (now - self.began - self.excused)


class Client:
    """Asks one server; shared by all workers.

    `patience` bounds the time of retries, `rate_limited_seconds` the wait for a rate limit; both are in seconds. All
    questions of the run share its patience: what failed questions have used up is not there for others. `probe` is a
    question that a healthy server answers; it distinguishes a server that is down from one address that fails.
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
        self.probe: tuple[Question, Diagnose] | None = None
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
        self._has_answered = False
        self._last_success_at = -1.0
        """When the last good answer came, in seconds of the clock."""
        self._failed: Counter[str] = Counter()
        """By kind, the number of questions that failed while the server worked."""
        self._unanswered: Counter[str] = Counter()
        """By kind, the seconds without an answer after `_FEW` questions had failed."""
        self._wasted = 0.0
        self._wasted_until = clock.now()
        """Seconds of retries that failed questions used up, and until when they are counted."""

    def ask(self, question: Question, diagnose: Diagnose) -> Asked:
        """Ask, and retry while the failure may be temporary. Raises `Stopped` where the run ends meanwhile."""
        if self._is_given_up(question.kind):
            return self._not_asked(question)
        attempts = _Attempts(
            self._clock.now(), self._patience if self._has_answered else min(self._patience, FIRST_CONTACT_SECONDS)
        )
        retrying = Retrying(
            retry=retry_if_result(lambda asked: asked.next is Next.ASK_AGAIN),
            wait=_WAITS,
            stop=lambda state: self._is_over(state, attempts, question),
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._before_asking_again(state, attempts),
            retry_error_callback=lambda state: self._given_up(_asked(state), attempts, question),
        )
        asked: Asked = retrying(self._ask, question, diagnose, attempts)
        if asked.diagnosis is None:
            self._last_success_at = self._clock.now()
        return asked

    def _ask(self, question: Question, diagnose: Diagnose, attempts: _Attempts) -> Asked:
        """Ask; while the answer is that the rate limit is reached, wait and ask again."""
        while True:
            asked = self._send(question, diagnose, attempts)
            if asked.next is Next.ASK_AT_ONCE:
                continue
            if asked.next is not Next.WAIT or asked.diagnosis is None:
                return asked
            if not self._wait_for_rate_limit(asked.diagnosis, attempts):
                return Asked(asked.answer, dataclasses.replace(asked.diagnosis, next=Next.END))

    def _send(self, question: Question, diagnose: Diagnose, attempts: _Attempts) -> Asked:
        attempts.count += 1
        with self._throttle.permit(counts=question.counts) as permit:
            attempts.permit = permit
            attempts.excused += permit.waited
            headers = self._headers() if self._headers else None
            with self._lock:
                self._statistics.requests += 1
            try:
                answer = self._transport.get(
                    question.url,
                    max(1.0, attempts.left(permit.at)),
                    headers,
                    question.form,
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, TooLarge) as failure:
                diagnosis = of_failure(failure, question.url, self._server, has_answered=self._has_answered)
                self._log(question, attempts, permit, diagnosis.said)
                return Asked(None, diagnosis)
            # A busy server refuses quickly; such answers say nothing about its answer times.
            if answer.status < requests.codes.too_many_requests:
                self._throttle.answered(permit)
        self._has_answered = True
        self._log(question, attempts, permit, f"{answer.status}, {len(answer.body):,} bytes")
        return Asked(answer, diagnose(answer))

    def _log(self, question: Question, attempts: _Attempts, permit: Permit, result: str) -> None:
        if log.isEnabledFor(logging.DEBUG):
            seconds = self._clock.now() - permit.at
            waited = f", waited {permit.waited:.3f} s before: {permit.why}" if permit.why else ""
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
        return self._is_patience_used_up(question.kind) and self._is_server_up(attempts)

    def _is_patience_used_up(self, kind: str) -> bool:
        with self._lock:
            return self._failed[kind] >= _FEW or self._wasted >= self._patience

    def _given_up(self, asked: Asked, attempts: _Attempts, question: Question) -> Asked:
        """Distinguish a server that is down from one address that fails."""
        diagnosis = asked.diagnosis
        if diagnosis is None:
            return asked
        failed_itself = asked.answer is not None and asked.answer.status == _SERVER_FAILED
        if failed_itself or self._is_server_up(attempts):
            self._count_wasted(question.kind, attempts, unanswered=asked.answer is None)
            said = f"{diagnosis.said}, again and again" if attempts.count > 1 else diagnosis.said
            why = diagnosis.why or Why.BROKEN
            gone = dataclasses.replace(diagnosis, said=said, meaning="", next=Next.GIVE_UP, why=why)
            return Asked(asked.answer, gone)
        away = f"{self._server.name} is not reached: {diagnosis.said}"
        return Asked(asked.answer, dataclasses.replace(diagnosis, said=away, next=Next.END, why=None))

    def _count_wasted(self, kind: str, attempts: _Attempts, *, unanswered: bool) -> None:
        now = self._clock.now()
        with self._lock:
            if unanswered and self._failed[kind] >= _FEW:
                self._unanswered[kind] += round(now - attempts.began)
            self._failed[kind] += 1
            # Seconds that several questions retried at the same time count once.
            self._wasted += max(0.0, now - attempts.excused - max(attempts.began, self._wasted_until))
            self._wasted_until = max(self._wasted_until, now)

    def _is_given_up(self, kind: str) -> bool:
        return self._unanswered[kind] > _UNANSWERED_SECONDS * self._in_flight

    def _not_asked(self, question: Question) -> Asked:
        said = f"{where(question.url)}: skipped, since {self._failed[question.kind]} similar requests failed"
        advice = f"look for the address in the log of {self._server.name}, and in that of any proxy before it"
        return Asked(None, Diagnosis(NetworkProblem.TIMED_OUT, said, advice, Next.GIVE_UP, why=Why.BROKEN))

    def _is_server_up(self, attempts: _Attempts) -> bool:
        """Whether the server has given a good answer since this question was sent, or gives one to the probe now."""
        if self.probe is None:
            return False
        if attempts.permit is not None and self._last_success_at > attempts.permit.at:
            return True
        question, diagnose = self.probe
        patience = min(FIRST_CONTACT_SECONDS, max(self._patience, 1.0))
        asked = self._send(question, diagnose, _Attempts(self._clock.now(), patience))
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
        if attempts.permit is not None and (unavailable or asked.diagnosis.problem is NetworkProblem.TIMED_OUT):
            why = _TOO_MUCH if unavailable else "gave no answer in time"
            self._throttle.overloaded(attempts.permit, f"{self._server.name} {why}")

    def _wait_for_rate_limit(self, diagnosis: Diagnosis, attempts: _Attempts) -> bool:
        """Pause all requests after a 429. Gives False where the run has waited long enough."""
        attempts.rate_limited += 1
        with self._lock:
            self._statistics.rate_limited += 1
        if (
            attempts.rate_limited >= _RATE_LIMITED
            or attempts.excused + (diagnosis.retry_after or 0.0) > self._rate_limited_seconds
        ):
            return False
        if attempts.permit is not None:
            self._throttle.rate_limited(attempts.permit, diagnosis.retry_after)
        return True


def _asked(state: RetryCallState) -> Asked:
    """Give the result of the last attempt."""
    if state.outcome is None:
        raise RuntimeError("nothing was asked yet")
    asked: Asked = state.outcome.result()
    return asked
