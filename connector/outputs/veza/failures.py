"""Failed calls to Veza: what happened, what to do about it, and whether a retry can help.

Knows answers, and failures of the network; nothing of what a call is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from connector.errors import VezaError
from connector.rest.answer import Answer, one_line
from connector.rest.network_errors import NetworkProblem, Server, advice, explain

MAX_DETAILS = 50
_MAX_TEXT = 500
_DAY = 86_400
_VEZA = Server("Veza", "VEZA_URL", "https://example.vezacloud.com", tls_only=True)
_NOT_VEZA = "is VEZA_URL the address of Veza itself, and is no proxy or sign-in page in between?"
_BUSY = frozenset({429, 502, 503, 504})

_AFTER_SENDING = frozenset({NetworkProblem.CONNECTION_LOST, NetworkProblem.TIMED_OUT, NetworkProblem.BODY_CUT})
"""Veza may have received the request. With every other problem of the network it has not."""

_TRANSIENT = _AFTER_SENDING | {
    NetworkProblem.CONNECTION_REFUSED,
    NetworkProblem.NAME_NOT_RESOLVED,
    NetworkProblem.PROXY_FAILED,
}


class Failure(VezaError):
    """A call that failed.

    `status` is that of the answer, None without a whole one. `is_transient`: a retry can help, not before
    `retry_after` seconds where Veza said so. `not_applied`: Veza has certainly not carried out the call.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        is_transient: bool = False,
        retry_after: float | None = None,
        not_applied: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_transient = is_transient
        self.retry_after = retry_after
        self.not_applied = not_applied


def of_network(error: Exception, url: str) -> Failure:
    """Explain why no whole answer came. `error` is what requests or urllib3 raised."""
    problem, words = explain(error, url)
    never_sent = problem not in _AFTER_SENDING or isinstance(error, requests.ConnectTimeout)
    return Failure(f"{words}: {advice(problem, _VEZA)}", is_transient=problem in _TRANSIENT, not_applied=never_sent)


def too_long(status: int, limit: int) -> Failure:
    """Explain an answer that was not read to its end."""
    return Failure(
        f"answered more than {limit // 1_000_000} MB, which Veza's API never does: {_NOT_VEZA}", status=status
    )


def unexpected_answer(what: str) -> Failure:
    """Explain JSON that is no answer to the call."""
    return Failure(f"{what}: {_NOT_VEZA}")


def content(answer: Answer, method: str) -> object:
    """Give the JSON of an answer. Raises `Failure` where it is none, or says that the call failed."""
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise _refused(answer, method)
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise Failure(
            f"redirects{_target(answer)}, which is not followed: {_NOT_VEZA}", status=answer.status, not_applied=True
        )
    if answer.json is None:
        raise _not_json(answer)
    return answer.json


def _target(answer: Answer) -> str:
    try:
        target = urlsplit(answer.headers.get("Location", ""))
    except ValueError:
        return ""
    return f" to {target.scheme}://{one_line(target.hostname)}" if target.hostname else ""


def _not_json(answer: Answer) -> Failure:
    body = answer.body.strip()
    if body.startswith((b"{", b"[")) and answer.is_json:
        return Failure("answered JSON that breaks off", is_transient=True)
    what = "in HTML" if body.startswith(b"<") else "in something that is not JSON" if body else "with nothing"
    return Failure(f"answered {what}, which Veza's API never does: {_NOT_VEZA}", status=answer.status)


def _refused(answer: Answer, method: str) -> Failure:
    status = answer.status
    head, *details = _lines(answer)
    not_applied = status < HTTPStatus.INTERNAL_SERVER_ERROR
    if status in _BUSY or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and method == "GET"):
        wait = answer.retry_after()
        message = f"answered {head}{_asks(wait)}"
        return Failure(message, status=status, is_transient=True, retry_after=wait, not_applied=not_applied)
    if status == HTTPStatus.UNAUTHORIZED:
        message = (
            f"refuses the API key ({head}): is VEZA_API_KEY whole, of this Veza, neither expired nor revoked?"
            " New ones are made under Administration, API Keys"
        )
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        message = f"finds it too large ({head}): the limit is Veza's, or a proxy's in between"
    else:
        hint = "" if _said(answer).get("code") else f": {_NOT_VEZA}"
        message = "\n  ".join([f"answered {head}{hint}", *details])
    return Failure(message, status=status, not_applied=not_applied)


def _asks(wait: float | None) -> str:
    if wait is None:
        return ""
    return f", and asks to wait {f'{wait:,.0f} seconds' if wait < _DAY else 'a day or longer'}"


def _said(answer: Answer) -> dict[str, object]:
    """Give the body of an error of Veza's API; nothing where something else answered."""
    body = answer.json
    return body if isinstance(body, dict) and (body.get("code") or body.get("message")) else {}


def _lines(answer: Answer) -> list[str]:
    """Say what an error of Veza's API holds: code, message and request id, then field by field."""
    said = _said(answer)
    words = ": ".join(_text(said[key]) for key in ("code", "message") if said.get(key))
    head = f"{answer.status} {words or _phrase(answer.status)}".strip()
    if said.get("request_id"):
        head += f" (request id {_text(said['request_id'])})"
    details = list(_details(said.get("details")))
    shown = details[:MAX_DETAILS]
    if len(details) > len(shown):
        shown.append(f"and {len(details) - len(shown)} more")
    return [head, *shown]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


def _details(details: object) -> Iterator[str]:
    """Give one line for each field and resource that an error names."""
    for detail in _objects(details):
        for violation in _objects(detail.get("field_violations")):
            yield _pair(violation, "field", "description")
        for keys in (("resource_type", "resource"), ("message", "resolution")):
            if any(detail.get(key) for key in keys):
                yield _pair(detail, *keys)


def _objects(values: object) -> list[dict[str, object]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _pair(detail: dict[str, object], *keys: str) -> str:
    return ": ".join(_text(detail[key]) for key in keys if detail.get(key))


def _text(said: object) -> str:
    return one_line(said if isinstance(said, str) else json.dumps(said), _MAX_TEXT)
