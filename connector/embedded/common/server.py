"""An embedded server on a loopback port: its thread, its log, and what goes wrong on the way.

Knows no addresses and no records. One thread serves all connections, so answers are computed one
after the other, and wait for their latency at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import socket
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from connector.embedded.common import faults
from connector.embedded.common.faults import Faults
from connector.embedded.common.messages import ANONYMOUS, Answer, Caller, Request, html
from connector.embedded.common.wire import REASONS, Connection, Delivery, Ending, head_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

_BACKLOG = 1024
_STOP_WITHIN = 60.0


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
    credential: str | None
    """The kind of credential by which the server knew who asked, in the product's words."""
    with_credentials: bool
    """Whether the request carried any, right or wrong."""
    at: float
    """When it arrived, in seconds of `time.monotonic`."""

    @property
    def authenticated(self) -> bool:
        """Whether the server knew who asked."""
        return self.user is not None


class Application(Protocol):
    """What a server answers from; made when its address is known."""

    def forget(self) -> None:
        """Drop everything derived from the organisation, because it has changed."""


OrganisationT = TypeVar("OrganisationT")
ApplicationT = TypeVar("ApplicationT", bound=Application)


class EmbeddedServer(ABC, Generic[OrganisationT, ApplicationT]):
    """Serves one organisation while its context is entered.

    `requests` is the log, `faults` what goes wrong. Change the organisation within `change()`. With `tls`
    it speaks HTTPS. A mistake in the server itself is raised when the context is left.
    """

    def __init__(
        self,
        organisation: OrganisationT,
        *,
        context: str,
        latency: float,
        slots: int | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.organisation = organisation
        self.requests: list[Entry] = []
        self.faults = Faults()
        self.base_url = ""
        self._context = context
        self._latency = latency
        self._slots = [0.0] * (slots or 0)
        """When each is free again, as a heap."""
        self._port = port
        self._tls = tls
        self._application: ApplicationT | None = None
        # A fault may change the organisation while its answer is computed.
        self._lock = threading.RLock()
        self._maintenance_until = 0.0
        self._mistakes: list[Exception] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[asyncio.Transport] = set()

    @abstractmethod
    def _new_application(self) -> ApplicationT:
        """Make what answers, now that `base_url` is known."""

    @abstractmethod
    def _answer(self, request: Request, effect: faults.Effect | None) -> tuple[Answer, Caller]:
        """Answer a request; do to the answer what an effect of this product says, and ignore other effects."""

    @abstractmethod
    def _maintenance(self, request: Request) -> Answer:
        """Answer while the server is maintained."""

    @abstractmethod
    def _failure(self, fault: faults.Status, headers: tuple[tuple[str, str], ...]) -> Answer:
        """Write an error that a fault asks for as the product does."""

    @abstractmethod
    def _login_page(self) -> Answer:
        """Answer with the page on which a person signs in."""

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=_BACKLOG)
        scheme = "https" if self._tls else "http"
        self.base_url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}{self._context}"
        self._application = self._new_application()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, args=(self._loop, listener), name="bitbucket")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_WITHIN)
        self._loop = self._thread = None
        if self._mistakes:
            raise ExceptionGroup("the embedded Bitbucket has a mistake", self._mistakes)

    @property
    def application(self) -> ApplicationT:
        """What answers; raises RuntimeError before the context is entered."""
        if self._application is None:
            raise RuntimeError("the embedded Bitbucket answers within its context only")
        return self._application

    @contextlib.contextmanager
    def change(self) -> Iterator[OrganisationT]:
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
                answer, caller = self._answer_or_fail(request, effect, arrived)
        except Exception as error:  # noqa: BLE001 - raised again when the context is left
            self._mistakes.append(error)
            answer, caller = html(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error"), ANONYMOUS
        delivery = _delivery(answer, effect, request, self._delay(arrived, self._latency + answer.delay))
        self.requests.append(
            Entry(
                request.method,
                request.path,
                request.query,
                answer.status if delivery.payload else 0,
                caller.name,
                caller.credential,
                bool(request.authorization),
                arrived,
            )
        )
        return delivery

    def _delay(self, arrived: float, seconds: float) -> float:
        """Give the seconds until an answer that takes so many, those in the queue for a slot included."""
        if not self._slots:
            return seconds
        done = max(arrived, self._slots[0]) + seconds
        heapq.heapreplace(self._slots, done)
        return done - arrived

    def _answer_or_fail(self, request: Request, effect: faults.Effect | None, now: float) -> tuple[Answer, Caller]:
        if now < self._maintenance_until:
            return self._maintenance(request), ANONYMOUS
        match effect:
            case faults.Status():
                headers = () if effect.retry_after is None else (("Retry-After", effect.retry_after),)
                return self._failed(effect, headers), ANONYMOUS
            case faults.LoginPage():
                return self._login_page(), ANONYMOUS
            case faults.Redirect():
                location = (("Location", f"{self.base_url}/login?next={request.path}"),)
                return Answer(HTTPStatus.FOUND, b"", location), ANONYMOUS
            case faults.Instead():
                return effect.answer, ANONYMOUS
            case faults.Change():
                effect.action()
                self.application.forget()
        return self._answer(request, effect)

    def _failed(self, fault: faults.Status, headers: tuple[tuple[str, str], ...]) -> Answer:
        if not fault.html:
            return self._failure(fault, headers)
        page = html(fault.status, f"{fault.status} {REASONS.get(fault.status, 'Error')}")
        return Answer(page.status, page.body, headers, page.content_type)

    def _serve(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._serve_until_stopped(loop, listener))
        loop.close()

    async def _serve_until_stopped(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        server = await loop.create_server(
            lambda: Connection(self.exchange, self._connections), sock=listener, ssl=self._tls
        )
        await self._stop.wait()
        server.close()
        for transport in list(self._connections):
            transport.abort()
        # Transports close their sockets in the round after the one in which they are aborted.
        await asyncio.sleep(0)
        await server.wait_closed()
        await asyncio.sleep(0)


def _delivery(answer: Answer, effect: faults.Effect | None, request: Request, delay: float) -> Delivery:
    body = answer.body
    half = body[: len(body) // 2]
    whole = head_of(answer, f"Content-Length: {len(body)}") + (b"" if request.method == "HEAD" else body)
    closes = request.headers.get("connection", "").lower() == "close"
    ending = Ending.CLOSE if closes else Ending.KEEP
    if not answer.status or isinstance(effect, faults.Reset):
        return Delivery(b"", delay, Ending.RESET if answer.status else Ending.CLOSE)
    match effect:
        case faults.ResetInBody() | faults.CutBody(chunked=False):
            ending = Ending.RESET if isinstance(effect, faults.ResetInBody) else Ending.CLOSE
            return Delivery(head_of(answer, f"Content-Length: {len(body)}") + half, delay, ending)
        case faults.CutBody():
            chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
            return Delivery(head_of(answer, "Transfer-Encoding: chunked") + chunk, delay, Ending.CLOSE)
        case faults.CutJson():
            return Delivery(head_of(answer, f"Content-Length: {len(half)}") + half, delay, ending)
        case faults.Slow():
            delay += effect.seconds
        case faults.Drip():
            return Delivery(whole, delay, ending, effect.pieces, effect.pause)
    return Delivery(whole, delay, ending)
