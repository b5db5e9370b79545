"""Where Bitbucket may really be, when it is not at the address that was given. Asks without credentials."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connector.rest.network_errors import NetworkProblem
from connector.sources.datacenter.check.asking import Asker
from connector.sources.datacenter.diagnosis import Problem
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES
from connector.sources.datacenter.problems import AnyProblem

USUAL = ("", "/bitbucket", "/stash", "/git", "/scm")
_MOST = 12
_SECONDS = 5.0
"""How long each of them may take to answer."""
OTHER_SCHEME = frozenset(
    {NetworkProblem.TLS_FAILED, NetworkProblem.CONNECTION_LOST, NetworkProblem.TIMED_OUT, Problem.TLS_WANTED}
)
"""What comes of speaking TLS with a port that does not, or the reverse."""

_SPEAKS_TLS = frozenset({NetworkProblem.TLS_NOT_TRUSTED, NetworkProblem.TLS_OTHER_NAME, NetworkProblem.TLS_EXPIRED})


def find(base_url: str, problem: AnyProblem | None) -> tuple[str | None, int]:
    """Give the base URL on the same host and port at which a Bitbucket answers, if any, and the requests it took."""
    requests = 0
    for candidate in candidates(base_url, problem):
        asker = Asker(candidate, None, within=_SECONDS, sleep=lambda _: None)
        found = is_bitbucket(asker)
        asker.close()
        requests += asker.requests
        if found:
            return candidate, requests
    return None, requests


def candidates(base_url: str, problem: AnyProblem | None) -> list[str]:
    """Give other base URLs worth trying: with the other scheme, the parents of the path, and the usual paths."""
    return list(dict.fromkeys(_candidates(base_url, problem)))[:_MOST]


def _candidates(base_url: str, problem: AnyProblem | None) -> Iterator[str]:
    parts = urlsplit(base_url)
    if problem in OTHER_SCHEME:
        other = "http" if parts.scheme == "https" else "https"
        yield f"{other}://{parts.netloc}{parts.path}"
        return
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    segments = path.split("/")[1:]
    paths = ["/" + "/".join(segments[:count]) for count in range(len(segments) - 1, 0, -1)]
    for each in (*paths, *USUAL, *(path + usual for usual in USUAL)):
        if each != path:
            yield root + each


def is_bitbucket(asker: Asker) -> bool:
    """Whether a Bitbucket answers, of whichever version; one whose certificate is not trusted may be one."""
    for version in ("latest", "1.0"):
        asker.version = version
        asked = asker.ask(APPLICATION_PROPERTIES.at())
        if isinstance(asked.body.get("version"), str) or asked.problem in _SPEAKS_TLS:
            return True
        if asked.problem is not Problem.NO_SUCH_ADDRESS:
            return False
    return False
