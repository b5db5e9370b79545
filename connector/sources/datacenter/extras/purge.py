"""What is secret in an answer, or could be, goes before anybody keeps the answer: not even the journal has it.

Of a webhook's address the host stays, of a key's text what it says about itself. See `Endpoint.purge`.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Any, cast
from urllib.parse import urlsplit

from connector.rest.answer import JsonObject
from connector.rest.fields import Malformed
from connector.sources.datacenter.extras.ssh import read_public_key

_SECRET = frozenset({"configuration", "credentials", "secret", "statistics", "token"})
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")


def purged(answer: JsonObject) -> JsonObject:
    """Give JSON without secrets: `text` becomes `public`, `url` becomes `host`. Raises `Malformed`."""
    try:
        return cast("JsonObject", _purged(answer))
    except RecursionError:
        raise Malformed("the answer nests deeper than any real one, so what is secret in it cannot be found") from None


def _purged(value: Any) -> Any:  # noqa: ANN401 - JSON, at any depth
    if isinstance(value, list):
        return [_purged(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _purged(each) for name, each in value.items() if name not in _SECRET | {"text", "url"}}
    if "text" in value:
        kept["public"] = dataclasses.asdict(read_public_key(str(value["text"])))
    if "url" in value:
        kept["host"] = host_of(str(value["url"]))
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
