"""The embedded Bitbucket Cloud without its sockets: a request goes in, an answer comes out.

Keeps what lives longer than one request: look-ups, OAuth tokens, rate limits. Handles one request at a time.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from connector.embedded.cloud.answers import (
    DEMANDS,
    JSON_TYPE,
    TOKEN_REFUSED,
    WRONG_MECHANISM,
    Refusal,
    error,
    forbidden,
    lacks_scopes,
    method_not_allowed,
    no_route,
)
from connector.embedded.cloud.call import Backend, Call
from connector.embedded.cloud.catalogue import Catalogue
from connector.embedded.cloud.faults import Rewritten, TokensEnd
from connector.embedded.cloud.grant_routes import GRANT_ROUTES
from connector.embedded.cloud.grant_shapes import GrantShapes
from connector.embedded.cloud.login import Authenticator
from connector.embedded.cloud.machine_routes import MACHINE_ROUTES
from connector.embedded.cloud.machine_shapes import MachineShapes
from connector.embedded.cloud.partial import partial
from connector.embedded.cloud.rate import RateLimiter
from connector.embedded.cloud.routes import ROUTES, For, Route
from connector.embedded.cloud.rules import Rules
from connector.embedded.cloud.settings import Access
from connector.embedded.cloud.shapes import Shapes
from connector.embedded.common.addresses import matching, patterns
from connector.embedded.common.faults import Unsigned
from connector.embedded.common.messages import ANONYMOUS, Answer, Caller, encode, html

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.embedded.cloud.login import Credential
    from connector.embedded.cloud.settings import Settings
    from connector.embedded.cloud.workspace import Workspace
    from connector.embedded.common.faults import Effect
    from connector.embedded.common.messages import Headers, Request

ALL_ROUTES = ROUTES | GRANT_ROUTES | MACHINE_ROUTES
"""Every resource, by its address."""

TOKEN_ADDRESS = "/site/oauth2/access_token"  # noqa: S105 - an address
_PATTERNS = patterns(ALL_ROUTES)
_IMPLIED = {"project": "repository"}


class Application:
    """Answers requests about one workspace; the clock only goes forward, in seconds."""

    def __init__(self, workspace: Workspace, settings: Settings, base_url: str, clock: Callable[[], float]) -> None:
        self.workspace = workspace
        self._settings = settings
        self._base_url = base_url
        self._authenticator = Authenticator(settings, clock)
        self._rate_limiter = RateLimiter(settings, clock)
        self._backend: Backend | None = None

    def forget(self) -> None:
        """Drop everything derived from the workspace, because it has changed."""
        self._backend = None

    def answer(self, request: Request, effect: Effect | None = None) -> tuple[Answer, Caller]:
        """Answer a request; tell also whom it was answered to."""
        if isinstance(effect, TokensEnd):
            self._authenticator.end_tokens()
        path = request.path.removeprefix(self._settings.context)
        if path == TOKEN_ADDRESS:
            return self._token(request), ANONYMOUS
        segments = [unquote(segment) for segment in path.strip("/").split("/")]
        if segments[0] not in ("2.0", "1.0") or not request.path.startswith(self._settings.context):
            return html(HTTPStatus.NOT_FOUND, "Not found"), ANONYMOUS
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed().answer, ANONYMOUS
        try:
            authorization = "" if isinstance(effect, Unsigned) else request.authorization
            credential = self._authenticator.authenticate(authorization, self.workspace)
        except Refusal as refusal:
            return refusal.answer, ANONYMOUS
        return self._signed(request, segments, credential, effect)

    def _token(self, request: Request) -> Answer:
        if request.method != "POST":
            return html(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed")
        try:
            return Answer(
                HTTPStatus.OK, encode(self._authenticator.issue(request, self.workspace)), (), "application/json"
            )
        except Refusal as refusal:
            return refusal.answer

    def _signed(
        self, request: Request, segments: Sequence[str], credential: Credential | None, effect: Effect | None
    ) -> tuple[Answer, Caller]:
        """Answer somebody who is known, or nobody, and say so in the headers."""
        name, arguments = matching(_PATTERNS, segments) or ("", [])
        route = ALL_ROUTES.get(name)
        headers: Headers = ()
        try:
            headers = self._rate_limiter.count(segments, credential, self.workspace)
            if route is None:
                raise no_route()
            body = self._resource(request, name, arguments, credential)
            if isinstance(effect, Rewritten):
                body = effect.change(body)
            answer = Answer(HTTPStatus.OK, encode(body), (), JSON_TYPE)
        except Refusal as refusal:
            answer = refusal.answer
        headers = answer.headers + headers + self._credential_headers(route, credential)
        if self._settings.throttled:
            headers += (("X-Usage-Throttled", "True"),)
        signed = Answer(answer.status, answer.body, headers, answer.content_type, answer.delay)
        return signed, Caller(credential.name, credential.kind) if credential else ANONYMOUS

    def _resource(self, request: Request, name: str, arguments: Sequence[str], credential: Credential | None) -> Any:  # noqa: ANN401 - JSON
        route, backend = ALL_ROUTES[name], self._current_backend()
        self._check(route, name, credential)
        rights = backend.rules.rights(credential.account if credential else None)
        if credential and credential.token:
            rights = backend.rules.token_rights(credential.token)
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        root = self._base_url.removesuffix(self._settings.context)
        call = Call(backend, credential, rights, query, name, root + request.path)
        if "{ws}" in name:
            self._enter(call, arguments[0])
            arguments = arguments[1:]
        body = route.answer(call, *arguments)
        if "fields" in query:
            body = partial(body, query["fields"])
        return json.loads(encode(body), object_hook=_without_nulls) if self._settings.null_absent else body

    def _check(self, route: Route, name: str, credential: Credential | None) -> None:
        """Refuse kinds of credentials, and scopes, that an address is not for."""
        if credential is None:
            if not route.anonymous:
                raise error(*TOKEN_REFUSED)
            return
        self._check_kind(route, name, credential)
        granted = credential.scopes | {_IMPLIED[scope] for scope in credential.scopes & _IMPLIED.keys()}
        required = route.token if credential.is_api_token else route.oauth
        if not granted.issuperset(required):
            raise lacks_scopes(credential.scopes, required)

    def _check_kind(self, route: Route, name: str, credential: Credential) -> None:
        settings, token = self._settings, credential.token
        is_consumer = credential.kind == "oauth2"
        match route.kinds:
            case For.ACCOUNTS if token or (is_consumer and not settings.consumers_are_users):
                raise error(*WRONG_MECHANISM)
            case For.PERMISSIONS if token and token.level not in settings.permission_tokens:
                raise error(*WRONG_MECHANISM)
        if is_consumer and "/projects/{}/permissions-config" in name and not settings.consumers_read_projects:
            raise forbidden()

    def _enter(self, call: Call, name: str) -> None:
        settings = self._settings
        if call.route.startswith("1.0") and name.startswith("{"):
            raise error(
                settings.uuid_in_v1, "Forbidden" if settings.uuid_in_v1 == HTTPStatus.FORBIDDEN else "Not allowed"
            )
        call.enter(name)
        if settings.access is not Access.FREE:
            raise forbidden(DEMANDS[settings.access])

    def _credential_headers(self, route: Route | None, credential: Credential | None) -> Headers:
        settings = self._settings
        if credential is None:
            return ()
        headers: Headers = ()
        if settings.tells_credential:
            headers += (("X-Credential-Type", credential.kind),)
        if settings.tells_scopes:
            headers += (("X-OAuth-Scopes", ", ".join(sorted(credential.scopes))),)
        if route and route.oauth:
            headers += (("X-Accepted-OAuth-Scopes", ", ".join(route.oauth)),)
        return headers

    def _current_backend(self) -> Backend:
        if self._backend is None:
            catalogue = Catalogue(self.workspace)
            shapes = Shapes(catalogue, f"{self._base_url}/2.0")
            self._backend = Backend(
                workspace=self.workspace,
                settings=self._settings,
                catalogue=catalogue,
                rules=Rules(catalogue),
                shapes=shapes,
                grants=GrantShapes(shapes),
                machines=MachineShapes(shapes, added_on=self._settings.keys_added_on),
            )
        return self._backend


def _without_nulls(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if value is not None}
