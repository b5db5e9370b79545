"""What a comparison of two servers says, as a table and paragraphs. Knows no format of output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connector.graph.export import Export
from connector.graph.values import Group, User
from connector.review.across.comparison import Comparison, Switched
from connector.review.across.differences import Difference
from connector.review.across.matches import Ambiguity, Hint, Matches, T
from connector.review.across.matching import Matching, Person
from connector.review.across.names import called, with_remarks
from connector.review.across.people import addresses
from connector.review.across.sentences import people, sentence, sentence_on_projects
from connector.review.findings.caveats import caveats
from connector.review.text.names import both, clean, counted
from connector.review.text.paragraphs import Paragraph

HEADINGS = ("", "old", "new", "matched", "by", "only old", "only new", "ambiguous")
"""The columns of the table of what is matched."""


def matched(matching: Matching) -> list[tuple[str, ...]]:
    """Give the rows of the table of what is matched: how many, and by what."""
    return [(what, *_counts(found)) for what, found in matching.kinds.items()]


def _counts(found: Matches[T]) -> Iterator[str]:
    undecided = found.undecided
    ways = [f"{count:,} {hint}" for hint, count in Counter(found.hints.values()).most_common()]
    yield from (f"{len(found.old):,}", f"{len(found.new):,}", f"{len(found.hints):,}", ", ".join(ways))
    yield from (f"{sum(one not in found.twins and one not in undecided for one in side):,}" for side in _sides(found))
    yield f"{len(undecided):,}"


def _sides(found: Matches[T]) -> tuple[Sequence[T], Sequence[T]]:
    return found.old, found.new


def summary(comparison: Comparison) -> str:
    """Say in a sentence who gains and who loses access."""
    gained, lost = (_concerned(comparison, gained=gained) for gained in (True, False))
    compared = (
        f"{counted(len(comparison.matching.people.hints), 'matched person', 'matched people')} "
        f"and {counted(len(comparison.matching.repositories.hints), 'matched repository', 'matched repositories')}"
    )
    if not gained and not lost:
        return f"Of {compared}, nobody gains and nobody loses access."
    return f"Of {compared}: {_few(gained)} gain access, {_few(lost)} lose some."


def _concerned(comparison: Comparison, *, gained: bool) -> list[Person]:
    found = (one.people for one in comparison.differences if one.reason.gained is gained and _counts_for(one))
    return list(dict.fromkeys(person for some in found for person in some))


def _counts_for(one: Difference) -> bool:
    return one.reason.is_certain and not one.reason.on_paper


def _few(found: Sequence[Person]) -> str:
    return people(found) if found else "nobody"


def paragraphs(comparison: Comparison) -> Iterator[Paragraph]:
    """Give what there is to tell: the differences first, then who and what could not be compared."""
    return (
        one for one in (*_differences(comparison), *_unmatched(comparison.matching), *_limits(comparison)) if one.lines
    )


def _differences(comparison: Comparison) -> Iterator[Paragraph]:
    certain = [one for one in comparison.differences if one.reason.is_certain]

    def told(differences: Iterable[Difference]) -> list[str]:
        return [sentence(one, comparison.matching) for one in differences]

    for heading, gained in (("Who gains access", True), ("Who loses access", False)):
        yield Paragraph(
            heading, told(one for one in certain if one.reason.gained is gained and not one.reason.on_paper)
        )
    yield Paragraph("Who can use it on one server only", [_switched(one) for one in comparison.switched])
    yield Paragraph(
        "On paper only: people who are inactive or have no licence on one of the servers",
        told(one for one in certain if one.reason.on_paper),
    )
    yield Paragraph(
        "Who may create repositories in projects: on repositories it is write on both servers",
        [sentence_on_projects(one, comparison.matching) for one in comparison.creators],
    )
    yield Paragraph(
        "Not concluded, because an export is incomplete",
        told(one for one in comparison.differences if not one.reason.is_certain),
    )


_STANDINGS = {True: "active", False: "inactive or without a licence", None: "not known to be active"}


def _switched(one: Switched) -> str:
    fate = "what they have there is in force" if one.old is False else "what they have there is on paper only"
    old, new = _STANDINGS[one.old], _STANDINGS[one.new]
    names = ", ".join(called(person.known) for person in one.people)
    return f"{old} on the old server, {new} on the new one, so {fate}: {names}"


def unmatched(matching: Matching) -> Iterator[Paragraph]:
    """Give who and what is not matched, and the matches that deserve a look."""
    return (one for one in _unmatched(matching) if one.lines)


def _unmatched(matching: Matching) -> Iterator[Paragraph]:
    ambiguous = [_ambiguous(one) for found in matching.kinds.values() for one in found.ambiguous]
    yield Paragraph("Ambiguous, and therefore not matched", ambiguous)
    yield Paragraph("Matched by user name, with different e-mail addresses", list(_other_addresses(matching)))
    yield from _alone("People", matching.people)
    yield from _alone("Repositories", matching.repositories)
    yield from _alone("Groups", matching.groups)


def _alone(what: str, found: Matches[T]) -> Iterator[Paragraph]:
    for side, elsewhere in ((found.old, "new server"), (found.new, "old server")):
        yield Paragraph(f"{what} without a counterpart on the {elsewhere}", list(map(with_remarks, found.alone(side))))
        said = [with_remarks(one) for one in side if one in found.without]
        yield Paragraph(f"{what} without a counterpart on the {elsewhere}, as the mapping file says", said)


def _ambiguous(one: Ambiguity[T]) -> str:
    sides = [both([called(item) for item in items]) for items in (one.old, one.new)]
    return f"{one.hint} {clean(one.name)}: {sides[0]} on the old server, {sides[1]} on the new one"


def _other_addresses(matching: Matching) -> Iterator[str]:
    for old, hint in matching.people.hints.items():
        mine, theirs = (list(addresses(one)) for one in (old, matching.people.twins[old]))
        if hint is Hint.USERNAME and mine and theirs:
            yield f"{called(old)}: {clean(mine[0])} on the old server, {clean(theirs[0])} on the new one"


def _limits(comparison: Comparison) -> Iterator[Paragraph]:
    matching = comparison.matching
    sides = (("old", matching.old), ("new", matching.new))
    keys = [
        f"{counted(_holders(export), 'key or token', 'keys and tokens')} on the {side} server" for side, export in sides
    ]
    has_keys = any(_holders(export) for _, export in sides)
    yield Paragraph("Not compared", [f"what has grants of its own: {both(keys)}"] if has_keys else [])
    unknown = [f"in the {side} export: {clean(str(caveat))}" for side, export in sides for caveat in caveats(export)]
    same = ["both exports are of one server: without --across, diff compares them by ids"]
    yield Paragraph("Not known", [*(same if matching.is_one_server else []), *unknown])


def _holders(export: Export) -> int:
    """Count who has grants and is neither a user nor a group."""
    return len({row.holder for row in export.assignments if not isinstance(row.holder, User | Group)})
