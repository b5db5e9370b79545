"""Why a grant deserves a look before it is kept, in the words of the report. Knows findings, not workbooks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.values import Identity, Node
from connector.review.certification.grants import Held
from connector.review.findings.catalogue import CHECKS
from connector.review.findings.finding import Urgency
from connector.review.findings.people import redundant_grants

_ABOUT_HOLDERS = {
    "keys-of-leavers",
    "inactive-access",
    "not-in-directory",
    "never-expires",
    "unlicensed-access",
    "away-for-a-year",
    "unused-keys",
    "weak-keys",
    "never-signed-in",
    "never-used-keys",
    "empty-groups",
}
"""The checks whose places are holders of grants, and speak against each of their grants."""

_ABOUT_GRANTS = "granted-twice"


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why to look; the most urgent sorts first."""

    urgency: Urgency
    text: str


class Attention:
    """Why the grants of one export deserve a look."""

    def __init__(self, access: Access) -> None:
        self._about: defaultdict[Identity, list[Reason]] = defaultdict(list)
        for check in CHECKS:
            reason = Reason(check.urgency, check.title)
            if check.id == _ABOUT_GRANTS:
                self._redundant = reason
            for place in check.find(access) if check.id in _ABOUT_HOLDERS else ():
                if isinstance(place.about, Identity):
                    self._about[place.about].append(reason)
        self._redundant_grants: set[tuple[Identity, str, Node]] = {
            (user, grant.permission.name, grant.on) for user, grants in redundant_grants(access) for grant in grants
        }

    def reasons(self, held: Held) -> list[Reason]:
        """Give why a grant deserves a look, the most urgent first; nothing where nothing is found."""
        found = list(self._about.get(held.holder, ()))
        if (held.holder, held.right, held.on) in self._redundant_grants:
            found.append(self._redundant)
        return sorted(found)
