"""One request over pooled connections. Knows sockets, TLS and proxies; nothing of retries or meaning."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from connector import __version__
from connector.rest.answer import Answer

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
LARGEST_BODY = 32 << 20
"""Bytes, decoded. The largest page known has less than one megabyte."""
_CHUNK = 1 << 16
_INTERIM = frozenset(range(HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.OK))
"""Statuses of interim answers; http.client itself knows `Continue` alone."""


class TooLarge(Exception):
    """An answer is larger than `LARGEST_BODY`."""


class Transport:
    """Connections to one server, shared by all threads.

    Cookies are neither kept nor sent: each answer is an answer to this credential, and not to a session
    that outlived it. Redirects are not followed. Nothing is taken from a .netrc file.

    requests handles proxies and certificates, but its work for each request (parsing the address, merging settings,
    cookies, redirects) costs more than the request itself. So that is done once, and requests are sent by the
    connection pool of urllib3 that requests would use.
    """

    def __init__(self, base_url: str, authorization: str | None, connections: int) -> None:
        self._base_url = base_url
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        with requests.Session() as session:
            found = session.merge_environment_settings(base_url, proxies={}, stream=True, verify=True, cert=None)
        self._proxies, self._certificates = dict(found["proxies"]), found["verify"] or True
        self._headers = {
            "Accept": "application/json",
            "Cache-Control": "no-cache",
            "User-Agent": f"oaa-bitbucket/{__version__}",
        }
        if authorization is not None:
            self._headers["Authorization"] = authorization

    def get(
        self,
        url: str,
        within: float = ANSWER_SECONDS,
        headers: Mapping[str, str] | None = None,
        form: bytes | None = None,
    ) -> Answer:
        """Send one request to an address below the base URL. `headers` are added; a `form` makes it a POST.

        Gives a whole answer, or raises `TooLarge` or an exception of requests or urllib3. `within` bounds, in seconds,
        connecting, and then the whole answer from its first byte to its last.
        """
        pool, prefix = self._connections
        sent = {**self._headers, **headers} if headers else self._headers
        response = pool.urlopen(
            "GET" if form is None else "POST",
            prefix + url.removeprefix(self._base_url),
            body=form,
            headers=sent if form is None else {**sent, "Content-Type": "application/x-www-form-urlencoded"},
            retries=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, within), read=min(ANSWER_SECONDS, within)),
            preload_content=False,
        )
        with response:
            return Answer(response.status, response.headers, _read(response))

    @cached_property
    def _connections(self) -> tuple[urllib3.HTTPConnectionPool, str]:
        """The connection pool, through a proxy or not, and the prefix of request targets."""
        request = requests.Request("GET", self._base_url, auth=_no_authentication).prepare()
        pool = self._adapter.pool(request, proxies=self._proxies, certificates=self._certificates)
        pool.ConnectionCls = _BoundedHTTPS if pool.scheme == "https" else _BoundedHTTP
        return pool, self._adapter.request_url(request, self._proxies).rstrip("/")

    def close(self) -> None:
        """Close the idle connections; the pool is held here, so that the adapter does not close them."""
        if "_connections" in vars(self):
            self._connections[0].close()
        self._adapter.close()


class _Adapter(HTTPAdapter):
    """The adapter of requests, which configures proxies and TLS; its methods are meant for subclasses."""

    def pool(
        self, request: requests.PreparedRequest, *, proxies: dict[str, str], certificates: bool | str
    ) -> urllib3.HTTPConnectionPool:
        """Give the connection pool for the server of a request."""
        pool = self.get_connection_with_tls_context(request, certificates, proxies)
        self.cert_verify(pool, request.url, certificates, None)  # type: ignore[no-untyped-call]
        return cast("urllib3.HTTPConnectionPool", pool)


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no authentication; requests would otherwise read a .netrc file."""
    return request


class _Bounded(io.RawIOBase):
    """Reads from a socket until a deadline. A timeout of the socket bounds only the wait for the next byte."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + (sock.gettimeout() or ANSWER_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer, which has no name before 3.12
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left)
        return cast("io.RawIOBase", self._raw).readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give the file that http.client reads an answer from."""
        return io.BufferedReader(self)


class _BoundedResponse(http.client.HTTPResponse):
    """An answer whose headers and body must have come within the timeout that the connection has for reading."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - http.client's
        super().__init__(cast("socket.socket", _Bounded(sock)), *arguments, **options)

    def _read_status(self) -> tuple[str, int, str]:
        """Skip interim answers, such as early hints (RFC 9110, 15.2); http.client itself skips 100 alone.

        Otherwise the final answer would stay on the connection, where the next request would read it.
        """
        while True:
            read: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if read[1] not in _INTERIM:
                return read
            http.client.parse_headers(self.fp)


class _BoundedHTTP(HTTPConnection):
    response_class = _BoundedResponse


class _BoundedHTTPS(HTTPSConnection):
    response_class = _BoundedResponse


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read the body, decoded piece by piece, so that a small compressed one cannot exhaust memory."""
    chunks, size = [], 0
    while chunk := response.read1(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            raise TooLarge(f"the answer has more than {LARGEST_BODY:,} bytes")
    return b"".join(chunks)
