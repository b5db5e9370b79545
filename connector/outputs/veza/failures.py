"""Failed calls to Veza: what happened, what to do about it, and whether to ask again.

Knows the exceptions of oaaclient and of requests below it; nothing of what was asked for. oaaclient
drops what matters here (the headers of an answer, the reason of a lost connection) and trips over
answers it does not expect, so the failure is read from the exception that was being handled when
oaaclient raised its own.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from oaaclient.client import OAAClientError

from connector.errors import VezaError

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_DETAILS = 50
_MAX_TEXT = 500
_FIRST_CONTACT_SECONDS = 10.0
_BUSY = frozenset({429, 502, 503, 504})
_NOT_VEZA = "is VEZA_URL the address of Veza itself, and is no proxy or sign-in page in between?"
_OF_OAACLIENT = (OAAClientError, OSError, ValueError, TypeError, AttributeError, KeyError)
"""What oaaclient raises: its own, what requests raises unwrapped, and what odd answers make it trip over."""


_NO_ANSWER: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (socket.gaierror, urllib3.exceptions.NameResolutionError),
        "the host name cannot be resolved: is VEZA_URL right, and does DNS work here?",
    ),
    (
        (requests.ConnectTimeout,),
        "cannot be connected in time: is VEZA_URL right, and does the firewall let it through?",
    ),
    ((requests.ReadTimeout, TimeoutError), "did not answer in time"),
    ((ConnectionRefusedError,), "refuses connections: is VEZA_URL right, its port included?"),
    (
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError),
        "broke the connection off before its answer was complete",
    ),
)
"""What stands behind a call without an answer, the more telling first, and what it means."""

_TLS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("WRONG_VERSION_NUMBER", "record layer failure", "HTTP_REQUEST"),
        "does not speak TLS there: is VEZA_URL right, its port included?",
    ),
    (
        ("[X509",),
        "cannot be trusted or not: the file that REQUESTS_CA_BUNDLE names holds no certificate (PEM)",
    ),
    (
        ("Hostname mismatch", "IP address mismatch", "doesn't match"),
        "shows a certificate for another host: is VEZA_URL right?",
    ),
    (
        ("certificate has expired", "certificate is not yet valid"),
        "shows a certificate that is not valid today: have it renewed, or set this machine's clock",
    ),
)
"""What OpenSSL and Python say of a connection that cannot be secured, and what it means."""

_NOT_TRUSTED = (
    "shows a certificate that is not trusted here: where a private CA signs for Veza or for a proxy,"
    " set REQUESTS_CA_BUNDLE to the file with the certificate of that CA (PEM)"
)


class Transient(VezaError):
    """Asking again can help, not before `retry_after` seconds where Veza said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Transient):
    """No answer came at all."""


class Rejected(VezaError):
    """Veza answered, with an HTTP `status` that asking again will not change."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Persistence:
    """How often and how long (in seconds, waits included) one call is repeated before it is given up."""

    attempts: int = 10
    seconds: float = 600.0
    unreachable_seconds: float = 600.0
    first_wait: float = 1.0
    longest_wait: float = 30.0

    def at_first_contact(self) -> Persistence:
        """Give up soon where no answer comes, so that a wrong address shows within seconds.

        A server that answers that it is busy is the right one, and worth the whole wait.
        """
        return replace(self, unreachable_seconds=min(self.unreachable_seconds, _FIRST_CONTACT_SECONDS))

    def wait(self, state: tenacity.RetryCallState) -> float:
        """Give the wait before the next attempt: exponential with jitter, and what Veza asked for at least."""
        growing = tenacity.wait_exponential(multiplier=self.first_wait, max=self.longest_wait)
        jitter = tenacity.wait_random(0, self.first_wait)
        return max(growing(state) + jitter(state), _failure_of(state).retry_after or 0.0)

    def is_exhausted(self, state: tenacity.RetryCallState) -> bool:
        """Tell whether the next attempt would be one too many, or too late."""
        without_answer = isinstance(_failure_of(state), Unreachable)
        limit = self.unreachable_seconds if without_answer else self.seconds
        elapsed = state.seconds_since_start or 0.0
        return state.attempt_number >= self.attempts or elapsed + state.upcoming_sleep >= limit


def persist(call: Callable[[], T], persistence: Persistence, sleep: Callable[[float], None] = time.sleep) -> T:
    """Make a call of oaaclient, again and again while its failure is transient.

    The call must be one that can be repeated after it took effect unnoticed. Raises VezaError.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Transient),
        wait=persistence.wait,
        stop=persistence.is_exhausted,
        sleep=sleep,
        before_sleep=_announce,
        retry_error_callback=_give_up,
    )
    result: T = retrying(once, call)
    return result


def once(call: Callable[[], T]) -> T:
    """Make a call of oaaclient. Raises VezaError, whatever oaaclient raises."""
    try:
        return call()
    except _OF_OAACLIENT as error:
        raise _read(error) from error


def one_line(text: str) -> str:
    """Make a text of somebody else's fit for a log: printable, on one line, not endless."""
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return printable if len(printable) <= _MAX_TEXT else printable[:_MAX_TEXT] + "…"


def _failure_of(state: tenacity.RetryCallState) -> Transient:
    outcome = state.outcome
    failure = outcome.exception() if outcome else None
    if not isinstance(failure, Transient):
        raise TypeError("only transient failures are repeated")
    return failure


def _announce(state: tenacity.RetryCallState) -> None:
    log.warning(
        "Veza: %s; attempt %d in %.1f seconds",
        _failure_of(state),
        state.attempt_number + 1,
        state.upcoming_sleep,
    )


def _give_up(state: tenacity.RetryCallState) -> None:
    failure = _failure_of(state)
    elapsed = state.seconds_since_start or 0.0
    raise VezaError(f"{failure}; given up after {state.attempt_number} attempts in {elapsed:.0f} seconds") from failure


def _read(error: Exception) -> VezaError:
    """Tell what happened from the exception of requests that is behind oaaclient's, if there is one."""
    for cause in _causes(error):
        if isinstance(cause, requests.RequestException):
            return _read_request(cause)
    if isinstance(error, OAAClientError):
        return VezaError(one_line(error.message))
    if isinstance(error, OSError):
        # requests checks the path in REQUESTS_CA_BUNDLE before it does anything else
        return VezaError(f"could not be asked: {one_line(str(error))}")
    return VezaError(f"gave an answer that makes no sense: {_NOT_VEZA}")


def _read_request(error: requests.RequestException) -> VezaError:
    match error:
        case requests.JSONDecodeError():
            return _not_json(error.doc)
        case requests.TooManyRedirects(response=requests.Response() as response):
            return _redirected(response)
        case requests.HTTPError(response=requests.Response() as response):
            return _read_answer(response)
    return _read_connection(error)


def _redirected(response: requests.Response) -> VezaError:
    target = urlsplit(response.headers.get("Location", ""))
    where = f" to {target.scheme}://{target.hostname}" if target.hostname else ""
    return VezaError(f"redirects{where}, which is not followed: {_NOT_VEZA}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk from an exception to what is behind it: what it handled, and what it carries."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


def _not_json(body: str) -> VezaError:
    what = "in HTML" if body.lstrip().startswith("<") else "in something that is not JSON"
    if not body.strip():
        what = "with nothing"
    return VezaError(f"answered {what}, which Veza's API never does: {_NOT_VEZA}")


def _read_connection(error: requests.RequestException) -> VezaError:
    causes = list(_causes(error))
    if isinstance(error, requests.exceptions.ProxyError):
        return _read_proxy(str(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError | urllib3.exceptions.SSLError):
            return _read_tls(causes)
    for kinds, message in _NO_ANSWER:
        if any(isinstance(cause, kinds) for cause in causes):
            return Unreachable(message)
    return VezaError(f"could not be asked: {one_line(str(error))}")


def _read_proxy(text: str) -> VezaError:
    # the text is not shown: it can hold the proxy's address with a password in it
    if "407" in text:
        return VezaError("the proxy wants a user and password: check HTTPS_PROXY (or NO_PROXY)")
    return Unreachable("the proxy cannot be used to get there: check HTTPS_PROXY (or NO_PROXY)")


def _read_tls(causes: list[BaseException]) -> VezaError:
    text = " ".join(str(cause) for cause in causes)
    for marks, message in _TLS:
        if any(mark in text for mark in marks):
            return VezaError(message)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return VezaError(_NOT_TRUSTED)
    return Unreachable("broke the connection off while it was being secured")


def _read_answer(response: requests.Response) -> VezaError:
    status = response.status_code
    head, *details = _problem(response)
    if status in _BUSY or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and response.request.method == "GET"):
        wait = _retry_after(response)
        asks = "" if wait is None else f", and asks to wait {wait:,.0f} seconds"
        return Transient(f"answered {head}{asks}", retry_after=wait)
    if status == HTTPStatus.UNAUTHORIZED:
        return Rejected(
            f"refuses the API key ({head}): is VEZA_API_KEY whole, of this Veza, neither expired nor revoked?"
            " New ones are made under Administration, API Keys",
            status,
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Rejected(f"finds it too large ({head}): the limit is Veza's, or a proxy's in between", status)
    hint = "" if _said(response) else f": {_NOT_VEZA}"
    return Rejected("\n  ".join([f"answered {head}{hint}", *details]), status)


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return urllib3.Retry().parse_retry_after(value)
    except urllib3.exceptions.InvalidHeader:
        return None


def _problem(response: requests.Response) -> list[str]:
    """Say what an error of Veza's API holds: code, message and request id, then field by field."""
    key = str(response.request.headers.get("authorization", "")).removeprefix("Bearer ")
    # whatever answers, maybe not Veza at all, can echo what it was sent
    return [line.replace(key, "***") if key else line for line in _lines(response)]


def _said(response: requests.Response) -> dict[str, object]:
    """Give the body of an error of Veza's API; nothing where somebody else answered."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) and (body.get("code") or body.get("message")) else {}


def _lines(response: requests.Response) -> list[str]:
    said = _said(response)
    words = ": ".join(one_line(str(said[key])) for key in ("code", "message") if said.get(key))
    head = f"{response.status_code} {words or one_line(response.reason or '')}".strip()
    if said.get("request_id"):
        head += f" (request id {one_line(str(said['request_id']))})"
    details = list(_details(said.get("details")))
    shown = details[:MAX_DETAILS]
    if len(details) > len(shown):
        shown.append(f"and {len(details) - len(shown)} more")
    return [head, *shown]


def _details(details: object) -> Iterator[str]:
    """Give one line for each field and resource that an error names."""
    for detail in details if isinstance(details, list) else []:
        if not isinstance(detail, dict):
            continue
        violations = detail.get("field_violations")
        for violation in violations if isinstance(violations, list) else []:
            if isinstance(violation, dict):
                yield _pair(violation, "field", "description")
        for keys in (("resource_type", "resource"), ("message", "resolution")):
            if any(detail.get(key) for key in keys):
                yield _pair(detail, *keys)


def _pair(detail: dict[str, object], *keys: str) -> str:
    return ": ".join(one_line(str(detail[key])) for key in keys if detail.get(key))
