"""Everything it takes to talk to one workspace, put together: transports, throttle, workers, client, credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from connector.rest.client import ATTEMPTS, Client
from connector.rest.clock import Clock
from connector.rest.rolling_window import RollingWindow
from connector.rest.statistics import Statistics
from connector.rest.throttle import Throttle
from connector.rest.transport import Transport
from connector.rest.workers import Workers
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.credentials import Consumer, Signer, basic, signer
from connector.sources.cloud.problems import BITBUCKET
from connector.sources.cloud.settings import TOKEN_PATH, Settings

_RATE_LIMITED_SECONDS = 4 * 3_600.0
"""How long one question waits for its place in the rolling hour, and for the end of answers 429, at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one question is insisted on; times are in seconds."""

    patience: float
    attempts: int = ATTEMPTS
    rate_limited_seconds: float = _RATE_LIMITED_SECONDS


@dataclass(frozen=True, slots=True)
class Connection:
    """A conversation that has begun: signed in."""

    bitbucket: Bitbucket
    workers: Workers
    throttle: Throttle
    clock: Clock


@contextmanager
def connect(settings: Settings, statistics: Statistics, clock: Clock | None = None) -> Iterator[Connection]:
    """Sign in. Raises `SourceError` where that is refused, and where there is no such workspace."""
    clock = clock or Clock()
    throttle = throttle_of(settings, clock)
    bounds = Bounds(settings.patience)
    with (
        conversation(settings, statistics, clock, throttle, bounds) as bitbucket,
        Workers(settings.concurrency, clock) as workers,
    ):
        workers.call(bitbucket.sign_in)
        yield Connection(bitbucket, workers, throttle, clock)


def throttle_of(settings: Settings, clock: Clock) -> Throttle:
    """Make what keeps to the rolling hour."""
    window = RollingWindow(clock, settings.hourly_limit, settings.hour)
    return Throttle(clock, settings.rate_limit, settings.concurrency, window)


@contextmanager
def conversation(
    settings: Settings, statistics: Statistics, clock: Clock, throttle: Throttle, bounds: Bounds
) -> Iterator[Bitbucket]:
    """Begin to talk; nothing is asked yet."""
    credentials = settings.credentials
    # A consumer's key and secret are sent to the token endpoint only.
    pair = basic(credentials.key, credentials.secret) if isinstance(credentials, Consumer) else None
    token_host = settings.token_url.removesuffix(TOKEN_PATH)

    def client(transport: Transport, turns: Throttle, signs: Signer | None) -> Client:
        return Client(
            transport,
            turns,
            clock,
            BITBUCKET,
            bounds.patience,
            statistics,
            settings.concurrency,
            bounds.attempts,
            bounds.rate_limited_seconds,
            signs.headers if signs else None,
        )

    with (
        closing(Transport(token_host, pair, 1)) as tokens,
        closing(Transport(settings.base_url, None, settings.concurrency)) as api,
    ):
        asks_for_tokens = client(tokens, Throttle(clock, None, 1), None)
        signs = signer(credentials, asks_for_tokens, settings.token_url, clock)
        yield Bitbucket(
            settings.base_url, settings.workspace, client(api, throttle, signs), signs, throttle, credentials
        )
