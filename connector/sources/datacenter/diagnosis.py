"""Explain failed answers: what happened, what it means, and what to do about it.

The only module that reads failed answers. Only Bitbucket itself can say that something does not exist or is not
permitted: its exceptions have names, and a server that numbers its answers (X-AREQUESTID) numbers these too. The
export raises what is found here, `check` prints it. Sources: recorded answers of real servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import NO_CONTENT, TOO_MANY_REQUESTS
from typing import Any
from urllib.parse import unquote, urljoin

from connector.rest.answer import Answer, JsonObject, one_line
from connector.rest.diagnosis import Diagnosis, where
from connector.sources.common.problems import (
    ForeignAnswer,
    breaks_off,
    of_redirect,
    of_success,
    wants_tls,
    what_was_answered,
)
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES, RECENT_REPOSITORIES, Address, Right
from connector.sources.datacenter.problems import Problem

ACCOUNT, REQUEST_ID = "X-AUSERNAME", "X-AREQUESTID"
"""Headers of every answer of Bitbucket's: for whom it was made (where it knows), and its number."""

_TOKEN_ACCOUNT = "access-token-user/"  # noqa: S105 - how the accounts begin that act for tokens of projects


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of the server and the login when an answer is judged.

    `account` is the name of the account, `is_administrator` whether it holds Global: Admin in effect; None where that
    is not known (yet). `has_request_ids` says whether this server's answers carry X-AREQUESTID.
    """

    is_token: bool = False
    account: str | None = None
    is_administrator: bool | None = None
    has_request_ids: bool = False

    @property
    def is_of_one_project(self) -> bool:
        """Whether the token belongs to a project or repository, and not to a person."""
        return (self.account or "").startswith(_TOKEN_ACCOUNT)


def account_of(answer: Answer) -> str | None:
    """Give the account that an answer was made for; None where it does not say."""
    name = answer.headers.get(ACCOUNT)
    return unquote(name) if name else None


def of_answer(answer: Answer, url: str, address: Address, session: Session) -> Diagnosis | None:
    """Explain an answer that is not the JSON object that was asked for; None where it is."""
    problem = _problem(answer, url, address, session)
    if problem is None:
        return None
    advice, meaning = problem.value.advice, problem.value.meaning
    if problem is Problem.NOT_PERMITTED:
        meaning, advice = _of_refusal(address, session)
    elif problem is Problem.SERVER_MOVED:
        advice = f"set BITBUCKET_URL to {_new_base(answer, url)}"
    said = what_was_answered(problem, answer, url, _message(answer))
    return Diagnosis(
        problem, said, advice, problem.value.next, meaning, problem.value.why, retry_after=answer.retry_after()
    )


def _problem(answer: Answer, url: str, address: Address, session: Session) -> Problem | ForeignAnswer | None:  # noqa: PLR0911 - a table
    if answer.status < TOO_MANY_REQUESTS and breaks_off(answer):
        return ForeignAnswer.BREAKS_OFF
    match answer.status:
        case 200:
            return _problem_of_success(answer, address, session)
        case 401 | 403:
            return _problem_of_refusal(answer, address, session)
        case 404:
            return _problem_of_absence(answer, address, session)
        case 400:
            return _problem_of_the_question(answer, session)
        case 409 if is_bitbuckets(answer, session):
            return Problem.CONFLICT
        case status if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return _problem_of_redirect(answer, url, address)
        case status if status == NO_CONTENT and address.endpoint.may_be_empty:
            return Problem.HAS_NONE
        case status:
            return _BY_STATUS.get(status, ForeignAnswer.UNEXPECTED)


_BY_STATUS: dict[int, Problem | ForeignAnswer] = {
    407: ForeignAnswer.PROXY_LOGIN,
    429: Problem.RATE_LIMITED,
    500: Problem.SERVER_ERROR,
    502: Problem.UNAVAILABLE,
    503: Problem.UNAVAILABLE,
    504: Problem.UNAVAILABLE,
}


def _problem_of_success(answer: Answer, address: Address, session: Session) -> Problem | ForeignAnswer | None:
    odd = of_success(answer, dict)
    if odd is not None:
        return odd
    if address.endpoint is RECENT_REPOSITORIES and not isinstance(answer.json.get("values"), list):
        return ForeignAnswer.NOT_JSON
    return None if _is_numbered(answer, session) else Problem.UNNUMBERED


# ---- Bitbucket's own errors


def _errors(answer: Answer) -> list[JsonObject]:
    """Give the entries of Bitbucket's error shape; none where the body has another shape."""
    entries = answer.json.get("errors") if isinstance(answer.json, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _exceptions(answer: Answer) -> list[str]:
    """Give the names of the exceptions that are Atlassian's, without their packages."""
    names = [entry.get("exceptionName") for entry in _errors(answer)]
    return [name.rpartition(".")[2] for name in names if isinstance(name, str) and name.startswith("com.atlassian.")]


def _message(answer: Answer) -> str:
    said = " ".join(str(entry["message"]) for entry in _errors(answer) if entry.get("message"))
    return one_line(said) or answer.text


def is_bitbuckets(answer: Answer, session: Session) -> bool:
    """Whether Bitbucket itself says that something is wrong."""
    return bool(_exceptions(answer)) and _is_numbered(answer, session)


def _is_numbered(answer: Answer, session: Session) -> bool:
    return REQUEST_ID in answer.headers or not session.has_request_ids


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
"""Parts of Bitbucket's exception names, the telling ones first. They end the run, even if a proxy sent them."""

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
_NOT_PERMITTED = "AuthorisationException"


def _problem_of_refusal(answer: Answer, address: Address, session: Session) -> Problem:
    exceptions = " ".join(_exceptions(answer))
    for part, problem in _REFUSALS:
        if part in exceptions:
            return problem
    words = " ".join([_message(answer), *(answer.headers.get(name, "") for name in _HEADERS_WITH_REASONS)]).lower()
    for part, problem in _REFUSALS_IN_WORDS:
        if part in words:
            return problem
    if address.endpoint is RECENT_REPOSITORIES and account_of(answer) is None:
        return Problem.NOT_SIGNED_IN if _exceptions(answer) or not answer.body.strip() else Problem.FOREIGN_REFUSAL
    is_permission = _NOT_PERMITTED in _exceptions(answer) and _is_numbered(answer, session)
    return Problem.NOT_PERMITTED if is_permission else Problem.FOREIGN_REFUSAL


_ABSENCES = frozenset({
    "NoSuchProjectException",
    "NoSuchRepositoryException",
    "NoSuchGroupException",
    "NoSuchUserException",
})  # fmt: skip
_NONE_OF_IT = frozenset({"NoDefaultBranchException", "NoSuchBranchException", "NoSuchEntityException"})


def _problem_of_absence(answer: Answer, address: Address, session: Session) -> Problem:
    if address.endpoint is APPLICATION_PROPERTIES:
        return Problem.NO_SUCH_ADDRESS
    if not _is_numbered(answer, session):
        return Problem.FOREIGN_ABSENCE
    if _ABSENCES & set(_exceptions(answer)):
        return Problem.NOT_FOUND
    if _NONE_OF_IT & set(_exceptions(answer)):
        return Problem.HAS_NONE
    # An address that the version does not have: JSON of this shape, or XML or HTML, which others send too.
    has_shape = isinstance(answer.json, dict) and answer.json.get("status-code") == answer.status
    return Problem.NO_SUCH_ADDRESS if has_shape or REQUEST_ID in answer.headers else Problem.FOREIGN_ABSENCE


def _problem_of_the_question(answer: Answer, session: Session) -> Problem | ForeignAnswer:
    """Tell Bitbucket's own 400, whose exception often has no name, from that of a proxy."""
    if wants_tls(answer):
        return ForeignAnswer.TLS_WANTED
    return Problem.BAD_REQUEST if _errors(answer) and _is_numbered(answer, session) else ForeignAnswer.UNEXPECTED


def contradiction(page: Any, question: Mapping[str, str | int]) -> str | None:  # noqa: ANN401 - JSON of any shape
    """Say what in a listing's page contradicts itself, or the question for it; None where nothing does.

    A server may lower the limit that it is asked for, and never raises it.
    """
    rows = page.get("values")
    if not isinstance(rows, list):
        return None
    size, begins, limit = page.get("size"), page.get("start"), page.get("limit")
    asked_from, asked_for = question.get("start", 0), question.get("limit")
    if isinstance(size, int) and size != len(rows):
        return f"a page of {len(rows)} rows that says it has {size}"
    if isinstance(begins, int) and begins != asked_from:
        return f"the rows from {begins} instead of those from {asked_from}"
    if isinstance(limit, int) and isinstance(asked_for, int) and limit > asked_for:
        return f"a page of up to {limit} rows instead of one of up to {asked_for}"
    if page.get("isLastPage") is True and page.get("nextPageStart") is not None:
        return "a page that is the last, and says where the next one begins"
    return None


# ---- redirects


def _problem_of_redirect(answer: Answer, url: str, address: Address) -> Problem | ForeignAnswer:
    location = answer.headers.get("Location", "")
    if _new_base(answer, url):
        return Problem.SERVER_MOVED
    if _is_same_kind(location, url, address):
        return Problem.MOVED
    return of_redirect(answer)


def _is_same_kind(location: str, url: str, address: Address) -> bool:
    """Whether a redirect leads to another project or repository of the same server."""
    if not address.endpoint.template.startswith("projects/{}"):
        return False
    base = url.partition("/rest/")[0]
    try:
        target = urljoin(url, location)
    except ValueError:
        return False
    return target.startswith(f"{base}/rest/") and "/projects/" in target and where(target) != where(url)


def _new_base(answer: Answer, url: str) -> str | None:
    """Give the base URL below which a redirect finds the very same question; None where it leads elsewhere."""
    if "Location" not in answer.headers:
        return None
    try:
        target = urljoin(url, answer.headers.get("Location", ""))
    except ValueError:
        return None
    base, _, found = where(target).rpartition("/rest/")
    same = found and found == where(url).rpartition("/rest/")[2]
    return one_line(base) if same and "@" not in base else None


# ---- words


def _of_refusal(address: Address, session: Session) -> tuple[str, str]:
    """Say which right is missing: the account's, the token's, or one that no such token can have."""
    right = address.endpoint.right
    lacks = f"without it the export lacks {address.endpoint.lacks}"
    if session.is_of_one_project and right in {Right.LICENSED, Right.GLOBAL_ADMIN}:
        return (
            f"a token of a project or repository reads nothing beyond it; {lacks}",
            "use the access token of a person, or a password: it takes an account with Global: Admin",
        )
    if session.is_token and right is Right.GLOBAL_ADMIN:
        return (
            f"no access token may read this, whatever its owner may; {lacks}",
            "set BITBUCKET_USER, and BITBUCKET_TOKEN to the password of an account with Global: Admin",
        )
    if session.is_token and session.is_administrator:
        return (
            f"the account has every right, but its token lacks '{right.label}'; {lacks}",
            f"make a token with the permission {right.of_token} (Manage account > HTTP access tokens)",
        )
    who = "the account, or its token," if session.is_token else "the account"
    advice = f"grant '{right.label}' in {right.where}" if right.where else Problem.NOT_SIGNED_IN.value.advice
    if session.is_token and right.of_token:
        advice += f"; a token needs the permission {right.of_token} too"
    return f"{who} lacks '{right.label}'; {lacks}", advice
