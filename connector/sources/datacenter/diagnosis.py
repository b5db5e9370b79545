"""Tell failures apart: what happened, what it means, and what to do about it.

The one place that reads failed answers; `network_errors` reads exceptions, `problems` has the words.
The export raises what is found here, `check` prints it. Sources: recorded answers of real servers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import FORBIDDEN, NO_CONTENT, TOO_MANY_REQUESTS, UNAUTHORIZED
from urllib.parse import urljoin, urlsplit

from connector.errors import (
    BitbucketError,
    Conflict,
    Gone,
    Missing,
    MissingElsewhere,
    ProjectGone,
    Refused,
    RefusedElsewhere,
    Unknown,
    Unreadable,
)
from connector.rest import network_errors as failures
from connector.rest.answer import Answer, one_line
from connector.rest.network_errors import NetworkProblem
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES, RECENT_REPOSITORIES, Address
from connector.sources.datacenter.problems import ADVICE, MEANING, AnyProblem, Problem

__all__ = ["ADVICE", "PASSING", "Diagnosis", "Problem", "of_answer", "of_failure", "what_to_do"]

PASSING: frozenset[AnyProblem] = frozenset({
    NetworkProblem.CONNECTION_REFUSED,
    NetworkProblem.CONNECTION_LOST,
    NetworkProblem.TIMED_OUT,
    NetworkProblem.BODY_CUT,
    Problem.RATE_LIMITED,
    Problem.UNAVAILABLE,
    Problem.SERVER_ERROR,
})  # fmt: skip
"""Worth asking again; a name that does not resolve joins them once the server has answered."""

_ONE_LISTING: dict[AnyProblem, type[Unreadable]] = {
    Problem.NOT_PERMITTED: Refused,
    Problem.NOT_BITBUCKET_REFUSES: RefusedElsewhere,
    Problem.NOT_FOUND: Gone,
    Problem.PROJECT_NOT_FOUND: ProjectGone,
    Problem.NO_SUCH_ADDRESS: Missing,
    Problem.NOT_BITBUCKET_MISSES: MissingElsewhere,
    Problem.CONFLICT: Conflict,
    Problem.BAD_REQUEST: Unknown,
    Problem.SERVER_ERROR: Unreadable,
    Problem.UNEXPECTED: Unreadable,
}
"""Problems of the one thing that was asked for; every other problem is one of the whole server."""


def what_to_do(problem: AnyProblem) -> str:
    """Give the advice about a problem as a sentence."""
    return _sentence(ADVICE[problem])


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One failure, explained: what happened, what it means, what to do; each on a line without its full stop."""

    problem: AnyProblem
    said: str
    advice: str
    retry_after: float | None = None
    meaning: str = ""

    @property
    def text(self) -> str:
        """Everything, on one line."""
        return " ".join(_sentence(part) for part in (self.said, self.meaning, self.advice) if part)

    def error(self) -> BitbucketError:
        """Give the exception that says what happens next."""
        return _ONE_LISTING.get(self.problem, BitbucketError)(self.text)


def _sentence(part: str) -> str:
    """Begin with a capital, unless it begins with an address."""
    return f"{part}." if part.startswith("http") else f"{part[:1].upper()}{part[1:]}."


def of_answer(answer: Answer, url: str, address: Address) -> Diagnosis | None:
    """Explain an answer that is not the JSON that was asked for; None where it is."""
    problem = NetworkProblem.BODY_CUT if _breaks_off(answer) else _problem(answer, address)
    if problem is None:
        return None
    said = _what_was_answered(problem, answer, url)
    if problem is Problem.NOT_PERMITTED:
        meaning, advice = _of_refusal(address)
    elif problem is Problem.NO_SUCH_ADDRESS and address.endpoint is APPLICATION_PROPERTIES:
        meaning, advice = "there is no Bitbucket at this address", ADVICE[Problem.WRONG_PATH]
    elif problem in {Problem.REDIRECT, Problem.LOGIN_PAGE} and (base := _new_base(answer, url)):
        problem, meaning, advice = Problem.MOVED, MEANING[Problem.MOVED], f"set BITBUCKET_URL to {base}"
    else:
        meaning, advice = MEANING.get(problem, ""), ADVICE[problem]
    return Diagnosis(problem, said, advice, answer.retry_after(), meaning)


def of_failure(failure: Exception, url: str) -> Diagnosis:
    """Explain why no whole answer came. `failure` is what requests or urllib3 raised."""
    problem, words = failures.explain(failure, url)
    return Diagnosis(problem, f"{_where(url)}: {words}", ADVICE[problem], meaning=MEANING.get(problem, ""))


_LOGIN = re.compile(r"log[ -]?in|sign[ -]?[io]n|sso|saml|oauth|openid|type=.?password", re.IGNORECASE)
"""What login pages, and addresses of such, hold."""

_TLS_WANTED = re.compile(r"HTTPS port|requires TLS|HTTP request to an HTTPS server", re.IGNORECASE)
"""What nginx, Tomcat and Go say to a request without TLS."""

_IN_BITBUCKETS_FORM = {400: Problem.BAD_REQUEST, 409: Problem.CONFLICT}
"""What these mean in an answer of Bitbucket; a proxy says them in HTML, and of the request as such."""

_BY_STATUS: dict[int, AnyProblem] = {
    407: NetworkProblem.PROXY_LOGIN,
    429: Problem.RATE_LIMITED,
    500: Problem.SERVER_ERROR,
    502: Problem.UNAVAILABLE,
    503: Problem.UNAVAILABLE,
    504: Problem.UNAVAILABLE,
}


def _problem(answer: Answer, address: Address) -> AnyProblem | None:
    match answer.status:
        case 200:
            return _problem_of_success(answer)
        case 401 | 403:
            return _problem_of_refusal(answer, address)
        case 404:
            return _problem_of_absence(answer, address)
        case 400 if _TLS_WANTED.search(answer.message):
            return Problem.TLS_WANTED
        case status if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return Problem.LOGIN_PAGE if _LOGIN.search(answer.headers.get("Location", "")) else Problem.REDIRECT
        case status:
            known = _IN_BITBUCKETS_FORM.get(status) if answer.json is not None else None
            empty = Problem.NOT_FOUND if status == NO_CONTENT and address.endpoint.may_be_empty else None
            return known or empty or _BY_STATUS.get(status, Problem.UNEXPECTED)


def _problem_of_success(answer: Answer) -> AnyProblem | None:
    if not answer.is_json:
        return Problem.LOGIN_PAGE if _LOGIN.search(answer.body.decode("utf-8", "replace")) else Problem.NOT_JSON
    return None if answer.body.strip() else NetworkProblem.BODY_CUT


def _breaks_off(answer: Answer) -> bool:
    """Whether an answer says that it is JSON, and is only the beginning of some."""
    begun = answer.is_json and answer.json is None and answer.body.strip() not in {b"", b"null"}
    return begun and answer.status < TOO_MANY_REQUESTS


_REFUSALS = (
    ("CaptchaRequired", Problem.CAPTCHA),
    ("IncorrectPassword", Problem.WRONG_PASSWORD),
    ("ExpiredPassword", Problem.PASSWORD_EXPIRED),
    ("InactiveUser", Problem.INACTIVE),
    ("NoAccess", Problem.NOT_LICENSED),
    ("TwoStep", Problem.TWO_STEP),
    ("TwoFactor", Problem.TWO_STEP),
    ("Totp", Problem.TWO_STEP),
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
    nobody = answer.user_name is None and (not answer.errors or address.endpoint is RECENT_REPOSITORIES)
    return Problem.NOT_SIGNED_IN if answer.status == UNAUTHORIZED and nobody else Problem.NOT_PERMITTED


def _is_foreign(answer: Answer) -> bool:
    """Whether something before Bitbucket answered: Bitbucket refuses in JSON, and numbers its answers."""
    if answer.errors or answer.user_name is not None or "X-AREQUESTID" in answer.headers:
        return False
    return answer.status == FORBIDDEN or bool(answer.body.strip())


def _problem_of_absence(answer: Answer, address: Address) -> Problem:
    if "NoSuchProject" in answer.exceptions:
        return Problem.PROJECT_NOT_FOUND
    if "NoSuch" in answer.exceptions or any("does not exist" in str(e.get("message")) for e in answer.errors):
        return Problem.NOT_FOUND
    if "NoDefaultBranch" in answer.exceptions:
        return Problem.NOT_FOUND
    if answer.json is None and answer.body.strip() and address.endpoint is not APPLICATION_PROPERTIES:
        return Problem.NOT_BITBUCKET_MISSES
    return Problem.NO_SUCH_ADDRESS


def _what_was_answered(problem: AnyProblem, answer: Answer, url: str) -> str:
    where = _where(url)
    if "Location" in answer.headers:
        return f"{where} redirects to {_target(answer.headers.get('Location', ''))}"
    if problem in {Problem.NOT_JSON, Problem.LOGIN_PAGE}:
        kind = one_line(answer.headers.get("Content-Type", "") or "nothing that names its kind")
        return f"{where} answered {kind} instead of JSON"
    if problem is NetworkProblem.BODY_CUT:
        return f"{where} answered JSON that breaks off"
    said = f': "{answer.message}"' if answer.message else ""
    return f"{where} answered {answer.status}{said}"


def _of_refusal(address: Address) -> tuple[str, str]:
    right = address.endpoint.right
    meaning = f"the account lacks '{right.label}'; without it the export lacks {address.endpoint.lacks}"
    return meaning, f"grant '{right.label}' in {right.where}" if right.where else ADVICE[Problem.NOT_SIGNED_IN]


def _new_base(answer: Answer, url: str) -> str | None:
    """Give the base URL below which a redirect finds the very same question; None where it leads elsewhere."""
    if "Location" not in answer.headers:
        return None
    base, _, found = urljoin(url, answer.headers.get("Location", "")).partition("?")[0].rpartition("/rest/")
    same = found and found == _where(url).rpartition("/rest/")[2]
    return one_line(base) if same and "@" not in base else None


def _where(url: str) -> str:
    """Give the address without its query, which says nothing that helps."""
    return url.partition("?")[0]


def _target(location: str) -> str:
    """Give the address that a redirect leads to, without what may be secret in it."""
    parts = urlsplit(location)
    port = f":{parts.port}" if parts.port else ""
    host = f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""
    return one_line(f"{host}{parts.path}") or "nowhere"
