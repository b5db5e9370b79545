"""The HTTP side of the fake: requests and answers over real TLS, and faults on demand. Knows nothing of Veza."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

_DRIP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; a body that is not bytes is sent as JSON."""

    status: int
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Cut(Enum):
    """The connection is reset."""

    IN_REQUEST = auto()
    BEFORE_ANSWER = auto()
    IN_ANSWER = auto()
    AFTER_ACCEPTING = auto()
    """The call takes effect, and its answer is lost."""


class Endless(Enum):
    """The request is read, and what follows has no end."""

    SILENCE = auto()
    HEADERS = auto()
    """One byte of a header after the other, slowly."""
    BODY = auto()
    """One byte after the other, slowly."""
    FLOOD = auto()
    """As fast as it is read."""
    CHUNK_SIZE = auto()
    """The line with the size of a chunk, as fast as it is read."""


_BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_LONG = _BEGIN + b"Content-Length: 2000000000\r\n\r\n"
_ENDLESS = {
    Endless.SILENCE: (b"", b"", _DRIP_SECONDS),
    Endless.HEADERS: (_BEGIN, b"x", _DRIP_SECONDS),
    Endless.BODY: (_LONG, b" ", _DRIP_SECONDS),
    Endless.FLOOD: (_LONG, b" " * 65536, 0.0),
    Endless.CHUNK_SIZE: (_BEGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536, 0.0),
}
"""What comes first, what comes again and again, and the seconds between."""

Fault = Answer | Cut | Endless


@dataclass(frozen=True, slots=True)
class Request:
    """One request that arrived, answered or not. `head` is its first line and its headers as they came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    head: str
    body: bytes = field(repr=False)


class Application(Protocol):
    """What answers."""

    closing: threading.Event

    def fault_of(self, method: str, path: str) -> Fault | None:
        """Give what is to happen instead of the answer to a request."""

    def arrived(self, request: Request) -> None:
        """Note a request."""

    def answer(self, request: Request) -> Answer:
        """Answer a request."""


class Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, application: Application, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application
        self._context = context
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept; the handshake is left to the thread of the connection, since it can fail or take long."""
        connection, address = self.socket.accept()
        try:
            secured = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            connection.close()
            raise
        self._connections.add(secured)
        return secured, address

    def hang_up(self) -> None:
        """End the threads that wait for another request on a connection that is kept."""
        for connection in list(self._connections):
            try:
                # not SSLSocket's own, which takes the TLS state from under the thread that reads
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: tests see from the side of the client how a connection ended."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    connection: ssl.SSLSocket

    def setup(self) -> None:
        super().setup()
        self.connection.do_handshake()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Keep standard error for the tests."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        application = self.server.application
        target = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        fault = application.fault_of(self.command, target.path)
        body = self.rfile.read(length // 2 if fault is Cut.IN_REQUEST else length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        head = f"{self.requestline}\n{self.headers}"
        request = Request(self.command, target.path, parse_qs(target.query), headers, head, body)
        application.arrived(request)
        match fault:
            case None:
                self._send(application.answer(request))
            case Answer() as answer:
                self._send(answer)
            case Endless():
                self._go_on(fault)
            case Cut.AFTER_ACCEPTING:
                application.answer(request)
                self._reset()
            case Cut.IN_ANSWER:
                self._send(application.answer(request), part=0.5)
                self._reset()
            case Cut.IN_REQUEST | Cut.BEFORE_ANSWER:
                self._reset()

    def _go_on(self, fault: Endless) -> None:
        """Send until the client closes the connection, or the test ends."""
        self.close_connection = True
        begin, piece, pause = _ENDLESS[fault]
        self.wfile.write(begin)
        while not self.server.application.closing.wait(pause):
            self.wfile.write(piece)

    def _send(self, answer: Answer, part: float = 1.0) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        kind = "text/html" if isinstance(answer.body, bytes) else "application/json"
        self.send_response(answer.status)
        for name, value in ({"Content-Type": kind} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: int(len(body) * part)])

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
