"""A comparison of two servers as text for people, Markdown for tickets, JSON for programs and CSV for spreadsheets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from connector.graph.values import Application, Identity, Node, Resource, User
from connector.review.across.comparison import Row, ServerComparison, Switched
from connector.review.across.differences import AccessDifference, Reason
from connector.review.across.matches import Matches, T
from connector.review.across.matching import Matching, Person
from connector.review.across.names import Thing, called
from connector.review.across.paragraphs import HEADINGS, matched, paragraphs, servers, summary, unmatched
from connector.review.across.sentences import Wording, why, wording, wording_on_projects
from connector.review.caveats import caveats
from connector.review.text import paragraphs as text
from connector.review.text.formats import csv_lines
from connector.review.text.names import kind, where
from connector.review.text.table import table, wrapped

MOST_ROWS = 1_048_575
"""So many rows a spreadsheet takes below its heading."""

_MOST_IN_JSON = 100_000
"""So many rows, and names in all differences together; more are counted."""

Json = dict[str, object]


def as_text(comparison: ServerComparison, width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people: what is matched, what is different, and who and what is not matched."""
    yield from _matched(comparison.matching, width)
    yield from ("", *wrapped(summary(comparison), width))
    yield from text.as_text(paragraphs(comparison), width, most)


def matching_as_text(matching: Matching, width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people: what is matched, and who and what is not."""
    yield from _matched(matching, width)
    yield from text.as_text(unmatched(matching), width, most)


def _matched(matching: Matching, width: int) -> Iterator[str]:
    yield from (*wrapped(servers(matching), width), "")
    yield from table(HEADINGS, matched(matching), width)


def as_markdown(comparison: ServerComparison, most: int | None) -> Iterator[str]:
    """Yield Markdown in which no name is taken for markup."""
    yield from (f"**{text.escaped(servers(comparison.matching))}**", "")
    for cells in (HEADINGS, ("---",) * len(HEADINGS), *matched(comparison.matching)):
        yield f"| {' | '.join(cell.replace(chr(10), ', ') for cell in cells)} |"
    yield from ("", f"**{text.escaped(summary(comparison))}**")
    yield from text.as_markdown(paragraphs(comparison), most)


_COLUMNS = (
    "change",
    "person",
    "old_user",
    "new_user",
    "old_repository",
    "new_repository",
    "before",
    "after",
    "status",
    "because",
)


def as_csv(comparison: ServerComparison) -> Iterator[str]:
    """Yield lines of CSV: one for each person and repository, as many as a spreadsheet takes."""
    rows = islice(comparison.rows(), MOST_ROWS)
    return csv_lines(chain([_COLUMNS], (_cells(row, comparison.matching) for row in rows)))


def combinations(comparison: ServerComparison) -> int:
    """Count the rows that there are."""
    return sum(one.combinations for one in comparison.differences)


def _cells(row: Row, matching: Matching) -> tuple[object, ...]:
    users = [_short(one) for one in (row.person.old, row.person.new)]
    nodes = [where(node) for node in (row.old, row.new)]
    levels = str(row.before), str(row.after)
    because = why(row.reason, (row.on,), matching)
    return _change(row.reason), called(row.person.known), *users, *nodes, *levels, _status(row.reason), because


def _short(user: User | None) -> str:
    """Give the one name that nobody else of the server has, the most readable first."""
    return "" if user is None else str(user.properties.get("username") or user.email or user.id)


def _change(reason: Reason) -> str:
    return "gained" if reason.gained else "lost"


def _status(reason: Reason) -> str:
    if not reason.is_certain:
        return "not concluded"
    return "on paper only" if reason.on_paper else "in force"


def as_json(comparison: ServerComparison) -> Iterator[str]:
    """Yield lines of one JSON object, an entry a line."""
    matching = comparison.matching
    everything = matching.kinds
    sides = {"old": matching.old, "new": matching.new}
    head = {
        **{side: export.applications[0].name for side, export in sides.items()},
        "summary": summary(comparison),
        "gained": comparison.gained,
        "lost": comparison.lost,
        "is_conclusive": comparison.is_conclusive,
        "not_known": {side: [str(caveat) for caveat in caveats(export)] for side, export in sides.items()},
        "matching": {what: _counts(found) for what, found in everything.items()},
        "access_left_out": max(0, combinations(comparison) - _MOST_IN_JSON),
    }
    yield f"{json.dumps(head, indent=2)[:-2]},"
    for name, entries in (
        ("pairs", chain.from_iterable(map(_pairs, everything.values()))),
        ("ambiguous", chain.from_iterable(map(_ambiguous, everything.values()))),
        ("unmatched", chain.from_iterable(map(_unmatched, everything.values()))),
        ("differences", _differences(comparison.differences, wording, matching)),
        ("on_projects", _differences(comparison.creators, wording_on_projects, matching)),
        ("switched", map(_switched, comparison.switched)),
        ("access", (_row(row, matching) for row in islice(comparison.rows(), _MOST_IN_JSON))),
    ):
        yield from _entries(name, entries, is_last=name == "access")
    yield "}"


def _entries(name: str, entries: Iterable[Json], *, is_last: bool) -> Iterator[str]:
    yield f'  "{name}": ['
    separator = "    "
    for entry in entries:
        yield separator + json.dumps(entry)
        separator = "    ,"
    yield "  ]" if is_last else "  ],"


def _counts(found: Matches[T]) -> Json:
    ways = Counter(str(hint) for hint in found.hints.values())
    return {"old": len(found.old), "new": len(found.new), "matched": len(found.hints), "by": ways}


def _pairs(found: Matches[T]) -> Iterator[Json]:
    for old, hint in found.hints.items():
        yield {"old": _thing(old), "new": _thing(found.counterparts[old]), "by": hint}


def _ambiguous(found: Matches[T]) -> Iterator[Json]:
    for one in found.ambiguous:
        yield {"by": one.hint, "name": one.name, "old": [*map(_thing, one.old)], "new": [*map(_thing, one.new)]}


def _unmatched(found: Matches[T]) -> Iterator[Json]:
    undecided = found.undecided
    for side, things in (("old", found.old), ("new", found.new)):
        for one in things:
            if one not in found.counterparts:
                because = (
                    "ambiguous" if one in undecided else "mapping file" if one in found.without else "no counterpart"
                )
                yield {"server": side, **_thing(one), "because": because}


def _thing(one: Thing) -> Json:
    match one:
        case User():
            username = one.properties.get("username")
            return {"kind": "user", "id": one.id, "name": one.name, "username": username, "email": one.email}
        case Identity():
            return {"kind": kind(one), "id": one.id, "name": one.name}
        case Resource():
            return {"kind": one.type, "id": one.id, "name": where(one)}
        case Application():
            return {"kind": "application", "id": one.name, "name": one.name}


def _differences(
    found: Iterable[AccessDifference], say: Callable[[AccessDifference, Matching], Wording], matching: Matching
) -> Iterator[Json]:
    """Yield differences with the names of people and nodes, as long as these are not too many."""
    left = _MOST_IN_JSON
    for one in found:
        left -= len(one.people) + len(one.nodes)
        people, nodes = (one.people, one.nodes) if left >= 0 else ((), ())
        yield {
            "change": _change(one.reason),
            "status": _status(one.reason),
            "sentence": say(one, matching).sentence,
            "cause": one.reason.cause,
            "through": _thing(one.reason.holder) if one.reason.holder else None,
            "permission": one.reason.permission.name,
            "granted_on_count": len(one.on),
            "combinations": one.combinations,
            "people_count": len(one.people),
            "nodes_count": len(one.nodes),
            "people": [_person(person) for person in people],
            "nodes": [_both(node, matching.counterpart(node)) for node in nodes],
            "names_left_out": left < 0,
        }


def _person(person: Person) -> Json:
    ids = {side: None if user is None else user.id for side, user in (("old", person.old), ("new", person.new))}
    return {**ids, "name": called(person.known)}


def _both(old: Node, new: Node) -> Json:
    return {"old": where(old), "new": where(new)}


def _switched(one: Switched) -> Json:
    return {"active": {"old": one.old, "new": one.new}, "people": [_person(person) for person in one.people]}


def _row(row: Row, matching: Matching) -> Json:
    return {
        "change": _change(row.reason),
        "status": _status(row.reason),
        "person": _person(row.person),
        "on": _both(row.old, row.new),
        "before": str(row.before),
        "after": str(row.after),
        "because": why(row.reason, (row.on,), matching),
    }
