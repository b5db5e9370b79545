"""Endpoints that stay broken and answers without an end take bounded time and memory."""

from __future__ import annotations

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from connector.embedded.common.faults import Effect, Fault, Reset, Slow, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.rest import transport
from connector.rest.transport import TooLarge, Transport
from tests.conftest import Run, SkippedTime, summary
from tests.sources.datacenter.lying import assert_refused, export, organisation, through
from tests.sources.datacenter.lying_bitbucket import Heard, LyingBitbucket, Said

SYNTHETIC = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}


@pytest.mark.parametrize("effect", [Status(500), Status(503), Reset()], ids=["500", "503", "reset"])
@pytest.mark.parametrize("path", ["/repos/[^/]*/permissions/groups", "more-members"])
def test_a_broken_endpoint_is_retried_by_the_run_and_not_by_each_request(
    run: Run, skipped_time: SkippedTime, effect: Effect, path: str
) -> None:
    whole = synthetic_organisation(users=20, groups=30, projects=3, repositories=30, grants_per_repository=2)
    with EmbeddedBitbucket(whole) as server:
        server.faults.add(Fault(effect, path))
        ended = export(run, server.base_url, "--patience", "20", **SYNTHETIC)
    assert ended.code == 4, ended.err
    assert server.faults.fired < 30 + 8 * 12  # each of eight workers insists once; the others ask once
    assert skipped_time.seconds < 8 * 30


def test_an_endpoint_that_never_answers_is_given_up_early(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty repositories at eight seconds each would take half a minute with eight workers."""
    monkeypatch.setattr("connector.rest.client._UNANSWERED_SECONDS", 1.0)
    whole = synthetic_organisation(users=10, groups=2, projects=1, repositories=14, grants_per_repository=2)
    with EmbeddedBitbucket(whole) as server:
        server.faults.add(Fault(Slow(3), "/repos/[^/]*/permissions/groups"))
        ended = export(
            run, server.base_url, "--patience", "1", "--concurrency", "2", "--summary", "summary.json", **SYNTHETIC
        )
        asked = {entry.path for entry in server.requests if re.search("/repos/[^/]*/permissions/groups", entry.path)}
    assert ended.code == 4
    assert len(summary()["gaps"]) == len(whole.repositories)
    assert "similar requests failed" in ended.err
    assert len(asked) < len(whole.repositories)


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_pages_that_advance_for_ever_end(run: Run, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.rest.listing._IDLE_PAGES", 50)
    monkeypatch.setattr("connector.rest.listing._MOST_PAGES", 200)

    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/admin/users"):
            return None
        said, start = heard.pass_on(), int(heard.query["start"][0])
        row = said.page["values"][:1] or [{"name": "x", "id": 1, "displayName": "X"}]
        invented = [{**row[0], "id": start + number, "name": f"user {start + number}"} for number in range(rows)]
        page = {"size": rows, "limit": 1000, "start": start, "values": invented, "isLastPage": False}
        return said.saying({**page, "nextPageStart": start + max(1, rows)})

    with LyingBitbucket(organisation()) as server:
        ended = through(run, server, lie)
    assert_refused(ended)
    assert "the listing does not end" in ended.err


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve raw bytes to every connection until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.recv(65536)
                    with suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            thread.join(10)


@pytest.mark.parametrize("where", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_an_answer_that_drips_ends(where: bytes) -> None:
    """Each byte comes in time, and the answer never does; in its headers as well as in its body."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(where)
        for _ in range(600):
            connection.sendall(b"a")
            time.sleep(0.05)

    with raw_server(drip) as url:
        asking = Transport(url, None, 1)
        began = time.monotonic()
        with pytest.raises(Exception, match=r"(?i)time"):
            asking.get(f"{url}/rest", 0.3)
        assert time.monotonic() - began < 15
        asking.close()


def test_a_small_body_does_not_become_a_huge_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 1 << 20)
    body = gzip.compress(bytes(64 << 20))
    assert len(body) < 1 << 17

    def bomb(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with raw_server(bomb) as url:
        asking = Transport(url, None, 1)
        with pytest.raises(TooLarge):
            asking.get(f"{url}/rest")
        asking.close()
