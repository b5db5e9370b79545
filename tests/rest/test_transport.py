"""One GET, from the first byte of its answer to the last."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connector.rest.transport import Transport


@contextmanager
def announcing(first: bytes) -> Iterator[str]:
    """Answer each request with its target; the first one with an interim answer, and the final one after a pause."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                announcement = first
                while question := connection.recv(65536):
                    target = question.split(b" ")[1]
                    connection.sendall(announcement)
                    if announcement:
                        time.sleep(0.2)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(target), target))
                    announcement = b""

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)
        assert not thread.is_alive(), "the connection is still open"


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints", "199 Whatever"])
def test_an_interim_answer_is_not_taken_for_the_final_one(status: str) -> None:
    """Otherwise the final answer stays on the connection, where the next request reads it."""
    announcement = f"HTTP/1.1 {status}\r\nLink: </style.css>; rel=preload\r\n\r\n".encode()
    with announcing(announcement) as url:
        asking = Transport(url, None, 1)
        answers = [asking.get(f"{url}/{number}") for number in range(3)]
        asking.close()
    assert [(each.status, each.body) for each in answers] == [(200, b"/0"), (200, b"/1"), (200, b"/2")]
