"""Texts from others, made harmless for logs and terminals, and times as text. Imports nothing of ours."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime

_HARMFUL = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: ends of lines, and what moves the cursor of a terminal
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # changes of the direction of writing
    "\u2028\u2029\ufff0-\ufffb"  # separators and anchors
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d"  # characters without width
    "\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"  # likewise
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # selectors of variations, and tags
    "\ud800-\udfff"  # lone surrogates, which cannot be encoded
    "]"
)


def clean(text: str) -> str:
    """Escape characters that could forge a line, move a cursor, or make two names look alike."""
    return _HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def rfc3339(time: datetime, timespec: str = "auto") -> str:
    """Write a time as RFC 3339, UTC as `Z`: `2026-11-25T08:05:00Z`."""
    return time.isoformat(timespec=timespec).replace("+00:00", "Z")


def is_ip_address(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
