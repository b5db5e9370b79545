"""A payload as it is sent to Veza: JSON, compressed, as text. Knows nothing of what it holds."""

from __future__ import annotations

import base64
import gzip
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.errors import VezaError
from connector.files import json_pieces

log = logging.getLogger(__name__)

MAX_PAYLOAD_SIZE = 100_000_000
"""Bytes that Veza takes in one push, as they are sent; oaaclient has the same."""
_NEAR_THE_LIMIT = 0.8
_COMPRESSION = 6  # 9, the default, takes three times as long for a percent
_STREAMED_LEVELS = 4  # down to single users, resources, identities


@dataclass(frozen=True, slots=True)
class CompressedPayload:
    """A payload in base64 of gzip, and the size of its JSON in bytes."""

    json_size: int
    data: str = field(repr=False)


def pack(payload: Mapping[str, object]) -> CompressedPayload:
    """Write a payload as JSON, compress it and make it text, as Veza takes it, once and with little memory."""
    buffer = io.BytesIO()
    size = 0
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=_COMPRESSION, mtime=0) as packed:
        for piece in json_pieces(payload, _STREAMED_LEVELS, line_end=""):
            size += packed.write(piece.encode())
    return CompressedPayload(size, base64.b64encode(buffer.getbuffer()).decode())


def check_size(compressed: CompressedPayload) -> None:
    """Log the size of what is pushed. Raises `VezaError` where Veza would refuse it."""
    size = len(compressed.data)
    log.info("Veza: the payload is %s of JSON, %s as it is sent", _megabytes(compressed.json_size), _megabytes(size))
    limit = _megabytes(MAX_PAYLOAD_SIZE)
    if size > MAX_PAYLOAD_SIZE:
        raise VezaError(
            f"the payload is {_megabytes(size)} as it is sent, and Veza takes {limit}:"
            " leave out groups without grants (--groups granted) and what --include adds"
        )
    if size > MAX_PAYLOAD_SIZE * _NEAR_THE_LIMIT:
        log.warning("Veza: the payload is near the limit of %s; beyond it nothing is pushed", limit)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
