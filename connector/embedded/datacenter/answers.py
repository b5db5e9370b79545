"""How the embedded Bitbucket refuses: its error texts and headers.

Knows neither sockets nor what is asked for.
"""

from __future__ import annotations

from http import HTTPStatus

from connector.embedded.common.messages import HTML_TYPE, Answer, Headers, encode

LOGIN_PAGE = Answer(
    HTTPStatus.OK,
    b"<!DOCTYPE html><html><head><title>Log in - Bitbucket</title></head>"
    b'<body><form action="/j_atl_security_check" method="post"></form></body></html>',
    content_type=HTML_TYPE,
)
"""The page on which a person signs in."""


class Refusal(Exception):
    """The request is answered with one of Bitbucket's errors."""

    def __init__(self, status: int, message: str, exception: str | None = None, headers: Headers = ()) -> None:
        super().__init__(message)
        self._status = status
        self._body = {"errors": [{"context": None, "message": message, "exceptionName": exception}]}
        self._headers = headers

    def answer(self) -> Answer:
        """Write the refusal in the form that all of Bitbucket's errors have."""
        return Answer(self._status, encode(self._body), self._headers)


NOT_PERMITTED = (
    HTTPStatus.UNAUTHORIZED,
    "You are not permitted to access this resource",
    "com.atlassian.bitbucket.AuthorisationException",
)
"""The caller is known, or may be anonymous, and has not the right. Each is what a `Refusal` is made of."""
LOGIN_REQUIRED = (
    HTTPStatus.UNAUTHORIZED,
    "You are not permitted to access this resource",
    "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException",
)
"""The caller is not signed in: from 10.0 on."""
WRONG_PASSWORD = (
    HTTPStatus.UNAUTHORIZED,
    "Authentication failed. Please check your credentials and try again.",
    "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException",
)
_CAPTCHA = (
    "CAPTCHA required. Your Bitbucket account has been locked. To unlock it and log in again you must "
    "solve a CAPTCHA. This is typically caused by too many attempts to login with an incorrect password."
)
CAPTCHA_REQUIRED = (
    HTTPStatus.UNAUTHORIZED,
    _CAPTCHA,
    "com.atlassian.bitbucket.auth.CaptchaRequiredAuthenticationException",
    (("WWW-Authenticate", 'Basic realm="Atlassian Bitbucket"'),),
)
"""After too many wrong passwords, whatever the password is now."""
NOT_LICENSED = (
    HTTPStatus.UNAUTHORIZED,
    "You are not currently licensed to use Bitbucket.\nPlease contact your administrator to resolve this issue.",
    "com.atlassian.bitbucket.auth.NoAccessAuthenticationException",
)
"""A valid login without LICENSED_USER."""


def login_required(version: tuple[int, ...]) -> Refusal:
    """Refuse somebody who is not signed in; servers differ in the exception from 10.0 on."""
    return Refusal(*(NOT_PERMITTED if version < (10,) else LOGIN_REQUIRED))


def no_such(kind: str, message: str) -> Refusal:
    """Say that something does not exist; `kind` is package and entity, such as `project.Project`."""
    package, entity = kind.split(".")
    name = f"com.atlassian.bitbucket.{package}.NoSuch{entity}Exception"
    return Refusal(HTTPStatus.NOT_FOUND, message, name)


def bad_request(message: str) -> Refusal:
    """Say that a parameter has a value that the server does not know."""
    name = "com.atlassian.bitbucket.validation.ArgumentValidationException"
    return Refusal(HTTPStatus.BAD_REQUEST, message, name)
