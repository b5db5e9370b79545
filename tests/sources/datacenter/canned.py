"""A server on loopback whose answers a test writes, over TLS too."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer; a body that is no text is sent as JSON."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str:
        return self.kind or ("text/html" if isinstance(self.body, str) else "application/json")


def error(status: int, exception: str | None, message: str, **headers: str) -> Canned:
    """Give an error in Bitbucket's shape; underscores in names of headers stand for hyphens."""
    body = {"errors": [{"context": None, "message": message, "exceptionName": exception}]}
    return Canned(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def free_port() -> int:
    """Give a port of loopback at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


class CannedServer:
    """Answers each GET (and CONNECT, as proxies get it) by a function of path and headers; keeps a log of paths."""

    def __init__(
        self, answer: Callable[[str, Mapping[str, str]], Canned], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.paths: list[str] = []
        self.authorizations: list[str | None] = []
        self._answer = answer
        self._tls = tls

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.paths.append(self.path)
                owner.authorizations.append(self.headers.get("Authorization"))
                canned = owner._answer(self.path, dict(self.headers))
                self.send_response(canned.status)
                self.send_header("Content-Type", canned.content_type)
                self.send_header("Content-Length", str(len(canned.content)))
                for name, value in canned.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(canned.content)

            def do_CONNECT(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        scheme = "https" if self._tls else "http"
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://localhost:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that break off a handshake are what some tests are about."""
