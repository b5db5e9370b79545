"""The proxy for a server, from the environment. Its user name and password are never shown."""

from __future__ import annotations

import os

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector.errors import UsageError

_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


def proxy_for(url: str) -> str | None:
    """Give the proxy that the environment names for an address, without its user name and password.

    Raises `UsageError` where requests could not use it: then nothing of it is shown.
    """
    proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return None
    try:
        return _address(proxy if "://" in proxy else f"http://{proxy}")
    except (ValueError, urllib3.exceptions.HTTPError):
        raise UsageError(
            f"{_variable(proxy)} is no address of a proxy; it looks like http://user:password@proxy.example.com:3128. "
            "In user name and password write / as %2F, @ as %40, [ as %5B, # as %23 and % as %25; characters beyond "
            "Latin-1 cannot be sent. What it holds now is not shown, since it may be a password"
        ) from None


def _address(proxy: str) -> str:
    parts = urllib3.util.parse_url(proxy)
    # A password with a slash in it ends the host name early; what follows is then taken for a path.
    rest = f"{parts.path or ''}?{parts.query or ''}#{parts.fragment or ''}"
    if parts.scheme not in _SCHEMES or not parts.host or "@" in rest:
        raise ValueError
    HTTPAdapter().proxy_headers(proxy)  # raises where the login cannot be sent
    return f"{parts.scheme}://{parts.netloc}"


def _variable(proxy: str) -> str:
    named = [name for name, value in os.environ.items() if value == proxy and name.lower().endswith("_proxy")]
    return min(named, default="the proxy of this machine")
