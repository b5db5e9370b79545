"""Why a grant deserves a look before it is kept, in the words of the report. Knows findings, not workbooks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from connector.graph.access import Access
from connector.graph.values import Identity, Node
from connector.review.certification.grants import HeldGrant
from connector.review.findings.catalogue import CHECKS
from connector.review.findings.finding import Urgency


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why to look; the most urgent sorts first."""

    urgency: Urgency
    text: str


class Attention:
    """Why the grants of one export deserve a look."""

    def __init__(self, access: Access) -> None:
        self._of_holders: defaultdict[Identity, list[Reason]] = defaultdict(list)
        self._of_grants: defaultdict[tuple[Identity, str, Node], list[Reason]] = defaultdict(list)
        for check in CHECKS:
            reason = Reason(check.urgency, check.title)
            for place in check.find(access) if check.flags_grants else ():
                for grant in place.grants:
                    self._of_grants[grant.holder, grant.permission.name, grant.on].append(reason)
                if isinstance(place.about, Identity) and not place.grants:
                    self._of_holders[place.about].append(reason)

    def reasons(self, held: HeldGrant) -> list[Reason]:
        """Give why a grant deserves a look, the most urgent first; nothing where nothing is found."""
        of_grant = self._of_grants.get((held.holder, held.right, held.on), ())
        return sorted({*self._of_holders.get(held.holder, ()), *of_grant})
