"""The rows that a reviewer decides on: what matters first, and equal grants folded where there are many.

A row is a grant. In a workbook of more than `FOLDED_FROM` grants those of one holder at one right on things below the
same project are one row, which says how many they are; each of them has a row of its own on a sheet behind, for
somebody decides differently on some. Nothing is left out, and every grant has its own id.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connector.graph.values import Application, Credential, Identity, Level, Node, Resource, lineage
from connector.review.certification.attention import Attention, Reason
from connector.review.certification.grants import HeldGrant, digest
from connector.review.findings.finding import Urgency
from connector.review.text.names import everywhere, kind, person, resources, some, where
from connector.text import clean

FOLDED_FROM = 20
"""The rows that fit on a screen; where there are more, equal grants are folded."""

LONGEST_TEXT = 1_000
"""Characters of a name that are shown. A cell takes 32,767, which is too long to read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One decision: on one grant, or on `grants` that are equal but for what they are on."""

    grants: tuple[HeldGrant, ...]
    on: str
    reasons: tuple[Reason, ...]
    why: str

    @property
    def first(self) -> HeldGrant:
        """One of the grants, for what they share."""
        return self.grants[0]

    @property
    def id(self) -> str:
        """What the row is called in the review: the grant's id, or one for all of them."""
        return self.first.reference.digest if len(self.grants) == 1 else folded_id(self.grants)

    @property
    def holder(self) -> str:
        """The holder's name as shown."""
        return shown(person(self.first.holder))

    @property
    def right(self) -> str:
        """The right's name as shown."""
        return shown(self.first.right)

    @property
    def kind(self) -> str:
        """What holds it, in one word."""
        return kind(self.first.holder)

    @property
    def grounds(self) -> str:
        """The reasons to look at it, without the number of grants that each is about."""
        return "; ".join(reason.text for reason in self.reasons)

    @property
    def block(self) -> tuple[bool, int, int, str, str]:
        """What rows have in common that may get the same answer, the most important first."""
        urgency = self.reasons[0].urgency if self.reasons else len(Urgency)
        return self.is_about_a_key, urgency, -self.first.level, self.grounds, self.kind

    @property
    def is_about_a_key(self) -> bool:
        """Whether a key or token holds it."""
        return isinstance(self.first.holder, Credential)

    def one_by_one(self, attention: Attention) -> Iterator[Row]:
        """Yield a row for each of its grants."""
        return (_single(held, attention) for held in self.grants)


def shown(text: str) -> str:
    """Give a name as a cell shows it: harmless, and not endless."""
    harmless = clean(text)
    return harmless if len(harmless) <= LONGEST_TEXT else f"{harmless[: LONGEST_TEXT - 1]}…"


def place(node: Node) -> str:
    """Name what a grant is on, as shown."""
    return shown(everywhere(node) if isinstance(node, Application) else where(node))


def level_in_words(level: Level) -> str:
    """Call a level; a right that reads and writes nothing, such as to create projects, is `other`."""
    return str(level) if level else "other"


def folded_id(grants: Iterable[HeldGrant]) -> str:
    """Give the id of a row that stands for several grants."""
    return digest("folded", *sorted(held.reference.digest for held in grants))


def rows(held: Sequence[HeldGrant], attention: Attention) -> list[Row]:
    """Make the rows: people before keys, of each those that deserve a look first, then by level, reason and holder."""
    groups = _folded(held) if len(held) > FOLDED_FROM else ((one,) for one in held)
    made = (_single(group[0], attention) if len(group) == 1 else _several(group, attention) for group in groups)
    return sorted(made, key=_importance)


def _importance(row: Row) -> tuple[object, ...]:
    return *row.block, row.holder.lower(), row.first.holder.id, row.on.lower(), row.right


def _folded(held: Iterable[HeldGrant]) -> list[tuple[HeldGrant, ...]]:
    """Put grants of one holder at one right below one project together; what is on a project itself stands alone."""
    groups: dict[tuple[Identity, str, Level, Node, bool], list[HeldGrant]] = {}
    for one in held:
        project = project_of(one.on)
        groups.setdefault((one.holder, one.right, one.level, project, one.on is project), []).append(one)
    return [tuple(group) for group in groups.values()]


def project_of(node: Node) -> Node:
    """Give the project that something is or lies in; an application is in none, and stands for itself."""
    top = node
    for step in lineage(node):
        if isinstance(step, Resource):
            top = step
    return top


def _single(held: HeldGrant, attention: Attention) -> Row:
    reasons = tuple(attention.reasons(held))
    return Row((held,), place(held.on), reasons, "; ".join(reason.text for reason in reasons))


def _several(group: tuple[HeldGrant, ...], attention: Attention) -> Row:
    found = Counter(reason for held in group for reason in attention.reasons(held))
    reasons = sorted(found)
    texts = [f"{one.text}{'' if found[one] == len(group) else f' ({found[one]:,} of them)'}" for one in reasons]
    return Row(group, _places(group), tuple(reasons), "; ".join(texts))


def _places(group: Sequence[HeldGrant]) -> str:
    inside = where(project_of(group[0].on))
    names = sorted(where(held.on).removeprefix(f"{inside}/") for held in group)
    return shown(f"{resources(held.on for held in group if isinstance(held.on, Resource))} in {inside}: {some(names)}")


# ---- the hidden id of a row

_FORM = re.compile(r"([0-9a-f]{8})-([0-9]{1,9})-([0-9a-f]{16})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class RowId:
    """What stands in the hidden column: which grant a row is about, and a checksum against edits.

    The checksum covers the names that the row shows. Where a row was sorted apart from its id, its id was edited, or
    its names were, the answer in it is no answer about that grant.
    """

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
