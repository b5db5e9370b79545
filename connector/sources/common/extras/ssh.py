"""What a public SSH key says about itself, without the key: algorithm, length, fingerprint.

Source: RFC 4253, 6.6, and OpenSSH's PROTOCOL for the other kinds. Nothing of a key's text or comment leaves here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

_LENGTH = 4

_MODULUS = {"ssh-rsa": 2, "ssh-dss": 1}
"""Which of a key's fields is the number whose length counts."""
_BITS = {
    "ssh-ed25519": 256,
    "ecdsa-sha2-nistp256": 256,
    "ecdsa-sha2-nistp384": 384,
    "ecdsa-sha2-nistp521": 521,
    "sk-ssh-ed25519@openssh.com": 256,
    "sk-ecdsa-sha2-nistp256@openssh.com": 256,
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What is known of a key; all None where its text is no key."""

    algorithm: str | None = None
    bit_length: int | None = None
    fingerprint: str | None = None


def read_public_key(text: str) -> PublicKey:
    """Read a line of an authorized_keys file: kind, key in base64, comment."""
    kind, encoded = (*text.split(None, 2), "", "")[:2]
    try:
        blob = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return PublicKey()
    parts = _fields(blob)
    if not parts or parts[0] != kind.encode("utf-8", "replace"):
        return PublicKey()
    return PublicKey(kind, _bit_length(kind, parts), _fingerprint(blob))


def _fingerprint(blob: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii")
    return f"SHA256:{digest.rstrip('=')}"


def _bit_length(kind: str, parts: list[bytes]) -> int | None:
    if kind not in _MODULUS:
        return _BITS.get(kind)
    at = _MODULUS[kind]
    return int.from_bytes(parts[at], "big").bit_length() if len(parts) > at else None


def _fields(blob: bytes) -> list[bytes]:
    """Give the fields of a key, each written after its length; none where it breaks off."""
    parts, rest = [], blob
    while rest:
        size = int.from_bytes(rest[:_LENGTH], "big")
        part, rest = rest[_LENGTH : _LENGTH + size], rest[_LENGTH + size :]
        if len(part) < size:
            return []
        parts.append(part)
    return parts
