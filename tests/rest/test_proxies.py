"""The proxy from the environment, and that its user name and password are never shown."""

from __future__ import annotations

import pytest

from connector.errors import UsageError
from connector.rest.proxies import proxy_for

URL = "https://veza.example.com"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://user:S3cr3t@proxy:3128/", "http://proxy:3128"),
        ("user:S3cr3t@proxy:3128", "http://proxy:3128"),
        ("http://user:S3@cr3t@proxy:3128", "http://proxy:3128"),
        ("http://user:S3cr3t%2Fx%40@proxy:3128", "http://proxy:3128"),
        ("http://user:S3cr3té@proxy:3128", "http://proxy:3128"),
        ("socks5://user:S3cr3t@[::1]:1080", "socks5://[::1]:1080"),
    ],
)
def test_a_proxy_is_shown_without_its_login(proxy: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert proxy_for(URL) == shown


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:S3cr3t/x@proxy:3128",
        "http://user:123/S3cr3t@proxy:3128",
        "http://user:123?S3cr3t@proxy:3128",
        "http://user:123#S3cr3t@proxy:3128",
        "http://user:S3cr3t[x@proxy:3128",
        "http://user:S3cr3t€@proxy:3128",
        "http://user:S3cr3t%E2%82%AC@proxy:3128",
        "http://user:S3cr3t@proxy:99999",
        "http://user:S3cr3t@proxy:port",
        "http://user:S3cr3t@proxy:-1",
        "http://user:S3cr3t@pro xy:3128",
        "http://user:S3cr3t\\x@proxy:3128",
        "http://user:S3cr3t@",
        "http:/user:S3cr3t@proxy:3128",
        "S3cr3t://proxy:3128",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_read_is_named_by_its_variable_only(
    proxy: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(UsageError, match=f"^{variable} is no address of a proxy; it looks like") as caught:
        proxy_for(URL)
    assert "S3cr3t" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_proxy_that_is_not_used_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for(URL) is None
    monkeypatch.setenv("HTTP_PROXY", "http://user:S3cr3t@proxy:99999")
    assert proxy_for(URL) is None
    monkeypatch.setenv("HTTPS_PROXY", "http://user:S3cr3t@proxy:99999")
    monkeypatch.setenv("NO_PROXY", "example.com")
    assert proxy_for(URL) is None
