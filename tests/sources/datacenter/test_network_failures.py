"""Failures of the network, each produced for real, and what is said of them."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import urllib3

from connector.rest.diagnosis import Diagnosis, Next, of_failure
from connector.rest.network_errors import NetworkProblem
from connector.rest.transport import Transport
from connector.sources.datacenter.problems import BITBUCKET
from tests.sources.datacenter.canned import Canned, CannedServer, free_port


def failure(url: str) -> Diagnosis:
    transport = Transport(url, None, 1)
    try:
        transport.get(f"{url}/rest/api/latest/users", 3.0)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error_of_network:
        return of_failure(error_of_network, url, BITBUCKET, has_answered=False)
    finally:
        transport.close()
    raise AssertionError(f"{url} answered")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Authority")


def hello(_path: str, _headers: Mapping[str, str]) -> Canned:
    return Canned(200, {"version": "9.4.2"})


def tls(authority: trustme.CA, name: str = "localhost", **dates: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **dates).configure_cert(context)
    return context


def trust(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))


def test_nobody_listens() -> None:
    found = failure(f"http://127.0.0.1:{free_port()}")
    assert found.problem is NetworkProblem.CONNECTION_REFUSED
    assert "refused" in found.said


def test_a_name_that_does_not_exist() -> None:
    found = failure("http://no-such-host.invalid")
    assert found.problem is NetworkProblem.NAME_NOT_RESOLVED
    assert "no-such-host.invalid cannot be resolved" in found.said
    assert found.next is Next.END


def test_following_the_advice_about_the_authority_helps(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    with CannedServer(hello, tls=tls(authority)) as server:
        transport = Transport(server.url, None, 1)
        assert transport.get(f"{server.url}/rest").status == 200
        transport.close()


PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
EXPIRED = {"not_before": PAST, "not_after": PAST + dt.timedelta(days=9)}


@pytest.mark.parametrize(
    ("certificate", "is_trusted", "problem", "words"),
    [
        ({}, False, NetworkProblem.TLS_NOT_TRUSTED, "REQUESTS_CA_BUNDLE"),
        ({"name": "other.example.com"}, True, NetworkProblem.TLS_OTHER_NAME, "host name"),
        (EXPIRED, True, NetworkProblem.TLS_EXPIRED, "renew"),
    ],
)
def test_a_certificate_that_is_refused(
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificate: dict[str, Any],
    problem: NetworkProblem,
    words: str,
    *,
    is_trusted: bool,
) -> None:
    if is_trusted:
        trust(authority, tmp_path, monkeypatch)
    with CannedServer(hello, tls=tls(authority, **certificate)) as server:
        found = failure(server.url)
    assert found.problem is problem
    assert words in found.advice


def test_tls_spoken_to_a_port_without_it() -> None:
    with CannedServer(hello) as server:
        found = failure(server.url.replace("http:", "https:"))
    assert found.problem is NetworkProblem.TLS_FAILED
    assert "http://" in found.advice


@pytest.mark.parametrize("content", [None, "no certificate at all"])
def test_a_file_of_authorities_that_cannot_be_used(
    content: str | None, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with CannedServer(hello, tls=tls(authority)) as server:
        found = failure(server.url)
    assert found.problem is NetworkProblem.CA_FILE
    assert "REQUESTS_CA_BUNDLE" in found.advice


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:s3cret@127.0.0.1:{free_port()}")
    found = failure("https://bitbucket.example.com")
    assert found.problem is NetworkProblem.PROXY_FAILED
    assert "NO_PROXY" in found.advice
    assert "s3cret" not in found.text


@pytest.mark.parametrize(
    ("status", "problem", "words"),
    [(407, NetworkProblem.PROXY_LOGIN, "user:password"), (403, NetworkProblem.PROXY_FAILED, "403")],
)
def test_a_proxy_that_refuses(
    status: int, problem: NetworkProblem, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CannedServer(lambda _path, _headers: Canned(status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        found = failure("https://bitbucket.example.com")
    assert found.problem is problem
    assert words in found.text
