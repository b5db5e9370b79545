"""What an answer can be instead of one of Bitbucket's, whichever product it is: how that is seen, and its words.

Proxies, gateways, caches and login pages answer like this in the place of anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from connector.errors import Why
from connector.rest.answer import Answer, one_line
from connector.rest.diagnosis import Next, where


@dataclass(frozen=True, slots=True)
class Kind:
    """One problem in words, each without its full stop. `meaning` is empty where the answer says it plainly."""

    next: Next
    advice: str
    meaning: str = ""
    why: Why | None = None


def fatal(advice: str, meaning: str = "") -> Kind:
    """Describe a problem that ends the run."""
    return Kind(Next.END, advice, meaning)


def of_one_thing(why: Why, advice: str, meaning: str = "") -> Kind:
    """Describe a problem of the one thing that was asked for."""
    return Kind(Next.GIVE_UP, advice, meaning, why)


LOGS = "look for the address in Bitbucket's log, and in that of any proxy before it"


class ForeignAnswer(Enum):
    """What an answer can be instead of one of Bitbucket's."""

    BREAKS_OFF = Kind(Next.ASK_AGAIN, "check proxies or load balancers before Bitbucket")
    CACHED = Kind(
        Next.ASK_AGAIN,
        "let requests for Bitbucket's API pass by the cache",
        "a cache between here and Bitbucket gives answers that it kept",
    )
    CONTRADICTORY = Kind(Next.ASK_AGAIN, LOGS, "the answer contradicts itself, so nothing of it is used")
    TLS_WANTED = fatal("begin BITBUCKET_URL with https://", "this port speaks TLS only")
    REDIRECT = fatal("give the final address in BITBUCKET_URL", "the address is not that of Bitbucket's REST API")
    LOGIN_PAGE = fatal(
        "let requests for the API (/rest of a server) pass by single sign-on; if there is none, correct BITBUCKET_URL: "
        "a server's goes up to its context path, Bitbucket Cloud needs none",
        "a login page answers in place of Bitbucket's REST API",
    )
    NOT_JSON = fatal(
        "correct BITBUCKET_URL (Bitbucket Cloud needs none); if it is right, let requests for the API (/rest of a "
        "server) pass by what answers there",
        "something else answers in place of Bitbucket's REST API",
    )
    PROXY_LOGIN = fatal(
        "put user name and password into HTTPS_PROXY or HTTP_PROXY, as in "
        "http://user:password@proxy.example.com:3128, or add Bitbucket's host to NO_PROXY",
        "the proxy asks for a login",
    )
    UNEXPECTED = of_one_thing(Why.FOREIGN, LOGS)


_LOGIN = re.compile(r"log[ -]?in|sign[ -]?[io]n|sso|saml|oauth|openid|type=.?password", re.IGNORECASE)
"""What login pages, and addresses of such, hold."""

_TLS_WANTED = re.compile(r"HTTPS port|requires TLS|HTTP request to an HTTPS server", re.IGNORECASE)
"""What nginx, Tomcat and Go say to a request without TLS."""


def breaks_off(answer: Answer) -> bool:
    """Whether an answer says that it is JSON, and is only the beginning of some."""
    return (
        answer.is_json
        and answer.json is None
        and not answer.is_contradictory
        and answer.body.strip() not in {b"", b"null"}
    )


def of_success(answer: Answer, wanted: type) -> ForeignAnswer | None:
    """Tell what is odd about an answer 200; `wanted` is dict for a JSON object, list for a list."""
    if not answer.is_json:
        return (
            ForeignAnswer.LOGIN_PAGE
            if _LOGIN.search(answer.body.decode("utf-8", "replace"))
            else ForeignAnswer.NOT_JSON
        )
    if answer.is_from_a_cache:
        return ForeignAnswer.CACHED
    if answer.is_contradictory:
        return ForeignAnswer.CONTRADICTORY
    if not answer.body.strip():
        return ForeignAnswer.BREAKS_OFF
    return None if isinstance(answer.json, wanted) else ForeignAnswer.NOT_JSON


def of_redirect(answer: Answer) -> ForeignAnswer:
    """Tell whether a redirect leads to a login page."""
    return ForeignAnswer.LOGIN_PAGE if _LOGIN.search(answer.headers.get("Location", "")) else ForeignAnswer.REDIRECT


def wants_tls(answer: Answer) -> bool:
    """Whether an answer says that the port speaks TLS only."""
    return bool(_TLS_WANTED.search(answer.text))


def what_was_answered(problem: Enum, answer: Answer, url: str, message: str) -> str:
    """Say what came back. `message` is what the answer says to people; of an answer 200 that is nothing."""
    here = where(url)
    if "Location" in answer.headers:
        return f"{here} redirects to {_target(answer.headers.get('Location', ''))}"
    if problem in {ForeignAnswer.NOT_JSON, ForeignAnswer.LOGIN_PAGE}:
        kind = one_line(answer.headers.get("Content-Type", "") or "nothing that names its kind")
        return f"{here} answered {kind} instead of the JSON that was asked for"
    if problem is ForeignAnswer.BREAKS_OFF:
        return f"{here} answered JSON that breaks off"
    if problem is ForeignAnswer.CONTRADICTORY:
        return f"{here} answered JSON with one name twice, with more values than is real, or with endless digits"
    said = f': "{message}"' if message and problem is not ForeignAnswer.CACHED else ""
    return f"{here} answered {answer.status}{said}"


def _target(location: str) -> str:
    """Give the address that a redirect leads to, without what may be secret in it."""
    try:
        parts = urlsplit(location)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that makes no sense"
    host = f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""
    return one_line(f"{host}{parts.path}") or "nowhere"
