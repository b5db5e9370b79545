"""The embedded Bitbucket Cloud as a server: connections, latency, HTTPS, its end, a process of its own."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_TOKEN
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from tests.embedded.asking import basic
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


def test_it_speaks_https_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with EmbeddedCloud(small().workspace, tls=tls) as server, requests.Session() as session:
        session.trust_env = False
        session.verify = str(tmp_path / "ca.pem")
        session.headers["Authorization"] = basic("ada@example.com", "ada-token")
        page = session.get(f"{server.base_url}/2.0/repositories/acme", params={"pagelen": 1}, timeout=30).json()
        assert page["next"].startswith("https://127.0.0.1:")


@pytest.mark.parametrize(
    ("arguments", "workspace", "answers"),
    [
        ([], "harbour-payments", {"200": 2}),
        (
            ["--repositories", "20", "--users", "10", "--groups", "5", "--projects", "3", "--rate-limit", "1"],
            "synthetic",
            {"200": 1, "429": 1},
        ),
    ],
)
def test_a_process_of_its_own(arguments: list[str], workspace: str, answers: dict[str, int]) -> None:
    with subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, "-m", "connector.embedded.cloud", "--with-parent", "--opaque-next", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        base_url = process.stdout.readline().strip()
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = basic(DEMO_EMAIL, DEMO_TOKEN)
            first = session.get(f"{base_url}/2.0/repositories/{workspace}", timeout=30)
            assert "ctx=" in first.json()["next"]
            session.get(first.json()["next"], timeout=30)
        process.stdin.close()
        assert json.loads(process.stdout.read()) == answers
    assert process.returncode == 0
