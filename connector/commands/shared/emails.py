"""Candidate e-mail addresses, from a file with one a line, or from an earlier export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connector.errors import UsageError

_ADDRESS = re.compile(r"[^\s@\"'\\()<>,;:]+@[^\s@\"'\\()<>,;:]+")
"""Characters that would need quoting in a query are not allowed."""
_LARGEST = 1 << 30
"""Bytes: far above the export of any Bitbucket."""


def read_emails(path: Path) -> tuple[str, ...]:
    """Read addresses, without duplicates in other letter case. Raises `UsageError`, which names a wrong line."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"--emails: {path} is larger than any list of addresses")
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise UsageError(f"--emails: {path} cannot be read: {reason}") from None
    found = _of_an_export(text, path) if text.lstrip().startswith("{") else _of_lines(text, path)
    addresses = tuple({address.lower(): address for address in found}.values())
    if not addresses:
        raise UsageError(f"--emails: {path} holds no e-mail address")
    return addresses


def _of_lines(text: str, path: Path) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        address = line.strip()
        if not address or address.startswith("#"):
            continue
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"--emails: line {number} of {path} is no e-mail address; write one a line")
        yield address


def _of_an_export(text: str, path: Path) -> Iterator[str]:
    try:
        users = [user for application in json.loads(text)["applications"] for user in application["local_users"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"--emails: {path} is neither an export nor a list with one address a line") from None
    for user in users:
        address: Any = user.get("email") if isinstance(user, dict) else None
        if isinstance(address, str) and _ADDRESS.fullmatch(address):
            yield address
