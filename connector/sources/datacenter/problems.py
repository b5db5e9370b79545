"""The ways in which a request to Bitbucket fails: what each means, what to do about it, and what happens next.

`diagnosis` finds out which one it is. Answers of proxies and caches are in `common.problems`, failures of the network
in `rest.network_errors`. Sources: recorded answers, Atlassian's pages on authentication, users' reports.
"""

from __future__ import annotations

from enum import Enum

from connector.errors import Why
from connector.rest.diagnosis import Next
from connector.rest.network_errors import Server
from connector.sources.common.problems import LOGS, Kind, fatal, of_one_thing
from connector.sources.datacenter.endpoints import Right

BITBUCKET = Server("Bitbucket", "BITBUCKET_URL", "https://bitbucket.example.com/context")


class Problem(Enum):
    """A way in which a request fails that reached Bitbucket."""

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
    UNNUMBERED = Kind(
        Next.ASK_AGAIN,
        LOGS,
        "something between here and Bitbucket answers in its place: this lacks the number that its answers have",
    )

    # ---- the address
    SERVER_MOVED = fatal("give the address that it redirects to in BITBUCKET_URL", "Bitbucket is at another address")
    NO_BITBUCKET = fatal(
        "correct BITBUCKET_URL: the context path, often /bitbucket or /stash, belongs to it, "
        "pages like /projects do not",
        "there is no Bitbucket at this address",
    )

    # ---- the credentials
    WRONG_PASSWORD = fatal(
        "check BITBUCKET_USER and BITBUCKET_TOKEN; an access token alone is used without BITBUCKET_USER. "
        "Do not run again unchanged: repeated failures lock the account",
        "the user name and the password do not belong together, or the token is not known",
    )
    PASSWORD_EXPIRED = fatal(
        "sign in once in the browser as this user and set a new password",
        "the password was right once, and has expired",
    )
    CAPTCHA = fatal(
        "sign in once in the browser as this user and solve the CAPTCHA, or let an administrator clear it "
        "(Administration > Users > the user > Clear CAPTCHA challenge); then correct the password",
        "after too many wrong passwords the account is locked, even for the right one",
    )
    INACTIVE = fatal(
        "let an administrator activate the account, in Bitbucket or in its user directory",
        "the account has been deactivated",
    )
    NOT_LICENSED = fatal(
        f"give the account '{Right.LICENSED.label}' in {Right.LICENSED.where}",
        "the login is right, but the account may not use Bitbucket",
    )
    TWO_STEP = fatal(
        "use an HTTP access token without BITBUCKET_USER, or an account without two-step verification",
        "the password alone is not enough for this account",
    )
    BASIC_DISABLED = fatal(
        "use an HTTP access token without BITBUCKET_USER (global permissions are then exported as effective), or allow "
        "basic authentication for this account (Administration > Authentication methods)",
        "user name and password are not accepted for REST requests, as is usual since Bitbucket 10",
    )
    DIRECTORY_AWAY = fatal(
        "let an administrator look at Administration > User directories; run again when the directory answers",
        "Bitbucket could not ask the directory that knows the password",
    )
    NOT_SIGNED_IN = fatal(
        "set BITBUCKET_TOKEN to a new access token (Manage account > HTTP access tokens), or to the right password of "
        "BITBUCKET_USER; if it is right, look for a proxy that removes the Authorization header",
        "Bitbucket took the request for an anonymous one: the token or password is wrong, expired or revoked",
    )

    # ---- the one thing that was asked for
    NOT_PERMITTED = of_one_thing(Why.REFUSED, "")
    NOT_FOUND = of_one_thing(Why.ABSENT, "it was deleted, moved, or never existed")
    HAS_NONE = of_one_thing(Why.NONE, "nothing is to be done: there is none")
    MOVED = of_one_thing(Why.MOVED, "run again", "it was renamed or moved while the export ran")
    NO_SUCH_ADDRESS = of_one_thing(Why.NO_SUCH_ADDRESS, "this version of Bitbucket does not know it")
    CONFLICT = of_one_thing(Why.CONFLICT, "look at its state in Bitbucket")
    BAD_REQUEST = of_one_thing(Why.UNKNOWN_VALUE, "this version of Bitbucket does not know the question")
    FOREIGN_REFUSAL = of_one_thing(
        Why.FOREIGN,
        "let requests for /rest that carry an Authorization header pass to Bitbucket",
        "this is no answer of Bitbucket: a proxy, firewall or single sign-on before it refuses",
    )
    FOREIGN_ABSENCE = of_one_thing(
        Why.FOREIGN,
        "let requests for /rest pass to Bitbucket; an old version may not know the address",
        "this is not how Bitbucket says that something does not exist",
    )
