"""Network failures: what exceptions of requests, urllib3 and ssl mean, and what to do about them.

Knows no product: the server and the setting with its address are parameters.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

import requests
import urllib3

from connector.rest.answer import one_line
from connector.rest.transport import TooLarge


class NetworkProblem(Enum):
    """The kinds of network failures."""

    NAME_NOT_RESOLVED = auto()
    CONNECTION_REFUSED = auto()
    CONNECTION_LOST = auto()
    TIMED_OUT = auto()
    TLS_NOT_TRUSTED = auto()
    TLS_FAILED = auto()
    TLS_EXPIRED = auto()
    TLS_OTHER_NAME = auto()
    CA_FILE = auto()
    PROXY_FAILED = auto()
    PROXY_LOGIN = auto()
    BAD_ADDRESS = auto()
    BODY_CUT = auto()
    TOO_LARGE = auto()


@dataclass(frozen=True, slots=True)
class Server:
    """A server as advice names it: its product, the setting with its address, and how an address looks."""

    name: str
    setting: str
    example: str
    tls_only: bool = False


def advice(problem: NetworkProblem, server: Server) -> str:
    """Say what to do about a problem."""
    plain = "" if server.tls_only else _ADVICE_ABOUT_TLS.get(problem, "")
    return _ADVICE[problem].format(server=server.name, setting=server.setting, example=server.example) + plain


def meaning(problem: NetworkProblem, server: Server) -> str:
    """Say what a problem means; empty where the words of `explain` say it already."""
    return _MEANING.get(problem, "").format(server=server.name)


_ADVICE = {
    NetworkProblem.NAME_NOT_RESOLVED: "check the host name in {setting} and this machine's DNS",
    NetworkProblem.CONNECTION_REFUSED: "check host and port in {setting}, and whether {server} is running",
    NetworkProblem.CONNECTION_LOST: ("look into the logs of {server}, and of proxies or load balancers before it"),
    NetworkProblem.TIMED_OUT: ("check that a firewall lets this machine through, and whether {server} is overloaded"),
    NetworkProblem.TLS_NOT_TRUSTED: (
        "put the certificate of the authority that signed it (or the server's own, if it is self-signed) into a PEM "
        "file, and name the file in REQUESTS_CA_BUNDLE"
    ),
    NetworkProblem.TLS_EXPIRED: "renew the certificate of the server; check this machine's clock too",
    NetworkProblem.TLS_OTHER_NAME: "use a host name in {setting} that the certificate is made for",
    NetworkProblem.TLS_FAILED: "check that the port speaks TLS",
    NetworkProblem.CA_FILE: (
        "REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) must name a file with certificates in PEM that this account can read"
    ),
    NetworkProblem.PROXY_FAILED: (
        "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; if {server} is reached without a proxy, add its host to NO_PROXY"
    ),
    NetworkProblem.PROXY_LOGIN: (
        "put user name and password into HTTPS_PROXY or HTTP_PROXY, as in http://user:password@proxy.example.com:3128, "
        "or add {server}'s host to NO_PROXY"
    ),
    NetworkProblem.BAD_ADDRESS: "{setting} looks like {example}",
    NetworkProblem.BODY_CUT: "check proxies or load balancers before {server}",
    NetworkProblem.TOO_LARGE: "check what answers in the place of {server}",
}

_ADVICE_ABOUT_TLS = {
    NetworkProblem.CONNECTION_LOST: "; a port that speaks TLS wants an address that begins with https://",
    NetworkProblem.TLS_FAILED: "; an address without it begins with http://",
}
"""Added for a server that may have an address without TLS."""

_MEANING = {
    NetworkProblem.NAME_NOT_RESOLVED: "this machine does not know the host",
    NetworkProblem.CONNECTION_REFUSED: "the host is there, but nothing listens at this port",
    NetworkProblem.CONNECTION_LOST: "something between here and {server} ended the connection",
    NetworkProblem.TIMED_OUT: "something swallows the request, or takes too long",
    NetworkProblem.TLS_NOT_TRUSTED: "no authority that this machine trusts signed the certificate",
    NetworkProblem.TLS_EXPIRED: "the certificate has expired, or is not valid yet",
    NetworkProblem.TLS_OTHER_NAME: "the certificate belongs to another host",
    NetworkProblem.TLS_FAILED: "the two sides found no way to speak TLS with each other",
    NetworkProblem.CA_FILE: "the certificates to trust could not be read",
    NetworkProblem.PROXY_FAILED: "the environment names a proxy, and it does not lead to {server}",
    NetworkProblem.PROXY_LOGIN: "the proxy asks for a login",
}


def explain(failure: Exception, url: str) -> tuple[NetworkProblem, str]:
    """Find the problem behind a failure, and say it in a few words."""
    chain = tuple(_causes(failure))
    problem = _network_problem(chain)
    return problem, _network_words(problem, chain, url)


def _causes(failure: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [failure]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


_EXPIRED = frozenset({9, 10})
_OTHER_NAME = frozenset({62, 63, 64})
"""Codes of OpenSSL's verification (X509_V_ERR_…)."""

_NETWORK: tuple[tuple[type[BaseException], NetworkProblem], ...] = (
    (ssl.SSLCertVerificationError, NetworkProblem.TLS_NOT_TRUSTED),
    (socket.gaierror, NetworkProblem.NAME_NOT_RESOLVED),
    (urllib3.exceptions.NameResolutionError, NetworkProblem.NAME_NOT_RESOLVED),
    (ssl.SSLEOFError, NetworkProblem.CONNECTION_LOST),
    (ssl.SSLZeroReturnError, NetworkProblem.CONNECTION_LOST),
    (ConnectionRefusedError, NetworkProblem.CONNECTION_REFUSED),
    (ssl.SSLError, NetworkProblem.TLS_FAILED),
    (requests.exceptions.SSLError, NetworkProblem.TLS_FAILED),
    (urllib3.exceptions.SSLError, NetworkProblem.TLS_FAILED),
    (requests.exceptions.InvalidURL, NetworkProblem.BAD_ADDRESS),
    (requests.exceptions.InvalidSchema, NetworkProblem.BAD_ADDRESS),
    (urllib3.exceptions.LocationValueError, NetworkProblem.BAD_ADDRESS),
    (requests.exceptions.Timeout, NetworkProblem.TIMED_OUT),
    (urllib3.exceptions.TimeoutError, NetworkProblem.TIMED_OUT),
    (TimeoutError, NetworkProblem.TIMED_OUT),
    (urllib3.exceptions.IncompleteRead, NetworkProblem.BODY_CUT),
    (urllib3.exceptions.DecodeError, NetworkProblem.BODY_CUT),
    (TooLarge, NetworkProblem.TOO_LARGE),
)

_OF_THE_PROXY = (
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.ProxySchemeUnknown,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
)


def _network_problem(chain: tuple[BaseException, ...]) -> NetworkProblem:
    """Find the problem: at a proxy, with certificates, or the first match in the table."""
    words = " ".join(map(str, chain))
    if "failed: 407" in words:
        return NetworkProblem.PROXY_LOGIN
    if any(isinstance(cause, _OF_THE_PROXY) for cause in chain) or "SOCKS" in words:
        return NetworkProblem.PROXY_FAILED
    if "TLS CA certificate bundle" in words or "NO_CERTIFICATE_OR_CRL_FOUND" in words:
        return NetworkProblem.CA_FILE
    for kind, problem in _NETWORK:
        if any(isinstance(cause, kind) for cause in chain):
            return _certificate_problem(chain) if problem is NetworkProblem.TLS_NOT_TRUSTED else problem
    return NetworkProblem.CONNECTION_LOST


def _certificate_problem(chain: tuple[BaseException, ...]) -> NetworkProblem:
    code = next(c.verify_code for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    if code in _EXPIRED:
        return NetworkProblem.TLS_EXPIRED
    return NetworkProblem.TLS_OTHER_NAME if code in _OTHER_NAME else NetworkProblem.TLS_NOT_TRUSTED


_NETWORK_WORDS = {
    NetworkProblem.CONNECTION_REFUSED: "the connection was refused",
    NetworkProblem.CONNECTION_LOST: "the connection broke before a whole answer came",
    NetworkProblem.TIMED_OUT: "no answer came in time",
    NetworkProblem.BAD_ADDRESS: "this address cannot be used",
    NetworkProblem.BODY_CUT: "the answer broke off",
    NetworkProblem.TOO_LARGE: "the answer is larger than any real one",
    NetworkProblem.TLS_FAILED: "TLS could not be set up",
    NetworkProblem.PROXY_LOGIN: "the proxy wants a user name and password (407)",
}

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}[^'\")]*)")


def _network_words(problem: NetworkProblem, chain: tuple[BaseException, ...], url: str) -> str:
    if problem is NetworkProblem.NAME_NOT_RESOLVED:
        return f"the name {urlsplit(url).hostname} cannot be resolved"
    if problem is NetworkProblem.PROXY_FAILED:
        refused = _TUNNEL.search(" ".join(map(str, chain)))
        return f"the proxy answered {one_line(refused[1])}" if refused else "the proxy could not be used"
    if problem is NetworkProblem.CA_FILE:
        return f"the file of trusted certificates cannot be used: {one_line(str(chain[-1]))}"
    if problem in _NETWORK_WORDS:
        return _NETWORK_WORDS[problem]
    reason = next(c.verify_message for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    return f"its TLS certificate is not trusted: {one_line(reason)}"
