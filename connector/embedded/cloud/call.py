"""One request to one resource: who asks, what the query says, and what the caller may look at.

Finding a project or a repository checks the right to it: a resource cannot forget to. Knows neither
sockets nor credentials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from connector.embedded.cloud.answers import (
    SPAM,
    TOKEN_REFUSED,
    bad_request,
    error,
    forbidden,
    gone,
    no_project,
    no_repository,
    no_workspace,
)
from connector.embedded.cloud.pages import page_of, pagelen_of
from connector.embedded.cloud.rules import PROJECT, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.embedded.cloud.catalogue import Catalogue
    from connector.embedded.cloud.grant_shapes import GrantShapes
    from connector.embedded.cloud.login import Credential
    from connector.embedded.cloud.machine_shapes import MachineShapes
    from connector.embedded.cloud.pages import Listing
    from connector.embedded.cloud.rules import Rights, Rules
    from connector.embedded.cloud.settings import Settings
    from connector.embedded.cloud.shapes import Json, Shapes
    from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace

Row = TypeVar("Row")
Kept = TypeVar("Kept")

ADMINISTRATORS_ONLY = "Access denied. You must have write or admin access."


@dataclass(slots=True)
class Backend:
    """Everything that a resource is answered from; made anew when the workspace changes."""

    workspace: Workspace
    settings: Settings
    catalogue: Catalogue
    rules: Rules
    shapes: Shapes
    grants: GrantShapes
    machines: MachineShapes
    _kept: dict[object, Any] = field(default_factory=dict)

    def kept(self, name: object, make: Callable[[], Kept]) -> Kept:
        """Make something once, since the pages of a listing ask for the same again and again."""
        if name not in self._kept:
            self._kept[name] = make()
        found: Kept = self._kept[name]
        return found


@dataclass(slots=True)
class Call:
    """One request to one resource; `address` is that of the resource, as it was asked."""

    backend: Backend
    credential: Credential | None
    rights: Rights
    query: Mapping[str, str]
    route: str
    address: str

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.backend.workspace

    @property
    def account(self) -> Account:
        """The account that asks; raises Refusal for somebody who is not signed in, or for a token without one."""
        if self.credential is None or self.credential.account is None:
            raise error(*TOKEN_REFUSED)
        return self.credential.account

    def enter(self, name: str) -> None:
        """Check that there is a workspace of a name; raises Refusal else, and for one marked as spam."""
        if not self.backend.catalogue.is_called(name):
            raise no_workspace(name)
        if self.workspace.marked_as_spam:
            raise error(*SPAM)

    def require_member(self) -> None:
        """Refuse everybody from outside the workspace."""
        if not self.rights.is_member:
            raise forbidden()

    def require_owner(self) -> None:
        """Refuse everybody but an administrator of the workspace."""
        if not self.rights.is_owner:
            raise forbidden()

    def project(self, key: str) -> Project:
        """Find a project that the caller may view."""
        found = self.backend.catalogue.project(key)
        if found is None or not self.rights.sees_project(found):
            raise no_project(key)
        return found

    def administered_project(self, key: str) -> Project:
        """Find a project that the caller administers."""
        found = self.project(key)
        if self.rights.project_rank(found) < PROJECT["admin"]:
            raise forbidden(ADMINISTRATORS_ONLY)
        return found

    def repository(self, name: str) -> Repository:
        """Find a repository that the caller can read."""
        found = self.backend.catalogue.repository(name)
        if found is None or not self.rights.sees_repository(found):
            raise no_repository()
        return found

    def administered_repository(self, name: str) -> Repository:
        """Find a repository that the caller administers."""
        found = self.repository(name)
        if self.rights.repository_rank(found) < REPOSITORY["admin"]:
            raise forbidden(ADMINISTRATORS_ONLY)
        return found

    def page(self, listing: Listing[Row], rows: Sequence[Row], shape: Callable[[Row], Any]) -> Json:
        """Answer the page of a listing that the query asks for."""
        settings = self.backend.settings
        pagelen = pagelen_of(self.query, listing.pagelen, self.route, settings)
        arranged = self._arranged(listing, rows)
        page = page_of(arranged, self.query, pagelen, opaque=settings.opaque_next)
        return page.envelope(
            shape,
            self.address,
            self.query,
            opaque=settings.opaque_next,
            tells_size=listing.tells_size and settings.tells_size,
        )

    def _arranged(self, listing: Listing[Row], rows: Sequence[Row]) -> Sequence[Row]:
        wanted = {name: self.query[name] for name in ("q", "sort") if name in self.query}
        settings = self.backend.settings
        if wanted and self.route in settings.unsortable:
            raise bad_request(f"Invalid parameter: {min(wanted)}")
        if not wanted:
            return rows
        caller = self.credential.identity if self.credential else None
        name = (self.address, caller, *sorted(wanted.items()))
        return self.backend.kept(name, lambda: listing.arranged(self.workspace, rows, wanted))


def removed(_: Call) -> Json:
    """Answer an address that was removed."""
    raise gone()
