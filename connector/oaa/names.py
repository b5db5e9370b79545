"""How an application is named, as far as Veza allows its characters."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NOT_ALLOWED_IN_NAMES = re.compile(r"""[^ @#$%&*:()!,a-zA-Z0-9_'=.-]""")
"""Veza's own pattern for names, less the double quote, which oaaclient does not escape in a filter."""


def name_of_server(base_url: str) -> str:
    """Name application and data source after a server."""
    parts = urlsplit(base_url)
    port = f":{parts.port}" if parts.port else ""
    context = parts.path.strip("/")
    return _allowed(f"Bitbucket Server - {parts.hostname}{port}{' ' + context if context else ''}")


def name_of_workspace(slug: str) -> str:
    """Name application and data source after a workspace."""
    return _allowed(f"Bitbucket Cloud - {slug}")


def _allowed(name: str) -> str:
    return _NOT_ALLOWED_IN_NAMES.sub("-", name)
