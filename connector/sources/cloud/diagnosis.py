"""Tell answers apart that are not what was asked for: what happened, what it means, and what to do about it.

The one place that reads failed answers. Only Bitbucket says what does not exist or is not permitted: in its own shape
of errors, and for what does not exist with the header that names the kind of credentials (X-Credential-Type).
Sources: recorded answers, and those that users quote.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http.client import OK, TOO_MANY_REQUESTS

from connector.rest.answer import Answer, JsonObject, one_line
from connector.rest.diagnosis import Diagnosis
from connector.sources.cloud.credentials import AccessToken, ApiToken, Consumer, Credentials
from connector.sources.cloud.endpoints import Address
from connector.sources.cloud.problems import Problem
from connector.sources.common.problems import (
    ForeignAnswer,
    breaks_off,
    of_redirect,
    of_success,
    wants_tls,
    what_was_answered,
)

CREDENTIAL_TYPE = "X-Credential-Type"
"""Header of every answer that was given to somebody, and of refusals to credentials that are known."""
SCOPES = "X-OAuth-Scopes"
"""Header with the scopes that the credentials have, with commas between."""
_RESET = "X-RateLimit-Reset"
_EPOCH = 1_000_000_000
"""From this on, a number of seconds is a time stamp."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of the login when an answer is judged; None for what is not known (yet).

    `credential_type` is what answers call the kind of credentials, `account` who asks, `is_administrator` whether that
    account administers the workspace.
    """

    credentials: Credentials
    credential_type: str | None = None
    scopes: frozenset[str] | None = None
    account: str | None = None
    is_administrator: bool | None = None


def of_answer(answer: Answer, url: str, address: Address, session: Session) -> Diagnosis | None:
    """Explain an answer that is not the JSON that was asked for; None where it is."""
    problem = _problem(answer, address, session)
    if problem is None:
        return None
    kind = problem.value
    meaning, advice = kind.meaning, kind.advice
    if problem is Problem.SCOPE:
        meaning, advice = _of_scopes(answer, address, session)
    elif problem is Problem.NOT_PERMITTED:
        meaning, advice = _of_rights(address, session)
    said = what_was_answered(problem, answer, url, "" if answer.status == OK else _message(answer))
    return Diagnosis(problem, said, advice, kind.next, meaning, kind.why, retry_after=seconds_to_wait(answer))


def _problem(answer: Answer, address: Address, session: Session) -> Problem | ForeignAnswer | None:  # noqa: PLR0911 - a table
    if answer.status < TOO_MANY_REQUESTS and breaks_off(answer):
        return ForeignAnswer.BREAKS_OFF
    match answer.status:
        case 200:
            return _problem_of_success(answer, address, session)
        case 401:
            return _problem_of_login(answer, session)
        case 403:
            return _problem_of_refusal(answer, session)
        case 404:
            return _problem_of_absence(answer)
        case 410:
            return _problem_of_removal(answer)
        case 400:
            return _problem_of_the_question(answer)
        case status if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            return of_redirect(answer)
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
    odd = of_success(answer, list if address.endpoint.is_list else dict)
    if odd is not None:
        return odd
    kind = answer.headers.get(CREDENTIAL_TYPE)
    if not kind:
        return Problem.NOT_SIGNED_IN
    if session.credential_type is not None and kind != session.credential_type:
        return Problem.OTHER_CREDENTIALS
    return None


# ---- Bitbucket's own errors


def _error(answer: Answer) -> JsonObject:
    """Give what stands in Bitbucket's error shape; nothing where the body has another shape."""
    body = answer.json if isinstance(answer.json, dict) else {}
    error = body.get("error")
    is_error = body.get("type") == "error" and isinstance(error, dict) and isinstance(error.get("message"), str)
    return error if is_error and isinstance(error, dict) else {}


def _message(answer: Answer) -> str:
    return one_line(_error(answer).get("message", "")) or answer.text


_NO_ACCOUNT_PASSWORDS = "Bitbucket Cloud recently stopped supporting account passwords for API authentication."
_APP_PASSWORD = "ATBB"  # noqa: S105 - how app passwords begin


def _problem_of_login(answer: Answer, session: Session) -> Problem:
    if answer.text.startswith(_NO_ACCOUNT_PASSWORDS):
        return Problem.ACCOUNT_PASSWORD
    # The words may be in another language; an answer without any names Bitbucket as who wants to know.
    if not _error(answer) and "Bitbucket" not in answer.headers.get("WWW-Authenticate", ""):
        return Problem.FOREIGN_REFUSAL
    match session.credentials:
        case ApiToken(secret=secret):
            return Problem.APP_PASSWORD if secret.startswith(_APP_PASSWORD) else Problem.TOKEN_REFUSED
        case AccessToken():
            return Problem.ACCESS_TOKEN_REFUSED
    return Problem.CONSUMER_TOKEN_REFUSED


_LACKS_SCOPES = "Your credentials lack one or more required privilege scopes."
_WRONG_MECHANISM = "This API is not accessible by this authentication mechanism"
_FOR_SOME_ADDRESSES = re.compile(r"To access this \w+, an admin must whitelist your IP\.")
_FOR_TWO_STEPS = re.compile(r"To access this \w+, enable two-step (authentication|verification)\.")


def _problem_of_refusal(answer: Answer, session: Session) -> Problem:
    message = _error(answer).get("message")
    if message is None:
        return Problem.FOREIGN_REFUSAL
    if message == _LACKS_SCOPES:
        return Problem.SCOPE
    if message.removesuffix(".") == _WRONG_MECHANISM:
        return Problem.WRONG_MECHANISM
    if _FOR_SOME_ADDRESSES.fullmatch(message):
        return Problem.ADDRESS_NOT_ALLOWED
    if _FOR_TWO_STEPS.fullmatch(message):
        return Problem.TWO_STEP
    # Credentials that are known are named in refusals; these were refused before the question was looked at.
    is_before_login = session.credential_type is None and CREDENTIAL_TYPE not in answer.headers
    is_person = isinstance(session.credentials, ApiToken)
    return Problem.WRONG_IDENTITY if is_person and is_before_login else Problem.NOT_PERMITTED


_NO_WORKSPACE = re.compile(r"No workspace with identifier '.*'\.")


def _problem_of_absence(answer: Answer) -> Problem:
    error = _error(answer)
    if error.get("message") == "Resource not found" and str(error.get("detail", "")).startswith("There is no API"):
        return Problem.NO_SUCH_ADDRESS
    is_of_workspace, is_signed = _NO_WORKSPACE.fullmatch(error.get("message", "")), CREDENTIAL_TYPE in answer.headers
    if is_of_workspace:
        return Problem.NO_WORKSPACE if is_signed else Problem.NOT_SIGNED_IN
    return Problem.NOT_FOUND if error and is_signed else Problem.FOREIGN_ABSENCE


def _problem_of_removal(answer: Answer) -> Problem | ForeignAnswer:
    message = _error(answer).get("message", "")
    if message == "This account has been marked as spam.":
        return Problem.SPAM
    return Problem.REMOVED if message.startswith("CHANGE-") else ForeignAnswer.UNEXPECTED


def _problem_of_the_question(answer: Answer) -> Problem | ForeignAnswer:
    if wants_tls(answer):
        return ForeignAnswer.TLS_WANTED
    return Problem.BAD_REQUEST if _error(answer) else ForeignAnswer.UNEXPECTED


def seconds_to_wait(answer: Answer) -> float | None:
    """Read in how many seconds to ask again: Retry-After, or the reset, which is so many seconds or a time stamp."""
    told = answer.retry_after()
    reset = answer.headers.get(_RESET, "").strip()
    if answer.status == OK or told is not None or not re.fullmatch(r"[0-9]{1,12}", reset):
        return told
    return float(reset) if int(reset) < _EPOCH else max(0.0, int(reset) - time.time())


_LIMIT, _RESOURCE = "X-RateLimit-Limit", "X-RateLimit-Resource"


def hourly_limit(answer: Answer) -> int | None:
    """Read how many requests an hour are allowed; only access tokens are told.

    Source: https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
    """
    told = re.match(r"[1-9][0-9]{0,8}(?![0-9])", answer.headers.get(_LIMIT, "").strip())
    return int(told[0]) if told and answer.headers.get(_RESOURCE) == "api" else None


# ---- words


def _of_scopes(answer: Answer, address: Address, session: Session) -> tuple[str, str]:
    """Say which scopes are missing; those that the answer names, else those that are known to be needed."""
    required = _named(answer, "required") or [_scope(address, session)]
    lacking = [scope for scope in required if scope not in _named(answer, "granted")] or required
    return lacks_scopes(lacking, address, session)


def lacks_scopes(lacking: list[str], address: Address, session: Session) -> tuple[str, str]:
    """Say that scopes are missing, and what to click to get them."""
    names = ", ".join(f"'{one_line(scope)}'" for scope in lacking)
    scopes = "the scope" if len(lacking) == 1 else "the scopes"
    meaning = f"{session.credentials.name} lacks {scopes} {names}; without it the export lacks {address.endpoint.lacks}"
    return meaning, scope_advice(session.credentials)


def scope_advice(credentials: Credentials) -> str:
    """Say how credentials get another scope."""
    match credentials:
        case ApiToken():
            return (
                "make a new API token with this scope too, since a token keeps those it has (id.atlassian.com "
                "> Security > API tokens > Create API token with scopes > Bitbucket)"
            )
        case AccessToken():
            return "make a new access token with this permission too, or use an API token or an OAuth consumer"
    return "tick this permission for the consumer (Workspace settings > OAuth consumers > Edit)"


def _scope(address: Address, session: Session) -> str:
    return address.endpoint.token if isinstance(session.credentials, ApiToken) else address.endpoint.oauth


def _named(answer: Answer, what: str) -> list[str]:
    detail = _error(answer).get("detail")
    names = detail.get(what) if isinstance(detail, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _of_rights(address: Address, session: Session) -> tuple[str, str]:
    """Say which right the account lacks; one that administers the workspace has them all."""
    right = address.endpoint.right
    lacks = f"without that the export lacks {address.endpoint.lacks}"
    match session.credentials:
        case AccessToken():
            return f"an access token is no {right.label}; {lacks}", Problem.WRONG_MECHANISM.value.advice
        case Consumer() if session.is_administrator:
            meaning = f"this is refused to the OAuth consumer, although its owner administers the workspace; {lacks}"
            return meaning, "use an API token of somebody who administers the workspace (BITBUCKET_EMAIL)"
        case ApiToken() if session.is_administrator:
            meaning = f"this is refused, although {session.account} administers the workspace; {lacks}"
            return meaning, "open its settings in the browser as this account; if that works, ask Atlassian's support"
        case ApiToken(email):
            who = session.account or email
        case Consumer():
            who = "the owner of the OAuth consumer"
    return f"{who} is no {right.label}; {lacks}", f"make {who} one ({right.where}), or ask as somebody who is"
