"""One GET over pooled connections. Knows sockets, TLS and proxies; nothing of retries or meaning."""

from __future__ import annotations

import time
from functools import cached_property
from typing import cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector import __version__
from connector.rest.answer import Answer

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_CHUNK = 1 << 16


class Transport:
    """Connections to one server, shared by all threads; every request carries the same headers.

    Cookies are neither kept nor sent: each answer is an answer to this credential, and not to a session
    that outlived it. Redirects are not followed. Nothing is taken from a .netrc file.

    requests knows proxies and certificates; what it does for each request anew (reading the address, merging
    settings, cookies, redirects) costs more than the request itself. So that is done once, and the requests are
    sent by the connection pool of urllib3 that requests would use.
    """

    def __init__(self, base_url: str, authorization: str | None, connections: int) -> None:
        self._base_url = base_url
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        with requests.Session() as session:
            found = session.merge_environment_settings(base_url, proxies={}, stream=True, verify=True, cert=None)
        self._proxies, self._certificates = dict(found["proxies"]), found["verify"] or True
        self._headers = {"Accept": "application/json", "User-Agent": f"oaa-bitbucket/{__version__}"}
        if authorization is not None:
            self._headers["Authorization"] = authorization

    def get(self, url: str, within: float = ANSWER_SECONDS) -> Answer:
        """Ask for an address below the base URL once.

        The answer is whole, or an exception of requests or urllib3 says why not. `within` bounds connecting
        and answering, each, in seconds.
        """
        pool, prefix = self._way
        connecting, answering = min(CONNECT_SECONDS, within), min(ANSWER_SECONDS, within)
        deadline = time.monotonic() + connecting + answering
        response = pool.urlopen(
            "GET",
            prefix + url.removeprefix(self._base_url),
            headers=self._headers,
            retries=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=connecting, read=answering),
            preload_content=False,
        )
        with response:
            return Answer(response.status, response.headers, _read(response, deadline))

    @cached_property
    def _way(self) -> tuple[urllib3.HTTPConnectionPool, str]:
        """The connections, through a proxy or not, and what their targets begin with."""
        request = requests.Request("GET", self._base_url, auth=_as_it_is).prepare()
        pool = self._adapter.pool(request, proxies=self._proxies, certificates=self._certificates)
        return pool, self._adapter.request_url(request, self._proxies).rstrip("/")

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()


class _Adapter(HTTPAdapter):
    """Where requests keeps what it knows of proxies and TLS; its methods are there for classes like this one."""

    def pool(
        self, request: requests.PreparedRequest, *, proxies: dict[str, str], certificates: bool | str
    ) -> urllib3.HTTPConnectionPool:
        """Give the connections to the server of a request."""
        pool = self.get_connection_with_tls_context(request, certificates, proxies)
        self.cert_verify(pool, request.url, certificates, None)  # type: ignore[no-untyped-call]
        return cast("urllib3.HTTPConnectionPool", pool)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand in the place of authentication, so that requests does not look for one in a .netrc file."""
    return request


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """Read the body; a server that sends it byte by byte is given up like one that sends nothing."""
    chunks = []
    while chunk := response.read1(_CHUNK, decode_content=True):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("the answer did not end in time")
    return b"".join(chunks)
