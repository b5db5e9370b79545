"""One request to one resource: who asks, what the query says, and what the caller may look at.

Finding a project or a repository checks the right to it: a resource cannot forget to. Knows neither
sockets nor credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from connector.embedded.datacenter.answers import NOT_PERMITTED, Refusal, bad_request, login_required, no_such
from connector.embedded.datacenter.organisation import Project
from connector.embedded.datacenter.pages import page_of
from connector.embedded.datacenter.rules import GLOBAL, PROJECT, REPOSITORY
from connector.embedded.datacenter.settings import PersonalGrants
from connector.embedded.datacenter.shapes import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.embedded.datacenter.catalogue import Catalogue
    from connector.embedded.datacenter.organisation import Account, Organisation, Repository
    from connector.embedded.datacenter.rules import Rights, Rules
    from connector.embedded.datacenter.settings import Settings
    from connector.embedded.datacenter.shapes import Json, Shapes

Row = TypeVar("Row")

DEFAULT_LIMIT = 25


@dataclass(slots=True)
class Backend:
    """Everything that a resource is answered from; made anew when the organisation changes."""

    organisation: Organisation
    settings: Settings
    catalogue: Catalogue
    rules: Rules
    shapes: Shapes
    created: list[Project]
    """Personal projects that came into being because somebody asked for them."""

    @property
    def version(self) -> tuple[int, ...]:
        """The version, comparable."""
        return version_of(self.organisation.version)


@dataclass(slots=True)
class Call:
    """One request to one resource."""

    backend: Backend
    rights: Rights
    query: Mapping[str, str]
    route: str = ""
    changed: bool = False
    """Set by a resource that changed the organisation."""

    @property
    def account(self) -> Account:
        """The user who asks; raises Refusal for somebody who is not signed in."""
        if self.rights.account is None:
            raise login_required(self.backend.version)
        return self.rights.account

    def require_login(self) -> None:
        """Refuse somebody who is not signed in."""
        _ = self.account

    def require_viewer(self) -> None:
        """Refuse somebody who is not signed in, where public access is off."""
        if not self.backend.organisation.public_access:
            self.require_login()

    def administered_instance(self) -> Organisation:
        """Give the whole instance to a global administrator who signed in with a password; refuse everybody else."""
        self.require_login()
        if self.rights.global_rank < GLOBAL["ADMIN"]:
            raise Refusal(*NOT_PERMITTED)
        return self.backend.organisation

    def page(self, rows: Sequence[Row], shape: Callable[[Row], Any]) -> Json:
        """Answer the page of a listing that the query asks for."""
        settings = self.backend.settings
        cap = settings.page_caps.get(self.route, settings.page_cap)
        limit = min(self.number("limit", DEFAULT_LIMIT, least=1), cap)
        page = page_of(rows, self.number("start", 0, least=0), limit, settings)
        return page.envelope(shape, null_next=settings.null_next_page)

    def number(self, name: str, default: int, *, least: int) -> int:
        """Read a whole number from the query."""
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) < least:
            raise bad_request(f"'{text}' is not a valid value for '{name}'")
        return int(text)

    def contains(self, name: str, *texts: str | None) -> bool:
        """Tell whether one of the texts contains what the query filters by, whatever its case."""
        wanted = self.query.get(name, "").lower()
        return not wanted or any(wanted in text.lower() for text in texts if text)

    def project(self, key: str) -> Project:
        """Find a project that the caller may view."""
        self.require_viewer()
        found = self.backend.catalogue.project_by_key(key)
        if found is None:
            raise no_such("project.Project", f"Project {key} does not exist.")
        if not self.rights.sees_project(found):
            self.require_login()
            raise Refusal(*NOT_PERMITTED)
        return found

    def entered_project(self, key: str) -> Project:
        """Find a project whose contents are asked for; the personal one of a user who has none is made.

        Source: the knowledge base on personal projects; why nobody may ask `~user` for users in turn.
        """
        exists = self.backend.catalogue.project_by_key(key) is not None
        owner = self.backend.catalogue.account_by_slug(key.removeprefix("~"))
        if exists or not key.startswith("~") or owner is None or self.rights.account is None:
            return self.project(key)
        organisation = self.backend.organisation
        number = max(organisation.projects, default=0) + 1
        made = Project(number, key.upper(), owner.display_name or owner.name, owner_id=owner.id)
        organisation.projects[number] = made
        self.backend.created.append(made)
        self.changed = True
        if not self.rights.sees_project(made):
            raise Refusal(*NOT_PERMITTED)
        return made

    def repository(self, key: str, slug: str) -> Repository:
        """Find a repository that the caller can read."""
        self.require_viewer()
        project = self.backend.catalogue.project_by_key(key)
        if project is None:
            raise no_such("project.Project", f"Project {key} does not exist.")
        found = self.backend.catalogue.repository_by_slug(project, slug)
        if found is None:
            raise no_such("repository.Repository", f"Repository {key}/{slug} does not exist.")
        if not self.rights.sees_repository(found):
            self.require_login()
            raise Refusal(*NOT_PERMITTED)
        return found

    def administered_project(self, key: str) -> Project:
        """Find a project whose permissions the caller may read."""
        self.require_login()
        found = self.entered_project(key)
        if self.rights.project_rank(found) < PROJECT["PROJECT_ADMIN"]:
            raise Refusal(*NOT_PERMITTED)
        if found.owner_id is None:
            return found
        match self.backend.settings.personal_grants:
            case PersonalGrants.REFUSED:
                raise Refusal(*NOT_PERMITTED)
            case PersonalGrants.MISSING:
                raise no_such("project.Project", f"Project {key} does not exist.")
            case PersonalGrants.CONFLICT:
                name = "com.atlassian.bitbucket.IntegrityException"
                raise Refusal(HTTPStatus.CONFLICT, "Personal projects have no permissions.", name)
            case PersonalGrants.ANSWERED | PersonalGrants.WITH_OWNER:
                return found

    def administered_repository(self, key: str, slug: str) -> Repository:
        """Find a repository whose permissions the caller may read."""
        self.require_login()
        found = self.repository(key, slug)
        if self.rights.repository_rank(found) < REPOSITORY["REPO_ADMIN"]:
            raise Refusal(*NOT_PERMITTED)
        return found
