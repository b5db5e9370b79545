"""An answer of `access` as a table, CSV or JSON: whole, with where it is from and what the export does not know."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from connector.graph.export import Export
from connector.graph.values import Application, Identity, Level, Node, Path, Resource, User
from connector.review.caveats import caveats, is_complete
from connector.review.provenance import provenance
from connector.review.reach.answers import Answer, Answers
from connector.review.reach.assertions import Failure
from connector.review.text.formats import csv_lines
from connector.review.text.names import briefly, counted, kind, resources, state, where, who
from connector.review.text.reasons import reason
from connector.review.text.table import table, wrapped
from connector.text import clean

_IDENTITY = ("kind", "id", "name", "username", "email", "is_active", "last_login_at")
_RESOURCE = ("resource_type", "resource", "key")
_ACCESS_COLUMNS = (*_IDENTITY, "level", *_RESOURCE, "why")
_GRANT_COLUMNS = (*_IDENTITY, "permission", "level", *_RESOURCE, "roles")


def as_table(answers: Answers, width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people: `most` rows, what is left out, what is not known, and where the export is from."""
    rows = list(answers.rows())
    shown = rows[:most]
    if shown:
        yield from _columns(answers, rows, shown, width)
        yield ""
        yield from wrapped(_total(rows), width)
    else:
        yield "Nothing: no grant in this export leads there."
    if len(rows) > len(shown):
        yield f"{counted(len(rows) - len(shown), 'more row')} not shown: --all shows every row, --csv and --json too"
    for caveat in caveats(answers.export):
        yield from wrapped(f"not known: {clean(str(caveat))}", width)
    for one in provenance(answers.export):
        yield from wrapped(clean(one.sentence), width)


def _columns(answers: Answers, rows: Sequence[Answer], shown: Sequence[Answer], width: int) -> Iterator[str]:
    """Yield the table; what is the same in all rows stands once, above it."""
    columns = {"level": [str(row.level) for row in shown]}
    for name, text_of in (("who", _who), ("where", _where)):
        if len({text_of(row) for row in rows}) == 1:
            yield from wrapped(text_of(rows[0]), width)
        else:
            columns[name] = [text_of(row) for row in shown]
    columns["why"] = ["\n".join(map(clean, answers.reasons(row))) or "no grant" for row in shown]
    yield from table(list(columns), list(zip(*columns.values(), strict=True)), width)


def _who(row: Answer) -> str:
    return clean(", ".join(filter(None, (who(row.who), state(row.who)))))


def _where(row: Answer) -> str:
    below = [item for item in row.resources if item is not row.top]
    if isinstance(row.top, Application):
        return f"{resources(below)} elsewhere"
    name = clean(where(row.top))
    if not below:
        return name
    return (
        f"{name} and {resources(below)} in it" if len(below) < len(row.resources) else f"{resources(below)} in {name}"
    )


def _total(rows: Sequence[Answer]) -> str:
    """Count who or what the rows are about, by level."""
    levels = Counter[Level]()
    for row in rows:
        levels[row.level] += len(row.resources)
    by_level = ", ".join(f"{levels[level]:,} {level}" for level in reversed(Level) if levels[level])
    people = {row.who for row in rows}
    things = {item for row in rows for item in row.resources}
    subjects = resources(things) if len(people) == 1 else _identities(people)
    return (
        f"{subjects}: {by_level}" if 1 in (len(people), len(things)) else f"{subjects}, {resources(things)}: {by_level}"
    )


def _identities(found: set[Identity]) -> str:
    counts = Counter("person" if isinstance(one, User) else kind(one) for one in found)
    return ", ".join(counted(number, *_WORDS.get(name, (name,))) for name, number in sorted(counts.items()))


_WORDS: dict[str, tuple[str, ...]] = {
    "person": ("person", "people"),
    "idp identity": ("idp identity", "idp identities"),
}


def as_csv(answers: Answers) -> Iterator[str]:
    """Yield lines of CSV, one for each identity and resource, while they are worked out."""
    yield from csv_lines([_ACCESS_COLUMNS])
    for row in answers.rows():
        identity, why = _identity_cells(row.who), "; ".join(answers.reasons(row))
        yield from csv_lines((*identity, str(row.level), *_resource_cells(item), why) for item in row.resources)


def grants_as_csv(export: Export, at_least: Level) -> Iterator[str]:
    """Yield lines of CSV, one for each grant as it is stored: to a user, a group or a credential, on one node."""
    yield from csv_lines([_GRANT_COLUMNS])
    for row in export.assignments:
        level = row.permission.categories.level
        if level < at_least:
            continue
        before = (*_identity_cells(row.holder), row.permission.name, str(level))
        roles = " → ".join(role.name for role in row.roles)
        yield from csv_lines((*before, *_resource_cells(node), roles) for node in row.targets)


def _identity_cells(one: Identity) -> tuple[object, ...]:
    described = _described(one)
    active = "" if described["is_active"] is None else str(described["is_active"]).lower()
    email, last = (one.email, one.last_login_at) if isinstance(one, User) else (None, None)
    return described["kind"], one.id, one.name, described["username"], email, active, last


def _resource_cells(node: Node) -> tuple[object, ...]:
    if isinstance(node, Application):
        return "application", node.name, None
    return node.type, where(node), node.key


def as_json(answers: Answers, failed: Sequence[Failure] | None) -> Iterator[str]:
    """Yield lines of one JSON object, a row for each identity and resource; with `failed`, whether assertions hold."""
    head = {
        "applications": [item.name for item in answers.export.applications],
        "evidence": [one.as_json() for one in provenance(answers.export)],
        "is_complete": is_complete(answers.export),
        "not_known": [str(caveat) for caveat in caveats(answers.export)],
    }
    if failed is not None:
        head["assertions"] = {"hold": not failed, "failures": [failure.sentence for failure in failed]}
    yield f"{json.dumps(head, indent=2)[:-2]},\n" + '  "access": ['
    separator = "    "
    for row in answers.rows():
        identity, paths = _described(row.who), [_path(path) for path in answers.paths(row)]
        for item in row.resources:
            entry = {"identity": identity, "resource": _resource(item), "level": str(row.level), "paths": paths}
            yield separator + json.dumps(entry)
            separator = "    ,"
    yield "  ]\n}"


def _described(one: Identity) -> dict[str, object]:
    username = one.properties.get("username")
    active = getattr(one, "is_active", None)
    return {"kind": kind(one), "id": one.id, "name": one.name, "username": username, "is_active": active}


def _resource(item: Resource) -> dict[str, object]:
    return {"type": item.type, "name": where(item), "key": item.key}


def _path(path: Path) -> dict[str, object]:
    return {
        "why": reason(path),
        "level": str(path.level),
        "through": [briefly(step) for step in path.chain[1:]],
        "permission": path.grant.permission.name,
        "on": where(path.grant.on),
    }
