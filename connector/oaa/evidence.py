"""What any export says of how it was collected: whole or not, when, by which account, by which version."""

from __future__ import annotations

from connector import __version__
from connector.model import Snapshot
from connector.oaa.properties import rfc3339
from connector.oaa.vocabulary import Kind, Property

_LONGEST_PROPERTY = 4096
"""Characters that Veza takes in one string property."""


def _not_collected(snapshot: Snapshot) -> list[str]:
    return [gap.name[:_LONGEST_PROPERTY] for gap in snapshot.gaps]


EVIDENCE: tuple[Property[Snapshot], ...] = (
    Property("is_complete", Kind.BOOLEAN, lambda snapshot: snapshot.is_complete),
    Property("not_collected", Kind.STRING_LIST, _not_collected),
    Property("collected_at", Kind.STRING, lambda snapshot: rfc3339(snapshot.source.collected_at)),
    Property("collected_by", Kind.STRING, lambda snapshot: snapshot.source.collected_by),
    Property("connector_version", Kind.STRING, lambda _: __version__),
)
