"""Ask Bitbucket one question and insist on an answer: retries, pace, and whether we are still signed in.

Every request of a run but the anonymous one goes through `Client.get`. It sends GET only, only below the base URL.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from urllib.parse import urlencode

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from connector.errors import BitbucketError, Unreadable
from connector.rest.answer import Answer, JsonObject
from connector.rest.clock import Clock
from connector.rest.network_errors import NetworkProblem
from connector.rest.pace import Pace, Turn
from connector.rest.transport import Transport
from connector.sources.datacenter.diagnosis import PASSING, Diagnosis, Problem, of_answer, of_failure, what_to_do
from connector.sources.datacenter.endpoints import RECENT_REPOSITORIES, Address

log = logging.getLogger(__name__)

FIRST_CONTACT_SECONDS = 15.0
_ATTEMPTS = 60
_SERVER_ERRORS = 4
_RATE_LIMITED = 60
_RATE_LIMITED_SECONDS = 1800.0
_LONGEST_PAUSE = 20.0
_ANSWERS_BETWEEN_PROOFS = 500
"""Where no answer names the account."""

_TOO_MUCH = {
    Problem.UNAVAILABLE: "Bitbucket is not available or has too much to do (502, 503, 504)",
    NetworkProblem.TIMED_OUT: "no answer came in time",
}
"""Failures after which less is asked at the same time."""
_SECONDS_BETWEEN_PROOFS = 5.0
"""Where only some refusals do not name it: a proof vouches for all before it, so that not each needs its own."""
_LOST = "The login was lost while the export ran"


class _Passing(Exception):
    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.text)
        self.diagnosis = diagnosis


_RETRIED = retry_if_exception_type(_Passing)
_WAITS = wait_exponential_jitter(multiplier=0.5, max=_LONGEST_PAUSE, jitter=0.5)


@dataclass(slots=True)
class Statistics:
    """What the run has cost so far."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0


@dataclass(slots=True)
class _Patience:
    """How long one question has been insisted on; waiting for a rate limit does not count."""

    seconds: float
    started: float
    excused: float = 0.0
    server_errors: int = 0
    rate_limited: int = 0
    turn: Turn | None = None
    """When it was asked last."""

    def left(self, now: float) -> float:
        return self.seconds - (now - self.started - self.excused)


class Client:
    """A conversation with one server, shared by all workers; signed in once `sign_in` was called."""

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        pace: Pace,
        clock: Clock,
        patience: float,
        statistics: Statistics,
    ) -> None:
        self.base_url = base_url
        self.version = "latest"
        self.user_name: str | None = None
        """Whom the answers must name; None until the login is proved, or where no answer names anybody."""
        self.server_time: int | None = None
        """When the first answer was written that says so, in epoch milliseconds."""
        self._statistics = statistics
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self._met = False
        self._proved = False
        self._proof_began = clock.now()
        self._unvouched = 0
        """Answers without the account's name since the last proof of the login began."""

    def get(self, address: Address, **question: str | int) -> JsonObject:
        """Ask and give the JSON object that was answered.

        Raises `Unreadable` where this one address cannot be read, another `BitbucketError` where the run
        cannot go on: the server stays away, the login is lost, or the answer makes no sense.
        """
        url = self._url(address, question)
        answer = self._insist(url, address)
        if answer.status != requests.codes.ok or answer.is_json:
            self._watch_login(answer)
        content = _content(answer, url, address)
        return address.endpoint.purge(content) if address.endpoint.purge else content

    def answer(self, address: Address) -> Answer:
        """Ask and give the answer whatever it is, once asking again would not change it."""
        return self._insist(self._url(address, {}), address)

    def prove_login(self) -> Answer:
        """Ask what only somebody who is signed in may ask, even where public access is on.

        Raises `BitbucketError` where the credentials are refused or taken for nobody's.
        """
        address = RECENT_REPOSITORIES.at()
        url = self._url(address, {"limit": 1})
        with self._lock:
            self._begin_proof()
        answer = self._insist(url, address)
        try:
            _content(answer, url, address)
        except Unreadable as unreadable:
            raise BitbucketError(f"The login cannot be proved: {unreadable}") from None
        return answer

    def sign_in(self) -> str | None:
        """Prove the login, and from now on expect every answer to name the same account.

        Gives the account's name, or None where answers do not name one: then the login is proved again
        from time to time.
        """
        self.user_name = self.prove_login().user_name
        self._proved = True
        return self.user_name

    def _watch_login(self, answer: Answer) -> None:
        if not self._proved:
            return
        if self.user_name is None or answer.user_name is None:
            self._wait_for_a_proof(answer)
        elif answer.user_name.lower() != self.user_name.lower():
            raise BitbucketError(
                f"Bitbucket answered as {answer.user_name!r} what was asked as {self.user_name!r}: "
                "nothing of such a mixture can be published. Check proxies that sign in for others."
            )

    def _wait_for_a_proof(self, answer: Answer) -> None:
        """Tell a lost login from an answer that just does not name the account: a proof now and then vouches for it."""
        if self.user_name is not None and answer.status == requests.codes.ok:
            raise BitbucketError(
                f"{_LOST}: an answer names no account any more, so it shows only what is public. "
                f"{what_to_do(Problem.NOT_SIGNED_IN)}"
            )
        with self._lock:
            self._unvouched += 1
            due = self._is_proof_due()
            if due:
                self._begin_proof()
        if due:
            self._prove_login_again()

    def _is_proof_due(self) -> bool:
        if self.user_name is None:
            return self._unvouched >= _ANSWERS_BETWEEN_PROOFS
        return self._clock.now() - self._proof_began >= _SECONDS_BETWEEN_PROOFS

    def _begin_proof(self) -> None:
        self._proof_began, self._unvouched = self._clock.now(), 0

    def conclude(self) -> None:
        """Prove the login a last time where an answer since the last proof did not name the account."""
        if self._unvouched or self.user_name is None:
            self._prove_login_again()

    def _prove_login_again(self) -> None:
        """See that the login still holds. Raises `BitbucketError` where it was lost."""
        try:
            self.prove_login()
        except BitbucketError as error:
            raise BitbucketError(f"{_LOST}: {error}") from None

    def _url(self, address: Address, question: dict[str, str | int]) -> str:
        query = f"?{urlencode(question)}" if question else ""
        numbered = self.version if self.version == "latest" else address.endpoint.numbered
        return f"{self.base_url}/rest/{address.endpoint.api}/{address.version or numbered}/{address.path}{query}"

    def _insist(self, url: str, address: Address) -> Answer:
        """Ask until there is an answer that asking again would not change."""
        seconds = self._patience if self._met else min(self._patience, FIRST_CONTACT_SECONDS)
        patience = _Patience(seconds, self._clock.now())
        insist = Retrying(
            retry=_RETRIED,
            wait=_WAITS,
            stop=lambda state: self._is_over(state, patience),
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._tell(state, patience),
            reraise=True,
        )
        try:
            return insist(self._ask, url, address, patience)
        except _Passing as last:
            raise self._gave_up(last.diagnosis, url) from None

    def _is_over(self, state: RetryCallState, patience: _Patience) -> bool:
        if patience.server_errors >= _SERVER_ERRORS or state.attempt_number >= _ATTEMPTS:
            return True
        return patience.left(self._clock.now()) <= state.upcoming_sleep

    def _tell(self, state: RetryCallState, patience: _Patience) -> None:
        with self._lock:
            self._statistics.retries += 1
        passing = state.outcome.exception() if state.outcome else None
        if not isinstance(passing, _Passing):
            return
        log.info("%s; asking again in %.1f s", passing.diagnosis.said, state.upcoming_sleep)
        why = _TOO_MUCH.get(passing.diagnosis.problem)
        if why is not None and patience.turn is not None:
            self._pace.overloaded(patience.turn, why)

    def _ask(self, url: str, address: Address, patience: _Patience) -> Answer:
        """Ask, and wait for the rate limit as long as that is what is answered."""
        while True:
            answer = self._send(url, patience)
            diagnosis = of_answer(answer, url, address)
            if diagnosis is None or diagnosis.problem not in PASSING:
                return answer
            if diagnosis.problem is not Problem.RATE_LIMITED:
                patience.server_errors += diagnosis.problem is Problem.SERVER_ERROR
                raise _Passing(diagnosis)
            self._slow_down(diagnosis, patience)

    def _send(self, url: str, patience: _Patience) -> Answer:
        waiting_since = self._clock.now()
        with self._pace.turn() as turn:
            patience.turn = turn
            patience.excused += turn.at - waiting_since
            with self._lock:
                self._statistics.requests += 1
            try:
                answer = self._transport.get(url, max(1.0, patience.left(turn.at)))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
                raise self._passing_or_final(of_failure(failure, url)) from failure
            # Refusals of a server that is busy come fast, and tell nothing of how fast it answers.
            if answer.status < requests.codes.too_many_requests:
                self._pace.answered(turn)
        self._met = True
        if self.server_time is None:
            self.server_time = answer.date
        return answer

    def _passing_or_final(self, diagnosis: Diagnosis) -> Exception:
        # A name that was resolved before, or a proxy that let us through, is expected to work again.
        hopeful = self._met and diagnosis.problem in {NetworkProblem.NAME_NOT_RESOLVED, NetworkProblem.PROXY_FAILED}
        return _Passing(diagnosis) if hopeful or diagnosis.problem in PASSING else diagnosis.error()

    def _slow_down(self, diagnosis: Diagnosis, patience: _Patience) -> None:
        patience.rate_limited += 1
        with self._lock:
            self._statistics.rate_limited += 1
        told = diagnosis.retry_after
        seconds = min(2.0**patience.rate_limited, _LONGEST_PAUSE) if told is None else told
        waited_out = patience.rate_limited >= _RATE_LIMITED or patience.excused + seconds > _RATE_LIMITED_SECONDS
        if waited_out or patience.turn is None:
            raise BitbucketError(diagnosis.text)
        self._pace.rate_limited(patience.turn, seconds)

    def _gave_up(self, diagnosis: Diagnosis, url: str) -> BitbucketError:
        """Tell a server that is away from one address that does not work."""
        if diagnosis.problem is Problem.SERVER_ERROR or (self._proved and self._is_well(url)):
            return Unreadable(f"{diagnosis.said}, again and again. {what_to_do(diagnosis.problem)}")
        return BitbucketError(f"Bitbucket stays away: {diagnosis.text}")

    def _is_well(self, url: str) -> bool:
        """Whether the server answers another question, asked once."""
        other = self._url(RECENT_REPOSITORIES.at(), {"limit": 1})
        if other == url:
            return False
        try:
            answer = self._send(other, _Patience(min(FIRST_CONTACT_SECONDS, self._patience), self._clock.now()))
        except (_Passing, BitbucketError):
            return False
        return of_answer(answer, other, RECENT_REPOSITORIES.at()) is None


def _content(answer: Answer, url: str, address: Address) -> JsonObject:
    diagnosis = of_answer(answer, url, address)
    if diagnosis is not None:
        raise diagnosis.error()
    if not isinstance(answer.json, dict):
        raise BitbucketError(f"{url} answered JSON that is no object. {what_to_do(Problem.UNEXPECTED)}")
    return answer.json
