"""The data source and the date of each saved export. Makes no requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from connector.errors import UsageError
from connector.graph.export import Export
from connector.graph.payload import load
from connector.outputs.tables.rows import storable
from connector.review.provenance import moment


@dataclass(frozen=True, slots=True)
class DatedExport:
    """One application of one export, which counts for one day; `export` has no other application."""

    source: Path
    data_source: str
    date: date
    export: Export

    @property
    def name(self) -> str:
        """The name for people."""
        return f"{self.data_source} of {self.date}"


def dated_exports(source: Path, given: date | None) -> list[DatedExport]:
    """Read one export. Raises `ReviewError` for a file that is none, `UsageError` where nothing says its date."""
    export = load(source)
    single = [export] if len(export.applications) == 1 else list(_split(export))
    return [DatedExport(source, _name(one), given or _date(source, one), one) for one in single]


def _name(export: Export) -> str:
    return storable(export.applications[0].name)


def _split(export: Export) -> Iterator[Export]:
    """Give an export for each application: grants never lead from one to another."""
    for application in export.applications:
        yield replace(
            export,
            nodes=[application, *export.descendants_of(application)],
            identities=[one for one in export.identities if one.application is application],
            assignments=[row for row in export.assignments if row.holder.application is application],
        )


_NAMED_BY_TIME = re.compile(r"(?:^|-)(\d{8})-\d{6}\.json$")
"""How `--save-json` names a file where it is given no name, or a folder."""


def _date(source: Path, export: Export) -> date:
    """Give the day on which an export was collected, in UTC where the export says it itself."""
    collected = moment(export.applications[0].properties.get("collected_at"))
    if collected is not None:
        return collected.astimezone(UTC).date()
    # The link to the latest export has no date in its name; what it leads to has.
    named = _NAMED_BY_TIME.search(source.resolve().name)
    if named is not None:
        with suppress(ValueError):
            return datetime.strptime(named[1], "%Y%m%d").replace(tzinfo=UTC).date()
    raise UsageError(f"{source} does not say when it was collected: say for which day it counts with --date YYYY-MM-DD")
