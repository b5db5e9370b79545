"""Credentials for Bitbucket Cloud, and the OAuth tokens that a consumer is issued.

Secrets are sent in headers only, and stand in no message.
Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import BAD_REQUEST, OK, TOO_MANY_REQUESTS, UNAUTHORIZED
from typing import ClassVar

from connector.errors import SourceError
from connector.rest.answer import Answer, one_line
from connector.rest.client import Client, Question
from connector.rest.clock import Clock
from connector.rest.diagnosis import Diagnosis, where
from connector.sources.cloud.problems import Problem

_FORM = b"grant_type=client_credentials"
_EARLY_SECONDS = 60.0
"""A token that ends so soon is not used any more: a request takes its time."""
_TOKEN = re.compile(r"[!-~]+")
_AGAIN = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token of a person or a bot account, sent with its Atlassian e-mail address."""

    email: str
    secret: str = field(repr=False)
    name: ClassVar[str] = "the API token"


@dataclass(frozen=True, slots=True)
class Consumer:
    """An OAuth consumer of the workspace, which is issued tokens for its key and secret."""

    key: str
    secret: str = field(repr=False)
    name: ClassVar[str] = "the OAuth consumer"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token of a workspace, a project or a repository."""

    secret: str = field(repr=False)
    name: ClassVar[str] = "the access token"


Credentials = ApiToken | Consumer | AccessToken


class NoToken(SourceError):
    """No OAuth token is issued; `diagnosis` says why."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.text)
        self.diagnosis = diagnosis


class Signer:
    """Gives the headers by which requests are signed. Shared by all workers."""

    def __init__(self, authorization: str) -> None:
        self._headers = {"Authorization": authorization}

    def headers(self) -> Mapping[str, str]:
        """Give the headers of a request that is sent now."""
        return self._headers

    def accepted(self) -> None:
        """Take note that the last request of this thread was answered to the credentials that it was signed with."""

    def renews(self) -> bool:
        """Whether the next headers of this thread may do, since those of its last request were refused."""
        return False


class ConsumerSigner(Signer):
    """Signs by OAuth tokens: asks for one where there is none, where it ends soon, and where it was refused."""

    def __init__(self, fetch: Callable[[], Token], clock: Clock) -> None:
        super().__init__("")
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._used = threading.local()

    def headers(self) -> Mapping[str, str]:
        """Give the headers with a token that lasts. Raises `NoToken` where none is issued."""
        with self._lock:
            if self._token is None or self._token.ends_before(self._clock.now() + _EARLY_SECONDS):
                self._token = self._fetch()
            self._used.token = self._token
        return {"Authorization": f"Bearer {self._used.token.secret}"}

    def accepted(self) -> None:
        """Take note that the token which this thread used last is good."""
        self._used.token.was_good = True

    def renews(self) -> bool:
        """Whether there is, or will be, another token; one that was never good is not replaced."""
        refused: Token = self._used.token
        with self._lock:
            if self._token is not refused:
                return True
            if refused.was_good:
                self._token = None
            return refused.was_good


@dataclass(slots=True, eq=False)
class Token:
    """An OAuth token; `ends` is a moment of the clock."""

    secret: str = field(repr=False)
    began: float
    ends: float
    was_good: bool = False

    def ends_before(self, moment: float) -> bool:
        """Whether it should not be used at a moment; one that lasts shorter than that is used for half of its life."""
        return moment > max(self.ends, (self.began + self.ends) / 2 + _EARLY_SECONDS)


def signer(credentials: Credentials, client: Client, token_url: str, clock: Clock) -> Signer:
    """Make what signs requests; `client` is asked for OAuth tokens, and for nothing else."""
    match credentials:
        case ApiToken(email, secret):
            return Signer(basic(email, secret))
        case AccessToken(secret):
            return Signer(f"Bearer {secret}")
        case Consumer():
            return ConsumerSigner(lambda: _fetched(client, token_url, clock), clock)


def basic(name: str, secret: str) -> str:
    """Give the value of an Authorization header; names and secrets are UTF-8 (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode('ascii')}"


def _fetched(client: Client, url: str, clock: Clock) -> Token:
    asked_at = clock.now()
    asked = client.ask(
        Question(url, "site/oauth2/access_token", counts=False, form=_FORM), lambda it: _diagnose(it, url)
    )
    if asked.diagnosis is not None:
        raise NoToken(asked.diagnosis)
    if asked.answer is None:
        raise SourceError(f"{where(url)} gave no answer")
    token = asked.answer.json
    return Token(token["access_token"], asked_at, asked_at + token["expires_in"])


def _diagnose(answer: Answer, url: str) -> Diagnosis | None:
    problem = _problem(answer)
    if problem is None:
        return None
    kind = problem.value
    said = f"{where(url)} answered {answer.status}"
    if problem not in {Problem.TOKEN_MALFORMED, Problem.NO_TOKEN_ADDRESS} and _description(answer):
        said += f': "{_description(answer)}"'
    return Diagnosis(problem, said, kind.advice, kind.next, kind.meaning, retry_after=answer.retry_after())


def _problem(answer: Answer) -> Problem | None:
    body = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == OK:
        secret, lasts = body.get("access_token"), body.get("expires_in")
        is_bearer = str(body.get("token_type", "bearer")).lower() == "bearer"
        is_token = isinstance(secret, str) and bool(_TOKEN.fullmatch(secret))
        is_time = isinstance(lasts, int) and not isinstance(lasts, bool) and lasts > 0
        return None if is_token and is_time and is_bearer else Problem.TOKEN_MALFORMED
    if answer.status == TOO_MANY_REQUESTS:
        return Problem.RATE_LIMITED
    if answer.status in _AGAIN:
        return Problem.UNAVAILABLE
    if answer.status in {BAD_REQUEST, UNAUTHORIZED} and isinstance(body.get("error"), str):
        return _CONSUMER_REFUSED.get(body["error"], Problem.CONSUMER_REFUSED)
    return Problem.NO_TOKEN_ADDRESS


_CONSUMER_REFUSED = {
    "unauthorized_client": Problem.CONSUMER_UNKNOWN,
    "invalid_client": Problem.CONSUMER_UNKNOWN,
    "invalid_grant": Problem.CONSUMER_PUBLIC,
}
"""By the error of RFC 6749, 5.2, as Bitbucket uses them."""


def _description(answer: Answer) -> str:
    body = answer.json if isinstance(answer.json, dict) else {}
    told = body.get("error_description")
    return one_line(told) if isinstance(told, str) else answer.text
