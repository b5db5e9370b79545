"""Calls of Veza's API, each sent once and bounded in time and bytes. Knows requests, not what an answer means.

The requests are those that oaaclient sends; a test holds them against each other.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector import __version__
from connector.outputs.veza.failures import content, of_network, too_long, unexpected_answer
from connector.rest.answer import Answer

T = TypeVar("T")

_CHUNK = 1 << 16
_MOST_PAGES = 100
_SLOWEST = 100_000.0
"""Bytes in a second; a push that is sent more slowly than that is given up."""
MAX_ANSWER_BYTES = 50_000_000
"""Far above any answer: a warning for each of 100,000 users takes 10 MB."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long connecting and answering may take, each, in seconds."""

    connecting: float
    answering: float


class VezaSession:
    """Connections to one Veza, as the owner of one API key.

    Redirects are not followed: a POST would arrive as a GET, and its answer would look like an accepted push.
    Cookies are not kept, and no .netrc file replaces the key.
    """

    def __init__(self, url: str, api_key: str, bounds: Bounds, *, verify: bool = True) -> None:
        self.url = url
        self._key = api_key
        self._bounds = bounds
        self._verify = verify
        self._session = requests.Session()
        self._adapter = HTTPAdapter()

    def values(self, path: str, **question: str) -> list[object]:
        """Ask for a listing, all its pages. Raises `Failure`."""
        values: list[object] = []
        for _ in range(_MOST_PAGES):
            page = self._ask("GET", path, question)
            found = page.get("values") if isinstance(page, dict) else None
            if not isinstance(page, dict) or not isinstance(found, list):
                raise unexpected_answer("does not answer like Veza")
            values += found
            if not page.get("has_more"):
                return values
            question["page_token"] = str(page.get("next_page_token"))
        raise unexpected_answer("answers with pages without end")

    def post(self, path: str, body: Mapping[str, str]) -> object:
        """Ask for a change, and give what is answered. Raises `Failure`."""
        answer = self._ask("POST", path, {}, body)
        return answer["value"] if isinstance(answer, dict) and "value" in answer else answer

    def close(self) -> None:
        """Close idle connections; the next call opens one."""
        self._adapter.close()

    def _ask(
        self, method: str, path: str, question: Mapping[str, str], body: Mapping[str, str] | None = None
    ) -> object:
        try:
            request = self._prepared(method, path, question, body)
            sending = int(request.headers.get("Content-Length", 0)) / _SLOWEST
            within = self._bounds.connecting + sending + self._bounds.answering
            answer = _within(within, lambda: self._send(request))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise of_network(error, self.url) from error
        return content(answer, method)

    def _prepared(
        self, method: str, path: str, question: Mapping[str, str], body: Mapping[str, str] | None
    ) -> requests.PreparedRequest:
        headers = {"authorization": f"Bearer {self._key}", "user-agent": f"oaa-bitbucket/{__version__}"}
        request = requests.Request(
            method, f"{self.url}{path}", headers=headers, params=question, json=body, auth=_no_authentication
        )
        return self._session.prepare_request(request)

    def _send(self, request: requests.PreparedRequest) -> Answer:
        found = self._session.merge_environment_settings(request.url, {}, stream=True, verify=self._verify, cert=None)
        with self._adapter.send(
            request,
            stream=True,
            timeout=(self._bounds.connecting, self._bounds.answering),
            verify=self._verify and (found["verify"] or True),
            proxies=found["proxies"],
        ) as response:
            body = bytearray()
            # `iter_content` would keep the line of a chunk's size in memory, however long it is.
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise too_long(response.status_code, MAX_ANSWER_BYTES)
            return Answer(response.status_code, response.headers, self._redacted(bytes(body)))

    def _redacted(self, body: bytes) -> bytes:
        """Redact the key, also as JSON may escape it: any server can echo what it was sent."""
        for form in (self._key, json.dumps(self._key)[1:-1], self._key.replace("/", "\\/")):
            body = body.replace(form.encode(), b"***")
        return body


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing. With an authentication of its own, requests does not read a .netrc file."""
    return request


def _within(seconds: float, work: Callable[[], T]) -> T:
    """Do something in another thread within a time limit: a server can send single bytes for ever.

    Raises what it raises, or `requests.ReadTimeout`; then the thread goes on until the process ends.
    """
    results: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()

    def do() -> None:
        try:
            results.put((work(), None))
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            results.put((None, error))

    threading.Thread(target=do, daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except Empty:
        raise requests.ReadTimeout("the answer did not end in time") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
