"""The embedded Bitbucket as a server: connections, latency, its log, its end, a process of its own."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from connector.embedded.common.faults import Fault, Reset
from connector.embedded.datacenter.server import EmbeddedBitbucket
from tests.embedded.datacenter.client import Client, serving, small

ASK = b"GET /rest/api/latest/application-properties?%d HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(server: EmbeddedBitbucket) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(server.base_url).port or 0), timeout=5)


def test_a_connection_serves_many_requests() -> None:
    with serving(small().organisation) as client, connect(client.server) as connection:
        for number in range(3):
            connection.sendall(ASK % number)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(ASK.replace(b"Host", b"Connection: close\r\nHost") % 3)
        received = b""
        while part := connection.recv(65536):
            received += part
        assert received.count(b"HTTP/1.1 200 OK") == 1
        assert [entry.query for entry in client.server.requests] == ["0", "1", "2", "3"]


def test_requests_may_come_in_pieces_or_together() -> None:
    with serving(small().organisation, latency=0.02) as client, connect(client.server) as connection:
        both = ASK % 0 + ASK % 1
        for part in (both[:10], both[10:-30], both[-30:]):
            connection.sendall(part)
            time.sleep(0.005)
        received = b""
        while received.count(b'"displayName"') < 2:
            received += connection.recv(65536)
        assert [entry.query for entry in client.server.requests] == ["0", "1"]


def test_latency_is_waited_for_at_the_same_time() -> None:
    with serving(small().organisation, latency=0.1) as client:

        def ask(_: int) -> int:
            with Client(client.server, "admin", "root") as other:
                return other.get("users").status_code

        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [200] * 8
        assert 0.1 <= time.monotonic() - started < 0.6


def test_the_log_tells_what_was_asked_and_by_whom() -> None:
    with serving(small().organisation) as client:
        client.get("admin/groups/more-members", context="devs & co")
        (entry,) = client.server.requests
    assert (entry.method, entry.path) == ("GET", "/rest/api/latest/admin/groups/more-members")
    assert (entry.query, entry.status, entry.user) == ("context=devs+%26+co", 404, "admin")
    assert entry.authenticated
    assert entry.with_credentials


def test_it_ends_at_once_with_connections_open_and_answers_under_way() -> None:
    before = threading.active_count()
    with serving(small().organisation, latency=30) as client, connect(client.server), connect(client.server) as waiting:
        waiting.sendall(ASK % 0)
        time.sleep(0.05)
        server = client.server
        started = time.monotonic()
        server.__exit__(None, None, None)
        assert time.monotonic() - started < 1
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_it_ends_in_order_before_it_has_begun() -> None:
    for _ in range(20):
        with serving(small().organisation):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "bitbucket"]


def test_the_organisation_may_change_while_it_is_served() -> None:
    with serving(small().organisation) as client:
        assert len(client.rows("repos")) == 3
        with client.server.change() as organisation:
            organisation.repositories[1].name = "renamed"
            del organisation.repositories[3]
        assert [row["name"] for row in client.rows("repos")] == ["renamed", "docs"]


def test_a_mistake_of_the_server_is_not_overlooked() -> None:
    organisation = small().organisation
    organisation.projects[1].users[99] = "PROJECT_READ"
    with pytest.raises(ExceptionGroup) as raised, serving(organisation) as client:
        assert client.get("projects/PAY/permissions/users").status_code == 500
    assert isinstance(raised.value.exceptions[0], KeyError)


def test_it_speaks_https_too(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with EmbeddedBitbucket(small().organisation, tls=tls) as server, requests.Session() as session:
        session.trust_env = False
        url = f"{server.base_url}/status"
        assert url.startswith("https://")
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url, timeout=5)
        session.verify = str(tmp_path / "ca.pem")
        assert session.get(url, timeout=5).json() == {"state": "RUNNING"}
        server.faults.add(Fault(Reset()))
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(url, timeout=5)


def test_a_process_of_its_own() -> None:
    arguments = ["--with-parent", "--repositories", "30", "--users", "20", "--groups", "6", "--projects", "4"]
    with subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, "-m", "connector.embedded.datacenter", *arguments, "--context", "/git"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        address = urlsplit(process.stdout.readline().strip())
        with socket.create_connection(("127.0.0.1", address.port or 0), timeout=5) as connection:
            connection.sendall(ASK.replace(b"/rest", b"/git/rest") % 0)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        process.stdin.close()
        assert json.loads(process.stdout.read()) == {"200": 1}
    assert (address.path, process.returncode) == ("/git", 0)
