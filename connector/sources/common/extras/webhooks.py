"""Which hosts webhooks tell what happens. Nothing else of them is kept."""

from __future__ import annotations

import logging
from typing import Any

from connector.rest import fields

log = logging.getLogger(__name__)


def hosts(where: str, rows: list[Any]) -> tuple[str, ...]:
    """Give the hosts of rows that have been through `redact`, sorted, each once."""
    found = [fields.maybe(row, "host", str, where) for row in rows]
    if None in found:
        log.warning("%s: %d addresses hold no host that could be read; they are left out", where, found.count(None))
    return tuple(sorted(set(filter(None, found))))
