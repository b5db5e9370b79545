"""Upper bounds: the throughput of the server, and the cost of HTTP libraries and of the throttle alone."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.rest.clock import Clock
from connector.rest.throttle import Throttle
from connector.rest.transport import Transport
from connector.sources.datacenter.settings import Credentials

_PATH = "/rest/api/latest/projects/P00000/permissions/users?start=0&limit=1000"
_AUTHORIZATION = Credentials(DEMO_PASSWORD, DEMO_USER).authorization()


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: when its request was sent, in seconds of `time.monotonic`, and how long it took."""

    asked_at: float
    seconds: float


def ask(base_url: str, connections: int, is_enough: Callable[[int], bool]) -> list[Answered]:
    """Send requests over raw sockets, one after the other on each, until there are enough answers; parse none."""
    host = urlsplit(base_url).netloc
    request = f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {_AUTHORIZATION}\r\n\r\n".encode()
    name, _, port = host.partition(":")
    answered: list[Answered] = []
    with selectors.DefaultSelector() as selector, ExitStack() as sockets:
        asked_at: dict[socket.socket, float] = {}
        for _ in range(connections):
            connection = sockets.enter_context(socket.create_connection((name, int(port))))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, connection)
            asked_at[connection] = time.monotonic()
            connection.sendall(request)
        while not is_enough(len(answered)):
            for key, _ in selector.select():
                key.data.recv(1 << 16)
                now = time.monotonic()
                answered.append(Answered(asked_at[key.data], now - asked_at[key.data]))
                asked_at[key.data] = now
                key.data.sendall(request)
    return answered


def throughput(base_url: str, *, requests_in_all: int = 5000, connections: int = 16) -> float:
    """Give the most answers per second of a server."""
    answered = ask(base_url, connections, lambda answers: answers >= requests_in_all)
    ended = max(each.asked_at + each.seconds for each in answered)
    return len(answered) / (ended - answered[0].asked_at)


def cost_of_libraries(base_url: str) -> dict[str, float]:
    """Give milliseconds of processor time for one request, one after the other, by who sends it."""
    url, headers = base_url + _PATH, {"Authorization": _AUTHORIZATION}
    transport = Transport(base_url, _AUTHORIZATION, 1)
    with requests.Session() as session, urllib3.PoolManager() as pool:
        session.headers.update(headers)
        return {
            "requests.Session": _cost(lambda: session.get(url).content),
            "urllib3.PoolManager": _cost(lambda: pool.request("GET", url, headers=headers).data),
            "the connector's transport": _cost(lambda: transport.get(url).body),
        }


def cost_of_a_permit(threads: int, permits: int = 24_000) -> float:
    """Give microseconds of processor time of a throttle for one request, after its first seconds."""
    throttle = Throttle(Clock(), None, threads)

    def take(count: int, seconds: float) -> None:
        for _ in range(count):
            with throttle.permit() as permit:
                if seconds:
                    time.sleep(seconds)
                throttle.answered(permit)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(take, [200] * threads, [0.01] * threads))
        began = time.process_time()
        list(pool.map(take, [permits // threads] * threads, [0.0] * threads))
    return 1e6 * (time.process_time() - began) / permits


def _cost(ask: Callable[[], object], times: int = 1000) -> float:
    ask()
    began = time.process_time()
    for _ in range(times):
        ask()
    return 1000 * (time.process_time() - began) / times
