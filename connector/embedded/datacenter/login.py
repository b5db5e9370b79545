"""Who is asking: Basic and Bearer credentials, CAPTCHA, licences, and the rate limit of each user.

Source: Atlassian's pages on HTTP access tokens and rate limiting. Knows no routes.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.embedded.common.credentials import decoded, same
from connector.embedded.datacenter.answers import CAPTCHA_REQUIRED, NOT_LICENSED, WRONG_PASSWORD, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.embedded.datacenter.catalogue import Catalogue
    from connector.embedded.datacenter.organisation import Account, Token
    from connector.embedded.datacenter.rules import Rights, Rules
    from connector.embedded.datacenter.settings import RateLimit, Settings

_RATE_LIMITED = "You have been rate limited. Please wait before you send more requests."


class Authenticator:
    """Authenticates callers; counts their wrong passwords and their requests."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._failures: Counter[str] = Counter()
        self._buckets: dict[int, _Bucket] = {}

    def authenticate(self, authorization: str, catalogue: Catalogue, rules: Rules) -> Rights:
        """Find out whose credentials these are; a token that is not known is nobody's.

        Raises Refusal for a wrong password, a locked account, or one without a licence.
        """
        scheme, _, credentials = authorization.partition(" ")
        account: Account | None = None
        token: Token | None = None
        if scheme.lower() == "basic":
            account, token = self._by_password(credentials, catalogue)
        elif scheme.lower() == "bearer":
            account, token = _by_token(credentials.strip(), catalogue)
        rights = rules.rights(account, token)
        if account and not rights.is_licensed:
            raise Refusal(*NOT_LICENSED)
        return rights

    def count(self, account: Account) -> None:
        """Count a request against the rate limit of a user; raises Refusal where none is left."""
        limit = self.limit_of(account)
        if limit is None:
            return
        bucket = self._buckets.setdefault(account.id, _Bucket(limit, self._clock()))
        wait = bucket.take(self._clock())
        if wait:
            told = (("Retry-After", str(math.ceil(wait))),)
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, _RATE_LIMITED, headers=told)

    def limit_of(self, account: Account) -> RateLimit | None:
        """Give the rate limit of a user, or None where there is none."""
        settings = self._settings
        if settings.rate_limit is None or account.name in settings.rate_limit_exempt:
            return None
        return settings.rate_limit_overrides.get(account.name, settings.rate_limit)

    def _by_password(self, credentials: str, catalogue: Catalogue) -> tuple[Account, Token | None]:
        pair = decoded(credentials)
        if pair is None:
            raise Refusal(*WRONG_PASSWORD)
        name, password = pair
        allowed = self._settings.captcha_after
        if allowed is not None and self._failures[name.lower()] >= allowed:
            raise Refusal(*CAPTCHA_REQUIRED)
        account = catalogue.account_named(name)
        if account and account.active:
            if account.password and same(password, account.password):
                del self._failures[name.lower()]
                return account, None
            owner, token = _by_token(password, catalogue)
            if owner is account:
                return account, token
        self._failures[name.lower()] += 1
        raise Refusal(*WRONG_PASSWORD)


class _Bucket:
    """A token bucket; times are seconds of any clock that only goes forward."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._left = float(limit.capacity)
        self._at = now

    def take(self, now: float) -> float:
        """Take one; give 0, or the seconds until there is one again."""
        grown = self._left + (now - self._at) * self._limit.fill_rate
        self._left = min(float(self._limit.capacity), grown)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0
        return (1 - self._left) / self._limit.fill_rate


def _by_token(secret: str, catalogue: Catalogue) -> tuple[Account | None, Token | None]:
    for token in catalogue.organisation.tokens:
        if not token.expired and same(secret, token.secret):
            account = catalogue.organisation.accounts.get(token.user_id)
            return (account, token) if account and account.active and account.listed else (None, None)
    return None, None
