"""A folder of nights: each night is a folder of files, which a reader sees whole or not at all.

    FOLDER/data_source=NAME/date=YYYY-MM-DD/TABLE.parquet

Knows the file system, nothing of what is in the files. Names are escaped as Hive does, so that DuckDB, Spark and
others read `data_source` and `date` from the path.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from connector.errors import SaveError, UsageError
from connector.files import only_writer

_STAGING = ".tables-"
_REPLACED = "replaced"
NIGHTS = "data_source=*/date=*"
"""Where the nights are, below their folder."""


@dataclass(slots=True)
class Staging:
    """Nights that are being written, beside where they will stand."""

    folder: Path
    scratch: Path
    """Where other files can be put for as long as nights are written."""
    _staged: dict[Path, Path] = field(default_factory=dict)

    def night(self, data_source: str, day: date) -> Path:
        """Make the folder to write a night into. Raises `UsageError` where there is one already."""
        place = self.folder / f"data_source={_escaped(data_source)}" / f"date={day}"
        if place in self._staged:
            raise UsageError(
                f"two exports are of {data_source} and of {day}: give one of them, or write each with its own --date"
            )
        self._staged[place] = staged = self.scratch / str(len(self._staged))
        staged.mkdir(mode=0o700)
        return staged

    def publish(self) -> None:
        """Put every night in its place, instead of what stood there."""
        for staged in self._staged.values():
            for file in staged.iterdir():
                file.chmod(0o600)
                _sync(file)
            _sync(staged)
        for place, staged in self._staged.items():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            _put(staged, place, self.scratch / _REPLACED / place.parent.name / place.name)
            _sync(place.parent)


@contextmanager
def staging(folder: Path, ending: str) -> Iterator[Staging]:
    """Give where to write nights; nothing of it is left, unless it was published.

    Raises `SaveError` where nothing can be written there, `GuardError` where another run is at work there, and
    `UsageError` where the nights that are there have other files than those that end in `ending`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_writer(folder / "tables"):
            _check_endings(folder, ending)
            _tidy(folder)
            with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder, ignore_cleanup_errors=True) as root:
                yield Staging(folder, Path(root))
    except OSError as error:
        why = error.strerror or error
        raise SaveError(f"{folder} cannot be written: {why}. What stood there before is unchanged") from error


def _check_endings(folder: Path, ending: str) -> None:
    for other in folder.glob(f"{NIGHTS}/*"):
        if other.suffix != ending:
            raise UsageError(
                f"{folder} holds {other.suffix.removeprefix('.')} files, and a folder of nights holds one format, "
                "so that no night is missing for its readers: give another folder with -o"
            )


def _tidy(folder: Path) -> None:
    """Remove what killed runs left, but for a night that was taken from its place and not replaced."""
    for left in folder.glob(f"{_STAGING}*"):
        for night in left.glob(f"{_REPLACED}/{NIGHTS}"):
            place = folder / night.parent.name / night.name
            if not place.exists():
                night.rename(place)
        shutil.rmtree(left, ignore_errors=True)


def _put(staged: Path, place: Path, replaced: Path) -> None:
    """Put a folder in its place. Where the file system can exchange two, no reader finds the place empty."""
    if not place.exists():
        staged.rename(place)
    elif not _exchange(staged, place):
        replaced.parent.mkdir(parents=True)
        place.rename(replaced)
        staged.rename(place)


_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE, see renameat2(2)."""


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; say whether this system can."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    return renameat2 is not None and renameat2(_HERE, bytes(one), _HERE, bytes(other), _EXCHANGE) == 0


_SPECIAL = re.compile("[\x01-\x1f\"#%'*/:=?\\\\\x7f{\\[\\]^]")
"""What Hive escapes in a path, and readers of such paths understand: bytes of UTF-8, for example, are not."""


def _escaped(name: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):02X}", name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
