"""How the embedded Bitbucket refuses: its error texts and headers.

Knows neither sockets nor what is asked for.
"""

from __future__ import annotations

from http import HTTPStatus

from connector.embedded.common.messages import HTML_TYPE, Answer, Headers, encode

_LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Log in - Bitbucket</title></head>"
    '<body><form action="/j_atl_security_check" method="post"></form></body></html>'
)


class Refusal(Exception):
    """The request is answered with one of Bitbucket's errors."""

    def __init__(
        self,
        status: int,
        message: str,
        exception: str | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self._status = status
        self._body = {"errors": [{"context": None, "message": message, "exceptionName": exception}]}
        self._headers = headers

    def answer(self) -> Answer:
        """Write the refusal in the form that all of Bitbucket's errors have."""
        return Answer(self._status, encode(self._body), self._headers)


def not_permitted() -> Refusal:
    """Refuse a request: the caller is known, or may be anonymous, and has not the right."""
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "You are not permitted to access this resource",
        "com.atlassian.bitbucket.AuthorisationException",
    )


def login_required(version: tuple[int, ...]) -> Refusal:
    """Refuse somebody who is not signed in; servers differ in the exception from 10.0 on."""
    if version < (10,):
        return not_permitted()
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "You are not permitted to access this resource",
        "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException",
    )


def wrong_password() -> Refusal:
    """Refuse a name and password that do not belong together."""
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "Authentication failed. Please check your credentials and try again.",
        "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException",
    )


def captcha_required() -> Refusal:
    """Refuse a user after too many wrong passwords, whatever the password is now."""
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "CAPTCHA required. Your Bitbucket account has been locked. To unlock it and log in again you must "
        "solve a CAPTCHA. This is typically caused by too many attempts to login with an incorrect password.",
        "com.atlassian.bitbucket.auth.CaptchaRequiredAuthenticationException",
        (("WWW-Authenticate", 'Basic realm="Atlassian Bitbucket"'),),
    )


def not_licensed() -> Refusal:
    """Refuse a valid login without LICENSED_USER."""
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "You are not currently licensed to use Bitbucket.\nPlease contact your administrator to resolve this issue.",
        "com.atlassian.bitbucket.auth.NoAccessAuthenticationException",
    )


def no_such(kind: str, message: str) -> Refusal:
    """Say that something does not exist; `kind` is package and entity, such as `project.Project`."""
    package, entity = kind.split(".")
    name = f"com.atlassian.bitbucket.{package}.NoSuch{entity}Exception"
    return Refusal(HTTPStatus.NOT_FOUND, message, name)


def bad_request(message: str) -> Refusal:
    """Say that a parameter has a value that the server does not know."""
    name = "com.atlassian.bitbucket.validation.ArgumentValidationException"
    return Refusal(HTTPStatus.BAD_REQUEST, message, name)


def rate_limited(retry_after: int) -> Refusal:
    """Refuse a request of a user who has none left; `retry_after` is in seconds."""
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "You have been rate limited. Please wait before you send more requests.",
        headers=(("Retry-After", str(retry_after)),),
    )


def login_page() -> Answer:
    """Answer with the page on which a person signs in."""
    return Answer(HTTPStatus.OK, _LOGIN_PAGE.encode(), content_type=HTML_TYPE)
