"""Which Veza to push to, with which key and names, and the checks of these settings. Sends no request."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connector.errors import VezaError
from connector.files import only_run
from connector.rest.proxies import proxy_for

ANSWER_SECONDS = 300.0

ALLOWED_IN_NAMES = r"^[ @#$%&*:()!,a-zA-Z0-9_'\"=.-]*$"
"""What oaaclient allows."""


@dataclass(frozen=True, slots=True)
class VezaSettings:
    """Where to push, with which key, and under which names. `answer_seconds` bounds the wait for one answer."""

    url: str
    api_key: str = field(repr=False)
    provider_name: str
    data_source_name: str
    answer_seconds: float = ANSWER_SECONDS

    @property
    def base_url(self) -> str:
        """The address with its scheme, and without a slash at its end."""
        return (self.url if "://" in self.url else f"https://{self.url}").rstrip("/")


def only_pusher(settings: VezaSettings) -> AbstractContextManager[None]:
    """Be the only run on this machine that pushes to a data source. Raises `GuardError` where another one does.

    Of two runs at the same time, the one with the older data may push last and replace the newer data.
    """
    what = f'data source "{settings.data_source_name}" of provider "{settings.provider_name}" in Veza'
    return only_run("\n".join((settings.base_url.lower(), settings.provider_name, settings.data_source_name)), what)


def forbidden_characters(name: str) -> str:
    """Give the characters of a provider's or data source's name that Veza does not allow, each once.

    A quotation mark is one of them: Veza allows it, but a name with one cannot be looked up.
    """
    allowed = re.compile(ALLOWED_IN_NAMES)
    return "".join(dict.fromkeys(c for c in name if c in '"\n' or not allowed.match(c)))


def check_settings(settings: VezaSettings) -> None:
    """Refuse what cannot work before anything is sent. Raises `VezaError`, and `UsageError` for an odd proxy."""
    _check_url(settings.base_url)
    proxy_for(settings.base_url)
    if not settings.api_key or not all("!" <= c <= "~" for c in settings.api_key):
        raise VezaError("VEZA_API_KEY is empty, or holds a space, a line break or a character that no key has")
    _check_name("provider", settings.provider_name)
    _check_name("data source", settings.data_source_name)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise VezaError("VEZA_URL is no address: it looks like https://example.vezacloud.com") from None
    if parts.username is not None or parts.query or parts.fragment or not sound:
        raise VezaError("VEZA_URL must be the bare address of Veza, like https://example.vezacloud.com")
    if parts.scheme != "https":
        raise VezaError(f"VEZA_URL must start with https://, and not with {parts.scheme}://")


def _check_name(what: str, name: str) -> None:
    option = f"--{what.replace(' ', '-')}-name"
    if not name.strip():
        raise VezaError(f"the name of the {what} in Veza is empty: choose one with {option}")
    if forbidden := forbidden_characters(name):
        shown = " ".join(map(repr, forbidden))
        raise VezaError(
            f"the name of the {what} holds {shown}, which Veza does not allow: choose another with {option}"
        )
