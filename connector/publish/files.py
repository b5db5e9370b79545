"""Write files whole or not at all. Knows the file system, nothing of what is written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from connector.errors import SaveError

_BUFFER = 1 << 20

_STREAMED_LEVELS = 4
"""Levels written entry by entry and line by line, down to those of `applications[0].local_users`."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Open a file that appears at `path`, mode 0600, when the block ends well, and never otherwise.

    It is written beside its place, flushed to disk, and renamed. Raises `SaveError`.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise SaveError(_cannot(path, error)) from error
    unfinished = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8", buffering=_BUFFER) as file:  # noqa: PTH123 - a descriptor, no path
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise SaveError(_cannot(path, error)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raise `SaveError` now where writing `path` at the end of a long run could not work."""
    if path.is_dir():
        raise SaveError(f"{path} is a folder; name a file in it")
    with suppress(_Discarded), whole_file(path):
        raise _Discarded


class _Discarded(Exception):
    """Nothing was to be kept."""


def save_json(payload: Mapping[str, Any], path: Path) -> int:
    """Write a payload as JSON, an entry a line, and give its size in bytes. Raises `SaveError`.

    It is written in pieces: as one text it would stand in memory a second time.
    """
    with whole_file(path) as file:
        file.writelines(_pieces(payload, _STREAMED_LEVELS))
        file.write("\n")
        return file.tell()


def _pieces(value: object, levels: int) -> Iterator[str]:
    if levels and isinstance(value, Mapping):
        yield from _enclosed("{}", ((f"{json.dumps(k)}:", v) for k, v in value.items()), levels)
    elif levels and isinstance(value, list):
        yield from _enclosed("[]", (("", entry) for entry in value), levels)
    else:
        yield json.dumps(value, separators=(",", ":"))


def _enclosed(brackets: str, entries: Iterable[tuple[str, object]], levels: int) -> Iterator[str]:
    yield brackets[0]
    separator = "\n"
    for label, entry in entries:
        yield separator + label
        yield from _pieces(entry, levels - 1)
        separator = ",\n"
    yield brackets[1]


def _cannot(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror or error}. What stood there before is unchanged"
