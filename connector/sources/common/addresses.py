"""Addresses with their segments filled in."""

from __future__ import annotations

from urllib.parse import quote

from connector.rest.fields import Malformed


def filled(template: str, segments: tuple[str, ...], safe: str = "") -> str:
    """Put segments in the place of each `{}`, percent-encoded but for what is `safe`.

    Raises `Malformed` for a segment that an HTTP library would resolve as a step in a path.
    """
    if any(segment in {"", ".", ".."} for segment in segments):
        raise Malformed(f"{template} cannot be asked for {segments!r}")
    return template.format(*(quote(segment, safe=safe) for segment in segments))
