"""Who is asking: Basic and Bearer credentials, and the OAuth tokens that consumers are issued.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication. Knows no routes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connector.embedded.cloud.answers import (
    ACCESS_TOKEN_EXPIRED,
    TOKEN_REFUSED,
    account_password,
    error,
    forbidden,
    oauth_error,
)
from connector.embedded.cloud.credentials import AccessToken, ApiToken, Consumer
from connector.embedded.common.credentials import decoded, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.embedded.cloud.settings import Settings
    from connector.embedded.cloud.workspace import Account, Workspace
    from connector.embedded.common.messages import Request

_PUBLIC_CONSUMER = (
    'Cannot use client_credentials with a consumer marked as "public". '
    "Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead."
)


@dataclass(frozen=True, slots=True)
class Credential:
    """The credential of a request: its kind in Bitbucket's words, its scopes, and whom it acts for."""

    kind: str
    name: str
    identity: str
    """What its requests are counted for."""
    scopes: frozenset[str]
    account: Account | None = None
    token: AccessToken | None = None
    is_api_token: bool = False


@dataclass(slots=True)
class _Issued:
    consumer: Consumer
    ends: float


class Authenticator:
    """Authenticates callers, and issues OAuth tokens; times are seconds of a clock that only goes forward."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._issued: dict[str, _Issued] = {}
        self._shuffler = random.Random(0)  # noqa: S311 - the order of scopes keeps no secret

    def authenticate(self, authorization: str, workspace: Workspace) -> Credential | None:
        """Find out whose credentials these are; None for nobody's. Raises Refusal for wrong ones."""
        if not authorization:
            return None
        scheme, _, credentials = authorization.partition(" ")
        match scheme.lower():
            case "basic":
                return self._by_password(*_decoded(credentials), workspace)
            case "bearer":
                return self._by_token(credentials.strip(), workspace)
        raise error(*TOKEN_REFUSED)

    def issue(self, request: Request, workspace: Workspace) -> dict[str, Any]:
        """Hand out an OAuth token to a consumer that shows its key and secret."""
        form = dict(parse_qsl(request.body.decode("latin-1")))
        scheme, _, credentials = request.authorization.partition(" ")
        key, secret = form.get("client_id", ""), form.get("client_secret", "")
        if scheme.lower() == "basic":
            key, secret = _decoded(credentials)
        consumer = next((each for each in workspace.consumers if each.key == key), None)
        if consumer is None or not same(secret, consumer.secret):
            raise oauth_error("unauthorized_client", "Invalid OAuth client credentials")
        if form.get("grant_type") != "client_credentials":
            raise oauth_error("unsupported_grant_type", f"Unsupported grant type: {form.get('grant_type')}")
        if not consumer.private:
            raise oauth_error("invalid_grant", _PUBLIC_CONSUMER)
        return self._token_for(consumer)

    def end_tokens(self) -> None:
        """Let every OAuth token that was handed out end now."""
        for issued in self._issued.values():
            issued.ends = self._clock()

    def _token_for(self, consumer: Consumer) -> dict[str, Any]:
        settings = self._settings
        lasts = settings.expires_in if settings.token_lifetime is None else settings.token_lifetime
        secret = f"oauth-{len(self._issued) + 1}-of-{consumer.key}"
        self._issued[secret] = _Issued(consumer, self._clock() + lasts)
        scopes = sorted(consumer.scopes)
        self._shuffler.shuffle(scopes)
        return {
            "access_token": secret,
            "scopes": " ".join(scopes),
            "token_type": "bearer",
            "expires_in": settings.expires_in,
            "state": "client_credentials",
            "refresh_token": f"refresh-{secret}",
        }

    def _by_password(self, name: str, password: str, workspace: Workspace) -> Credential:
        token = next((each for each in workspace.api_tokens if same(password, each.secret)), None)
        if token is not None:
            account = workspace.accounts[token.account_uuid]
            if (account.email or "").lower() != name.lower():
                raise forbidden()
            return _api_token(token, account)
        for account in workspace.accounts.values():
            if name.lower() not in ((account.email or "").lower(), (account.nickname or "").lower()):
                continue
            if account.password and same(password, account.password):
                raise account_password()
        raise error(*TOKEN_REFUSED)

    def _by_token(self, secret: str, workspace: Workspace) -> Credential:
        issued = self._issued.get(secret)
        if issued is not None:
            return self._oauth(issued, workspace)
        for token in workspace.access_tokens:
            if not token.expired and same(secret, token.secret):
                kind = f"{token.level}_access_token"
                return Credential(kind, token.name, f"token:{token.name}", token.scopes, token=token)
        for each in workspace.api_tokens:
            if same(secret, each.secret):
                return _api_token(each, workspace.accounts[each.account_uuid])
        raise error(*TOKEN_REFUSED)

    def _oauth(self, issued: _Issued, workspace: Workspace) -> Credential:
        consumer = issued.consumer
        if self._clock() >= issued.ends:
            raise error(*ACCESS_TOKEN_EXPIRED)
        owner = workspace.accounts.get(consumer.owner_uuid)
        if owner is None or not owner.active or consumer not in workspace.consumers:
            raise error(*TOKEN_REFUSED)
        return Credential("oauth2", owner.display_name, f"consumer:{consumer.key}", consumer.scopes, owner)


def _api_token(token: ApiToken, account: Account) -> Credential:
    if token.expired or not token.scopes or not account.active:
        raise error(*TOKEN_REFUSED)
    return Credential("apitoken", account.display_name, account.uuid, token.scopes, account, is_api_token=True)


def _decoded(credentials: str) -> tuple[str, str]:
    pair = decoded(credentials)
    if pair is None:
        raise error(*TOKEN_REFUSED)
    return pair
