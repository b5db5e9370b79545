"""What an export does not know, and what that means for answers from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.graph.export import Export
from connector.review.findings.finding import EVERYONE

_GLOBAL = {
    "effective": "through which groups people hold global permissions could not be read: only who holds them",
    "none": "who administers everything could not be read: global administrators are missing here",
}


def caveats(export: Export) -> list[str]:
    """Say what was not collected, one line each; nothing where an export is whole."""
    anything_public = any(group.id == EVERYONE for group in export.groups)
    return [line for one in export.applications for line in _caveats(one.properties, anything_public=anything_public)]


def is_complete(export: Export) -> bool:
    """Whether an export does not say that something of it is missing."""
    return not any(application.properties.get("is_complete") is False for application in export.applications)


def _caveats(properties: Mapping[str, object], *, anything_public: bool) -> Iterator[str]:
    missing = properties.get("not_collected")
    if isinstance(missing, list):
        yield from map(str, missing)
    if properties.get("is_complete") is False and not missing:
        yield "something that the export does not name"
    if isinstance(known := properties.get("global_permissions"), str) and known in _GLOBAL:
        yield _GLOBAL[known]
    if anything_public and properties.get("public_access") == "unknown":
        yield "whether public access is switched on: what is marked public counts as public"
