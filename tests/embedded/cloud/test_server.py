"""The embedded Bitbucket Cloud as a server: connections, latency, a gateway, mistakes."""

from __future__ import annotations

import socket
import time
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from tests.embedded.cloud.client import serving, small

ASK = b"GET /2.0/repositories/acme?%d HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = b"grant_type=client_credentials&client_id=consumer&client_secret=consumer-secret"


def connect(server: EmbeddedCloud) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(server.base_url).port or 0), timeout=30)


def received(connection: socket.socket, enough: bytes, times: int = 1) -> bytes:
    found = b""
    while found.count(enough) < times:
        found += connection.recv(65536)
    return found


def test_every_setting_has_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    names = [field.name for field in fields(Settings)]
    assert [name for name in names if f"{name}=" not in tests and f'"{name}"' not in tests] == []
    with pytest.raises(AttributeError):
        Settings().latency = 1.0  # type: ignore[misc]


def test_bodies_are_read_whatever_pieces_they_come_in() -> None:
    head = b"POST /site/oauth2/access_token HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(FORM)
    with serving(small().workspace, latency=0.02) as client, connect(client.server) as connection:
        for part in (head[:30], head[30:] + FORM[:10], FORM[10:-5], FORM[-5:] + ASK % 1):
            connection.sendall(part)
            time.sleep(0.005)
        found = received(connection, b"HTTP/1.1 200 OK", 2)
        assert b'"access_token":"oauth-1-of-consumer"' in found
        assert [entry.method for entry in client.server.requests] == ["POST", "GET"]


def test_latency_is_added_to_each_answer() -> None:
    with serving(small().workspace, latency=0.1) as client:
        started = time.monotonic()
        assert client.get("user").status_code == 200
        assert time.monotonic() - started >= 0.09


def test_behind_a_gateway_with_a_path() -> None:
    with serving(small().workspace, context="/bitbucket") as client:
        assert client.server.base_url.endswith("/bitbucket")
        page = client.json("repositories/acme", pagelen=1)
        assert page["next"].startswith(f"{client.server.base_url}/2.0/repositories/acme?")
        assert len(client.rows("repositories/acme", pagelen=1)) == 3
        assert client.token().status_code == 200
        outside = client.session.get(client.server.base_url.removesuffix("/bitbucket") + "/2.0/user", timeout=30)
        assert outside.status_code == 404


def test_a_mistake_of_the_server_is_not_overlooked() -> None:
    world = small()
    world.api.users["{nobody}"] = "read"
    with pytest.raises(ExceptionGroup) as raised, serving(world.workspace) as client:
        assert client.get("repositories/acme/api/permissions-config/users").status_code == 500
    assert isinstance(raised.value.exceptions[0], KeyError)


def test_it_answers_within_its_context_only() -> None:
    with pytest.raises(RuntimeError):
        _ = EmbeddedCloud(small().workspace).application
