"""The HTTP side of the fake: the calls a connector makes of Veza, over real TLS, and faults on demand."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import os
import re
import socket
import ssl
import struct
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import trustme

from tests.outputs.veza.fake.template import Violation, violations

API_KEY = "veza-key-of-the-tests"
_NAME = re.compile(r"[ @#$%&*:()!,a-zA-Z0-9_'\"=.-]+")
_MAX_ICON = 64_000


class Call(Enum):
    """The calls the fake knows: method, and pattern of the path."""

    TEMPLATES = ("GET", r"/api/v1/providers/custom/templates")
    FIND_PROVIDER = ("GET", r"/api/v1/providers/custom")
    CREATE_PROVIDER = ("POST", r"/api/v1/providers/custom")
    SET_ICON = ("POST", r"/api/v1/providers/custom/(?P<provider>[\w-]+):icon")
    FIND_DATA_SOURCE = ("GET", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources")
    CREATE_DATA_SOURCE = ("POST", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources")
    PUSH = ("POST", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources/(?P<source>[\w-]+):push")


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


@dataclass(frozen=True, slots=True)
class Silence:
    """The request is read, and never answered."""


Fault = Answer | Cut | Silence


@dataclass(frozen=True, slots=True)
class Request:
    """One request that arrived, whatever became of it."""

    call: Call | None
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def error(status: int, code: str, message: str, *fields: Violation, headers: Mapping[str, str] | None = None) -> Answer:
    """Give an error as Veza words it, with one field violation for each field."""
    details: list[dict[str, object]] = []
    if fields:
        named = [{"field": violation.field, "description": violation.description} for violation in fields]
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "field_violations": named}]
    body = {
        "code": code,
        "message": message,
        "request_id": f"req-{status}",
        "timestamp": "2025-01-02T03:04:05Z",
        "details": details,
    }
    return Answer(status, body, headers or {})


class FakeVeza:
    """A Veza for the length of a `with` block.

    `team_key`: the key is one of a team, which may not create providers or set icons. `hosts` are those of
    the certificate. `requests` is everything that arrived, `pushes` the payloads that were accepted, decoded.
    """

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        team_key: bool = False,
        warnings: tuple[str, ...] = (),
        hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
    ) -> None:
        self.api_key = api_key
        self.team_key = team_key
        self.warnings = warnings
        self._hosts = hosts
        self.requests: list[Request] = []
        self.pushes: list[dict[str, object]] = []
        self.icons: dict[str, bytes] = {}
        self.closing = threading.Event()
        self._providers: dict[str, dict[str, object]] = {}
        self._sources: dict[str, dict[str, object]] = {}
        self._faults: dict[Call, deque[Fault]] = {call: deque() for call in Call}
        self._lock = threading.Lock()

    def __enter__(self) -> FakeVeza:
        self._folder = tempfile.TemporaryDirectory()
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*self._hosts).configure_cert(context)
        self.ca_file = Path(self._folder.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._server = _Server(self, context)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The address of the fake; its certificate is also valid for 127.0.0.1."""
        return f"https://localhost:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def fail(self, call: Call, *faults: Fault) -> None:
        """Let the next calls of this kind fail, one fault each, before the fake is itself again."""
        self._faults[call].extend(faults)

    def calls(self, call: Call) -> list[Request]:
        """Give the requests of one kind."""
        return [request for request in self.requests if request.call is call]

    def add_provider(self, name: str, template: str = "application") -> str:
        """Add a provider as an administrator would; give its id."""
        identifier = f"provider-{len(self._providers) + 1}"
        self._providers[identifier] = {
            "id": identifier, "name": name, "custom_template": template, "state": "ENABLED",
        }  # fmt: skip
        return identifier

    def providers(self) -> list[str]:
        """Give the names of the providers."""
        return [str(provider["name"]) for provider in self._providers.values()]

    def data_sources(self) -> list[str]:
        """Give the names of the data sources."""
        return [str(source["name"]) for source in self._sources.values()]

    def next_fault(self, call: Call | None) -> Fault | None:
        """Give what is to happen instead of the answer to a call."""
        with self._lock:
            return self._faults[call].popleft() if call and self._faults[call] else None

    def answer(self, request: Request) -> Answer:
        """Answer as Veza does."""
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return error(401, "Unauthenticated", "Invalid API key")
        if request.call is None:
            return error(404, "NotFound", "Not found")
        match = re.fullmatch(request.call.value[1], request.path)
        ids = match.groupdict() if match else {}
        if "provider" in ids and ids["provider"] not in self._providers:
            return error(404, "NotFound", "No such provider")
        with self._lock:
            return self._answer(request, request.call, ids)

    def _answer(self, request: Request, call: Call, ids: Mapping[str, str]) -> Answer:
        if call is Call.TEMPLATES:
            return _page([{"name": "application"}, {"name": "identity_provider"}])
        if call is Call.FIND_PROVIDER:
            return _find(request, self._providers.values())
        if call is Call.FIND_DATA_SOURCE:
            return _find(request, [s for s in self._sources.values() if s["provider_id"] == ids["provider"]])
        return self._change(call, ids, _json(request))

    def _change(self, call: Call, ids: Mapping[str, str], body: Mapping[str, object]) -> Answer:
        if call is Call.CREATE_PROVIDER:
            return self._create_provider(body)
        if call is Call.SET_ICON:
            return self._set_icon(ids["provider"], body)
        if call is Call.CREATE_DATA_SOURCE:
            return self._create_source(ids["provider"], body)
        return self._push(ids, body)

    def _create_provider(self, body: Mapping[str, object]) -> Answer:
        if self.team_key:
            return error(403, "PermissionDenied", "Permission denied")
        name = body.get("name")
        found = list(_bad_keys(body, {"name", "custom_template"}, set()))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            found.append(Violation("name", "invalid characters"))
        if name in self.providers():
            found.append(Violation("name", "Provider with the same name already exists"))
        if body.get("custom_template") not in {"application", "identity_provider"}:
            found.append(Violation("custom_template", "unknown template"))
        if found:
            return error(400, "InvalidArgument", "Invalid Arguments", *found)
        return Answer(200, {"value": self._providers[self.add_provider(str(name))]})

    def _set_icon(self, provider: str, body: Mapping[str, object]) -> Answer:
        if self.team_key:
            return error(403, "PermissionDenied", "Permission denied")
        text = str(body.get("icon_base64"))
        if set(body) != {"icon_base64"} or len(text) > _MAX_ICON:
            return error(400, "InvalidArgument", "Invalid Arguments", Violation("icon_base64", "invalid"))
        self.icons[provider] = base64.b64decode(text, validate=True)
        return Answer(200, {})

    def _create_source(self, provider: str, body: Mapping[str, object]) -> Answer:
        name = body.get("name")
        found = list(_bad_keys(body, {"name", "id"}, set()))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            found.append(Violation("name", "invalid characters"))
        if any(s["name"] == name and s["provider_id"] == provider for s in self._sources.values()):
            found.append(Violation("name", "Data source with the same name already exists"))
        if body.get("id") != provider:
            found.append(Violation("id", "is not the provider's"))
        if found:
            return error(400, "InvalidArgument", "Invalid Arguments", *found)
        identifier = f"source-{len(self._sources) + 1}"
        self._sources[identifier] = {
            "id": identifier, "name": name, "provider_id": provider, "status": "PENDING",
        }  # fmt: skip
        return Answer(200, {"value": self._sources[identifier]})

    def _push(self, ids: Mapping[str, str], body: Mapping[str, object]) -> Answer:
        source = self._sources.get(ids["source"])
        if source is None or source["provider_id"] != ids["provider"]:
            return error(404, "NotFound", "No such data source")
        found = list(_bad_keys(body, {"id", "data_source_id", "json_data"}, {"compression_type"}))
        if body.get("id") != ids["provider"] or body.get("data_source_id") != ids["source"]:
            found.append(Violation("data_source_id", "differs from the path"))
        try:
            payload = _decode(body)
        except (ValueError, OSError, EOFError, binascii.Error) as problem:
            found.append(Violation("json_data", str(problem)))
            payload = {}
        found = found or violations(payload)
        if found:
            return error(400, "InvalidArgument", "Invalid Arguments", *found)
        self.pushes.append(payload)
        source["status"] = "SUCCESS"
        return Answer(200, {"warnings": [{"message": warning} for warning in self.warnings]})


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, veza: FakeVeza, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.veza = veza
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
        """Let clients go as they like; a test sees what they did from their side."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
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
        veza = self.server.veza
        target = urlsplit(self.path)
        call = next((c for c in Call if c.value[0] == self.command and re.fullmatch(c.value[1], target.path)), None)
        length = int(self.headers.get("Content-Length") or 0)
        fault = veza.next_fault(call)
        body = self.rfile.read(length // 2 if fault is Cut.IN_REQUEST else length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(call, self.command, target.path, parse_qs(target.query), headers, body)
        veza.requests.append(request)
        match fault:
            case None:
                self._send(veza.answer(request))
            case Answer() as answer:
                self._send(answer)
            case Silence():
                veza.closing.wait(timeout=60)
                self.close_connection = True
            case Cut.AFTER_ACCEPTING:
                veza.answer(request)
                self._reset()
            case Cut.IN_ANSWER:
                self._send(veza.answer(request), part=0.5)
                self._reset()
            case Cut.IN_REQUEST | Cut.BEFORE_ANSWER:
                self._reset()

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


def _page(values: list[dict[str, object]]) -> Answer:
    return Answer(200, {"values": values, "has_more": False})


def _find(request: Request, among: Iterable[dict[str, object]]) -> Answer:
    wanted = re.fullmatch(r'name eq "(.*)"', request.query.get("filter", [""])[0])
    if not wanted:
        return error(400, "InvalidArgument", "Invalid Arguments", Violation("filter", "cannot be parsed"))
    return _page([item for item in among if item["name"] == wanted[1]])


def _json(request: Request) -> dict[str, object]:
    body = json.loads(request.body)
    return body if isinstance(body, dict) else {}


def _bad_keys(body: Mapping[str, object], required: set[str], optional: set[str]) -> list[Violation]:
    unknown = [Violation(key, "unknown field") for key in body if key not in required | optional]
    return unknown + [Violation(key, "is required") for key in sorted(required - set(body))]


def _decode(body: Mapping[str, object]) -> dict[str, object]:
    data = body.get("json_data")
    if not isinstance(data, str):
        raise ValueError("is not a string")  # noqa: TRY004 - the caller reads every way it can be wrong as one
    if "compression_type" in body:
        if body["compression_type"] != "GZIP":
            raise ValueError("unknown compression")
        data = gzip.decompress(base64.b64decode(data, validate=True)).decode()
    payload = json.loads(data)
    return payload if isinstance(payload, dict) else {"not an object": payload}
