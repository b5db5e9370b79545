"""Basic authentication: what stands in the header, and whether a secret is the right one."""

from __future__ import annotations

import base64
import binascii
import hmac


def decoded(credentials: str) -> tuple[str, str] | None:
    """Read name and password; None for what is neither base64 nor text."""
    try:
        name, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def same(given: str, expected: str) -> bool:
    """Compare secrets in a time that does not tell how much of them is right."""
    return hmac.compare_digest(given.encode(), expected.encode())
