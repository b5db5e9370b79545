"""How Bitbucket Cloud refuses: its error texts, word for word where they were recorded.

Knows neither sockets nor what is asked for.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.embedded.cloud.settings import Access, CutOff
from connector.embedded.common.messages import TEXT_TYPE, Answer, Headers, encode, html

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON_TYPE = "application/json; charset=utf-8"

_NO_ACCOUNT_PASSWORDS = """\
Bitbucket Cloud recently stopped supporting account passwords for API authentication.
See our community post for more details: https://atlassian.community/t5/x/x/ba-p/1948231
App passwords are recommended for most use cases and can be created in your Personal settings:
https://bitbucket.org/account/settings/app-passwords/
For more details on API authentication methods see our documentation:
https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication
"""
_RATE_LIMITED = b"Rate limit for this resource has been exceeded"
DEMANDS = {
    Access.ADDRESS: "To access this repository, an admin must whitelist your IP.",
    Access.TWO_STEP: "To access this repository, enable two-step authentication.",
}
_CHANGELOG = "https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770"


class Refusal(Exception):
    """The request is answered with this instead of what was asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def error(status: int, message: str, headers: Headers = (), **more: Any) -> Refusal:  # noqa: ANN401 - detail is any JSON
    """Refuse in the form that all errors in JSON have; `more` are fields beside the message."""
    body = encode({"type": "error", "error": {"message": message, **more}})
    return Refusal(Answer(status, body, headers, JSON_TYPE))


def bad_request(message: str) -> Refusal:
    """Say that a parameter has a value that the service does not know."""
    return error(HTTPStatus.BAD_REQUEST, message)


TOKEN_REFUSED = HTTPStatus.UNAUTHORIZED, "Token is invalid, expired, or not supported for this endpoint."
"""A credential is wrong, has ended, has no scopes, is of a kind that is no more, or is not there.

This and the following are what an `error` is made of.
"""
ACCESS_TOKEN_EXPIRED = HTTPStatus.UNAUTHORIZED, "Access token expired."
WRONG_MECHANISM = HTTPStatus.FORBIDDEN, "This API is not accessible by this authentication mechanism"
"""An address is not for this kind of credential."""
SPAM = HTTPStatus.GONE, "This account has been marked as spam."


def account_password() -> Refusal:
    """Refuse the password of an account, in text for people."""
    asks = (("WWW-Authenticate", 'Basic realm="Bitbucket.org HTTP"'),)
    return Refusal(Answer(HTTPStatus.UNAUTHORIZED, _NO_ACCOUNT_PASSWORDS.encode(), asks, TEXT_TYPE))


def lacks_scopes(granted: Iterable[str], required: Iterable[str]) -> Refusal:
    """Refuse a credential whose scopes are not enough."""
    message = "Your credentials lack one or more required privilege scopes."
    detail = {"granted": sorted(granted), "required": list(required)}
    return error(HTTPStatus.FORBIDDEN, message, detail=detail)


def forbidden(message: str = "Forbidden") -> Refusal:
    """Refuse somebody who has not the right."""
    return error(HTTPStatus.FORBIDDEN, message)


def no_workspace(name: str) -> Refusal:
    """Say that there is no such workspace, or that it is hidden."""
    return error(HTTPStatus.NOT_FOUND, f"No workspace with identifier '{name}'.")


def no_repository() -> Refusal:
    """Say that there is no such repository, or that it is hidden."""
    return error(
        HTTPStatus.NOT_FOUND,
        "You may not have access to this repository or it no longer exists in this workspace. "
        "If you think this repository exists and you have access, make sure you are authenticated.",
    )


def no_project(key: str) -> Refusal:
    """Say that there is no such project, or that it is hidden."""
    return error(HTTPStatus.NOT_FOUND, f"No project with key '{key}'.")


def no_route() -> Refusal:
    """Say that there is nothing at an address."""
    detail = (
        "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the "
        "documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/"
    )
    return error(HTTPStatus.NOT_FOUND, "Resource not found", detail=detail)


def method_not_allowed() -> Refusal:
    """Refuse whatever would change something."""
    return error(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", (("Allow", "GET, HEAD"),))


def gone() -> Refusal:
    """Say that an address was removed; `data` stands twice, as recorded."""
    data = {"announcement_url": _CHANGELOG}
    problem = {
        "message": "CHANGE-2770 - Functionality has been deprecated",
        "detail": "Please read the changelog entry for more details.",
        "data": data,
    }
    return Refusal(Answer(HTTPStatus.GONE, encode({"type": "error", "error": problem, "data": data}), (), JSON_TYPE))


def rate_limited(headers: Headers = (), *, as_json: bool = False) -> Refusal:
    """Refuse a request beyond the limit of the hour."""
    if as_json:
        return error(HTTPStatus.TOO_MANY_REQUESTS, _RATE_LIMITED.decode(), headers)
    return Refusal(Answer(HTTPStatus.TOO_MANY_REQUESTS, _RATE_LIMITED, headers, TEXT_TYPE))


def oauth_error(kind: str, description: str) -> Refusal:
    """Refuse to hand out an OAuth token, in the form of RFC 6749."""
    body = encode({"error_description": description, "error": kind})
    return Refusal(Answer(HTTPStatus.BAD_REQUEST, body, (), "application/json"))


def broken_off(form: CutOff, after: float) -> Refusal:
    """End an answer that took too long, after so many seconds."""
    match form:
        case CutOff.ERROR:
            answer = error(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", id="15240f74db71").answer
        case CutOff.GATEWAY:
            answer = html(HTTPStatus.GATEWAY_TIMEOUT, "504 Gateway Time-out")
        case CutOff.HANG_UP:
            answer = Answer(0, b"")
    return Refusal(Answer(answer.status, answer.body, answer.headers, answer.content_type, after))
