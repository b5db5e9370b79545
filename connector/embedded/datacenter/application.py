"""The embedded Bitbucket without its sockets: a request goes in, an answer comes out.

Keeps what lives longer than one request: look-ups, failed logins, rate limits. Handles one request
at a time. After a change of the organisation, `forget` must be called.
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, unquote

from connector.embedded.common.messages import Answer, encode, html
from connector.embedded.datacenter.answers import NOT_PERMITTED, Refusal, login_required
from connector.embedded.datacenter.call import Backend, Call
from connector.embedded.datacenter.catalogue import Catalogue
from connector.embedded.datacenter.login import Authenticator
from connector.embedded.datacenter.machine_routes import SINCE
from connector.embedded.datacenter.routes import ROUTES, find_route
from connector.embedded.datacenter.rules import Rules
from connector.embedded.datacenter.shapes import Shapes

if TYPE_CHECKING:
    from connector.embedded.common.messages import Request
    from connector.embedded.datacenter.organisation import Account, Organisation, Project
    from connector.embedded.datacenter.rules import Rights
    from connector.embedded.datacenter.settings import Settings

_API_DEPTH = 3
"""`rest`, the API's name and its version."""
_UNKNOWN_ROUTE = Answer(
    HTTPStatus.NOT_FOUND, encode({"message": "HTTP 404 Not Found", "status-code": 404, "sub-code": -1})
)
"""An address does not exist; this answer has no `errors` list."""


class Application:
    """Answers requests about one organisation."""

    def __init__(self, organisation: Organisation, settings: Settings, base_url: str) -> None:
        self.organisation = organisation
        self.created: list[Project] = []
        self._settings = settings
        self._base_url = base_url
        self._authenticator = Authenticator(settings)
        self._backend: Backend | None = None
        self._numbers = count(1)

    def forget(self) -> None:
        """Drop everything derived from the organisation, because it has changed."""
        self._backend = None

    def answer(self, request: Request, *, logged_out: bool = False) -> tuple[Answer, Account | None]:
        """Answer a request; tell also which user it was answered for."""
        path = request.path
        context = self._settings.context
        if not path.startswith(f"{context}/"):
            return html(HTTPStatus.NOT_FOUND, "HTTP Status 404 - Not Found"), None
        if request.method != "GET":
            return html(HTTPStatus.METHOD_NOT_ALLOWED, "HTTP Status 405 - Method Not Allowed"), None
        segments = [unquote(segment) for segment in path[len(context) + 1 :].split("/")]
        if segments == ["status"]:
            return Answer(HTTPStatus.OK, encode({"state": "RUNNING"})), None
        if segments[0] != "rest":
            login = (("Location", f"{self._base_url}/login"),)
            return Answer(HTTPStatus.FOUND, b"", login), None
        return self._rest(request, segments[1:], "" if logged_out else request.authorization)

    def _rest(self, request: Request, segments: list[str], authorization: str) -> tuple[Answer, Account | None]:
        backend = self._current_backend()
        rights = backend.rules.rights(None)
        try:
            rights = self._authenticator.authenticate(authorization, backend.catalogue, backend.rules)
            if rights.account:
                self._authenticator.count(rights.account)
            answer = self._resource(backend, rights, request, segments)
        except Refusal as refusal:
            answer = refusal.answer()
        return self._signed(answer, rights.account), rights.account

    def _resource(self, backend: Backend, rights: Rights, request: Request, segments: list[str]) -> Answer:
        found = find_route(segments[0], segments[_API_DEPTH - 1 :]) if len(segments) >= _API_DEPTH else None
        if found is None or not self._answers_to(*segments[: _API_DEPTH - 1]):
            return _UNKNOWN_ROUTE
        route, arguments = found
        if route in self._settings.absent or backend.version < SINCE.get(route, ()):
            return _UNKNOWN_ROUTE
        if route in self._settings.refused:
            raise Refusal(*NOT_PERMITTED) if rights.account else login_required(backend.version)
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            query.setdefault(name, value)
        call = Call(backend, rights, query, route)
        try:
            return Answer(HTTPStatus.OK, encode(ROUTES[route](call, *arguments)))
        finally:
            if call.changed:
                self.forget()

    def _answers_to(self, api: str, version: str) -> bool:
        settings = self._settings
        if version == "latest":
            return settings.answers_latest and (api == "api" or settings.answers_latest_everywhere)
        return version == ("2.0" if api == "branch-permissions" else "1.0")

    def _current_backend(self) -> Backend:
        if self._backend is None:
            settings = self._settings
            catalogue = Catalogue(self.organisation)
            self._backend = Backend(
                organisation=self.organisation,
                settings=settings,
                catalogue=catalogue,
                rules=Rules(catalogue, public_counts_as_read=settings.public_counts_as_read),
                shapes=Shapes(catalogue, settings, self._base_url),
                created=self.created,
            )
        return self._backend

    def _signed(self, answer: Answer, account: Account | None) -> Answer:
        """Give the answer a number, and say whose it is wherever that is known, as Bitbucket does."""
        headers: tuple[tuple[str, str], ...] = ()
        if not self._settings.strip_request_numbers:
            headers += (("X-AREQUESTID", f"@1A2B3Cx{next(self._numbers)}x1x0"),)
        if account is not None and not self._settings.strip_user_headers:
            headers += (("X-AUSERID", str(account.id)), ("X-AUSERNAME", quote_plus(account.name)))
        return Answer(answer.status, answer.body, answer.headers + headers, answer.content_type)
