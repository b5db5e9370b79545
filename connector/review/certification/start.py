"""An export → a folder of workbooks, one for each reviewer, an overview, and the review's own list.

The folder appears when everything in it is written, and never otherwise. One workbook is made at a time, so that
memory holds the export and little more.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connector.errors import SaveError, UsageError
from connector.files import new_file
from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.values import Group, Identity, Level, Node, Resource, User
from connector.review.caveats import Caveat, caveats
from connector.review.certification.attention import Attention
from connector.review.certification.background import Background
from connector.review.certification.grants import Grants, HeldGrant
from connector.review.certification.manifest import FILE_NAME, ListedGrant, Review, Sheet, Writer
from connector.review.certification.overview import GROUPS, OVERVIEW, write_groups, write_overview
from connector.review.certification.people import People
from connector.review.certification.rows import Row, place, project_of, rows, shown
from connector.review.certification.scope import Scope, Unit, units
from connector.review.certification.workbook import Contents, write_workbook
from connector.review.provenance import provenance
from connector.review.text.names import some, who

_PREFIX = "review-"
"""Before every name, so that no project's key makes a name that Windows keeps for itself, such as CON."""

_LONGEST_NAME = 50


@dataclass(frozen=True, slots=True)
class Started:
    """What was written: the workbooks, and the projects in which there is nothing to decide."""

    review: Review
    sheets: tuple[Sheet, ...]
    without: tuple[tuple[str, str], ...]
    caveats: tuple[Caveat, ...]


def start(export: Export, source: Path, folder: Path, scope: Scope) -> Started:
    """Write the folder of a review. Raises `UsageError`, and `SaveError` where nothing was written."""
    gc.freeze()  # millions of values, of which none becomes garbage
    try:
        starting = _Starting(export, source, scope)
        with _whole_folder(folder) as unfinished:
            return starting.write(unfinished)
    finally:
        gc.unfreeze()


@dataclass(slots=True)
class _WorkbookGrants:
    """What one workbook asks about, and what it has for information."""

    rows: list[Row]
    for_information: list[HeldGrant] = field(default_factory=list)
    unasked: Counter[Level] = field(default_factory=Counter)


class _Starting:
    def __init__(self, export: Export, source: Path, scope: Scope) -> None:
        access = Access(export)
        self._scope, self._grants, self._people = scope, Grants(export), People(access)
        self._units = units(access, scope)
        self._attention = Attention(access)
        self._background = Background(self._grants, self._people)
        self._caveats = tuple(caveats(export))
        self._review = _review(export, source, scope)
        self._large: dict[Group, None] = {}
        self._emails: dict[tuple[Identity, ...], str] = {}

    def write(self, folder: Path) -> Started:
        """Write everything. Raises OSError."""
        sheets: list[Sheet] = []
        without: list[tuple[str, str]] = []
        names = _FileNames()
        with open(new_file(folder / FILE_NAME), "wb") as file:  # noqa: PTH123 - a descriptor, no path
            listed = Writer(file, self._review)
            for unit in self._units:
                asked = self._asked(unit)
                if asked.rows:
                    path = folder / names.of(unit.name)
                    sheets.append(self._write_workbook(path, len(sheets), unit, asked))
                    _list(listed, sheets[-1], asked.rows)
                elif not unit.is_global:
                    without.extend((place(node), shown(node.name)) for node in unit.nodes)
            listed.close()
        self._write_overview(folder, sheets, without)
        return Started(self._review, tuple(sheets), tuple(without), self._caveats)

    def _asked(self, unit: Unit) -> _WorkbookGrants:
        """Divide the grants of a unit: to decide on, below the level of the review, and for information."""
        asked, held = _WorkbookGrants([]), list[HeldGrant]()
        for node in self._nodes(unit):
            asked.for_information.extend(self._grants.for_information(node))
            for one in self._grants.to_decide(node):
                if one.level >= self._scope.at_least:
                    held.append(one)
                else:
                    asked.unasked[one.level] += 1
        asked.rows = rows(held, self._attention)
        return asked

    def _nodes(self, unit: Unit) -> Iterator[Node]:
        for node in unit.nodes:
            yield node
            if isinstance(node, Resource):
                yield from self._grants.export.descendants_of(node)

    def _write_workbook(self, path: Path, number: int, unit: Unit, asked: _WorkbookGrants) -> Sheet:
        reviewers = shown(some([who(one) for one in unit.reviewers]))
        contents = Contents(
            review=self._review.id,
            number=number,
            title=shown(unit.title),
            application=self._review.application,
            as_of=self._review.as_of,
            reviewers=reviewers,
            caveats=self._caveats,
            rows=asked.rows,
            facts=self._background.of(unit.nodes, asked.for_information, asked.unasked),
        )
        write_workbook(path, contents, self._attention, self._people)
        holders = (row.first.holder for row in asked.rows)
        self._large.update((one, None) for one in holders if isinstance(one, Group) and self._people.is_long(one))
        return Sheet(
            number=number,
            file=path.name,
            title=contents.title,
            reviewers=reviewers,
            emails=self._emails_of(unit.reviewers),
            grants=sum(len(row.grants) for row in asked.rows),
            rows=len(asked.rows),
            to_look_at=sum(bool(row.reasons) for row in asked.rows),
        )

    def _emails_of(self, reviewers: tuple[Identity, ...]) -> str:
        if reviewers not in self._emails:
            addresses = [address for one in reviewers for address in self._addresses(one)]
            self._emails[reviewers] = shown(some(addresses))
        return self._emails[reviewers]

    def _addresses(self, reviewer: Identity) -> list[str]:
        people = self._people.of(reviewer) if isinstance(reviewer, Group) else [reviewer]
        return [one.email for one in people if isinstance(one, User) and one.email and one.is_active is not False]

    def _write_overview(self, folder: Path, sheets: list[Sheet], without: list[tuple[str, str]]) -> None:
        everywhere = self._background.of(self._grants.export.resources[:1], (), {})
        write_overview(folder / OVERVIEW, self._review, sheets, without, everywhere, self._caveats)
        if self._large:
            write_groups(folder / GROUPS, self._people, sorted(self._large, key=lambda group: group.name.lower()))


def _list(listed: Writer, sheet: Sheet, made: list[Row]) -> None:
    listed.workbook(sheet)
    for row in made:
        folded = row.id if len(row.grants) > 1 else ""
        for held in row.grants:
            on, project = place(held.on), place(project_of(held.on))
            listed.grant(ListedGrant(held.reference, folded, row.holder, row.right, held.level, on, project))


def _review(export: Export, source: Path, scope: Scope) -> Review:
    """Say what the review is about; its id follows from the export and the options, so that it can be made again."""
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    times = (application.properties.get("collected_at") for application in export.applications)
    asked = json.dumps([sha256, scope.by, sorted(scope.only), scope.at_least])
    return Review(
        id=hashlib.sha256(asked.encode()).hexdigest()[:8],
        application=shown(", ".join(application.name for application in export.applications)),
        collected_at=next((time for time in times if isinstance(time, str)), ""),
        as_of="; ".join(dict.fromkeys(one.date for one in provenance(export))),
        by=scope.by,
        only=scope.only,
        at_least=scope.at_least,
        export=source.name,
        export_sha256=sha256,
    )


class _FileNames:
    """Names of workbooks that every file system takes and tells apart."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        stem = _PREFIX + re.sub(r"[^\w.~-]", "_", unicodedata.normalize("NFKC", name))[:_LONGEST_NAME]
        numbered, number = stem, 1
        while numbered.casefold() in self._taken:
            number += 1
            numbered = f"{stem}-{number}"
        self._taken.add(numbered.casefold())
        return f"{numbered}.xlsx"


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `folder` when the block ends well, and vanishes otherwise."""
    place = Path(os.path.realpath(folder))
    try:
        check_free(folder)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
        try:
            yield unfinished
            unfinished.rename(place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise SaveError(f"{folder} cannot be written: {error.strerror or error}. Nothing was written") from error


def check_free(folder: Path) -> None:
    """Raise `UsageError` where a folder holds anything, a review above all; there may be none by that name."""
    if (folder / FILE_NAME).exists():
        raise UsageError(f"{folder} already holds a review, and its answers stay: name another folder for a new one")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder for the review")
