"""What a comparison of two servers says, as a table and paragraphs. Knows no format of output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from connector.graph.export import Export
from connector.graph.values import Group, User
from connector.review.across.comparison import ServerComparison, Switched
from connector.review.across.differences import AccessDifference
from connector.review.across.matches import Ambiguity, Hint, Matches, T
from connector.review.across.matching import Matching, Person
from connector.review.across.names import called, with_remarks
from connector.review.across.people import addresses
from connector.review.across.sentences import people, wording, wording_on_projects
from connector.review.caveats import caveats
from connector.review.text.names import both, counted, some
from connector.review.text.paragraphs import Paragraph
from connector.text import clean


def servers(matching: Matching) -> str:
    """Name both servers, and when each was read where its export says so."""
    return " → ".join(map(_server, (matching.old, matching.new)))


def _server(export: Export) -> str:
    application = export.applications[0]
    moment = application.properties.get("collected_at")
    return clean(f"{application.name} (collected {moment})" if moment else application.name)


_NAMED = 10
"""So many of those who share a name are named; more are counted."""

HEADINGS = ("", "old", "new", "matched", "by", "only old", "only new", "ambiguous")
"""The columns of the table of what is matched."""


def matched(matching: Matching) -> list[tuple[str, ...]]:
    """Give the rows of the table of what is matched: how many, and by what."""
    return [(what, *_counts(found)) for what, found in matching.kinds.items()]


def _counts(found: Matches[T]) -> Iterator[str]:
    undecided = found.undecided
    ways = [f"{count:,} {hint}" for hint, count in Counter(found.hints.values()).most_common()]
    yield from (f"{len(found.old):,}", f"{len(found.new):,}", f"{len(found.hints):,}", "\n".join(ways))
    yield from (
        f"{sum(one not in found.counterparts and one not in undecided for one in side):,}" for side in _sides(found)
    )
    yield f"{len(undecided):,}"


def _sides(found: Matches[T]) -> tuple[Sequence[T], Sequence[T]]:
    return found.old, found.new


def summary(comparison: ServerComparison) -> str:
    """Say in a sentence who gains and who loses access."""
    matching = comparison.matching
    numbers = [len(found.hints) for found in (matching.people, matching.repositories)]
    if not all(numbers):
        return "Nothing could be compared: no person, or no repository, is matched."
    compared = (
        f"{counted(numbers[0], 'matched person', 'matched people')} "
        f"and {counted(numbers[1], 'matched repository', 'matched repositories')}"
    )
    gained, lost = (_few(concerned(comparison, gained=gained)) for gained in (True, False))
    return f"Of {compared}: {gained[0]} gain{gained[1]} access, {lost[0]} lose{lost[1]} some."


def concerned(comparison: ServerComparison, *, gained: bool) -> list[Person]:
    """Give the people who certainly gain, or lose, access that they can use."""
    found = (one.people for one in comparison.certain if one.reason.gained is gained)
    return list(dict.fromkeys(person for some in found for person in some))


def _few(found: Sequence[Person]) -> tuple[str, str]:
    """Give words for people, and the ending of a verb."""
    return people(found) if found else "nobody", "s" if len(found) <= 1 else ""


def paragraphs(comparison: ServerComparison) -> Iterator[Paragraph]:
    """Give what there is to tell: the differences first, then who and what could not be compared."""
    for heading, found in differences(comparison):
        yield Paragraph(heading, [wording(one, comparison.matching).sentence for one in found])
    yield from remarks(comparison)


def differences(comparison: ServerComparison) -> Iterator[tuple[str, list[AccessDifference]]]:
    """Give the differences by what can be made of them, each with a heading."""
    for heading, found in (
        ("Who gains access", [one for one in comparison.certain if one.reason.gained]),
        ("Who loses access", [one for one in comparison.certain if not one.reason.gained]),
        (
            "On paper only: people who are inactive or have no licence on one of the servers",
            [one for one in comparison.differences if one.reason.is_certain and one.reason.on_paper],
        ),
        (
            "Not concluded, because an export is incomplete",
            [one for one in comparison.differences if not one.reason.is_certain],
        ),
    ):
        if found:
            yield heading, found


def remarks(comparison: ServerComparison) -> Iterator[Paragraph]:
    """Give what there is to tell beside the differences."""
    found = chain(_rights(comparison), unmatched(comparison.matching), _limits(comparison))
    return (one for one in found if one.lines)


def _rights(comparison: ServerComparison) -> Iterator[Paragraph]:
    yield from map(_switched, comparison.switched)
    yield Paragraph(
        "Who may create repositories in projects: on repositories it is write on both servers",
        [wording_on_projects(one, comparison.matching).sentence for one in comparison.creators],
    )


_STANDINGS = {True: "active", False: "inactive or without a licence", None: "not known to be active"}
_FATES = {True: "is in force", False: "is on paper only", None: "may be in force"}


def _switched(one: Switched) -> Paragraph:
    standings = f"{_STANDINGS[one.old]} on the old server, {_STANDINGS[one.new]} on the new one"
    heading = f"Who is {standings}, where what they have {_FATES[one.new]}"
    return Paragraph(heading, [called(person.known) for person in one.people])


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


_SETTLING = (
    "--write-people FILE and --write-repositories FILE write lists to be completed; give them with --people and "
    "--repositories"
)


def _alone(what: str, found: Matches[T]) -> Iterator[Paragraph]:
    for side, elsewhere in ((found.old, "new server"), (found.new, "old server")):
        yield Paragraph(f"{what} without a counterpart on the {elsewhere}", list(map(with_remarks, found.alone(side))))
        said = [with_remarks(one) for one in side if one in found.without]
        yield Paragraph(f"{what} without a counterpart on the {elsewhere}, as the mapping file says", said)


def _ambiguous(one: Ambiguity[T]) -> str:
    sides = [some([called(item) for item in items], _NAMED) for items in (one.old, one.new)]
    return f"{one.hint} {clean(one.name)}: {sides[0]} on the old server, {sides[1]} on the new one"


def _other_addresses(matching: Matching) -> Iterator[str]:
    for old, hint in matching.people.hints.items():
        mine, theirs = (list(addresses(one)) for one in (old, matching.people.counterparts[old]))
        if hint is Hint.USERNAME and mine and theirs:
            yield f"{called(old)}: {clean(mine[0])} on the old server, {clean(theirs[0])} on the new one"


def _limits(comparison: ServerComparison) -> Iterator[Paragraph]:
    matching = comparison.matching
    is_open = matching.people.is_open or matching.repositories.is_open
    yield Paragraph("To settle who and what is not matched", [_SETTLING] if is_open else [])
    sides = {"old": matching.old, "new": matching.new}
    keys = {side: count for side, export in sides.items() if (count := _holders(export))}
    kinds = both(
        [f"{counted(count, 'key or token', 'keys and tokens')} of the {side} server" for side, count in keys.items()]
    )
    yield Paragraph("Not compared", [f"{kinds}, which have grants of their own"] if keys else [])
    yield Paragraph(
        "Not known", [*_doubtful(matching), *(line for side in sides for line in _caveats(side, sides[side]))]
    )


def _doubtful(matching: Matching) -> Iterator[str]:
    if matching.is_one_server:
        yield "whether these are two servers: both exports name the same one; diff without --across compares by ids"


def _caveats(side: str, export: Export) -> Iterator[str]:
    yield from (f"in the {side} export: {clean(str(caveat))}" for caveat in caveats(export))
    if not any(address for user in export.users for address in addresses(user)):
        yield f"in the {side} export: e-mail addresses, by which people are matched (in Cloud: export with --emails)"


def _holders(export: Export) -> int:
    """Count who has grants and is neither a user nor a group."""
    return len({row.holder for row in export.assignments if not isinstance(row.holder, User | Group)})
