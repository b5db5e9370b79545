"""Why no whole answer came: what exceptions of requests, urllib3 and ssl mean. Gives no advice."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
import urllib3

from connector.rest.answer import one_line
from connector.sources.datacenter.problems import Problem


def explain(failure: Exception, url: str) -> tuple[Problem, str]:
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

_NETWORK: tuple[tuple[type[BaseException], Problem], ...] = (
    (ssl.SSLCertVerificationError, Problem.TLS_NOT_TRUSTED),
    (socket.gaierror, Problem.NAME_NOT_RESOLVED),
    (urllib3.exceptions.NameResolutionError, Problem.NAME_NOT_RESOLVED),
    (ssl.SSLEOFError, Problem.CONNECTION_LOST),
    (ssl.SSLZeroReturnError, Problem.CONNECTION_LOST),
    (ConnectionRefusedError, Problem.CONNECTION_REFUSED),
    (ssl.SSLError, Problem.TLS_FAILED),
    (requests.exceptions.SSLError, Problem.TLS_FAILED),
    (urllib3.exceptions.SSLError, Problem.TLS_FAILED),
    (requests.exceptions.InvalidURL, Problem.BAD_ADDRESS),
    (requests.exceptions.InvalidSchema, Problem.BAD_ADDRESS),
    (urllib3.exceptions.LocationValueError, Problem.BAD_ADDRESS),
    (requests.exceptions.Timeout, Problem.TIMED_OUT),
    (urllib3.exceptions.TimeoutError, Problem.TIMED_OUT),
    (TimeoutError, Problem.TIMED_OUT),
    (urllib3.exceptions.IncompleteRead, Problem.BODY_CUT),
    (urllib3.exceptions.DecodeError, Problem.BODY_CUT),
)

_OF_THE_PROXY = (
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.ProxySchemeUnknown,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
)


def _network_problem(chain: tuple[BaseException, ...]) -> Problem:
    """Find what went wrong: on the way to a proxy, with certificates, or the first kind in the table."""
    words = " ".join(map(str, chain))
    if "failed: 407" in words:
        return Problem.PROXY_LOGIN
    if any(isinstance(cause, _OF_THE_PROXY) for cause in chain) or "SOCKS" in words:
        return Problem.PROXY_FAILED
    if "TLS CA certificate bundle" in words or "NO_CERTIFICATE_OR_CRL_FOUND" in words:
        return Problem.CA_FILE
    for kind, problem in _NETWORK:
        if any(isinstance(cause, kind) for cause in chain):
            return _certificate_problem(chain) if problem is Problem.TLS_NOT_TRUSTED else problem
    return Problem.CONNECTION_LOST


def _certificate_problem(chain: tuple[BaseException, ...]) -> Problem:
    code = next(c.verify_code for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    if code in _EXPIRED:
        return Problem.TLS_EXPIRED
    return Problem.TLS_OTHER_NAME if code in _OTHER_NAME else Problem.TLS_NOT_TRUSTED


_NETWORK_WORDS = {
    Problem.CONNECTION_REFUSED: "the connection was refused",
    Problem.CONNECTION_LOST: "the connection broke before a whole answer came",
    Problem.TIMED_OUT: "no answer came in time",
    Problem.BAD_ADDRESS: "this address cannot be used",
    Problem.BODY_CUT: "the answer broke off",
    Problem.TLS_FAILED: "TLS could not be set up",
    Problem.PROXY_LOGIN: "the proxy wants a user name and password (407)",
}

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}[^'\")]*)")


def _network_words(problem: Problem, chain: tuple[BaseException, ...], url: str) -> str:
    if problem is Problem.NAME_NOT_RESOLVED:
        return f"the name {urlsplit(url).hostname} cannot be resolved"
    if problem is Problem.PROXY_FAILED:
        refused = _TUNNEL.search(" ".join(map(str, chain)))
        return f"the proxy answered {one_line(refused[1])}" if refused else "the proxy could not be used"
    if problem is Problem.CA_FILE:
        return f"the file of trusted certificates cannot be used: {one_line(str(chain[-1]))}"
    if problem in _NETWORK_WORDS:
        return _NETWORK_WORDS[problem]
    reason = next(c.verify_message for c in chain if isinstance(c, ssl.SSLCertVerificationError))
    return f"its TLS certificate is not trusted: {one_line(reason)}"
