"""Credentials of the embedded Bitbuckets: Basic authentication, and public SSH keys that are made up."""

from __future__ import annotations

import base64
import binascii
import hashlib
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


def public_key(label: str) -> str:
    """Make a well-formed Ed25519 public key without a private key, with its label as comment."""
    kind, point = b"ssh-ed25519", hashlib.sha256(label.encode()).digest()
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in (kind, point))
    return f"{kind.decode()} {base64.b64encode(blob).decode()} {label}"
