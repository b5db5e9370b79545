"""A difference as text for a terminal, Markdown for a ticket, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from connector.graph.export import Export
from connector.graph.values import Application, Identity, Node, Resource
from connector.review.caveats import caveats
from connector.review.diff.consequences import Consequence, Part
from connector.review.diff.difference import Change, Difference
from connector.review.diff.paragraphs import paragraphs, sentence, summary
from connector.review.provenance import provenance
from connector.review.text import paragraphs as text
from connector.review.text.names import kind, where, who
from connector.review.text.table import wrapped
from connector.text import clean

_MOST_NAMES = 100_000
"""Names that JSON holds for the parts of all consequences together; further parts are counted."""


def as_text(difference: Difference, width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people; of each section `most` lines."""
    yield from wrapped(summary(difference), width)
    yield from text.as_text(paragraphs(difference), width, most)
    yield ""
    for label, line in _evidence(difference):
        yield from wrapped(f"{label}: {line}", width)


def as_markdown(difference: Difference, most: int | None) -> Iterator[str]:
    """Yield Markdown in which no name is taken for markup; of each section `most` lines."""
    yield f"**{text.escaped(summary(difference))}**"
    yield from text.as_markdown(paragraphs(difference), most)
    yield from ("", "### Compared", "")
    yield from (f"- {label}: {text.escaped(line)}" for label, line in _evidence(difference))


def _evidence(difference: Difference) -> Iterator[tuple[str, str]]:
    for label, export in _exports(difference):
        yield from ((f"{label} export", clean(one.sentence)) for one in provenance(export))


def _exports(difference: Difference) -> Iterable[tuple[str, Export]]:
    return ("old", difference.matching.old), ("new", difference.matching.new)


def as_json(difference: Difference) -> Iterator[str]:
    """Yield lines of one JSON object, one entry on each."""
    head = {
        "old": [item.name for item in difference.matching.old.applications],
        "new": [item.name for item in difference.matching.new.applications],
        "evidence": {label: [one.as_json() for one in provenance(each)] for label, each in _exports(difference)},
        "not_known": {label: [str(one) for one in caveats(each)] for label, each in _exports(difference)},
        "not_compared": difference.limits,
        "gained": difference.gained,
        "changed": difference.is_changed,
    }
    yield f"{json.dumps(head, indent=2)[:-2]},"
    yield from _entries("changes", map(_change, difference.changes))
    yield "  ,"
    yield from _entries("consequences", _consequences(difference.consequences))
    yield "}"


def _entries(name: str, entries: Iterable[dict[str, object]]) -> Iterator[str]:
    yield f'  "{name}": ['
    separator = "    "
    for entry in entries:
        yield separator + json.dumps(entry)
        separator = "    ,"
    yield "  ]"


def _change(change: Change) -> dict[str, object]:
    return {
        "section": change.section,
        "change": change.verb,
        "about": _thing(change.about),
        "on": None if change.on is None else _thing(change.on),
        "before": change.before,
        "after": change.after,
        "goes_along": change.goes_along,
    }


def _thing(thing: Identity | Node) -> dict[str, object]:
    match thing:
        case Identity():
            username = thing.properties.get("username")
            return {"kind": kind(thing), "id": thing.id, "name": thing.name, "username": username}
        case Resource():
            return {"kind": thing.type, "key": thing.key, "name": where(thing)}
        case Application():
            return {"kind": "application", "name": thing.name}


def _consequences(found: Iterable[Consequence]) -> Iterator[dict[str, object]]:
    left = _MOST_NAMES
    for one in found:
        parts = []
        for part in one.parts:
            left -= len(part.subjects) + len(part.resources)
            if left >= 0:
                parts.append(_part(part))
        yield {
            "change": "gained" if one.gained else "lost",
            "level": str(one.level),
            "cause": one.cause,
            "through": _thing(one.through),
            "sentence": sentence(one),
            "identities": len(one.subjects),
            "resources": len(one.resources),
            "combinations": one.pairs,
            "parts": parts,
            "parts_left_out": len(one.parts) - len(parts),
        }


def _part(part: Part) -> dict[str, object]:
    return {
        "other_level": str(part.other),
        "identities": [_brief(one) for one in part.subjects],
        "resources": [where(item) for item in part.resources],
    }


def _brief(one: Identity) -> dict[str, str]:
    return {"kind": kind(one), "id": one.id, "name": who(one)}
