"""What is secret in an answer, or could be, goes before anybody keeps the answer: not even the journal has it.

Of a webhook's address the host stays, of a key's text what it says about itself.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Set
from typing import Any
from urllib.parse import urlsplit

from connector.sources.common.extras.ssh import read_public_key

SECRET = frozenset({"configuration", "credentials", "secret", "statistics", "token"})
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")


def purged(value: Any, key_text: str = "text", leave_out: Set[str] = SECRET) -> Any:  # noqa: ANN401 - JSON of any depth
    """Give JSON without secrets: the text of a key, in the field `key_text`, becomes `public`, `url` becomes `host`."""
    if isinstance(value, list):
        return [purged(each, key_text, leave_out) for each in value]
    if not isinstance(value, dict):
        return value
    text, url = value.get(key_text), value.get("url")
    kept = {name: purged(each, key_text, leave_out) for name, each in value.items() if name not in leave_out}
    if isinstance(text, str):
        kept["public"] = dataclasses.asdict(read_public_key(text))
        del kept[key_text]
    if isinstance(url, str):
        kept["host"] = host_of(url)
        del kept["url"]
    return kept


def host_of(url: str) -> str | None:
    """Give the host of an address, in lower case; None where it has none that is sound."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
        _ = parts.port
    except ValueError:
        return None
    return host if _HOST.fullmatch(host) or _is_address(host) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
