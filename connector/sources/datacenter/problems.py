"""What can go wrong with a question to Bitbucket, what it means, and what to do about it: in words for people.

How a problem is recognised is `diagnosis`'s business; those of the network are `rest.network_errors`'s.
Sources: Atlassian's pages on authentication, users' reports.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from connector.rest import network_errors
from connector.rest.network_errors import NetworkProblem
from connector.sources.datacenter.endpoints import Right


class Problem(Enum):
    """What an answer can say other than what was asked for."""

    TLS_WANTED = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()
    SERVER_ERROR = auto()
    REDIRECT = auto()
    MOVED = auto()
    LOGIN_PAGE = auto()
    NOT_JSON = auto()
    WRONG_PATH = auto()
    WRONG_PASSWORD = auto()
    PASSWORD_EXPIRED = auto()
    CAPTCHA = auto()
    INACTIVE = auto()
    NOT_LICENSED = auto()
    TWO_STEP = auto()
    BASIC_DISABLED = auto()
    DIRECTORY_AWAY = auto()
    NOT_SIGNED_IN = auto()
    NOT_PERMITTED = auto()
    NOT_BITBUCKET_REFUSES = auto()
    NOT_FOUND = auto()
    PROJECT_NOT_FOUND = auto()
    NO_SUCH_ADDRESS = auto()
    NOT_BITBUCKET_MISSES = auto()
    CONFLICT = auto()
    BAD_REQUEST = auto()
    UNEXPECTED = auto()


AnyProblem: TypeAlias = NetworkProblem | Problem

_BITBUCKET = network_errors.Server("Bitbucket", "BITBUCKET_URL", "https://bitbucket.example.com/context")

CHECK_TRIES = " (the command check tries the usual ones)"
"""Not said by the command itself."""

ADVICE: dict[AnyProblem, str] = {
    **{problem: network_errors.advice(problem, _BITBUCKET) for problem in NetworkProblem},
    Problem.TLS_WANTED: "begin BITBUCKET_URL with https://",
    Problem.RATE_LIMITED: "raise or lift the account's rate limit (Administration > Rate limiting), or set --max-rate",
    Problem.UNAVAILABLE: "Bitbucket is starting, in maintenance or overloaded; run again when its start page answers",
    Problem.SERVER_ERROR: "look for the address in Bitbucket's log (atlassian-bitbucket.log)",
    Problem.REDIRECT: f"give the final address in BITBUCKET_URL{CHECK_TRIES}",
    Problem.LOGIN_PAGE: (
        "let requests for /rest pass by single sign-on; if there is none, BITBUCKET_URL goes on after the context "
        f"path or lacks it: correct it{CHECK_TRIES}"
    ),
    Problem.MOVED: "give the address that it redirects to in BITBUCKET_URL",
    Problem.NOT_JSON: (
        f"correct BITBUCKET_URL{CHECK_TRIES}; if it is right, let requests for /rest pass by whatever answers there"
    ),
    Problem.WRONG_PATH: (
        f"correct BITBUCKET_URL{CHECK_TRIES}: the context path, often /bitbucket or /stash, belongs to it, "
        "pages like /projects do not"
    ),
    Problem.WRONG_PASSWORD: (
        "check BITBUCKET_USER and BITBUCKET_TOKEN; an access token alone is used without BITBUCKET_USER. "
        "Do not run again unchanged: repeated failures lock the account"
    ),
    Problem.PASSWORD_EXPIRED: "sign in once in the browser as this user and set a new password",
    Problem.CAPTCHA: (
        "sign in once in the browser as this user and solve the CAPTCHA, or let an administrator clear it "
        "(Administration > Users > the user > Clear CAPTCHA challenge); then correct the password"
    ),
    Problem.INACTIVE: "let an administrator activate the account, in Bitbucket or in its user directory",
    Problem.NOT_LICENSED: f"give the account '{Right.LICENSED.label}' in {Right.LICENSED.where}",
    Problem.TWO_STEP: "use an HTTP access token without BITBUCKET_USER, or an account without two-step verification",
    Problem.BASIC_DISABLED: (
        "allow basic authentication for this account (Administration > Authentication methods), "
        "or use an HTTP access token without BITBUCKET_USER"
    ),
    Problem.DIRECTORY_AWAY: (
        "let an administrator look at Administration > User directories; run again when the directory answers"
    ),
    Problem.NOT_SIGNED_IN: (
        "set BITBUCKET_TOKEN to a new access token (Manage account > HTTP access tokens), or to the right password of "
        "BITBUCKET_USER; if it is right, look for a proxy that removes the Authorization header"
    ),
    Problem.NOT_BITBUCKET_REFUSES: "let requests for /rest that carry an Authorization header pass to Bitbucket",
    Problem.NOT_FOUND: "it was deleted, moved, or never existed",
    Problem.PROJECT_NOT_FOUND: "the project was deleted, renamed, or never existed",
    Problem.NO_SUCH_ADDRESS: "this version of Bitbucket does not know it",
    Problem.NOT_BITBUCKET_MISSES: "let requests for /rest pass to Bitbucket; an old version may not know the address",
    Problem.CONFLICT: "look at its state in Bitbucket",
    Problem.BAD_REQUEST: "this version of Bitbucket does not know the question",
    Problem.UNEXPECTED: "look for the address in Bitbucket's log, and in that of any proxy before it",
}


MEANING: dict[AnyProblem, str] = {
    **{problem: network_errors.meaning(problem, _BITBUCKET) for problem in NetworkProblem},
    Problem.TLS_WANTED: "this port speaks TLS only",
    Problem.RATE_LIMITED: "the account has asked more than its rate limit allows",
    Problem.UNAVAILABLE: "Bitbucket, or something before it, is not ready to answer",
    Problem.SERVER_ERROR: "Bitbucket failed while it answered",
    Problem.REDIRECT: "the address is not that of Bitbucket's REST API",
    Problem.LOGIN_PAGE: "a login page answers in place of Bitbucket's REST API",
    Problem.MOVED: "Bitbucket is at another address",
    Problem.NOT_JSON: "something else answers in place of Bitbucket's REST API",
    Problem.WRONG_PASSWORD: "the user name and the password do not belong together, or the token is not known",
    Problem.PASSWORD_EXPIRED: "the password was right once, and has expired",
    Problem.CAPTCHA: "after too many wrong passwords the account is locked, even for the right one",
    Problem.INACTIVE: "the account has been deactivated",
    Problem.NOT_LICENSED: "the login is right, but the account may not use Bitbucket",
    Problem.TWO_STEP: "the password alone is not enough for this account",
    Problem.BASIC_DISABLED: "user name and password are not accepted for REST requests",
    Problem.DIRECTORY_AWAY: "Bitbucket could not ask the directory that knows the password",
    Problem.NOT_SIGNED_IN: (
        "Bitbucket took the request for an anonymous one: the token or password is wrong, expired or revoked"
    ),
    Problem.NOT_BITBUCKET_MISSES: "this is not how Bitbucket says that something does not exist",
    Problem.NOT_BITBUCKET_REFUSES: (
        "this is no answer of Bitbucket: a proxy, firewall or single sign-on before it refuses"
    ),
}
"""What a problem means, where the answer itself does not say it plainly."""
