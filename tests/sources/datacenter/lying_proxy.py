"""A proxy between the connector and a Bitbucket that passes everything on, but for the lies a test tells."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, as it is passed on."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def page(self) -> dict[str, Any]:
        page: dict[str, Any] = json.loads(self.body)
        return page

    def saying(self, content: Any, status: int | None = None) -> Said:
        """Give the same headers with another body."""
        return Said(status or self.status, self.headers, json.dumps(content).encode())


def refusal(status: int, body: str = "", **headers: str) -> Said:
    """Give an answer of the proxy's own; underscores in names of headers stand for hyphens."""
    kind = "application/json" if body.startswith("{") else "text/html"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, {"Content-Type": kind, **named}, body.encode())


def bitbuckets(status: int, exception: str, message: str = "It was said.") -> str:
    """Give the body of an error as Bitbucket writes it."""
    assert status
    return json.dumps({"errors": [{"context": None, "message": message, "exceptionName": exception}]})


@dataclass(frozen=True, slots=True)
class Heard:
    """A question on its way, and how often the same path was asked before."""

    path: str
    query: Mapping[str, list[str]]
    times: int
    pass_on: Callable[[], Said]


Lie = Callable[[Heard], Said | None]
"""What is answered instead; None passes the question on."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of a connector that has heard enough."""


class LyingProxy:
    """Serves while its context is entered; `base_url` is what the connector is given."""

    def __init__(self, upstream: str, lie: Lie) -> None:
        self._upstream = urlsplit(upstream)
        self._lie = lie
        self._times: dict[str, int] = {}
        self._lock = threading.Lock()
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # The head and the body leave as one: in two pieces each answer waits 40 ms for an acknowledgement.
            wbufsize = -1

            def do_GET(self) -> None:
                said = owner._answer(self.path, dict(self.headers))
                self.send_response(said.status)
                for name, value in said.headers.items():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection", "server", "date"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}{self._upstream.path}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def _answer(self, target: str, headers: Mapping[str, str]) -> Said:
        parts = urlsplit(target)
        with self._lock:
            times = self._times.get(parts.path, 0)
            self._times[parts.path] = times + 1
            self.heard.append(target)
        heard = Heard(parts.path, parse_qs(parts.query), times, lambda: self._pass_on(target, headers))
        return self._lie(heard) or heard.pass_on()

    def _pass_on(self, target: str, headers: Mapping[str, str]) -> Said:
        connection = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=30)
        try:
            connection.request("GET", target, headers={k: v for k, v in headers.items() if k.lower() != "host"})
            answer = connection.getresponse()
            return Said(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()
