"""How a server is reached: its addresses, and whose certificate it shows. Knows no HTTP."""

from __future__ import annotations

import os
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connector.rest.answer import one_line

_CONNECT_SECONDS = 5.0
_DAY = 86_400
_PORTS = {"http": 80, "https": 443}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says: who signed it, for which names, until when (epoch seconds)."""

    issuer: str
    names: tuple[str, ...]
    until: float

    @property
    def text(self) -> str:
        """Everything, in a few words."""
        names = ", ".join(self.names[:_SHOWN]) + (", …" if len(self.names) > _SHOWN else "")
        day = time.strftime("%Y-%m-%d", time.gmtime(self.until))
        return f"certificate for {names or 'no name'}, signed by {self.issuer}, valid until {day}"

    def days_left(self, now: float) -> int:
        """How many days it is still valid."""
        return int((self.until - now) // _DAY)


def addresses_of(url: str) -> tuple[str, ...]:
    """Give the addresses of the host, each once; empty where its name is not known here."""
    host, port = _host_and_port(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))


def certificate_of(url: str) -> Certificate | None:
    """Read the certificate that a server shows, trusted or not; None where that fails.

    Nothing is sent over a connection that is not trusted.
    """
    host, port = _host_and_port(url)
    try:
        return _certificate(_shown(host, port, _trusting_what_requests_trusts()))
    except ssl.SSLCertVerificationError:
        return _untrusted(host, port)
    except (OSError, ValueError):
        return None


def _untrusted(host: str, port: int) -> Certificate | None:
    """Take the certificate for its own authority: only one that was verified is read by Python's ssl."""
    try:
        pem = ssl.get_server_certificate((host, port), timeout=_CONNECT_SECONDS)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pem)
        return _certificate(_shown(host, port, context))
    except (OSError, ValueError):
        return None


def _shown(host: str, port: int, context: ssl.SSLContext) -> dict[str, object]:
    with (
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return dict(wrapped.getpeercert() or {})


def _trusting_what_requests_trusts() -> ssl.SSLContext:
    found = requests.Session().merge_environment_settings("https://", {}, stream=None, verify=True, cert=None)
    trusted = found["verify"] if isinstance(found["verify"], str) else DEFAULT_CA_BUNDLE_PATH
    folder = os.path.isdir(trusted)  # noqa: PTH112 - the same test as in requests
    return ssl.create_default_context(capath=trusted if folder else None, cafile=None if folder else trusted)


def _certificate(shown: dict[str, object]) -> Certificate:
    issuer = _name(shown.get("issuer"))
    names = tuple(str(value) for _, value in _pairs(shown.get("subjectAltName"))) or (_name(shown.get("subject")),)
    return Certificate(issuer, names, ssl.cert_time_to_seconds(str(shown["notAfter"])))


def _name(distinguished: object) -> str:
    """Give the common name and organisation that a certificate names."""
    parts = dict(pair for group in _tuple(distinguished) for pair in _pairs(group))
    names = [parts[key] for key in ("commonName", "organizationName") if key in parts]
    return one_line(" of ".join(dict.fromkeys(names)) or "nobody named")


def _pairs(values: object) -> list[tuple[str, str]]:
    return [(str(value[0]), str(value[1])) for value in _tuple(values)]


def _tuple(value: object) -> tuple[tuple[object, ...], ...]:
    return value if isinstance(value, tuple) else ()


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]
