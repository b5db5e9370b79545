"""What in an export deserves a second look, each with its reason and a list. Needs no network.

About Bitbucket's own properties, as `publish.vocabulary` defines them; in another application's payload
there is little of it to find. What an export does not tell is not found, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from connector.graph.access import Access
from connector.graph.export import Export
from connector.review.findings import machine_identities as look_at_machines
from connector.review.findings import openness as look_at_openness
from connector.review.findings import people as look_at_people
from connector.review.findings.finding import Finding, Place, Urgency, place

__all__ = ["Finding", "Place", "Urgency", "place", "second_look"]

_LOOKS: tuple[Callable[[Access], Finding], ...] = (
    look_at_openness.public,
    look_at_openness.everybody_writes,
    look_at_machines.owners_left,
    look_at_people.switched_off,
    look_at_people.not_in_directory,
    look_at_people.administrators,
    look_at_machines.write_for_ever,
    look_at_machines.rewritable_branches,
    look_at_machines.outside_hosts,
    look_at_people.unlicensed,
    look_at_people.long_away,
    look_at_machines.long_unused,
    look_at_machines.weak_keys,
    look_at_people.never_signed_in,
    look_at_machines.never_used,
    look_at_openness.everybody_reads,
    look_at_people.one_by_one,
    look_at_people.granted_twice,
    look_at_people.empty_groups,
)


def second_look(export: Export) -> list[Finding]:
    """Give what was found, the most urgent first."""
    access = Access(export)
    findings = (look(access) for look in _LOOKS)
    return sorted((finding for finding in findings if finding.places), key=lambda finding: finding.urgency)
