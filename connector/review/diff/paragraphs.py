"""A difference in sentences: who gained and who lost access, then what changed, then what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import or_

from connector.graph.values import Application, Group, Identity, Node, Resource, User
from connector.review.caveats import caveats
from connector.review.diff.consequences import Cause, Consequence, Subjects
from connector.review.diff.difference import Change, Difference, Section, Verb
from connector.review.text.names import FEW, both, counted, everywhere, resources, some, where, who
from connector.review.text.paragraphs import Paragraph
from connector.review.vocabulary import ANONYMOUS, EVERYONE, LICENSED_USERS
from connector.text import clean

"""Names in a sentence at most; more are counted."""

_SIGNS = {Verb.ADDED: "+", Verb.REMOVED: "-"}


def summary(difference: Difference) -> str:
    """Say in a sentence how much changed."""
    gained = _people(difference, gained=True)
    lost = _people(difference, gained=False)
    changes = [change for change in difference.changes if not change.goes_along]
    if not difference.is_changed:
        return "Nothing changed in what can be compared." if difference.limits else "Nothing changed."
    return f"{counted(len(changes), 'change')}: {_few_or_none(gained)} gained access, {_few_or_none(lost)} lost access."


def _people(difference: Difference, *, gained: bool) -> set[Identity]:
    return {one for item in difference.consequences if item.gained is gained for one in item.subjects}


def _few_or_none(found: set[Identity]) -> str:
    return _subjects(sorted(found, key=lambda one: who(one).lower())) if found else "nobody"


def paragraphs(difference: Difference) -> Iterator[Paragraph]:
    """Give everything that there is to say."""
    found = [
        Paragraph("Who gained access", list(_sentences(difference, gained=True))),
        Paragraph("Who lost access", list(_sentences(difference, gained=False))),
    ]
    shown = (change for change in difference.changes if not change.goes_along)
    for section, changes in groupby(shown, lambda change: change.section):
        found.append(Paragraph(f"What changed: {section}", list(_lines(list(changes)))))
    found.append(Paragraph("Could not be compared", list(difference.limits)))
    found.append(Paragraph("Not known", list(_unknown(difference))))
    return (paragraph for paragraph in found if paragraph.lines)


def _unknown(difference: Difference) -> Iterator[str]:
    """Say what one of the exports does not know: it may look like a change."""
    matching = difference.matching
    names = [{application.name for application in each.applications} for each in (matching.old, matching.new)]
    if names[0] != names[1]:
        yield f"whether both are of one server: {clean(both(sorted(names[0])))} and {clean(both(sorted(names[1])))}"
    for label, export in (("old", matching.old), ("new", matching.new)):
        yield from (f"in the {label} export: {clean(str(caveat))}" for caveat in caveats(export))


def _sentences(difference: Difference, *, gained: bool) -> Iterator[str]:
    """Yield what changed for those who were there before; then, in short, what came and went as a whole."""
    found = [one for one in difference.consequences if one.gained is gained]
    whole = (Cause.RESOURCE, Cause.SUBJECT)
    yield from (sentence(one) for one in found if one.cause not in whole)
    for cause in whole:
        if same := [one for one in found if one.cause is cause]:
            yield _as_a_whole(same, cause, gained=gained)


def _as_a_whole(found: list[Consequence], cause: Cause, *, gained: bool) -> str:
    levels = sorted({one.level for one in found}, reverse=True)
    by_level = [(level, [one for one in found if one.level is level]) for level in levels]
    if cause is Cause.RESOURCE:
        subject = _places(_all_resources(found))
        parts = [f"{level} for {_subjects(_everybody(same))}" for level, same in by_level]
    else:
        subject = _subjects(_everybody(found))
        parts = [f"{level} on {_places(_all_resources(same))}" for level, same in by_level]
    fate = "new" if gained else "gone"
    return f"{fate}: {subject}, with {'; '.join(parts)}"


def _all_resources(found: list[Consequence]) -> list[Resource]:
    return list(dict.fromkeys(item for one in found for item in one.resources))


def _everybody(found: list[Consequence]) -> list[Identity]:
    bits = reduce(or_, (one.subjects.bits for one in found))
    return list(Subjects(bits, found[0].subjects.everybody))


def sentence(one: Consequence) -> str:
    """Say one consequence as a sentence: `34 people gained write on 12 repositories through group X`."""
    subjects, items = one.subjects, one.resources
    verb = "gained" if one.gained else "lost"
    possible = len(subjects) * len(items)
    exact = "" if one.pairs == possible else f" ({one.pairs:,} of the {possible:,} combinations)"
    return f"{_subjects(subjects)} {verb} {one.level} on {_places(items)}{exact}{_because(one)}{_kept(one)}"


def _kept(one: Consequence) -> str:
    levels = {part.other for part in one.parts}
    if len(levels) != 1 or not (other := levels.pop()):
        return ""
    return f"; had {other} before" if one.gained else f"; {other} remains"


def _because(one: Consequence) -> str:
    through = one.through
    if through.id == EVERYONE:
        return ": public" if one.gained else ": no longer public"
    if through.id == LICENSED_USERS:
        way = " by default permission"
    elif isinstance(through, Group) or one.cause is Cause.MEMBERSHIP:
        way = f" through {clean(who(through))}"
    else:
        way = ", granted directly"
    match one.cause:
        case Cause.MEMBERSHIP:
            return f"{way}, {_membership(one)}"
        case Cause.MOVE:
            return f"{way}, because {'it' if len(one.resources) == 1 else 'they'} moved"
        case Cause.RESOURCE:
            return f"{way}, which is {'new' if one.gained else 'gone'}"
        case _:
            return way


def _membership(one: Consequence) -> str:
    if one.through.id == LICENSED_USERS:
        return "newly licensed" if one.gained else "no longer licensed"
    if not isinstance(one.through, Group):
        return "newly linked to it" if one.gained else "no longer linked to it"
    if len(one.subjects) == 1:
        return "as a new member" if one.gained else "no longer a member"
    return "as new members" if one.gained else "no longer members"


def _subjects(found: Iterable[Identity]) -> str:
    """Name a few; of many, say how many people and how many others."""
    everybody = list(found)
    names = [clean(who(one)) for one in everybody if one.id != ANONYMOUS]
    anybody = ["anybody who is not signed in"] if len(names) < len(everybody) else []
    if len(names) <= FEW:
        return both([*names, *anybody])
    people = sum(isinstance(one, User) for one in everybody) - len(anybody)
    others = len(names) - people
    counts = [counted(people, "person", "people")] if people else []
    return both([*counts, *([counted(others, "other identity", "other identities")] if others else []), *anybody])


def _places(items: Sequence[Resource]) -> str:
    if len(items) <= FEW:
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


def _lines(changes: list[Change]) -> Iterator[str]:
    """Yield the changes of one section; those of a kind of one holder or group are one line."""
    if changes[0].section is Section.GRANTS:
        for (_, before, after, verb, _), same in _grouped(changes, by_member=False):
            holder, nodes = clean(_called(same[0].about)), _nodes([change.on for change in same])
            yield f"{_sign(verb)} {holder}: {_from_to(before, after)} on {nodes}{_word(verb)}"
    elif changes[0].section is Section.MEMBERS:
        for (_, _, _, verb, _), same in _grouped(changes, by_member=True):
            members = [change.about for change in same if isinstance(change.about, Identity)]
            yield f"{_sign(verb)} {clean(_called(same[0].on))}: {some([clean(who(one)) for one in members], FEW)}"
    else:
        yield from map(_single, changes)


def _word(verb: Verb) -> str:
    return f" ({verb})" if verb in (Verb.RAISED, Verb.LOWERED) else ""


_Key = tuple[object, str | None, str | None, Verb, object]


def _grouped(changes: list[Change], *, by_member: bool) -> list[tuple[_Key, list[Change]]]:
    """Group changes that make one line: those of one group, or of one holder and permission."""
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
        return everywhere(nodes[0])
    items = [node for node in nodes if isinstance(node, Resource)]
    names = [clean(where(item)) for item in items]
    return both(names) if len(names) <= FEW else f"{resources(items)}: {some(names, FEW)}"


def _from_to(before: str | None, after: str | None) -> str:
    return clean(" → ".join(filter(None, (before, after))))
