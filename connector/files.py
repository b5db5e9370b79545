"""Write files whole or not at all. Knows the file system, not the contents."""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import logging
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from connector.errors import GuardError, SaveError

log = logging.getLogger(__name__)

READABLE_BY_ALL = 0o644
"""Mode of a file without names, which a program of another account reads."""

_BUFFER = 1 << 20

_encode = json.JSONEncoder(separators=(",", ":")).encode
"""One encoder for all entries: `json.dumps` with separators would make one for each of a million."""

_STREAMED_LEVELS = 4
"""Levels whose entries have a line each, down to those of `applications[0].local_users`."""

_UNFINISHED = ".part"


@contextmanager
def whole_file(path: Path, mode: int | None = None) -> Iterator[IO[str]]:
    """Open a file that appears at `path` when the block ends well, and never otherwise.

    Its mode is 0600, unless another is given. It is written to a temporary file in the same folder, flushed to disk,
    and renamed. The target of a link is replaced, not the link. Raises `SaveError`.
    """
    place = _place(path)
    # The name is chosen before the file exists, so that a signal in between leaves no file.
    unfinished = _unfinished(place)
    try:
        descriptor = new_file(unfinished)
        with open(descriptor, "w", encoding="utf-8", buffering=_BUFFER) as file:  # noqa: PTH123 - a descriptor, no path
            if mode is not None:
                os.fchmod(descriptor, mode)  # whatever the umask says
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
    except OSError as error:
        raise SaveError(_cannot(path, error)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def new_file(path: Path) -> int:
    """Create a file that only its owner can read, and give its descriptor. Raises OSError where there is one."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def check_writable(path: Path) -> None:
    """Raise `SaveError` before a long run where `path` could not be written at its end.

    The disk must have room for a second file of the same size.
    """
    with suppress(_Discarded), whole_file(path) as file:
        size = 0
        with suppress(OSError):
            size = path.stat().st_size
        for start in range(0, size, _BUFFER):
            file.write("0" * min(_BUFFER, size - start))
        file.flush()
        raise _Discarded


class _Discarded(Exception):
    """The file was written as a test only."""


@contextmanager
def only_writer(path: Path, unfinished: str | None = None) -> Iterator[None]:
    """Lock `path` for this run. Raises `GuardError` where another run holds the lock.

    Unfinished files of a run that was killed are removed: those of `path` itself, or, where `path` is a link to one of
    several files beside it, those whose names match `unfinished`.
    """
    place = _place(path) if unfinished is None else path
    try:
        held = _held(place.with_name(f".{place.name}.lock"), str(path))
    except OSError as error:
        raise SaveError(_cannot(path, error)) from error
    with held:
        _remove_unfinished(place.parent, unfinished or glob.escape(place.name))
        yield


def only_run(key: str, what: str) -> AbstractContextManager[None]:
    """Be the only run of this user on this machine for `key`. Raises `GuardError` where another works on `what`.

    The lock is in the user's state folder, or in the current folder where there is none: in a container that is the
    volume that runs share. Where neither can be written, a warning is logged.
    """
    name = f".oaa-bitbucket-{hashlib.sha256(key.encode()).hexdigest()[:32]}.lock"
    for folder in _state_folders():
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _held(folder / name, what)
    log.warning("no lock can be written for %s: make sure that no two runs work on it at the same time", what)
    return nullcontext()


def _state_folders() -> Iterator[Path]:
    """Give folders for locks, the preferred one first (XDG Base Directory Specification, `XDG_STATE_HOME`)."""
    with suppress(RuntimeError):  # an account without a home
        yield Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "oaa-bitbucket"
    yield Path()


def _held(lock: Path, what: str) -> AbstractContextManager[None]:
    """Take a lock now, and give the context that releases it. The end of the process releases it too.

    Raises `GuardError` where another run holds it, and OSError.
    """
    try:
        descriptor = _locked(lock)
    except BlockingIOError:
        raise GuardError(
            f"Another run has been at work on {what} since {_since(lock)}, so this one ends before it asks anything. "
            "Wait for it, or end it; if runs take longer than the time between them, start them less often"
        ) from None
    return _release(descriptor, lock)


@contextmanager
def _release(descriptor: int, lock: Path) -> Iterator[None]:
    try:
        yield
    finally:
        # Removed while it is held: another run that has opened it sees that in `_still_exists`.
        with suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _locked(lock: Path) -> int:
    """Give a descriptor that holds the lock. Raises OSError; BlockingIOError where another run holds it."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _lock(descriptor, lock)
            if _still_exists(descriptor, lock):
                os.utime(descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, lock: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        log.warning(
            "%s cannot be locked (%s): make sure that no two runs write there at the same time", lock, error.strerror
        )


def _still_exists(descriptor: int, lock: Path) -> bool:
    """Whether the file still exists: the run that held the lock may have removed it before we locked it."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False


def _since(lock: Path) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(lock.stat().st_mtime))
    except OSError:
        return "a moment ago"


def _remove_unfinished(folder: Path, names: str) -> None:
    for left in folder.glob(f".{names}.*{_UNFINISHED}"):
        log.warning("removed %s, the unfinished file of a run that was killed", left)
        with suppress(OSError):
            left.unlink()


def point(link: Path, name: str) -> None:
    """Let a link point to a file in its folder, whether or not the link exists. Raises `SaveError`."""
    unfinished = _unfinished(link)
    try:
        unfinished.symlink_to(name)
        unfinished.replace(link)
    except OSError as error:
        raise SaveError(_cannot(link, error)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _unfinished(place: Path) -> Path:
    return place.with_name(f".{place.name}.{secrets.token_hex(4)}{_UNFINISHED}")


def save_json(payload: Mapping[str, Any], path: Path) -> int:
    """Write a payload as JSON, an entry a line, and give its size in bytes. Raises `SaveError`.

    It is written in pieces: as one text it would be in memory a second time.
    """
    with whole_file(path) as file:
        file.writelines(json_pieces(payload, _STREAMED_LEVELS))
        file.write("\n")
        return file.tell()


def json_pieces(value: object, levels: int, line_end: str = "\n") -> Iterator[str]:
    """Yield a value as JSON; in the upper `levels` each entry is a piece, with `line_end` before it.

    `json.dumps` of a large value would hold up every other thread, signals too, for seconds.
    """
    if levels and isinstance(value, Mapping):
        yield from _enclosed("{}", ((f"{json.dumps(k)}:", v) for k, v in value.items()), levels, line_end)
    elif levels and isinstance(value, list):
        yield from _enclosed("[]", (("", entry) for entry in value), levels, line_end)
    else:
        yield _encode(value)


def _enclosed(brackets: str, entries: Iterable[tuple[str, object]], levels: int, line_end: str) -> Iterator[str]:
    yield brackets[0]
    separator = line_end
    for label, entry in entries:
        if levels > 1 and isinstance(entry, Mapping | list):
            yield separator + label
            yield from json_pieces(entry, levels - 1, line_end)
        else:
            yield separator + label + _encode(entry)
        separator = f",{line_end}"
    yield brackets[1]


def _place(path: Path) -> Path:
    """Resolve links of a path. Raises `SaveError` where it is no ordinary file."""
    place = Path(os.path.realpath(path))
    with suppress(OSError):
        mode = place.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SaveError(f"{path} is a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise SaveError(f"{path} is a device or a pipe, and only an ordinary file can be replaced")
    return place


def _cannot(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {error.strerror or error}. What stood there before is unchanged"
