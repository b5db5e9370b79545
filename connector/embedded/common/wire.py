"""HTTP/1.1 on one connection: reads requests, and sends what it is told, when and how.

Knows nothing of Bitbucket. Written by hand because benchmarks need thousands of answers a second.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.embedded.common.messages import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.embedded.common.messages import Answer

REASONS = {status.value: status.phrase for status in HTTPStatus}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Ending(Enum):
    """What becomes of the connection after an answer."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes that are sent, after how many seconds, and what becomes of the connection.

    They are sent in `pieces` of one length, so many seconds of `pause` after one another.
    """

    payload: bytes
    delay: float
    ending: Ending
    pieces: int = 1
    pause: float = 0.0


class Connection(asyncio.Protocol):
    """Reads a request, sends what is delivered, and reads the next."""

    def __init__(self, exchange: Callable[[Request], Delivery], connections: set[asyncio.Transport]) -> None:
        self._exchange = exchange
        self._connections = connections
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection, so that it can be ended."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("connections of the embedded Bitbucket are streams")
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the connection, and an answer that still waits."""
        self._connections.discard(self._transport)
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what has come, while an answer may still be waiting."""
        self._buffer += data
        if self._timer is None:
            self._read()

    def _read(self) -> None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        request = parse(head)
        length = int(request.headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        delivery = self._exchange(replace(request, body=rest[:length]) if length else request)
        if delivery.delay:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delivery.delay, self._send, delivery)
        else:
            self._send(delivery)

    def _send(self, delivery: Delivery, sent: int = 0) -> None:
        self._timer = None
        end = sent + -(-len(delivery.payload) // delivery.pieces)
        if delivery.payload:
            self._transport.write(delivery.payload[sent:end])
        if end < len(delivery.payload):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delivery.pause, self._send, delivery, end)
            return
        match delivery.ending:
            case Ending.CLOSE:
                self._transport.close()
            case Ending.RESET:
                self._transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
                self._transport.abort()
            case Ending.KEEP if self._buffer:
                self._read()
            case Ending.KEEP:
                pass


def parse(head: bytes) -> Request:
    """Read the head of a request."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, rest.partition(" ")[0], headers)


def head_of(answer: Answer, length: str) -> bytes:
    """Write the head of an answer; `length` is the header that says where its body ends."""
    lines = [
        f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Error')}",
        f"Content-Type: {answer.content_type}",
        "Cache-Control: no-cache, no-transform",
        f"Date: {formatdate(usegmt=True)}",
        length,
    ]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
