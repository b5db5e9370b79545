"""What an answer of Bitbucket Cloud can say other than what was asked for: what that means, what to do, what is next.

`diagnosis` tells them apart; the network's own problems are in `rest.network_errors`. Sources: recorded answers,
Atlassian's pages, users' reports.
"""

from __future__ import annotations

from enum import Enum

from connector.errors import Why
from connector.rest.diagnosis import Next
from connector.rest.network_errors import Server
from connector.sources.common.problems import Kind, fatal, of_one_thing

BITBUCKET = Server("Bitbucket Cloud", "BITBUCKET_URL", "https://api.bitbucket.org, the default")

NEW_API_TOKEN = (
    "make a new API token with scopes (id.atlassian.com > Security > API tokens > Create API token with scopes > "  # noqa: S105 - how to get one
    "Bitbucket), and set BITBUCKET_TOKEN to it and BITBUCKET_EMAIL to the Atlassian e-mail address of its owner"
)
_CONSUMERS = "Workspace settings > OAuth consumers"
_ADMINISTERS = (
    "ask as somebody who administers the workspace: an API token of such an account, or an OAuth consumer made by one"
)


class Problem(Enum):
    """What an answer can say other than what was asked for."""

    # ---- it may pass
    RATE_LIMITED = Kind(
        Next.WAIT,
        "see what else asks with the same credentials, or run again an hour later with --resume",
        "the requests of the hour are used up: Bitbucket Cloud allows 1,000 below /2.0/repositories",
    )
    UNAVAILABLE = Kind(
        Next.ASK_AGAIN,
        "see status.bitbucket.org, and run again later",
        "Bitbucket Cloud, or something before it, is not ready to answer",
    )
    SERVER_ERROR = Kind(Next.ASK_AGAIN, "see status.bitbucket.org, and run again later", "Bitbucket Cloud failed")
    RENEWED = Kind(Next.ASK_AT_ONCE, "", "the OAuth token has ended; another one is asked for")

    # ---- the address
    FOREIGN_NEXT = fatal(
        "nothing was sent there; a gateway before Bitbucket Cloud has to rewrite `next` to its own address",
        "the next page is said to be at an address that does not begin with the one that was asked",
    )

    # ---- the credentials
    NOT_SIGNED_IN = fatal(
        "look for a gateway or proxy that removes the header Authorization from requests, or X-Credential-Type "
        "from answers",
        "the answer does not say which credentials it was given to (no X-Credential-Type), so it may show only what is "
        "public",
    )
    OTHER_CREDENTIALS = fatal(
        "look for a gateway or proxy that signs in by itself",
        "the answer was given to credentials of another kind than those that were sent",
    )
    ACCOUNT_PASSWORD = fatal(NEW_API_TOKEN, "this is the password of an account, which the API takes no more")
    APP_PASSWORD = fatal(NEW_API_TOKEN, "this is an app password; Bitbucket Cloud has taken none since July 2026")
    TOKEN_REFUSED = fatal(
        NEW_API_TOKEN,
        "the API token has expired (they last a year at most), was revoked, has no scopes, or is mistyped; app "
        "passwords and account passwords are not taken any more",
    )
    ACCESS_TOKEN_REFUSED = fatal(
        "set BITBUCKET_EMAIL too if BITBUCKET_TOKEN is an API token. An access token of a workspace, project or "
        "repository may officially not read permissions: use an API token or an OAuth consumer",
        "the access token has expired, was revoked, or is mistyped",
    )
    CONSUMER_TOKEN_REFUSED = fatal(
        f"see in {_CONSUMERS} whether the consumer is still there, and whether its owner is still active",
        "the OAuth token that was just issued is refused",
    )
    WRONG_IDENTITY = fatal(
        "set BITBUCKET_EMAIL to the Atlassian e-mail address of the token's owner (id.atlassian.com > Profile), and "
        "see that the account is still active and belongs to the workspace",
        "the API token is sent with an address that is not its owner's, or the workspace lets this account in no more",
    )
    ADDRESS_NOT_ALLOWED = fatal(
        "let an administrator of the workspace add the address of this machine (Workspace settings > Access controls > "
        "IP allowlist)",
        "the workspace is open to the IP addresses of its allowlist only",
    )
    TWO_STEP = fatal(
        "enable two-step verification for the account (id.atlassian.com > Security)",
        "the workspace admits only accounts with two-step verification",
    )
    CONSUMER_UNKNOWN = fatal(
        f"check BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET: {_CONSUMERS} shows both as Key and Secret",
        "key and secret do not belong together, or the consumer was deleted",
    )
    CONSUMER_PUBLIC = fatal(
        f"tick 'This is a private consumer' for it in {_CONSUMERS}, and give it any callback URL",
        "only a private consumer is issued tokens for its key and secret",
    )
    CONSUMER_REFUSED = fatal(f"look at the consumer in {_CONSUMERS}", "no OAuth token is issued")
    TOKEN_MALFORMED = fatal(
        "correct BITBUCKET_URL; without a gateway of your own leave it out", "this is no OAuth token that can be used"
    )
    NO_TOKEN_ADDRESS = fatal(
        "without a gateway of your own leave BITBUCKET_URL out; a gateway has to pass /site/oauth2/access_token to "
        "bitbucket.org",
        "no OAuth token is issued at this address",
    )

    # ---- the workspace
    NO_WORKSPACE = fatal(
        "check --workspace: it is what follows https://bitbucket.org/ in the addresses of its pages. If it is right, "
        f"{_ADMINISTERS}",
        "there is no such workspace, or the account does not see it",
    )
    SPAM = fatal(
        "ask Atlassian's support (support.atlassian.com/contact)",
        "Bitbucket Cloud has closed the workspace",
    )

    # ---- the one thing that was asked for
    SCOPE = of_one_thing(Why.REFUSED, "", "the credentials lack a scope")
    NOT_PERMITTED = of_one_thing(Why.REFUSED, "", "the account lacks a right")
    WRONG_MECHANISM = of_one_thing(
        Why.REFUSED,
        "use an API token, or an OAuth consumer, of somebody who administers the workspace",
        "credentials of this kind may not ask this",
    )
    NOT_FOUND = of_one_thing(Why.ABSENT, "it was deleted, moved, or never existed")
    NO_SUCH_ADDRESS = of_one_thing(Why.NO_SUCH_ADDRESS, "Bitbucket Cloud does not know this address")
    REMOVED = of_one_thing(Why.NO_SUCH_ADDRESS, "Bitbucket Cloud has removed this address")
    BAD_REQUEST = of_one_thing(Why.UNKNOWN_VALUE, "Bitbucket Cloud does not know the question")
    FOREIGN_REFUSAL = of_one_thing(
        Why.FOREIGN,
        "let requests that carry an Authorization header pass to Bitbucket Cloud",
        "this is no answer of Bitbucket Cloud: a proxy, firewall or gateway before it refuses",
    )
    FOREIGN_ABSENCE = of_one_thing(
        Why.FOREIGN,
        "let requests for its API pass to Bitbucket Cloud",
        "this is not how Bitbucket Cloud says that something does not exist",
    )
