"""Why a grant deserves a look before it is kept, in the words of the report. Knows findings, not workbooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.values import Identity, Node
from connector.review.certification.grants import Held
from connector.review.findings import machine_identities as look_at_machines
from connector.review.findings import people as look_at_people
from connector.review.findings.finding import Finding, Urgency

_ABOUT_HOLDERS: tuple[Callable[[Access], Finding], ...] = (
    look_at_machines.owners_left,
    look_at_people.switched_off,
    look_at_people.not_in_directory,
    look_at_machines.write_for_ever,
    look_at_people.unlicensed,
    look_at_people.long_away,
    look_at_machines.long_unused,
    look_at_machines.weak_keys,
    look_at_people.never_signed_in,
    look_at_machines.never_used,
    look_at_people.empty_groups,
)


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why to look; the most urgent sorts first."""

    urgency: Urgency
    text: str


class Attention:
    """Why the grants of one export deserve a look."""

    def __init__(self, access: Access) -> None:
        self._about: defaultdict[Identity, list[Reason]] = defaultdict(list)
        for look in _ABOUT_HOLDERS:
            finding = look(access)
            for place in finding.places:
                if isinstance(place.about, Identity):
                    self._about[place.about].append(Reason(finding.urgency, finding.title))
        again = look_at_people.granted_twice(access)
        self._again = Reason(again.urgency, again.title)
        self._granted_again: set[tuple[Identity, str, Node]] = {
            (user, grant.permission.name, grant.on)
            for user, grants in look_at_people.granted_again(access)
            for grant in grants
        }

    def reasons(self, held: Held) -> list[Reason]:
        """Give why a grant deserves a look, the most urgent first; nothing where nothing is found."""
        found = list(self._about.get(held.holder, ()))
        if (held.holder, held.right, held.on) in self._granted_again:
            found.append(self._again)
        return sorted(found)
