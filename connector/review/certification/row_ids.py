"""What stands in the hidden column: which grant a row is about, and a checksum against edits.

The checksum covers the names that the row shows. Where a row was sorted apart from its id, its id was edited, or its
names were, the answer in it is no answer about that grant.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass

_FORM = re.compile(r"([0-9a-f]{8})-([0-9]{1,9})-([0-9a-f]{16})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class RowId:
    """Which grant a row is about, in which workbook of which review, and the checksum that came with it."""

    review: str
    workbook: int
    grant: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.review}-{self.workbook}-{self.grant}-{self.checksum}"

    def fits(self, *shown: str) -> bool:
        """Whether the row shows what it was written with."""
        return self == row_id(self.review, self.workbook, self.grant, *shown)


def row_id(review: str, workbook: int, grant: str, *shown: str) -> RowId:
    """Make the id of a row that shows these names."""
    return RowId(review, workbook, grant, _checksum(review, str(workbook), grant, *shown))


def read_row_id(text: str) -> RowId | None:
    """Read an id; None where it is none."""
    found = _FORM.fullmatch(text.strip().lower())
    return RowId(found[1], int(found[2]), found[3], found[4]) if found else None


def _checksum(*parts: str) -> str:
    return hashlib.sha256(json.dumps([plain(part) for part in parts]).encode()).hexdigest()[:8]


def plain(text: str) -> str:
    """Give a text without what programs change in it when they save: forms of characters, and runs of spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())
