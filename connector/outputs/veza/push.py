"""Push a payload to Veza. Knows oaaclient and Veza; nothing of Bitbucket, options or the environment.

First `connect`, before anything is collected: a wrong key then costs a second and not an hour. It only
reads. Then `Veza.push`, once: only that creates or changes anything in Veza.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from oaaclient.client import OAAClient
from oaaclient.templates import CustomApplication
from requests.adapters import HTTPAdapter

from connector import __version__
from connector.errors import VezaError
from connector.outputs.veza.failures import Persistence, Rejected, once, one_line, persist

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_SECONDS = 300.0
MAX_WARNINGS_OF_A_KIND = 50
_CONNECT_SECONDS = 10.0
_FIRST_CONNECT_SECONDS = 5.0
_FIRST_ANSWER_SECONDS = 10.0
_NEAR_THE_LIMIT = 0.8
_WORDS_OF_A_KIND = 5
_COMPRESSION = 6  # 9, the default, takes three times as long for a percent
_OPENED_LEVELS = 4  # down to single users, resources, identities
_PROVIDERS = "/api/v1/providers/custom"
_TEMPLATES = "/api/v1/providers/custom/templates"

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M4 6h24l-3.5 20h-17z" fill="#2b5a9e"/>'
    '<path d="M12 13h8l-1.2 7h-5.6z" fill="#fff"/>'
    "</svg>"
)
"""A bucket, drawn for this connector."""


@dataclass(frozen=True, slots=True)
class VezaSettings:
    """Where to push, as whom, and under which names. `answer_seconds` bounds the wait for one answer."""

    url: str
    api_key: str = field(repr=False)
    provider_name: str
    data_source_name: str
    answer_seconds: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class PushResult:
    """What an accepted push did. Sizes are in bytes: of the JSON, and of what was sent for it."""

    provider: str
    data_source: str
    warnings: tuple[str, ...]
    json_size: int
    sent_size: int


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A payload as it is sent, in base64 of gzip, and the size of its JSON in bytes."""

    json_size: int
    data: str = field(repr=False)


class _Client(OAAClient):  # type: ignore[misc]  # oaaclient has no types
    """oaaclient's client, which asks once and within the time it is given.

    Left to itself it repeats each GET for minutes, and no POST at all; it takes its patience from the
    environment (a mistyped number there means ten seconds); it resolves the host name before it asks a proxy.
    """

    def __init__(self, url: str, api_key: str) -> None:
        super().__init__(url, api_key=api_key)
        self._http_adapter.mount("https://", HTTPAdapter(max_retries=0))
        # a POST that is redirected arrives as a GET, and its answer would look like an accepted push
        self._http_adapter.max_redirects = 0
        # without this, a .netrc file that names the host would replace the API key
        self._http_adapter.auth = _as_it_is
        self.update_user_agent(f"oaa-bitbucket/{__version__}")
        self.within(_FIRST_CONNECT_SECONDS, _FIRST_ANSWER_SECONDS)

    def within(self, connecting: float, answering: float) -> None:
        """Bound the calls from now on, in seconds."""
        self._api_timeout = (connecting, answering)

    def close(self) -> None:
        """Close idle connections; the next call opens one."""
        self._http_adapter.close()

    def _test_connection(self) -> None:
        """Ask nothing yet; `connect` does, once everything is set."""


class Veza:
    """A Veza that answered, and knows the API key. Made by `connect`."""

    def __init__(
        self, settings: VezaSettings, client: _Client, sleep: Callable[[float], None], persistence: Persistence
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep
        self._persistence = persistence

    def push(self, payload: Mapping[str, object]) -> PushResult:
        """Replace what the data source holds by an OAA payload; provider and data source are made if need be.

        The payload is pushed as it is, with nothing added. Raises VezaError; Veza has accepted nothing
        then, unless the message says that this is not known.
        """
        parcel = _pack(payload)
        _check_size(parcel, limit=self._client.MAX_PAYLOAD_SIZE)
        with closing(self._client):
            provider_id = self._ask(f'provider "{self._settings.provider_name}"', self._provide)
            data_source_id = self._ask(
                f'data source "{self._settings.data_source_name}"', lambda: self._provide_data_source(provider_id)
            )
            # A push replaces all that the data source holds, so one whose answer was lost can be repeated.
            answer = self._ask("push", lambda: self._push(provider_id, data_source_id, parcel))
        return PushResult(
            provider=self._settings.provider_name,
            data_source=self._settings.data_source_name,
            warnings=tuple(_warnings(answer)),
            json_size=parcel.json_size,
            sent_size=len(parcel.data),
        )

    def check_size(self, payload: Mapping[str, object]) -> None:
        """Log the size of a payload without pushing it. Raises VezaError where Veza would refuse it."""
        _check_size(_pack(payload), limit=self._client.MAX_PAYLOAD_SIZE)

    def look(self) -> None:
        """Read what must be so before anything is collected. Changes nothing in Veza. Raises VezaError."""
        with closing(self._client):
            # also because a connection that idles for the hour that follows is cut by firewalls without a word
            self._ask("first contact", self._greet)
            provider = self._ask(f'provider "{self._settings.provider_name}"', self._find_provider)
        if provider is None:
            log.info('Veza: no provider "%s" yet; the first push creates it', self._settings.provider_name)

    def _greet(self) -> None:
        if not isinstance(self._client.api_get(_TEMPLATES), list):
            raise VezaError("does not answer like Veza: is VEZA_URL right?")

    def _provide(self) -> str:
        """Find or create the provider; give its id."""
        found = self._find_provider()
        if found is not None:
            return found
        name = self._settings.provider_name
        try:
            created = once(lambda: self._client.create_provider(name, CustomApplication.TEMPLATE))
        except Rejected as refusal:
            raise self._explain(refusal) from refusal
        provider_id = _id_of(created)
        log.info('Veza: created the provider "%s"', name)
        self._set_icon(provider_id)
        return provider_id

    def _explain(self, refusal: Rejected) -> VezaError:
        if refusal.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return VezaError(f"does not exist, and cannot be created: {refusal}")
        return VezaError(
            "does not exist, and this API key may not create it, as no team API key may. Ask an administrator of"
            f' Veza to create a custom provider "{self._settings.provider_name}" with the template'
            f' "{CustomApplication.TEMPLATE}", or run once with the API key of an administrator. Veza {refusal}'
        )

    def _set_icon(self, provider_id: str) -> None:
        icon = base64.b64encode(_ICON.encode()).decode()
        try:
            once(lambda: self._client.update_provider_icon(provider_id, icon))
        except VezaError as error:
            log.warning("Veza: the provider stays without an icon, nothing else is amiss: %s", error)

    def _find_provider(self) -> str | None:
        found = self._find(_PROVIDERS, self._settings.provider_name)
        if found is None:
            return None
        template = found.get("custom_template")
        if template not in (None, CustomApplication.TEMPLATE):
            raise VezaError(
                f'exists with the template "{template}" instead of "{CustomApplication.TEMPLATE}":'
                " choose another name with --provider-name"
            )
        return _id_of(found)

    def _provide_data_source(self, provider_id: str) -> str:
        """Find or create the data source; give its id."""
        name = self._settings.data_source_name
        found = self._find(f"{_PROVIDERS}/{provider_id}/datasources", name)
        if found is not None:
            return _id_of(found)
        created = self._client.create_data_source(name, provider_id)
        log.info('Veza: created the data source "%s"', name)
        return _id_of(created)

    def _find(self, path: str, name: str) -> dict[str, object] | None:
        """Find by exact name. oaaclient's own lookup prints to standard output where it finds several."""
        found = self._client.api_get(path, params={"filter": f'name eq "{name}"'})
        if not isinstance(found, list):
            raise VezaError("was looked up, and the answer makes no sense")
        return next((item for item in found if isinstance(item, dict) and item.get("name") == name), None)

    def _push(self, provider_id: str, data_source_id: str, parcel: _Parcel) -> dict[str, object]:
        """Send what oaaclient's `datasource_push` sends, which would compress it anew for each attempt."""
        path = f"{_PROVIDERS}/{provider_id}/datasources/{data_source_id}:push"
        body = {
            "id": provider_id,
            "data_source_id": data_source_id,
            "json_data": parcel.data,
            "compression_type": "GZIP",
        }
        answer = self._client.api_post(path, body)
        if not isinstance(answer, dict):
            raise VezaError("gave an answer that makes no sense; whether the push was accepted is not known")
        return answer

    def _ask(self, what: str, call: Callable[[], T]) -> T:
        try:
            return persist(call, self._persistence, self._sleep)
        except VezaError as error:
            raise VezaError(f"Veza at {self._client.url}, {what}: {error}") from error


def connect(
    settings: VezaSettings,
    persistence: Persistence | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Veza:
    """Reach Veza, and see that it takes the API key and that the provider, if there is one, can be used.

    Changes nothing in Veza. `persistence` is that of the later push; a Veza that cannot be reached now is
    given up within seconds. Raises VezaError.
    """
    _check_settings(settings)
    client = _Client(settings.url, settings.api_key)
    if not client.verify_ssl:
        log.warning("Veza: VEZA_UNSAFE_HTTPS is set, so whoever answers is taken for Veza and given the API key")
    persistence = persistence or Persistence()
    Veza(settings, client, sleep, persistence.at_first_contact()).look()
    client.within(_CONNECT_SECONDS, settings.answer_seconds)
    return Veza(settings, client, sleep, persistence)


def fold_warnings(warnings: Iterable[str]) -> list[str]:
    """Give the lines to show: each warning, at most 50 of a kind, then how many more there are of it.

    Two are of a kind where their first words are the same but for names and numbers.
    """
    kinds: dict[str, list[str]] = {}
    for warning in warnings:
        kinds.setdefault(_kind(warning), []).append(warning)
    lines: list[str] = []
    for alike in kinds.values():
        lines += alike[:MAX_WARNINGS_OF_A_KIND]
        if len(alike) > MAX_WARNINGS_OF_A_KIND:
            lines.append(f"and {len(alike) - MAX_WARNINGS_OF_A_KIND:,} more like the last one")
    return lines


def forbidden_characters(name: str) -> str:
    """Give the characters of a provider's or data source's name that Veza does not allow, each once.

    A quotation mark is one of them: Veza allows it, but a name with one cannot be looked up.
    """
    allowed = re.compile(OAAClient.ALLOWED_CHARACTERS)
    return "".join(dict.fromkeys(c for c in name if c in '"\n' or not allowed.match(c)))


def _check_settings(settings: VezaSettings) -> None:
    """Refuse what cannot work before anything is sent; oaaclient would repair or misread some of it."""
    _check_url(settings.url)
    if not settings.api_key or not all("!" <= c <= "~" for c in settings.api_key):
        raise VezaError("VEZA_API_KEY is empty, or holds a space, a line break or a character that no key has")
    _check_name("provider", settings.provider_name)
    _check_name("data source", settings.data_source_name)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise VezaError("VEZA_URL is no address: it looks like https://example.vezacloud.com") from None
    if parts.username is not None or parts.query or parts.fragment or not sound:
        raise VezaError("VEZA_URL must be the bare address of Veza, like https://example.vezacloud.com")
    if parts.scheme != "https":
        raise VezaError(f"VEZA_URL must start with https://, and not with {parts.scheme}://")


def _check_name(what: str, name: str) -> None:
    if not name.strip():
        raise VezaError(f"the name of the {what} in Veza is empty: choose one with --{what.replace(' ', '-')}-name")
    forbidden = forbidden_characters(name)
    if forbidden:
        shown = " ".join(repr(c) for c in forbidden)
        raise VezaError(
            f"the name of the {what} holds {shown}, which Veza does not allow:"
            f" choose another with --{what.replace(' ', '-')}-name"
        )


def _pack(payload: Mapping[str, object]) -> _Parcel:
    """Write a payload as JSON, compress it and make it text, as Veza takes it, once and with little memory."""
    buffer = io.BytesIO()
    size = 0
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=_COMPRESSION, mtime=0) as packed:
        for piece in _pieces(payload, _OPENED_LEVELS):
            size += packed.write(piece.encode())
    return _Parcel(size, base64.b64encode(buffer.getbuffer()).decode())


def _pieces(value: object, levels: int) -> Iterator[str]:
    """Write JSON in pieces: `json.dumps` of it all would hold up every other thread, signals too, for seconds."""
    if levels and isinstance(value, dict) and value:
        for index, (key, item) in enumerate(value.items()):
            yield f"{',' if index else '{'}{json.dumps(key)}:"
            yield from _pieces(item, levels - 1)
        yield "}"
    elif levels and isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _pieces(item, levels - 1)
        yield "]"
    else:
        yield json.dumps(value, separators=(",", ":"))


def _check_size(parcel: _Parcel, limit: int) -> None:
    """Log the size of what is pushed. Raises VezaError where Veza would refuse it."""
    size = len(parcel.data)
    log.info("Veza: the payload is %s of JSON, %s as it is sent", _megabytes(parcel.json_size), _megabytes(size))
    if size > limit:
        raise VezaError(
            f"the payload is {_megabytes(size)} as it is sent, and Veza takes {_megabytes(limit)}:"
            " leave out groups without grants (--groups granted) and what --include adds"
        )
    if size > limit * _NEAR_THE_LIMIT:
        log.warning("Veza: the payload is near the limit of %s; beyond it nothing is pushed", _megabytes(limit))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


def _warnings(answer: Mapping[str, object]) -> Iterator[str]:
    """Give the messages of an accepted push; one in a form that is not known is given as it is."""
    warnings = answer.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        message = warning.get("message") if isinstance(warning, dict) else None
        yield one_line(message if isinstance(message, str) else json.dumps(warning))


def _kind(warning: str) -> str:
    without_names = re.sub(r"""(["'`]).*?\1|\[.*?\]|\(.*?\)|\S*[\d@]\S*""", "…", warning)
    return " ".join(without_names.split()[:_WORDS_OF_A_KIND])


def _id_of(answer: object) -> str:
    """Give the id of a provider or data source; anything else is no answer of Veza's."""
    identifier = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(identifier, str) or not identifier:
        raise VezaError("an answer without an id came back, which makes no sense")
    return identifier


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
