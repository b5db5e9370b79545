"""What an answer can be that none of our products gives, or that all of them give alike: meaning and advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from connector.errors import Why
from connector.rest.diagnosis import Next


@dataclass(frozen=True, slots=True)
class Kind:
    """One problem in words, each without its full stop. `meaning` is empty where the answer says it plainly."""

    next: Next
    advice: str
    meaning: str = ""
    why: Why | None = None


def ends(advice: str, meaning: str = "") -> Kind:
    """Describe a problem that ends the run."""
    return Kind(Next.END, advice, meaning)


def is_one(why: Why, advice: str, meaning: str = "") -> Kind:
    """Describe a problem of the one thing that was asked for."""
    return Kind(Next.GIVE_UP, advice, meaning, why)


PROXY_LOGS = "look for the address in Bitbucket's log, and in that of any proxy before it"


class Odd(Enum):
    """What an answer can be instead of one of Bitbucket's."""

    UNAVAILABLE = Kind(
        Next.ASK_AGAIN,
        "Bitbucket is starting, in maintenance or overloaded; run again when its start page answers",
        "Bitbucket, or something before it, is not ready to answer",
    )
    BREAKS_OFF = Kind(Next.ASK_AGAIN, "check proxies or load balancers before Bitbucket")
    CACHED = Kind(
        Next.ASK_AGAIN,
        "let requests for its API pass by the cache",
        "a cache between here and Bitbucket gives answers that it kept",
    )
    CONTRADICTORY = Kind(Next.ASK_AGAIN, PROXY_LOGS, "the answer contradicts itself, so nothing of it is used")
    TLS_WANTED = ends("begin BITBUCKET_URL with https://", "this port speaks TLS only")
    PROXY_LOGIN = ends(
        "put user name and password into HTTPS_PROXY or HTTP_PROXY, as in "
        "http://user:password@proxy.example.com:3128, or add Bitbucket's host to NO_PROXY",
        "the proxy asks for a login",
    )
    UNEXPECTED = is_one(Why.FOREIGN, PROXY_LOGS)
