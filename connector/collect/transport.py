"""One GET over pooled connections. Knows sockets, TLS and proxies; nothing of retries or meaning."""

from __future__ import annotations

import time
from functools import cached_property

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from connector import __version__
from connector.collect.answer import Answer

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_CHUNK = 1 << 16


class Transport:
    """Connections to one server, shared by all threads; every request carries the same headers.

    Cookies are neither kept nor sent: each answer is an answer to this credential, and not to a session
    that outlived it. Redirects are not followed. Nothing is taken from a .netrc file.

    What a session of requests does for each request anew (reading the address, merging settings, cookies,
    redirects) costs more than the request itself, so requests are made ready once and sent by its adapter.
    """

    def __init__(self, base_url: str, authorization: str | None, connections: int) -> None:
        self._base_url = base_url
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        # Proxies and certificates come from the environment; looking them up for each request is slow.
        with requests.Session() as session:
            found = session.merge_environment_settings(base_url, proxies={}, stream=True, verify=True, cert=None)
        self._proxies, self._verify = found["proxies"], found["verify"] or True
        self._headers = {"Accept": "application/json", "User-Agent": f"oaa-bitbucket/{__version__}"}
        if authorization is not None:
            self._headers["Authorization"] = authorization

    def get(self, url: str, within: float = ANSWER_SECONDS) -> Answer:
        """Ask for an address below the base URL once.

        The answer is whole, or an exception of requests or urllib3 says why not. `within` bounds connecting
        and answering, each, in seconds.
        """
        timeouts = (min(CONNECT_SECONDS, within), min(ANSWER_SECONDS, within))
        deadline = time.monotonic() + sum(timeouts)
        request, proxies, verify = self._prepared(url), self._proxies, self._verify
        with self._adapter.send(request, stream=True, timeout=timeouts, verify=verify, proxies=proxies) as response:
            return Answer(response.status_code, response.headers, _read(response, deadline))

    def _prepared(self, url: str) -> requests.PreparedRequest:
        """Make a request ready without reading its address again: all begin alike, and the rest is encoded."""
        prefix, headers = self._ready
        request = requests.PreparedRequest()
        request.method, request.headers = "GET", headers
        request.url = prefix + url.removeprefix(self._base_url)
        return request

    @cached_property
    def _ready(self) -> tuple[str, CaseInsensitiveDict[str]]:
        """The base URL and the headers in the form in which requests sends them."""
        request = requests.Request("GET", self._base_url, headers=self._headers, auth=_as_it_is).prepare()
        return str(request.url).rstrip("/"), request.headers

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand in the place of authentication, so that requests does not look for one in a .netrc file."""
    return request


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read the body; a server that sends it byte by byte is given up like one that sends nothing."""
    chunks = []
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("the answer did not end in time")
    return b"".join(chunks)
