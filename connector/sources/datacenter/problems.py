"""What an answer of Bitbucket can say other than what was asked for: what that means, what to do, what happens next.

`diagnosis` tells them apart; the network's own problems are in `rest.network_errors`. Sources: recorded answers,
Atlassian's pages on authentication, users' reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from connector.errors import Why
from connector.rest.diagnosis import Next
from connector.rest.network_errors import Server
from connector.sources.datacenter.endpoints import Right

BITBUCKET = Server("Bitbucket", "BITBUCKET_URL", "https://bitbucket.example.com/context")

_PROXY_LOGS = "look for the address in Bitbucket's log, and in that of any proxy before it"


@dataclass(frozen=True, slots=True)
class Kind:
    """One problem in words, each without its full stop. `meaning` is empty where the answer says it plainly."""

    next: Next
    advice: str
    meaning: str = ""
    why: Why | None = None


def _end(advice: str, meaning: str = "") -> Kind:
    return Kind(Next.END, advice, meaning)


def _one(why: Why, advice: str, meaning: str = "") -> Kind:
    return Kind(Next.GIVE_UP, advice, meaning, why)


class Problem(Enum):
    """What an answer can say other than what was asked for."""

    # ---- it may pass
    RATE_LIMITED = Kind(
        Next.WAIT,
        "raise or lift the account's rate limit (Administration > Rate limiting), or set --max-rate",
        "the account has asked more than its rate limit allows",
    )
    UNAVAILABLE = Kind(
        Next.ASK_AGAIN,
        "Bitbucket is starting, in maintenance or overloaded; run again when its start page answers",
        "Bitbucket, or something before it, is not ready to answer",
    )
    SERVER_ERROR = Kind(
        Next.ASK_AGAIN,
        "look for the address in Bitbucket's log (atlassian-bitbucket.log)",
        "Bitbucket failed while it answered",
    )
    BREAKS_OFF = Kind(Next.ASK_AGAIN, "check proxies or load balancers before Bitbucket")
    CACHED = Kind(
        Next.ASK_AGAIN,
        "let requests for /rest pass by the cache",
        "a cache between here and Bitbucket gives answers that it kept",
    )
    UNNUMBERED = Kind(
        Next.ASK_AGAIN,
        _PROXY_LOGS,
        "something between here and Bitbucket answers in its place: this lacks the number that its answers have",
    )
    CONTRADICTORY = Kind(Next.ASK_AGAIN, _PROXY_LOGS, "the answer contradicts itself, so nothing of it is used")

    # ---- the address
    TLS_WANTED = _end("begin BITBUCKET_URL with https://", "this port speaks TLS only")
    REDIRECT = _end("give the final address in BITBUCKET_URL", "the address is not that of Bitbucket's REST API")
    SERVER_MOVED = _end("give the address that it redirects to in BITBUCKET_URL", "Bitbucket is at another address")
    LOGIN_PAGE = _end(
        "let requests for /rest pass by single sign-on; if there is none, BITBUCKET_URL goes on after the context path "
        "or lacks it: correct it",
        "a login page answers in place of Bitbucket's REST API",
    )
    NOT_JSON = _end(
        "correct BITBUCKET_URL; if it is right, let requests for /rest pass by what answers there",
        "something else answers in place of Bitbucket's REST API",
    )
    NO_BITBUCKET = _end(
        "correct BITBUCKET_URL: the context path, often /bitbucket or /stash, belongs to it, "
        "pages like /projects do not",
        "there is no Bitbucket at this address",
    )
    PROXY_LOGIN = _end(
        "put user name and password into HTTPS_PROXY or HTTP_PROXY, as in "
        "http://user:password@proxy.example.com:3128, or add Bitbucket's host to NO_PROXY",
        "the proxy asks for a login",
    )

    # ---- the credentials
    WRONG_PASSWORD = _end(
        "check BITBUCKET_USER and BITBUCKET_TOKEN; an access token alone is used without BITBUCKET_USER. "
        "Do not run again unchanged: repeated failures lock the account",
        "the user name and the password do not belong together, or the token is not known",
    )
    PASSWORD_EXPIRED = _end(
        "sign in once in the browser as this user and set a new password",
        "the password was right once, and has expired",
    )
    CAPTCHA = _end(
        "sign in once in the browser as this user and solve the CAPTCHA, or let an administrator clear it "
        "(Administration > Users > the user > Clear CAPTCHA challenge); then correct the password",
        "after too many wrong passwords the account is locked, even for the right one",
    )
    INACTIVE = _end(
        "let an administrator activate the account, in Bitbucket or in its user directory",
        "the account has been deactivated",
    )
    NOT_LICENSED = _end(
        f"give the account '{Right.LICENSED.label}' in {Right.LICENSED.where}",
        "the login is right, but the account may not use Bitbucket",
    )
    TWO_STEP = _end(
        "use an HTTP access token without BITBUCKET_USER, or an account without two-step verification",
        "the password alone is not enough for this account",
    )
    BASIC_DISABLED = _end(
        "use an HTTP access token without BITBUCKET_USER (global permissions are then exported as effective), or allow "
        "basic authentication for this account (Administration > Authentication methods)",
        "user name and password are not accepted for REST requests, as is usual since Bitbucket 10",
    )
    DIRECTORY_AWAY = _end(
        "let an administrator look at Administration > User directories; run again when the directory answers",
        "Bitbucket could not ask the directory that knows the password",
    )
    NOT_SIGNED_IN = _end(
        "set BITBUCKET_TOKEN to a new access token (Manage account > HTTP access tokens), or to the right password of "
        "BITBUCKET_USER; if it is right, look for a proxy that removes the Authorization header",
        "Bitbucket took the request for an anonymous one: the token or password is wrong, expired or revoked",
    )

    # ---- the one thing that was asked for
    NOT_PERMITTED = _one(Why.REFUSED, "")
    NOT_FOUND = _one(Why.ABSENT, "it was deleted, moved, or never existed")
    HAS_NONE = _one(Why.NONE, "nothing is to be done: there is none")
    MOVED = _one(Why.MOVED, "run again", "it was renamed or moved while the export ran")
    NO_SUCH_ADDRESS = _one(Why.NO_SUCH_ADDRESS, "this version of Bitbucket does not know it")
    CONFLICT = _one(Why.CONFLICT, "look at its state in Bitbucket")
    BAD_REQUEST = _one(Why.UNKNOWN_VALUE, "this version of Bitbucket does not know the question")
    FOREIGN_REFUSAL = _one(
        Why.FOREIGN,
        "let requests for /rest that carry an Authorization header pass to Bitbucket",
        "this is no answer of Bitbucket: a proxy, firewall or single sign-on before it refuses",
    )
    FOREIGN_ABSENCE = _one(
        Why.FOREIGN,
        "let requests for /rest pass to Bitbucket; an old version may not know the address",
        "this is not how Bitbucket says that something does not exist",
    )
    UNEXPECTED = _one(Why.FOREIGN, _PROXY_LOGS)
