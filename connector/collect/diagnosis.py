"""Tell failures apart: what happened, what it means, and what to do about it.

The one place that reads failed answers and exceptions of the network. The export raises what is found
here, `check` prints it. Sources: Atlassian's pages on authentication, recorded answers of real servers.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from http.client import FORBIDDEN, UNAUTHORIZED
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from connector.collect.answer import Answer, one_line
from connector.collect.endpoints import APPLICATION_PROPERTIES, Address, Right
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
    TLS_EXPIRED = auto()
    TLS_OTHER_NAME = auto()
    CA_FILE = auto()
    PROXY_FAILED = auto()
    PROXY_LOGIN = auto()
    BAD_ADDRESS = auto()
    BODY_CUT = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()
    SERVER_ERROR = auto()
    REDIRECT = auto()
    NOT_JSON = auto()
    WRONG_PATH = auto()
    WRONG_PASSWORD = auto()
    PASSWORD_EXPIRED = auto()
    CAPTCHA = auto()
    INACTIVE = auto()
    NOT_LICENSED = auto()
    TWO_STEP = auto()
    BASIC_DISABLED = auto()
    DIRECTORY_AWAY = auto()
    NOT_SIGNED_IN = auto()
    NOT_PERMITTED = auto()
    NOT_BITBUCKET_REFUSES = auto()
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
    Problem.NOT_BITBUCKET_REFUSES: Refused,
    Problem.NOT_FOUND: Gone,
    Problem.PROJECT_NOT_FOUND: ProjectGone,
    Problem.NO_SUCH_ADDRESS: Missing,
    Problem.CONFLICT: Conflict,
    Problem.BAD_REQUEST: Unknown,
    Problem.SERVER_ERROR: Unreadable,
    Problem.UNEXPECTED: Unreadable,
}
"""Problems of the one thing that was asked for; every other problem is one of the whole server."""

ADVICE: dict[Problem, str] = {
    Problem.NAME_NOT_RESOLVED: "check the host name in BITBUCKET_URL and this machine's DNS",
    Problem.CONNECTION_REFUSED: "check host and port in BITBUCKET_URL, and whether Bitbucket is running",
    Problem.CONNECTION_LOST: "check Bitbucket, and proxies or load balancers before it, in their logs",
    Problem.TIMED_OUT: "check that a firewall lets this machine through, and whether Bitbucket is overloaded",
    Problem.TLS_NOT_TRUSTED: (
        "put the certificate of the authority that signed it (or the server's own, if it is self-signed) into a PEM "
        "file, and name the file in REQUESTS_CA_BUNDLE"
    ),
    Problem.TLS_EXPIRED: "renew the certificate of the server; check this machine's clock too",
    Problem.TLS_OTHER_NAME: "use a host name in BITBUCKET_URL that the certificate is made for",
    Problem.TLS_FAILED: "check that the port speaks TLS; an address without it begins with http://",
    Problem.CA_FILE: (
        "REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) must name a file with certificates in PEM that this account can read"
    ),
    Problem.PROXY_FAILED: (
        "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; if Bitbucket is reached without a proxy, add its host to NO_PROXY"
    ),
    Problem.PROXY_LOGIN: (
        "put user name and password into HTTPS_PROXY or HTTP_PROXY, as in http://user:password@proxy.example.com:3128, "
        "or add Bitbucket's host to NO_PROXY"
    ),
    Problem.BAD_ADDRESS: "BITBUCKET_URL looks like https://bitbucket.example.com/context",
    Problem.BODY_CUT: "check proxies or load balancers before Bitbucket",
    Problem.RATE_LIMITED: "raise or lift the account's rate limit (Administration > Rate limiting), or set --max-rate",
    Problem.UNAVAILABLE: "Bitbucket is starting, in maintenance or overloaded; run again when its start page answers",
    Problem.SERVER_ERROR: "look for the address in Bitbucket's log (atlassian-bitbucket.log)",
    Problem.REDIRECT: (
        "give the final address in BITBUCKET_URL (the command check tries the usual ones); "
        "if it leads to a login page of single sign-on, let /rest pass by it"
    ),
    Problem.NOT_JSON: (
        "let /rest pass by the login page, or correct BITBUCKET_URL (the command check tries the usual context paths)"
    ),
    Problem.WRONG_PATH: (
        "correct BITBUCKET_URL (the command check tries the usual ones): the context path, often /bitbucket or "
        "/stash, belongs to it, pages like /projects do not"
    ),
    Problem.WRONG_PASSWORD: (
        "check BITBUCKET_USER and BITBUCKET_TOKEN; an access token alone is used without BITBUCKET_USER. "
        "Do not run again unchanged: repeated failures lock the account"
    ),
    Problem.PASSWORD_EXPIRED: "sign in once in the browser as this user and set a new password",
    Problem.CAPTCHA: (
        "sign in once in the browser as this user and solve the CAPTCHA, or let an administrator clear it "
        "(Administration > Users > the user > Clear CAPTCHA challenge); then correct the password"
    ),
    Problem.INACTIVE: "let an administrator activate the account, in Bitbucket or in its user directory",
    Problem.NOT_LICENSED: f"give the account '{Right.LICENSED.label}' in {Right.LICENSED.where}",
    Problem.TWO_STEP: "use an HTTP access token without BITBUCKET_USER, or an account without two-step verification",
    Problem.BASIC_DISABLED: (
        "allow basic authentication for this account (Administration > Authentication methods), "
        "or use an HTTP access token without BITBUCKET_USER"
    ),
    Problem.DIRECTORY_AWAY: (
        "let an administrator look at Administration > User directories; run again when the directory answers"
    ),
    Problem.NOT_SIGNED_IN: (
        "set BITBUCKET_TOKEN to a new access token (Manage account > HTTP access tokens), or to the right password of "
        "BITBUCKET_USER; if it is right, look for a proxy that removes the Authorization header"
    ),
    Problem.NOT_BITBUCKET_REFUSES: "let requests for /rest that carry an Authorization header pass to Bitbucket",
    Problem.NOT_FOUND: "it was deleted, moved, or never existed",
    Problem.PROJECT_NOT_FOUND: "the project was deleted, renamed, or never existed",
    Problem.NO_SUCH_ADDRESS: "this version of Bitbucket does not know it",
    Problem.CONFLICT: "look at its state in Bitbucket",
    Problem.BAD_REQUEST: "this version of Bitbucket does not know the question",
    Problem.UNEXPECTED: "look for the address in Bitbucket's log, and in that of any proxy before it",
}


MEANING: dict[Problem, str] = {
    Problem.NAME_NOT_RESOLVED: "this machine does not know the host",
    Problem.CONNECTION_REFUSED: "the host is there, but nothing listens at this port",
    Problem.CONNECTION_LOST: "something between here and Bitbucket ended the connection",
    Problem.TIMED_OUT: "something swallows the request, or takes too long",
    Problem.TLS_NOT_TRUSTED: "no authority that this machine trusts signed the certificate",
    Problem.TLS_EXPIRED: "the certificate has expired, or is not valid yet",
    Problem.TLS_OTHER_NAME: "the certificate belongs to another host",
    Problem.TLS_FAILED: "the two sides found no way to speak TLS with each other",
    Problem.CA_FILE: "the certificates to trust could not be read",
    Problem.PROXY_FAILED: "the environment names a proxy, and it does not lead to Bitbucket",
    Problem.PROXY_LOGIN: "the proxy asks for a login",
    Problem.RATE_LIMITED: "the account has asked more than its rate limit allows",
    Problem.NOT_JSON: "a login page or proxy answers for Bitbucket, or the address is not Bitbucket's",
    Problem.WRONG_PASSWORD: "the user name and the password do not belong together, or the token is not known",
    Problem.PASSWORD_EXPIRED: "the password was right once, and has expired",
    Problem.CAPTCHA: "after too many wrong passwords the account is locked, even for the right one",
    Problem.INACTIVE: "the account has been deactivated",
    Problem.NOT_LICENSED: "the login is right, but the account may not use Bitbucket",
    Problem.TWO_STEP: "the password alone is not enough for this account",
    Problem.BASIC_DISABLED: "user name and password are not accepted for REST requests",
    Problem.DIRECTORY_AWAY: "Bitbucket could not ask the directory that knows the password",
    Problem.NOT_SIGNED_IN: (
        "Bitbucket took the request for an anonymous one: the token or password is wrong, expired or revoked"
    ),
    Problem.NOT_BITBUCKET_REFUSES: (
        "this is no answer of Bitbucket: a proxy, firewall or single sign-on before it refuses"
    ),
}
"""What a problem means, where the answer itself does not say it plainly."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One failure, explained: what happened, what it means, what to do; each on a line without its full stop."""

    problem: Problem
    said: str
    advice: str
    retry_after: float | None = None
    meaning: str = ""

    @property
    def text(self) -> str:
        """Everything, on one line."""
        return " ".join(f"{part[:1].upper()}{part[1:]}." for part in (self.said, self.meaning, self.advice) if part)

    def error(self) -> BitbucketError:
        """Give the exception that says what happens next."""
        return _ONE_LISTING.get(self.problem, BitbucketError)(self.text)


def of_answer(answer: Answer, url: str, address: Address) -> Diagnosis | None:
    """Explain an answer that is not the JSON that was asked for; None where it is."""
    problem = _problem(answer, address)
    if problem is None:
        return None
    said = _what_was_answered(problem, answer, url)
    if problem is Problem.NOT_PERMITTED:
        meaning, advice = _of_refusal(address)
    elif problem is Problem.NO_SUCH_ADDRESS and address.endpoint is APPLICATION_PROPERTIES:
        meaning, advice = "there is no Bitbucket at this address", ADVICE[Problem.WRONG_PATH]
    elif problem is Problem.REDIRECT:
        meaning, advice = _of_redirect(answer, url)
    else:
        meaning, advice = MEANING.get(problem, ""), ADVICE[problem]
    return Diagnosis(problem, said, advice, answer.retry_after(), meaning)


def of_failure(failure: Exception, url: str) -> Diagnosis:
    """Explain why no whole answer came. `failure` is what requests or urllib3 raised."""
    chain = tuple(_causes(failure))
    problem = _network_problem(chain)
    said = f"{_where(url)}: {_network_words(problem, chain, url)}"
    return Diagnosis(problem, said, ADVICE[problem], meaning=MEANING.get(problem, ""))


_BY_STATUS = {
    400: Problem.BAD_REQUEST,
    407: Problem.PROXY_LOGIN,
    409: Problem.CONFLICT,
    429: Problem.RATE_LIMITED,
    500: Problem.SERVER_ERROR,
    502: Problem.UNAVAILABLE,
    503: Problem.UNAVAILABLE,
    504: Problem.UNAVAILABLE,
}


def _problem(answer: Answer, address: Address) -> Problem | None:
    match answer.status:
        case 200:
            return _problem_of_success(answer)
        case 401 | 403:
            return _problem_of_refusal(answer, address)
        case 404:
            return _problem_of_absence(answer)
        case status if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return Problem.REDIRECT
        case status:
            return _BY_STATUS.get(status, Problem.UNEXPECTED)


def _problem_of_success(answer: Answer) -> Problem | None:
    if not answer.is_json:
        return Problem.NOT_JSON
    return Problem.BODY_CUT if answer.json is None else None


_REFUSALS = (
    ("CaptchaRequired", Problem.CAPTCHA),
    ("IncorrectPassword", Problem.WRONG_PASSWORD),
    ("ExpiredPassword", Problem.PASSWORD_EXPIRED),
    ("InactiveUser", Problem.INACTIVE),
    ("NoAccess", Problem.NOT_LICENSED),
    ("TwoStep", Problem.TWO_STEP),
    ("TwoFactor", Problem.TWO_STEP),
    ("BasicAuth", Problem.BASIC_DISABLED),
    ("AuthenticationSystem", Problem.DIRECTORY_AWAY),
    ("AuthenticationRequired", Problem.NOT_SIGNED_IN),
    ("AuthenticationException", Problem.WRONG_PASSWORD),
)
"""Parts of Bitbucket's exception names, the telling ones first."""

_REFUSALS_IN_WORDS = (
    ("captcha", Problem.CAPTCHA),
    ("basic auth", Problem.BASIC_DISABLED),
    ("two-step", Problem.TWO_STEP),
    ("two-factor", Problem.TWO_STEP),
    ("2-step", Problem.TWO_STEP),
    ("2sv", Problem.TWO_STEP),
    ("2fa", Problem.TWO_STEP),
    ("not currently licensed", Problem.NOT_LICENSED),
    ("authentication_denied", Problem.CAPTCHA),
    ("authenticated_failed", Problem.WRONG_PASSWORD),
)
"""Parts of messages, and of the headers that Atlassian's older login code sends (X-Seraph-LoginReason)."""

_HEADERS_WITH_REASONS = ("X-Authentication-Denied-Reason", "X-Seraph-LoginReason")


def _problem_of_refusal(answer: Answer, address: Address) -> Problem:
    for part, problem in _REFUSALS:
        if part in answer.exceptions:
            return problem
    words = " ".join([answer.message, *(answer.headers.get(name, "") for name in _HEADERS_WITH_REASONS)]).lower()
    for part, problem in _REFUSALS_IN_WORDS:
        if part in words:
            return problem
    if _is_foreign(answer):
        return Problem.NOT_BITBUCKET_REFUSES
    nobody = answer.user_name is None and (not answer.errors or address.endpoint.right is Right.LOGIN)
    return Problem.NOT_SIGNED_IN if answer.status == UNAUTHORIZED and nobody else Problem.NOT_PERMITTED


def _is_foreign(answer: Answer) -> bool:
    """Whether something before Bitbucket answered: Bitbucket refuses in JSON, and numbers its answers."""
    if answer.errors or answer.user_name is not None or "X-AREQUESTID" in answer.headers:
        return False
    return answer.status == FORBIDDEN or (bool(answer.body.strip()) and not answer.is_json)


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


def _of_refusal(address: Address) -> tuple[str, str]:
    right = address.endpoint.right
    meaning = f"the account lacks '{right.label}'; without it the export lacks {address.endpoint.lacks}"
    return meaning, f"grant '{right.label}' in {right.where}" if right.where else ADVICE[Problem.NOT_SIGNED_IN]


def _of_redirect(answer: Answer, url: str) -> tuple[str, str]:
    """Tell a server that knows a better address from one that wants people to sign in."""
    target = urljoin(url, answer.headers.get("Location", "")).partition("?")[0]
    asked, found = _where(url).partition("/rest/")[2], target.rpartition("/rest/")
    base = found[0]
    if asked and found[2] == asked and "@" not in base:
        return "Bitbucket lives at another address", f"set BITBUCKET_URL to {one_line(base)}"
    return "the address is not Bitbucket's, or a login page stands before it", ADVICE[Problem.REDIRECT]


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


_EXPIRED = frozenset({9, 10})
_OTHER_NAME = frozenset({62, 63, 64})
"""Codes of OpenSSL's verification (X509_V_ERR_…)."""

_NETWORK: tuple[tuple[type[BaseException], Problem], ...] = (
    (ssl.SSLCertVerificationError, Problem.TLS_NOT_TRUSTED),
    (socket.gaierror, Problem.NAME_NOT_RESOLVED),
    (urllib3.exceptions.NameResolutionError, Problem.NAME_NOT_RESOLVED),
    (ssl.SSLEOFError, Problem.CONNECTION_LOST),
    (ssl.SSLZeroReturnError, Problem.CONNECTION_LOST),
    (ConnectionRefusedError, Problem.CONNECTION_REFUSED),
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

_OF_THE_PROXY = (
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.ProxySchemeUnknown,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
)


def _network_problem(chain: tuple[BaseException, ...]) -> Problem:
    """Find what went wrong: on the way to a proxy, with certificates, or the first kind in the table."""
    words = " ".join(map(str, chain))
    if "failed: 407" in words:
        return Problem.PROXY_LOGIN
    if any(isinstance(cause, _OF_THE_PROXY) for cause in chain) or "SOCKS" in words:
        return Problem.PROXY_FAILED
    if "TLS CA certificate bundle" in words or "NO_CERTIFICATE_OR_CRL_FOUND" in words:
        return Problem.CA_FILE
    for kind, problem in _NETWORK:
        if any(isinstance(cause, kind) for cause in chain):
            return _certificate_problem(chain) if problem is Problem.TLS_NOT_TRUSTED else problem
    return Problem.CONNECTION_LOST


def _certificate_problem(chain: tuple[BaseException, ...]) -> Problem:
    code = next(c.verify_code for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    if code in _EXPIRED:
        return Problem.TLS_EXPIRED
    return Problem.TLS_OTHER_NAME if code in _OTHER_NAME else Problem.TLS_NOT_TRUSTED


_NETWORK_WORDS = {
    Problem.CONNECTION_REFUSED: "the connection was refused",
    Problem.CONNECTION_LOST: "the connection broke before a whole answer came",
    Problem.TIMED_OUT: "no answer came in time",
    Problem.BAD_ADDRESS: "this address cannot be used",
    Problem.BODY_CUT: "the answer broke off",
    Problem.TLS_FAILED: "TLS could not be set up",
    Problem.PROXY_LOGIN: "the proxy wants a user name and password (407)",
}

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}[^'\")]*)")


def _network_words(problem: Problem, chain: tuple[BaseException, ...], url: str) -> str:
    if problem is Problem.NAME_NOT_RESOLVED:
        return f"the name {urlsplit(url).hostname} cannot be resolved"
    if problem is Problem.PROXY_FAILED:
        refused = _TUNNEL.search(" ".join(map(str, chain)))
        return f"the proxy answered {one_line(refused[1])}" if refused else "the proxy could not be used"
    if problem is Problem.CA_FILE:
        return f"the file of trusted certificates cannot be used: {one_line(str(chain[-1]))}"
    if problem in _NETWORK_WORDS:
        return _NETWORK_WORDS[problem]
    reason = next(c.verify_message for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    return f"its TLS certificate is not trusted: {one_line(reason)}"


def _where(url: str) -> str:
    """Give the address without its query, which says nothing that helps."""
    return url.partition("?")[0]


def _host(location: str) -> str:
    parts = urlsplit(location)
    return one_line(f"{parts.scheme}://{parts.hostname}" if parts.hostname else location.partition("?")[0]) or "nowhere"
