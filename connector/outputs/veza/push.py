"""Push a payload to Veza. Knows Veza's API; nothing of Bitbucket or options.

Call `connect` before anything is collected: a wrong key then costs a second and not an hour. It only reads.
Then call `Veza.push` once: only that creates or changes anything in Veza.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from oaaclient.templates import CustomApplication

from connector.errors import PushUnsettled, VezaError
from connector.outputs.veza.compression import CompressedPayload, check_size, pack
from connector.outputs.veza.failures import Failure, unexpected_answer
from connector.outputs.veza.retries import RetryPolicy, with_retries
from connector.outputs.veza.session import Bounds, VezaSession
from connector.outputs.veza.settings import VezaSettings, check_settings, forbidden_characters, only_pusher
from connector.rest.answer import one_line

__all__ = ["PushResult", "Veza", "VezaSettings", "connect", "fold_warnings", "forbidden_characters", "only_pusher"]

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_WARNINGS_OF_A_KIND = 50
_CONNECT_SECONDS = 10.0
_FIRST_BOUNDS = Bounds(connecting=5.0, answering=10.0)
_WORDS_OF_A_KIND = 5
_LONGEST_WARNING = 500
_PROVIDERS = "/api/v1/providers/custom"
_TEMPLATES = "/api/v1/providers/custom/templates"


@dataclass(frozen=True, slots=True)
class PushResult:
    """What an accepted push did. Sizes are in bytes: of the JSON, and of what was sent for it."""

    provider: str
    data_source: str
    warnings: tuple[str, ...]
    json_size: int
    sent_size: int


class Veza:
    """A Veza that has accepted the API key. Made by `connect`."""

    def __init__(
        self, settings: VezaSettings, session: VezaSession, sleep: Callable[[float], None], policy: RetryPolicy
    ) -> None:
        self._settings = settings
        self._session = session
        self._sleep = sleep
        self._policy = policy

    def push(self, payload: Mapping[str, object]) -> PushResult:
        """Replace what the data source holds by an OAA payload; create provider and data source where they are missing.

        The payload is pushed as it is, with nothing added. Raises `VezaError`, and then Veza has accepted nothing;
        `PushUnsettled` where this is not known.
        """
        compressed = pack(payload)
        check_size(compressed)
        with closing(self._session):
            provider_id = self._ask(f'provider "{self._settings.provider_name}"', self._provide)
            data_source_id = self._ask(
                f'data source "{self._settings.data_source_name}"', lambda: self._provide_data_source(provider_id)
            )
            warnings = self._push(provider_id, data_source_id, compressed)
        return PushResult(
            provider=self._settings.provider_name,
            data_source=self._settings.data_source_name,
            warnings=tuple(warnings),
            json_size=compressed.json_size,
            sent_size=len(compressed.data),
        )

    def check_size(self, payload: Mapping[str, object]) -> None:
        """Log the size of a payload without pushing it. Raises `VezaError` where Veza would refuse it."""
        check_size(pack(payload))

    def check_access(self) -> None:
        """Check the key and the provider. Changes nothing in Veza. Raises `VezaError`."""
        with closing(self._session):
            # closed also because firewalls silently cut a connection that idles during the collection
            self._ask("first contact", lambda: self._session.values(_TEMPLATES))
            provider = self._ask(f'provider "{self._settings.provider_name}"', self._find_provider)
        if provider is None:
            log.info('Veza: no provider "%s" yet; the first push creates it', self._settings.provider_name)

    def _provide(self) -> str:
        """Find or create the provider; give its id."""
        found = self._find_provider()
        if found is not None:
            return found
        name = self._settings.provider_name
        try:
            created = self._session.post(_PROVIDERS, {"name": name, "custom_template": CustomApplication.TEMPLATE})
        except Failure as failure:
            raise self._explain(failure) from failure
        log.info('Veza: created the provider "%s"', name)
        return _id_of(created)

    def _explain(self, failure: Failure) -> VezaError:
        if failure.is_transient or failure.status is None:
            return failure
        if failure.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return VezaError(f"does not exist, and cannot be created: {failure}")
        return VezaError(
            "does not exist, and this API key may not create it, as no team API key may. Ask an administrator of"
            f' Veza to create a custom provider "{self._settings.provider_name}" with the template'
            f' "{CustomApplication.TEMPLATE}", or run once with the API key of an administrator. Veza {failure}'
        )

    def _find_provider(self) -> str | None:
        found = self._find(_PROVIDERS, self._settings.provider_name)
        if found is None:
            return None
        template = found.get("custom_template")
        if template not in (None, CustomApplication.TEMPLATE):
            raise VezaError(
                f'exists with the template "{one_line(str(template))}" instead of "{CustomApplication.TEMPLATE}":'
                " choose another name with --provider-name"
            )
        return _id_of(found)

    def _provide_data_source(self, provider_id: str) -> str:
        """Find or create the data source; give its id."""
        name = self._settings.data_source_name
        path = f"{_PROVIDERS}/{provider_id}/datasources"
        found = self._find(path, name)
        if found is not None:
            return _id_of(found)
        created = self._session.post(path, {"name": name, "id": provider_id})
        log.info('Veza: created the data source "%s"', name)
        return _id_of(created)

    def _find(self, path: str, name: str) -> dict[str, object] | None:
        """Find by exact name."""
        found = self._session.values(path, filter=f'name eq "{name}"')
        return next((item for item in found if isinstance(item, dict) and item.get("name") == name), None)

    def _push(self, provider_id: str, data_source_id: str, compressed: CompressedPayload) -> list[str]:
        """Send a payload, again where that can help, and give Veza's warnings."""
        path = f"{_PROVIDERS}/{provider_id}/datasources/{data_source_id}:push"
        body = {
            "id": provider_id,
            "data_source_id": data_source_id,
            "json_data": compressed.data,
            "compression_type": "GZIP",
        }
        unsettled = False

        def send() -> list[str]:
            nonlocal unsettled
            try:
                return list(_warnings(self._session.post(path, body)))
            except Failure as failure:
                unsettled = unsettled or not failure.not_applied
                raise

        try:
            # A push replaces all that the data source holds, so one whose answer was lost can be repeated.
            return self._ask("push", send)
        except VezaError as error:
            if not unsettled:
                raise
            raise PushUnsettled(f"Whether Veza accepted the push is not known. {error}") from error

    def _ask(self, what: str, call: Callable[[], T]) -> T:
        try:
            return with_retries(call, self._policy, self._sleep)
        except VezaError as error:
            raise VezaError(f"Veza at {self._session.url}, {what}: {error}") from error


def connect(
    settings: VezaSettings,
    policy: RetryPolicy | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Veza:
    """Reach Veza, and see that it takes the API key and that the provider, if there is one, can be used.

    Changes nothing in Veza. `policy` is that of the later push; a Veza that cannot be reached now is
    given up within seconds. Raises `VezaError`, and `UsageError` for a proxy that cannot be read.
    """
    check_settings(settings)
    # oaaclient's own variable: people who know oaaclient expect it to work
    verify = os.environ.get("VEZA_UNSAFE_HTTPS", "").lower() != "true"
    if not verify:
        log.warning("Veza: VEZA_UNSAFE_HTTPS is set: any server that answers is taken for Veza and given the API key")
    policy = policy or RetryPolicy()

    def veza(bounds: Bounds, policy: RetryPolicy) -> Veza:
        session = VezaSession(settings.base_url, settings.api_key, bounds, verify=verify)
        return Veza(settings, session, sleep, policy)

    veza(_FIRST_BOUNDS, policy.at_first_contact()).check_access()
    return veza(Bounds(_CONNECT_SECONDS, settings.answer_seconds), policy)


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


def _warnings(answer: object) -> Iterator[str]:
    """Give the messages of an accepted push; one in a form that is not known is given as it is.

    Veza always sends the key `warnings`, with an empty list too (oaaclient-py, tests/test_payload_push.py). Raises
    `Failure` where an answer lacks it: such an answer does not say that the push was accepted.
    """
    if not isinstance(answer, dict) or "warnings" not in answer:
        raise unexpected_answer("gave an answer that makes no sense")
    for warning in answer["warnings"] if isinstance(answer["warnings"], list) else []:
        message = warning.get("message") if isinstance(warning, dict) else None
        yield one_line(message if isinstance(message, str) else json.dumps(warning), _LONGEST_WARNING)


def _kind(warning: str) -> str:
    without_names = re.sub(r"""(["'`]).*?\1|\[.*?\]|\(.*?\)|\S*[\d@]\S*""", "…", warning)
    return " ".join(without_names.split()[:_WORDS_OF_A_KIND])


def _id_of(answer: object) -> str:
    """Give the id of a provider or data source, which becomes a part of addresses."""
    identifier = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(identifier, str) or not re.fullmatch(r"[\w-]+", identifier):
        raise unexpected_answer("the answer has no id")
    return identifier
