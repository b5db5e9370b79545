"""What is secret in an answer, or could be, goes before anybody keeps the answer: not even the journal has it.

Of a webhook's address the host stays, of a key's text what it says about itself.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Set
from typing import Any
from urllib.parse import urlsplit

from connector.rest import fields
from connector.rest.fields import Malformed
from connector.sources.common.extras.ssh import read_public_key
from connector.text import is_ip_address

log = logging.getLogger(__name__)

SECRET = frozenset({"configuration", "credentials", "secret", "statistics", "token"})
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")


def redacted(value: Any, key_text: str = "text", leave_out: Set[str] = SECRET) -> Any:  # noqa: ANN401 - JSON of any depth
    """Give JSON without secrets: the text of a key, in the field `key_text`, becomes `public`, `url` becomes `host`.

    Raises `Malformed`.
    """
    try:
        return _redacted(value, key_text, leave_out)
    except RecursionError:
        raise Malformed("the answer nests deeper than any real one, so what is secret in it cannot be found") from None


def _redacted(value: Any, key_text: str, leave_out: Set[str]) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, list):
        return [_redacted(each, key_text, leave_out) for each in value]
    if not isinstance(value, dict):
        return value
    dropped = leave_out | {key_text, "url"}
    kept = {name: _redacted(each, key_text, leave_out) for name, each in value.items() if name not in dropped}
    if key_text in value:
        kept["public"] = dataclasses.asdict(read_public_key(str(value[key_text])))
    if "url" in value:
        kept["host"] = host_of(str(value["url"]))
    return kept


def hosts(where: str, rows: list[Any]) -> tuple[str, ...]:
    """Give the hosts of rows that have been through `redact`, sorted, each once."""
    found = [fields.maybe(row, "host", str, where) for row in rows]
    if None in found:
        log.warning("%s: %d addresses hold no host that could be read; they are left out", where, found.count(None))
    return tuple(sorted(set(filter(None, found))))


def host_of(url: str) -> str | None:
    """Give the host of an address, in lower case; None where it has none that is sound."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
        _ = parts.port
    except ValueError:
        return None
    return host if _HOST.fullmatch(host) or is_ip_address(host) else None
