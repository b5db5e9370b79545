"""What can be had at best: the server's own throughput, and the HTTP libraries without a connector."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import requests
import urllib3

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.rest.transport import Transport
from connector.sources.datacenter.settings import Credentials

_PATH = "/rest/api/latest/projects/P00000/permissions/users?start=0&limit=1000"
_AUTHORIZATION = Credentials(DEMO_PASSWORD, DEMO_USER).authorization()


def throughput(base_url: str, *, requests_in_all: int = 5000, connections: int = 16) -> float:
    """Ask over raw sockets, without reading what is answered, and give the answers per second."""
    host = urlsplit(base_url).netloc
    request = f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {_AUTHORIZATION}\r\n\r\n".encode()
    name, _, port = host.partition(":")
    answered, sent = 0, connections
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = socket.create_connection((name, int(port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, connection)
            connection.sendall(request)
        began = time.monotonic()
        while answered < requests_in_all:
            for key, _ in selector.select():
                key.data.recv(1 << 16)
                answered += 1
                if sent < requests_in_all:
                    key.data.sendall(request)
                    sent += 1
        seconds = time.monotonic() - began
        for key in list(selector.get_map().values()):
            key.data.close()
    return answered / seconds


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


def _cost(ask: Callable[[], object], times: int = 1000) -> float:
    ask()
    began = time.process_time()
    for _ in range(times):
        ask()
    return 1000 * (time.process_time() - began) / times
