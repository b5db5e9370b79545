"""Connects to one server: transport, throttle, workers, client, login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from connector.rest.client import Client
from connector.rest.clock import Clock
from connector.rest.statistics import Statistics
from connector.rest.throttle import Throttle
from connector.rest.transport import Transport
from connector.rest.workers import Workers
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.diagnosis import Session
from connector.sources.datacenter.fetch import Fetch
from connector.sources.datacenter.problems import BITBUCKET
from connector.sources.datacenter.settings import Settings


@dataclass(frozen=True, slots=True)
class Connection:
    """A server, signed in. `anonymous` asks it without credentials."""

    bitbucket: Bitbucket
    anonymous: Bitbucket
    server_version: str
    fetch: Fetch
    workers: Workers
    throttle: Throttle
    clock: Clock


@contextmanager
def connect(settings: Settings, statistics: Statistics) -> Iterator[Connection]:
    """Sign in. Raises `SourceError` where there is no Bitbucket, or where it refuses the credentials."""
    clock = Clock()
    throttle = Throttle(clock, settings.rate_limit, settings.concurrency)
    url, authorization = settings.base_url, settings.credentials.authorization()

    def client(transport: Transport) -> Client:
        return Client(transport, throttle, clock, BITBUCKET, settings.patience, statistics, settings.concurrency)

    with (
        closing(Transport(url, authorization, settings.concurrency)) as transport,
        closing(Transport(url, None, 1)) as anonymous_transport,
        Workers(settings.concurrency, clock) as workers,
    ):
        bitbucket = Bitbucket(url, client(transport), clock, settings.credentials)
        server_version = workers.call(bitbucket.read_server_version)
        workers.call(bitbucket.sign_in)
        anonymous = Bitbucket(url, client(anonymous_transport), clock, None)
        anonymous.version = bitbucket.version
        anonymous.session = Session(has_request_ids=bitbucket.session.has_request_ids)
        fetch = Fetch(bitbucket, server_version)
        yield Connection(bitbucket, anonymous, server_version, fetch, workers, throttle, clock)
