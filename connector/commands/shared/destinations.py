"""Where an export is saved: in a file that each run replaces, in one named by time, or in a folder of the last ones."""

from __future__ import annotations

import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import SaveError
from connector.files import check_writable, only_writer, point, save_json

log = logging.getLogger(__name__)

LATEST = "latest.json"

_NIGHT = re.compile(r"\d{8}-\d{6}\.json")


class Place(ABC):
    """Where an export is saved."""

    @abstractmethod
    def next(self) -> Path:
        """Give the file that an export of this moment is saved in."""

    def lock(self) -> AbstractContextManager[None]:
        """Lock the place against other runs. Raises `GuardError` if another run holds the lock."""
        return nullcontext()

    def check(self) -> None:
        """Raise `SaveError` now where saving could not work."""
        check_writable(self.next())

    def save(self, payload: Mapping[str, Any]) -> tuple[Path, int]:
        """Save a payload, and give its file and size in bytes. Raises `SaveError`."""
        path = self.next()
        return path, save_json(payload, path)


@dataclass(frozen=True, slots=True)
class File(Place):
    """A file that each run replaces."""

    path: Path

    def next(self) -> Path:
        """Give the file."""
        return self.path

    def lock(self) -> AbstractContextManager[None]:
        """Lock the file."""
        return only_writer(self.path)


@dataclass(frozen=True, slots=True)
class NamedByTime(Place):
    """A file in the current folder, named by the data source and the time; no two are the same."""

    data_source_name: str

    def next(self) -> Path:
        """Give the name of this second."""
        return Path(f"{self.data_source_name}-{_now()}.json")


@dataclass(frozen=True, slots=True)
class History(Place):
    """A folder of the last exports, named by time, and a link `latest.json` to the newest."""

    folder: Path
    keep: int

    def next(self) -> Path:
        """Give the name of this second."""
        return self.folder / f"{_now()}.json"

    def lock(self) -> AbstractContextManager[None]:
        """Make the folder if it is missing, and lock `latest.json` in it."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            what = (
                "is a file, and --keep needs a folder" if self.folder.is_file() else f"cannot be made: {error.strerror}"
            )
            raise SaveError(f"{self.folder} {what}") from error
        return only_writer(self.folder / LATEST, unfinished="[0-9l]*.json")

    def check(self) -> None:
        """See that there is room for another export like the last one."""
        check_writable(self.folder / LATEST)

    def save(self, payload: Mapping[str, Any]) -> tuple[Path, int]:
        """Save a payload, let `latest.json` point to it, and remove what is older than the last ones."""
        path, size = Place.save(self, payload)
        try:
            point(self.folder / LATEST, path.name)
        except SaveError as error:
            raise SaveError(f"{error}. The export is saved in {path}") from error
        for old in sorted(each for each in self.folder.iterdir() if _NIGHT.fullmatch(each.name))[: -self.keep]:
            try:
                old.unlink()
            except OSError as error:
                log.warning("%s is one of the older exports, and cannot be removed: %s", old, error.strerror)
        return path, size

    def holds(self, path: object) -> bool:
        """Whether a path is that of one of its exports."""
        return (
            isinstance(path, Path)
            and path.parent.resolve() == self.folder.resolve()
            and (path.name == LATEST or bool(_NIGHT.fullmatch(path.name)))
        )


def _now() -> str:
    return time.strftime("%Y%m%d-%H%M%S")
