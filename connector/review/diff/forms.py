"""A difference as text for a terminal, Markdown for a ticket, or JSON: first what it means, then what changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_

from connector.graph.values import Application, Group, Identity, Node, Resource, User
from connector.review.diff.consequences import Cause, Consequence, Crowd, Part
from connector.review.diff.difference import Change, Difference, Section, Verb
from connector.review.findings.caveats import caveats
from connector.review.findings.finding import ANONYMOUS, EVERYONE, LICENSED_USERS
from connector.review.text.names import both, clean, counted, kind, resources, where, who
from connector.review.text.table import wrapped

_NAMED = 3
"""So many are named; of more, the beginning and their number."""

_MOST_NAMES = 100_000
"""So many names JSON holds for the parts of the consequences; more than that is counted."""

_SIGNS = {Verb.ADDED: "+", Verb.REMOVED: "-"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading and its lines, of which the first so many are shown."""

    heading: str
    lines: Sequence[str]


def as_text(difference: Difference, width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people."""
    yield from wrapped(summary(difference), width)
    for paragraph in paragraphs(difference):
        yield ""
        yield paragraph.heading
        for line in paragraph.lines[:most]:
            yield from (f"  {part}" for part in wrapped(line, width - 2, "    "))
        if most is not None and len(paragraph.lines) > most:
            yield f"  … {counted(len(paragraph.lines) - most, 'more line')} not shown: --all shows them, --json too"


def as_markdown(difference: Difference, most: int | None) -> Iterator[str]:
    """Yield Markdown in which no name is taken for markup."""
    yield f"**{_escaped(summary(difference))}**"
    for paragraph in paragraphs(difference):
        yield from ("", f"### {_escaped(paragraph.heading)}", "")
        yield from (f"- {_escaped(line)}" for line in paragraph.lines[:most])
        if most is not None and len(paragraph.lines) > most:
            yield f"- … {counted(len(paragraph.lines) - most, 'more line')} not shown"


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!@]|^[-+]|(?<=^\d)[.)]|:(?=//)|(?<=www)\.)")


def _escaped(text: str) -> str:
    """Escape what is markup, a mention or an address; a sign at the start of a line stays one."""
    return _MARKUP.sub(r"\\\1", text)


def summary(difference: Difference) -> str:
    """Say in a sentence how much changed."""
    gained = _people(difference, gained=True)
    lost = _people(difference, gained=False)
    changes = [change for change in difference.changes if not change.goes_along]
    if not difference.changes and not difference.consequences:
        return "Nothing changed."
    return f"{counted(len(changes), 'change')}: {_few_or_none(gained)} gained access, {_few_or_none(lost)} lost some."


def _people(difference: Difference, *, gained: bool) -> set[Identity]:
    return {one for item in difference.consequences if item.gained is gained for one in item.crowd}


def _few_or_none(found: set[Identity]) -> str:
    return _subjects(sorted(found, key=lambda one: who(one).lower())) if found else "nobody"


def paragraphs(difference: Difference) -> Iterator[Paragraph]:
    """Give what there is to tell, in the order of telling."""
    found = [
        Paragraph("Who gained access", list(_sentences(difference, gained=True))),
        Paragraph("Who lost access", list(_sentences(difference, gained=False))),
    ]
    told = (change for change in difference.changes if not change.goes_along)
    for section, changes in groupby(told, lambda change: change.section):
        found.append(Paragraph(f"What changed: {section}", list(_told(list(changes)))))
    found.append(Paragraph("Not known", list(_unknown(difference))))
    return (paragraph for paragraph in found if paragraph.lines)


def _unknown(difference: Difference) -> Iterator[str]:
    """Tell what one of the exports does not know: it may look like a change."""
    pairing = difference.pairing
    names = [{application.name for application in each.applications} for each in (pairing.old, pairing.new)]
    if names[0] != names[1]:
        yield f"whether both are of one server: {clean(both(sorted(names[0])))} and {clean(both(sorted(names[1])))}"
    for label, export in (("old", pairing.old), ("new", pairing.new)):
        yield from (f"in the {label} export: {clean(caveat)}" for caveat in caveats(export))


def _sentences(difference: Difference, *, gained: bool) -> Iterator[str]:
    """Tell what changed for what was there before; then, in short, what came and went as a whole."""
    found = [one for one in difference.consequences if one.gained is gained]
    whole = (Cause.RESOURCE, Cause.SUBJECT)
    yield from (consequence(one) for one in found if one.cause not in whole)
    for cause in whole:
        if same := [one for one in found if one.cause is cause]:
            yield _as_a_whole(same, cause, gained=gained)


def _as_a_whole(found: list[Consequence], cause: Cause, *, gained: bool) -> str:
    levels = sorted({one.level for one in found}, reverse=True)
    by_level = [(level, [one for one in found if one.level is level]) for level in levels]
    if cause is Cause.RESOURCE:
        subject = _places(_all_resources(found))
        told = [f"{level} for {_subjects(_everybody(same))}" for level, same in by_level]
    else:
        subject = _subjects(_everybody(found))
        told = [f"{level} on {_places(_all_resources(same))}" for level, same in by_level]
    fate = "new" if gained else "gone"
    return f"{fate}: {subject}, with {'; '.join(told)}"


def _all_resources(found: list[Consequence]) -> list[Resource]:
    return list(dict.fromkeys(item for one in found for item in one.resources))


def _everybody(found: list[Consequence]) -> list[Identity]:
    bits = reduce(or_, (one.crowd.bits for one in found))
    return list(Crowd(bits, found[0].crowd.roster))


def consequence(one: Consequence) -> str:
    """Say one consequence as a sentence: `34 people gained write on 12 repositories through group X`."""
    crowd, items = one.crowd, one.resources
    verb = "gained" if one.gained else "lost"
    everybody = len(crowd) * len(items) == one.pairs
    exact = "" if everybody else f" ({counted(one.pairs, 'combination')} of {len(crowd) * len(items):,})"
    return f"{_subjects(crowd)} {verb} {one.level} on {_places(items)}{exact}{_because(one)}{_kept(one)}"


def _kept(one: Consequence) -> str:
    levels = {part.other for part in one.parts}
    if len(levels) != 1 or not (other := levels.pop()):
        return ""
    return f"; {'had' if one.gained else 'still'} {other}"


def _because(one: Consequence) -> str:
    through = one.through
    if through.id == EVERYONE:
        way = ": public" if one.gained else ": no longer public"
    elif through.id == LICENSED_USERS:
        way = " by default permission"
    else:
        way = f" through {clean(who(through))}" if isinstance(through, Group) else ", granted directly"
    if one.cause is Cause.MEMBERSHIP and len(one.crowd) == 1:
        return f"{way}, {'as a new member' if one.gained else 'as a member no more'}"
    return way + _CAUSES[one.cause][not one.gained]


_CAUSES = {
    Cause.GRANT: ("", ""),
    Cause.MEMBERSHIP: (", as new members", ", as members no more"),
    Cause.RESOURCE: (", which is new", ", which is deleted"),
    Cause.MOVE: (", which moved", ", which moved"),
    Cause.SUBJECT: (", as newcomers", ", who are gone"),
}


def _subjects(found: Iterable[Identity]) -> str:
    """Name a few; of many, say how many people and others they are."""
    everybody = list(found)
    names = [clean(who(one)) for one in everybody if one.id != ANONYMOUS]
    anybody = ["anybody who is not signed in"] if len(names) < len(everybody) else []
    if len(names) <= _NAMED:
        return both([*names, *anybody])
    people = sum(isinstance(one, User) for one in everybody) - len(anybody)
    others = len(names) - people
    counts = [counted(people, "person", "people")] if people else []
    return both([*counts, *([counted(others, "other identity", "other identities")] if others else []), *anybody])


def _places(items: Sequence[Resource]) -> str:
    if len(items) <= _NAMED:
        return both([clean(where(item)) for item in items])
    tops = [item for item in items if isinstance(item.parent, Application)]
    below = [item for item in items if not isinstance(item.parent, Application)]
    if len(tops) == 1 and all(item.parent is tops[0] for item in below):
        return f"{clean(where(tops[0]))} and {resources(below)} in it"
    return resources(items)


def _single(change: Change) -> str:
    if change.verb in (Verb.RENAMED, Verb.MOVED):
        return f"~ {clean(change.before or '')} is now {clean(change.after or '')}"
    detail = _from_to(change.before, change.after)
    return f"{_sign(change.verb)} {clean(_called(change.about))}{': ' + detail if detail else ''}"


def _told(changes: list[Change]) -> Iterator[str]:
    """Tell the changes of one section, folded where one holder or group has many of a kind."""
    if changes[0].section is Section.GRANTS:
        for (_, before, after, verb, _), same in _grouped(changes, by_member=False):
            holder, nodes = clean(_called(same[0].about)), _nodes([change.on for change in same])
            yield f"{_sign(verb)} {holder}: {_from_to(before, after)} on {nodes}{_word(verb)}"
    elif changes[0].section is Section.MEMBERS:
        for (_, _, _, verb, _), same in _grouped(changes, by_member=True):
            members = [change.about for change in same if isinstance(change.about, Identity)]
            yield f"{_sign(verb)} {clean(_called(same[0].on))}: {_list([clean(who(one)) for one in members])}"
    else:
        yield from map(_single, changes)


def _word(verb: Verb) -> str:
    return f" ({verb})" if verb in (Verb.RAISED, Verb.LOWERED) else ""


_Key = tuple[object, str | None, str | None, Verb, object]


def _grouped(changes: list[Change], *, by_member: bool) -> list[tuple[_Key, list[Change]]]:
    """Group changes that are told in one line: of one group, or of one holder and permission."""
    groups: dict[_Key, list[Change]] = {}
    for change in changes:
        one = change.on if by_member else change.about
        application = isinstance(change.on, Application)
        groups.setdefault((one, change.before, change.after, change.verb, application), []).append(change)
    return list(groups.items())


def _sign(verb: Verb) -> str:
    return _SIGNS.get(verb, "~")


def _called(thing: Identity | Node | None) -> str:
    if isinstance(thing, Identity):
        return who(thing)
    return "" if thing is None else where(thing)


def _nodes(nodes: list[Identity | Node | None]) -> str:
    if isinstance(nodes[0], Application):
        return "the whole of it"
    items = [node for node in nodes if isinstance(node, Resource)]
    names = [clean(where(item)) for item in items]
    return both(names) if len(names) <= _NAMED else f"{resources(items)}: {_list(names)}"


def _list(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return both(names) if rest <= 1 else f"{', '.join(names[:_NAMED])} and {rest:,} more"


def _from_to(before: str | None, after: str | None) -> str:
    return clean(" → ".join(filter(None, (before, after))))


def as_json(difference: Difference) -> Iterator[str]:
    """Yield lines of one JSON object, an entry a line."""
    pairing = difference.pairing
    head = {
        "old": [item.name for item in pairing.old.applications],
        "new": [item.name for item in pairing.new.applications],
        "not_known": {"old": caveats(pairing.old), "new": caveats(pairing.new)},
        "gained": difference.gained,
        "changed": bool(difference.changes or difference.consequences),
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
            left -= len(part.crowd) + len(part.resources)
            if left >= 0:
                parts.append(_part(part))
        yield {
            "change": "gained" if one.gained else "lost",
            "level": str(one.level),
            "cause": one.cause,
            "through": _thing(one.through),
            "sentence": consequence(one),
            "identities": len(one.crowd),
            "resources": len(one.resources),
            "combinations": one.pairs,
            "parts": parts,
            "parts_left_out": len(one.parts) - len(parts),
        }


def _part(part: Part) -> dict[str, object]:
    return {
        "other_level": str(part.other),
        "identities": [_brief(one) for one in part.crowd],
        "resources": [where(item) for item in part.resources],
    }


def _brief(one: Identity) -> dict[str, str]:
    return {"kind": kind(one), "id": one.id, "name": who(one)}
