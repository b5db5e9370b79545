"""The embedded Bitbucket on a loopback port: its thread, its log, and what goes wrong on the way.

Knows nothing of what is asked for. One thread serves all connections, so answers are computed one
after the other, and wait for their latency at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from connector.embedded.datacenter import faults
from connector.embedded.datacenter.answers import Answer, Refusal, Request, encode, html, login_page
from connector.embedded.datacenter.application import Application
from connector.embedded.datacenter.faults import Faults
from connector.embedded.datacenter.settings import Settings
from connector.embedded.datacenter.wire import REASONS, Connection, Delivery, Ending, head_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from connector.embedded.datacenter.organisation import Account, Organisation, Project

_BACKLOG = 1024
_STOP_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the server's log; `status` is 0 where nothing was answered."""

    method: str
    path: str
    query: str
    """As sent, without the question mark."""
    status: int
    user: str | None
    """The name of the user whom the answer was for."""
    with_credentials: bool
    """Whether the request carried any, right or wrong."""
    at: float
    """When it arrived, in seconds of `time.monotonic`."""

    @property
    def authenticated(self) -> bool:
        """Whether the server knew who asked."""
        return self.user is not None


class EmbeddedBitbucket:
    """A Bitbucket Data Center for one organisation; serves while its context is entered.

    `requests` is the log, `faults` what goes wrong, `created` the personal projects that came into
    being because somebody asked for them. Change the organisation within `change()`. With `tls`
    it speaks HTTPS. A mistake in the server itself is raised when the context is left.
    """

    def __init__(
        self,
        organisation: Organisation,
        settings: Settings | None = None,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.organisation = organisation
        self.requests: list[Entry] = []
        self.faults = Faults()
        self.base_url = ""
        self._port = port
        self._tls = tls
        self._application: Application | None = None
        self._lock = threading.Lock()
        self._shuffler = random.Random(0)  # noqa: S311 - the order of keys keeps no secret
        self._maintenance_until = 0.0
        self._mistakes: list[Exception] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[asyncio.Transport] = set()

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=_BACKLOG)
        scheme = "https" if self._tls else "http"
        self.base_url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}{self.settings.context}"
        self._application = Application(self.organisation, self.settings, self.base_url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(self._loop, listener), name="bitbucket")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_WITHIN)
        self._loop = self._thread = None
        if self._mistakes:
            raise ExceptionGroup("the embedded Bitbucket has a mistake", self._mistakes)

    @property
    def created(self) -> list[Project]:
        """Personal projects that were made because somebody asked for them."""
        return self._application.created if self._application else []

    @contextlib.contextmanager
    def change(self) -> Iterator[Organisation]:
        """Change the organisation while it is served; no answer sees half of the change."""
        with self._lock:
            yield self.organisation
            if self._application:
                self._application.forget()

    def exchange(self, request: Request) -> Delivery:
        """Answer a request, or do to it what a fault says, and log it."""
        arrived = time.monotonic()
        effect = self.faults.choose(request.target)
        if isinstance(effect, faults.Maintenance):
            self._maintenance_until = arrived + effect.seconds
        try:
            with self._lock:
                answer, account = self._answer(request, effect, arrived)
        except Exception as error:  # noqa: BLE001 - raised again when the context is left
            self._mistakes.append(error)
            answer, account = html(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error"), None
        delivery = _deliver(answer, effect, request, self.settings.latency)
        self.requests.append(
            Entry(
                request.method,
                request.path,
                request.query,
                answer.status if delivery.payload else 0,
                account.name if account else None,
                bool(request.authorization),
                arrived,
            )
        )
        return delivery

    def _answer(self, request: Request, effect: faults.Effect | None, now: float) -> tuple[Answer, Account | None]:
        if now < self._maintenance_until:
            return _maintenance(request), None
        match effect:
            case faults.Status():
                return _failure(effect), None
            case faults.LoginPage():
                return login_page(), None
            case faults.Redirect():
                location = (("Location", f"{self.base_url}/login?next={request.path}"),)
                return Answer(HTTPStatus.FOUND, b"", location), None
            case faults.DeleteRepository():
                self._delete_repository(effect.id)
            case faults.DeleteProject():
                self._delete_project(effect.id)
        return self._truthful(request, logged_out=isinstance(effect, faults.LoggedOut))

    def _truthful(self, request: Request, *, logged_out: bool) -> tuple[Answer, Account | None]:
        if self._application is None:
            raise RuntimeError("the embedded Bitbucket answers within its context only")
        answer, account = self._application.answer(request, logged_out=logged_out)
        settings = self.settings
        if answer.body.startswith(b"{") and (settings.ids_as_strings or settings.shuffled_keys):
            body = encode(self._disguised(json.loads(answer.body)))
            answer = Answer(answer.status, body, answer.headers, answer.content_type)
        return answer, account

    def _disguised(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Write the same JSON as another server might."""
        if isinstance(value, list):
            return [self._disguised(each) for each in value]
        if not isinstance(value, dict):
            return value
        items = [(key, self._disguised(each)) for key, each in value.items()]
        if self.settings.shuffled_keys:
            self._shuffler.shuffle(items)
        shape = dict(items)
        if self.settings.ids_as_strings and "id" in shape:
            shape["id"] = str(shape["id"])
        return shape

    def _delete_repository(self, number: int) -> None:
        self.organisation.repositories.pop(number, None)
        if self._application:
            self._application.forget()

    def _delete_project(self, number: int) -> None:
        repositories = self.organisation.repositories
        for repository in [each for each in repositories.values() if each.project_id == number]:
            del repositories[repository.id]
        self.organisation.projects.pop(number, None)
        if self._application:
            self._application.forget()

    def _serve(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        asyncio.set_event_loop(loop)
        make = loop.create_server(lambda: Connection(self.exchange, self._connections), sock=listener, ssl=self._tls)
        server = loop.run_until_complete(make)
        loop.run_forever()
        server.close()
        for transport in list(self._connections):
            transport.abort()
        # Transports close their sockets in the round after the one in which they are aborted.
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(server.wait_closed())
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def _failure(fault: faults.Status) -> Answer:
    headers: tuple[tuple[str, str], ...] = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
    headers += (("X-AREQUESTID", f"@1A2B3Cx{uuid.uuid4().hex}"),) if fault.is_numbered else ()
    if not fault.html:
        return Refusal(fault.status, fault.message, fault.exception, headers).answer()
    page = html(fault.status, f"{fault.status} {REASONS.get(fault.status, 'Error')}")
    return Answer(page.status, page.body, headers, page.content_type)


def _maintenance(request: Request) -> Answer:
    if request.path.endswith("/status"):
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, encode({"state": "MAINTENANCE"}))
    return html(HTTPStatus.SERVICE_UNAVAILABLE, "Bitbucket is currently unavailable for maintenance")


def _deliver(answer: Answer, effect: faults.Effect | None, request: Request, delay: float) -> Delivery:
    body = answer.body
    half = body[: len(body) // 2]
    closes = request.method != "GET" or request.headers.get("connection", "").lower() == "close"
    ending = Ending.CLOSE if closes else Ending.KEEP
    match effect:
        case faults.Reset():
            return Delivery(b"", delay, Ending.RESET)
        case faults.ResetInBody():
            return Delivery(head_of(answer, f"Content-Length: {len(body)}") + half, delay, Ending.RESET)
        case faults.CutBody(chunked=False):
            return Delivery(head_of(answer, f"Content-Length: {len(body)}") + half, delay, Ending.CLOSE)
        case faults.CutBody():
            chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
            return Delivery(head_of(answer, "Transfer-Encoding: chunked") + chunk, delay, Ending.CLOSE)
        case faults.CutJson():
            return Delivery(head_of(answer, f"Content-Length: {len(half)}") + half, delay, ending)
        case faults.Slow():
            delay += effect.seconds
    return Delivery(head_of(answer, f"Content-Length: {len(body)}") + body, delay, ending)
