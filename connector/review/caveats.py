"""What an export does not know, and whether access may be missing in it because of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.graph.export import Export
from connector.graph.values import Application
from connector.review.vocabulary import BITBUCKET, EVERYONE


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that an export does not know. Where it `hides_access`, the export may lack access that exists."""

    text: str
    hides_access: bool

    def __str__(self) -> str:
        return self.text


_OF_THE_WORKSPACE = {
    "effective": Caveat("through which groups people administer the workspace (who does is known)", hides_access=False),
    "none": Caveat("who administers the workspace: the access of administrators is missing", hides_access=True),
}
_GLOBAL = {
    "effective": Caveat(
        "through which groups people hold global permissions: the account could only read who holds them",
        hides_access=False,
    ),
    "none": Caveat(
        "who holds global permissions: the access of global administrators is missing",
        hides_access=True,
    ),
}
_PUBLIC = Caveat("whether public access is switched on: what is marked public counts as public", hides_access=False)
_LICENCES = Caveat("who has a licence: every active user counts as licensed", hides_access=False)
_UNNAMED = Caveat("something that the export does not name", hides_access=True)


def caveats(export: Export) -> list[Caveat]:
    """Say what an export does not know, with what hides access first; nothing where it is whole."""
    found = [caveat for application in export.applications for caveat in _caveats(export, application)]
    return sorted(found, key=lambda caveat: not caveat.hides_access)


def is_complete(export: Export) -> bool:
    """Whether an export does not say that something in it is missing."""
    return not any(application.properties.get("is_complete") is False for application in export.applications)


def knows_licences(export: Export) -> bool:
    """Whether an export knows which users have a licence."""
    return any("is_licensed" in user.properties for user in export.users)


def _caveats(export: Export, application: Application) -> Iterator[Caveat]:
    properties = application.properties
    missing = properties.get("not_collected")
    incomplete = properties.get("is_complete") is False
    if isinstance(missing, list):
        # A complete export lacks only what its server does not have, such as keys on an old version.
        yield from (Caveat(str(name), incomplete) for name in missing)
    if incomplete and not missing:
        yield _UNNAMED
    for name, said in (("global_permissions", _GLOBAL), ("workspace_permissions", _OF_THE_WORKSPACE)):
        if isinstance(known := properties.get(name), str) and known in said:
            yield said[known]
    if properties.get("public_access") == "unknown" and any(group.id == EVERYONE for group in export.groups):
        yield _PUBLIC
    if application.type == BITBUCKET and not knows_licences(export):
        yield _LICENCES
