"""Tell failures apart: what happened, what it means, and what to do about it.

The one place that reads failed answers and exceptions of the network. The export raises what is found
here, `check` prints it. Sources: Atlassian's pages on authentication, recorded answers of real servers.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

import requests
import urllib3

from connector.collect.answer import Answer, one_line
from connector.collect.endpoints import Address, Right
from connector.errors import (
    BitbucketError,
    Conflict,
    Gone,
    Missing,
    ProjectGone,
    Refused,
    Unknown,
    Unreadable,
)


class Problem(Enum):
    """What can go wrong between asking and reading an answer."""

    NAME_NOT_RESOLVED = auto()
    CONNECTION_REFUSED = auto()
    CONNECTION_LOST = auto()
    TIMED_OUT = auto()
    TLS_NOT_TRUSTED = auto()
    TLS_FAILED = auto()
    PROXY_FAILED = auto()
    BAD_ADDRESS = auto()
    BODY_CUT = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()
    SERVER_ERROR = auto()
    REDIRECT = auto()
    NOT_JSON = auto()
    WRONG_PATH = auto()
    WRONG_PASSWORD = auto()
    CAPTCHA = auto()
    NOT_LICENSED = auto()
    TWO_STEP = auto()
    BASIC_DISABLED = auto()
    NOT_SIGNED_IN = auto()
    NOT_PERMITTED = auto()
    NOT_FOUND = auto()
    PROJECT_NOT_FOUND = auto()
    NO_SUCH_ADDRESS = auto()
    CONFLICT = auto()
    BAD_REQUEST = auto()
    UNEXPECTED = auto()


PASSING = frozenset({
    Problem.CONNECTION_REFUSED,
    Problem.CONNECTION_LOST,
    Problem.TIMED_OUT,
    Problem.BODY_CUT,
    Problem.RATE_LIMITED,
    Problem.UNAVAILABLE,
    Problem.SERVER_ERROR,
})  # fmt: skip
"""Worth asking again; a name that does not resolve joins them once the server has answered."""

_ONE_LISTING: dict[Problem, type[Unreadable]] = {
    Problem.NOT_PERMITTED: Refused,
    Problem.NOT_FOUND: Gone,
    Problem.PROJECT_NOT_FOUND: ProjectGone,
    Problem.NO_SUCH_ADDRESS: Missing,
    Problem.CONFLICT: Conflict,
    Problem.BAD_REQUEST: Unknown,
    Problem.SERVER_ERROR: Unreadable,
    Problem.UNEXPECTED: Unreadable,
}
"""Problems of the one thing that was asked for; every other problem is one of the whole server."""

_USE_THE_PAGE = "sign in once in the browser"

ADVICE: dict[Problem, str] = {
    Problem.NAME_NOT_RESOLVED: "check the host name in BITBUCKET_URL and this machine's DNS",
    Problem.CONNECTION_REFUSED: "check host and port in BITBUCKET_URL, and whether Bitbucket is running",
    Problem.CONNECTION_LOST: "check Bitbucket, and proxies or load balancers before it, in their logs",
    Problem.TIMED_OUT: "check that a firewall lets this machine through, and whether Bitbucket is overloaded",
    Problem.TLS_NOT_TRUSTED: "if a private authority signed the certificate, name its file in REQUESTS_CA_BUNDLE",
    Problem.TLS_FAILED: "check that the port speaks TLS; an address without it begins with http://",
    Problem.PROXY_FAILED: "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
    Problem.BAD_ADDRESS: "BITBUCKET_URL looks like https://bitbucket.example.com/context",
    Problem.BODY_CUT: "check proxies or load balancers before Bitbucket",
    Problem.RATE_LIMITED: "raise or lift the account's rate limit (Administration > Rate limiting), or set --max-rate",
    Problem.UNAVAILABLE: "Bitbucket is starting, in maintenance or overloaded; run again when its start page answers",
    Problem.SERVER_ERROR: "look for the address in Bitbucket's log (atlassian-bitbucket.log)",
    Problem.REDIRECT: "give the final address in BITBUCKET_URL; if it leads to a login page, let /rest pass by it",
    Problem.NOT_JSON: "a login page or proxy answers for Bitbucket: let /rest pass by it, or correct BITBUCKET_URL",
    Problem.WRONG_PATH: (
        "check BITBUCKET_URL: the context path (often /bitbucket or /stash) belongs to it, pages like /projects do not"
    ),
    Problem.WRONG_PASSWORD: (
        "check BITBUCKET_USER and BITBUCKET_TOKEN; an access token alone is used without BITBUCKET_USER. "
        "Do not run again unchanged: repeated failures lock the account"
    ),
    Problem.CAPTCHA: (
        f"{_USE_THE_PAGE} as this user and solve the CAPTCHA, or let an administrator clear it "
        "(Administration > Users > the user > Clear CAPTCHA challenge); then correct the password"
    ),
    Problem.NOT_LICENSED: f"give the account '{Right.LICENSED.label}' in {Right.LICENSED.where}",
    Problem.TWO_STEP: "use an HTTP access token, or an account without two-step verification",
    Problem.BASIC_DISABLED: (
        "allow basic authentication for this account (Administration > Authentication methods), "
        "or use an HTTP access token without BITBUCKET_USER"
    ),
    Problem.NOT_SIGNED_IN: (
        "the token or password is wrong, expired or revoked: Bitbucket took the request for an anonymous one; "
        "make a new token and set BITBUCKET_TOKEN"
    ),
    Problem.NOT_FOUND: "it was deleted, moved, or never existed",
    Problem.PROJECT_NOT_FOUND: "the project was deleted, renamed, or never existed",
    Problem.NO_SUCH_ADDRESS: "this version of Bitbucket does not know it",
    Problem.CONFLICT: "look at its state in Bitbucket",
    Problem.BAD_REQUEST: "this version of Bitbucket does not know the question",
    Problem.UNEXPECTED: "look for the address in Bitbucket's log, and in that of any proxy before it",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One failure, explained. `said` is what happened, on a line; `advice` what to do."""

    problem: Problem
    said: str
    advice: str
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """Everything, on one line."""
        return f"{self.said}. {self.advice[:1].upper()}{self.advice[1:]}." if self.advice else f"{self.said}."

    def error(self) -> BitbucketError:
        """Give the exception that says what happens next."""
        return _ONE_LISTING.get(self.problem, BitbucketError)(self.text)


def of_answer(answer: Answer, url: str, address: Address) -> Diagnosis | None:
    """Explain an answer that is not the JSON that was asked for; None where it is."""
    problem = _problem(answer)
    if problem is None:
        return None
    return Diagnosis(problem, _what_was_answered(problem, answer, url), _advice(problem, address), answer.retry_after())


def of_failure(failure: Exception, url: str) -> Diagnosis:
    """Explain why no whole answer came. `failure` is what requests or urllib3 raised."""
    chain = tuple(_causes(failure))
    problem = _network_problem(chain)
    return Diagnosis(problem, f"{_where(url)}: {_network_words(problem, chain, url)}", ADVICE[problem])


def _problem(answer: Answer) -> Problem | None:  # noqa: PLR0911 - a table of statuses
    match answer.status:
        case 200:
            return _problem_of_success(answer)
        case status if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return Problem.REDIRECT
        case 401 | 403:
            return _problem_of_refusal(answer)
        case 404:
            return _problem_of_absence(answer)
        case 409:
            return Problem.CONFLICT
        case 400:
            return Problem.BAD_REQUEST
        case 429:
            return Problem.RATE_LIMITED
        case 502 | 503 | 504:
            return Problem.UNAVAILABLE
        case 500:
            return Problem.SERVER_ERROR
        case _:
            return Problem.UNEXPECTED


def _problem_of_success(answer: Answer) -> Problem | None:
    if not answer.is_json:
        return Problem.NOT_JSON
    return Problem.BODY_CUT if answer.json is None else None


_REFUSALS = (
    ("CaptchaRequired", Problem.CAPTCHA),
    ("IncorrectPassword", Problem.WRONG_PASSWORD),
    ("NoAccess", Problem.NOT_LICENSED),
    ("TwoStep", Problem.TWO_STEP),
    ("TwoFactor", Problem.TWO_STEP),
    ("BasicAuth", Problem.BASIC_DISABLED),
    ("AuthenticationRequired", Problem.NOT_SIGNED_IN),
    ("AuthenticationException", Problem.WRONG_PASSWORD),
)
"""Parts of Bitbucket's exception names, the telling ones first."""

_REFUSALS_IN_WORDS = (
    ("captcha", Problem.CAPTCHA),
    ("basic auth", Problem.BASIC_DISABLED),
    ("two-step", Problem.TWO_STEP),
    ("2sv", Problem.TWO_STEP),
    ("not currently licensed", Problem.NOT_LICENSED),
)


def _problem_of_refusal(answer: Answer) -> Problem:
    for part, problem in _REFUSALS:
        if part in answer.exceptions:
            return problem
    words = answer.message.lower()
    for part, problem in _REFUSALS_IN_WORDS:
        if part in words:
            return problem
    if answer.status == 401 and not answer.errors and answer.user_name is None:  # noqa: PLR2004
        return Problem.NOT_SIGNED_IN
    return Problem.NOT_PERMITTED


def _problem_of_absence(answer: Answer) -> Problem:
    if "NoSuchProject" in answer.exceptions:
        return Problem.PROJECT_NOT_FOUND
    if "NoSuch" in answer.exceptions or any("does not exist" in str(e.get("message")) for e in answer.errors):
        return Problem.NOT_FOUND
    return Problem.NO_SUCH_ADDRESS


def _what_was_answered(problem: Problem, answer: Answer, url: str) -> str:
    where = _where(url)
    if problem is Problem.REDIRECT:
        return f"{where} redirects to {_host(answer.headers.get('Location', ''))}"
    if problem is Problem.NOT_JSON:
        kind = one_line(answer.headers.get("Content-Type", "") or "nothing that names its kind")
        return f"{where} answered {kind} instead of JSON"
    if problem is Problem.BODY_CUT:
        return f"{where} answered JSON that breaks off"
    said = f': "{answer.message}"' if answer.message else ""
    return f"{where} answered {answer.status}{said}"


def _advice(problem: Problem, address: Address) -> str:
    if problem is not Problem.NOT_PERMITTED:
        return ADVICE[problem]
    right = address.endpoint.right
    granted = f", granted in {right.where}" if right.where else ""
    return f"It needs '{right.label}'{granted}; without it the export lacks {address.endpoint.lacks}"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [failure]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


_NETWORK: tuple[tuple[type[BaseException], Problem], ...] = (
    (ssl.SSLCertVerificationError, Problem.TLS_NOT_TRUSTED),
    (socket.gaierror, Problem.NAME_NOT_RESOLVED),
    (urllib3.exceptions.NameResolutionError, Problem.NAME_NOT_RESOLVED),
    (ssl.SSLEOFError, Problem.CONNECTION_LOST),
    (ssl.SSLZeroReturnError, Problem.CONNECTION_LOST),
    (ConnectionRefusedError, Problem.CONNECTION_REFUSED),
    (urllib3.exceptions.ProxyError, Problem.PROXY_FAILED),
    (requests.exceptions.ProxyError, Problem.PROXY_FAILED),
    (ssl.SSLError, Problem.TLS_FAILED),
    (requests.exceptions.SSLError, Problem.TLS_FAILED),
    (urllib3.exceptions.SSLError, Problem.TLS_FAILED),
    (requests.exceptions.InvalidURL, Problem.BAD_ADDRESS),
    (requests.exceptions.InvalidSchema, Problem.BAD_ADDRESS),
    (urllib3.exceptions.LocationValueError, Problem.BAD_ADDRESS),
    (requests.exceptions.Timeout, Problem.TIMED_OUT),
    (urllib3.exceptions.TimeoutError, Problem.TIMED_OUT),
    (TimeoutError, Problem.TIMED_OUT),
    (urllib3.exceptions.IncompleteRead, Problem.BODY_CUT),
    (urllib3.exceptions.DecodeError, Problem.BODY_CUT),
)


def _network_problem(chain: tuple[BaseException, ...]) -> Problem:
    """Find the first kind in the table that occurs anywhere among the causes."""
    for kind, problem in _NETWORK:
        if any(isinstance(cause, kind) for cause in chain):
            return problem
    return Problem.CONNECTION_LOST


_NETWORK_WORDS = {
    Problem.CONNECTION_REFUSED: "the connection was refused",
    Problem.CONNECTION_LOST: "the connection broke before a whole answer came",
    Problem.TIMED_OUT: "no answer came in time",
    Problem.PROXY_FAILED: "the proxy could not be used",
    Problem.BAD_ADDRESS: "this address cannot be used",
    Problem.BODY_CUT: "the answer broke off",
    Problem.TLS_FAILED: "TLS could not be set up",
}


def _network_words(problem: Problem, chain: tuple[BaseException, ...], url: str) -> str:
    if problem is Problem.NAME_NOT_RESOLVED:
        return f"the name {urlsplit(url).hostname} cannot be resolved"
    if problem is Problem.TLS_NOT_TRUSTED:
        reason = next(c.verify_message for c in chain if isinstance(c, ssl.SSLCertVerificationError))
        return f"its TLS certificate is not trusted: {one_line(reason)}"
    return _NETWORK_WORDS[problem]


def _where(url: str) -> str:
    """Give the address without its query, which says nothing that helps."""
    return url.partition("?")[0]


def _host(location: str) -> str:
    parts = urlsplit(location)
    return one_line(f"{parts.scheme}://{parts.hostname}" if parts.hostname else location.partition("?")[0]) or "nowhere"
