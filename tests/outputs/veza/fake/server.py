"""The Veza side of the fake: what a connector asks of Veza's API, and what Veza answers."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import ssl
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from types import TracebackType

import trustme

from tests.outputs.veza.fake.template import Violation, violations
from tests.outputs.veza.fake.wire import Answer, Fault, Request, Server

API_KEY = "veza-key-of-the-tests"
_NAME = re.compile(r"[ @#$%&*:()!,a-zA-Z0-9_'\"=.-]+")


class Call(Enum):
    """The calls the fake knows: method, and pattern of the path."""

    TEMPLATES = ("GET", r"/api/v1/providers/custom/templates")
    FIND_PROVIDER = ("GET", r"/api/v1/providers/custom")
    CREATE_PROVIDER = ("POST", r"/api/v1/providers/custom")
    FIND_DATA_SOURCE = ("GET", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources")
    CREATE_DATA_SOURCE = ("POST", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources")
    PUSH = ("POST", r"/api/v1/providers/custom/(?P<provider>[\w-]+)/datasources/(?P<source>[\w-]+):push")


def call_of(method: str, path: str) -> Call | None:
    """Give the call that a request is, if the fake knows it."""
    return next((call for call in Call if call.value[0] == method and re.fullmatch(call.value[1], path)), None)


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

    `team_key`: the key is one of a team, which may not create providers. `hosts` are those of
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
        self._server = Server(self, context)
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
        """Let the next calls of this kind fail, one fault each, and then answer as usual."""
        self._faults[call].extend(faults)

    def calls(self, call: Call) -> list[Request]:
        """Give the requests of one kind."""
        return [request for request in self.requests if call_of(request.method, request.path) is call]

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

    def fault_of(self, method: str, path: str) -> Fault | None:
        """Give what is to happen instead of the answer to a call."""
        call = call_of(method, path)
        with self._lock:
            return self._faults[call].popleft() if call and self._faults[call] else None

    def arrived(self, request: Request) -> None:
        """Note a request."""
        self.requests.append(request)

    def answer(self, request: Request) -> Answer:
        """Answer as Veza does."""
        call = call_of(request.method, request.path)
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return error(401, "Unauthenticated", "Invalid API key")
        match = re.fullmatch(call.value[1], request.path) if call else None
        if call is None or match is None:
            return error(404, "NotFound", "Not found")
        ids = match.groupdict()
        if "provider" in ids and ids["provider"] not in self._providers:
            return error(404, "NotFound", "No such provider")
        with self._lock:
            return self._answer(request, call, ids)

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
