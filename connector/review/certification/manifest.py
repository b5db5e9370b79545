"""The review's own list: what it is about, its workbooks, and every grant that is asked about.

Lines of JSON, deflated, in the folder of the workbooks. What is to be done comes from this list alone; from the
workbooks come answers, and nothing that somebody typed there can name a grant. The same export and the same options
give the same list, so that one that was lost can be made again.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from connector.graph.values import Level, ReviewError
from connector.review.certification.grants import Reference, reference_from

FILE_NAME = "review.jsonl.gz"
_FORMAT = 1
_EFFORT = 3
"""Of deflating: a million grants shrink to a tenth in seconds; more effort gains little."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a review is about. `collected_at` is when the export was collected, where it says so; `as_of`, in words."""

    id: str
    application: str
    collected_at: str
    as_of: str
    by: str
    only: tuple[str, ...]
    at_least: Level
    export: str
    export_sha256: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One workbook of a review: its file, what it is about, whom it goes to, and how much there is to decide.

    `reviewers` and `emails` are for people to read, and empty where nobody is known who could answer.
    """

    number: int
    file: str
    title: str
    reviewers: str
    emails: str
    grants: int
    rows: int
    to_look_at: int


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """One grant that a workbook asks about; `folded` is the id of the row that it is folded into.

    `name` is what people call the right.
    """

    reference: Reference
    folded: str
    holder: str
    name: str
    level: Level
    on: str
    project: str

    @property
    def id(self) -> str:
        """The grant's id."""
        return self.reference.digest


class Writer:
    """Writes the list, a workbook with its grants after the other."""

    def __init__(self, file: IO[bytes], review: Review) -> None:
        # No name and no time of ours: the same review is the same list, byte for byte.
        self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=_EFFORT, fileobj=file, mtime=0)
        self._line({"format": _FORMAT, **asdict(review)})

    def workbook(self, sheet: Sheet) -> None:
        """Begin a workbook."""
        self._line(asdict(sheet))

    def grant(self, asked: ListedGrant) -> None:
        """Add a grant to the workbook that was begun last."""
        shown = [asked.holder, asked.name, asked.level, asked.on, asked.project]
        self._line([asked.reference.as_list(), asked.folded, *shown])

    def close(self) -> None:
        """End the list; the file stays open."""
        self._file.close()

    def _line(self, value: object) -> None:
        self._file.write(f"{json.dumps(value)}\n".encode())


def read_review(folder: Path) -> Review:
    """Read what a review is about. Raises `ReviewError` where the folder holds none, or its list is damaged."""
    with _understood(folder):
        return _review(next(_lines(folder)))


def read_list(folder: Path) -> Iterator[Sheet | ListedGrant]:
    """Yield each workbook, followed by its grants. Raises `ReviewError`."""
    with _understood(folder):
        lines = _lines(folder)
        _review(next(lines))
        for value in lines:
            yield Sheet(**value) if isinstance(value, dict) else _asked(value)


def _lines(folder: Path) -> Iterator[Any]:
    with gzip.open(folder / FILE_NAME) as file:
        yield from map(json.loads, file)


@contextmanager
def _understood(folder: Path) -> Iterator[None]:
    """Report any error in the list as one line."""
    path = folder / FILE_NAME
    try:
        yield
    except FileNotFoundError as error:
        raise ReviewError(
            f"{folder} is no folder of a review: it has no {FILE_NAME}. Where that was lost, start the review again "
            f"with the same export and options, in another folder, and copy its {FILE_NAME}: it is the same list"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ReviewError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except (ValueError, TypeError, KeyError, StopIteration, RuntimeError) as error:
        raise ReviewError(f"{path} is damaged, or was written by another version") from error


def _review(value: dict[str, Any]) -> Review:
    if value.pop("format") != _FORMAT:
        raise ValueError("another version")
    return Review(**value | {"only": tuple(value["only"]), "at_least": Level(value["at_least"])})


def _asked(value: list[Any]) -> ListedGrant:
    reference, folded, holder, name, level, on, project = value
    return ListedGrant(reference_from(reference), folded, holder, name, Level(level), on, project)
