"""How Bitbucket writes its records as JSON, version by version.

Source: answers recorded from servers of 4.6 to 10.4. Knows no permissions and no paging.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from connector.embedded.datacenter.catalogue import slug_of

if TYPE_CHECKING:
    from connector.embedded.datacenter.catalogue import Catalogue
    from connector.embedded.datacenter.organisation import Account, Group, Project, Repository
    from connector.embedded.datacenter.settings import Settings

Json = dict[str, Any]

_STATUS_MESSAGES = {
    "AVAILABLE": "Available",
    "INITIALISING": "Initialising",
    "INITIALISATION_FAILED": "Initialisation failed",
    "OFFLINE": "Offline",
}


def version_of(text: str) -> tuple[int, ...]:
    """Read `8.9.4` as (8, 9, 4), so that versions compare."""
    return tuple(int(part) for part in text.split("."))


class Shapes:
    """Writes the records of one organisation as a server of its version does."""

    def __init__(self, catalogue: Catalogue, settings: Settings, base_url: str) -> None:
        self._catalogue = catalogue
        self._organisation = catalogue.organisation
        self._settings = settings
        self._base_url = base_url
        self._version = version_of(catalogue.organisation.version)

    def properties(self) -> Json:
        """Write the version; every value is a string."""
        major, minor, patch = (*self._version, 0, 0)[:3]
        return {
            "version": self._organisation.version,
            "buildNumber": f"{major}{minor:03}{patch:03}",
            "buildDate": "1616539597394",
            "displayName": "Bitbucket",
        }

    def user(self, account: Account) -> Json:
        """Write a user as everybody sees it."""
        # The users that act for tokens stand in no directory, and mostly in no record either.
        slug = self._catalogue.slugs.get(account.id) or slug_of(account.name)
        folder = "bots" if account.type == "SERVICE" else "users"
        shape: Json = {"name": account.name}
        if account.email is not None or self._settings.null_email:
            shape["emailAddress"] = account.email
        identity: Json = {"id": account.id}
        if account.display_name is not None:
            identity["displayName"] = account.display_name
        # The order changed with 8.0; a client that depends on it should fail here first.
        if self._is_at_least(8):
            shape |= {"active": account.active} | identity
        else:
            shape |= identity | {"active": account.active}
        return shape | {"slug": slug, "type": account.type, "links": self._self(f"/{folder}/{slug}")}

    def detailed_user(self, account: Account) -> Json:
        """Write a user as the listings below `admin` do."""
        internal = "Internal" in account.directory
        shape = self.user(account) | {
            "directoryName": account.directory,
            "deletable": internal,
            "mutableDetails": internal,
            "mutableGroups": internal,
        }
        if account.last_authenticated is not None:
            shape["lastAuthenticationTimestamp"] = account.last_authenticated
        if account.created is not None and self._is_at_least(10):
            shape["createdTimestamp"] = account.created
        return shape

    def group(self, group: Group) -> Json:
        """Write a group as `admin/groups` does."""
        return {"name": group.name, "deletable": True}

    def user_grant(self, grant: tuple[int, str]) -> Json:
        """Write a permission of a user."""
        account_id, permission = grant
        return {"user": self.user(self._organisation.accounts[account_id]), "permission": permission}

    def group_grant(self, grant: tuple[str, str]) -> Json:
        """Write a permission of a group, its name as the grant spells it."""
        name, permission = grant
        return {"group": {"name": name}, "permission": permission}

    def project(self, project: Project) -> Json:
        """Write a project; a personal one has an owner, and neither a description nor `public`."""
        if project.owner_id is not None:
            return self._personal_project(project, self._organisation.accounts[project.owner_id])
        shape: Json = {"key": project.key, "id": project.id, "name": project.name}
        self._describe(shape, project.description)
        return shape | {
            "public": project.public,
            "type": "NORMAL",
            "links": self._self(f"/projects/{project.key}"),
        }

    def repository(self, repository: Repository) -> Json:
        """Write a repository with its project, and with the repository that it was forked from."""
        organisation = self._organisation
        project = organisation.projects[repository.project_id]
        origin = None if repository.origin_id is None else organisation.repositories.get(repository.origin_id)
        shape: Json = {"slug": repository.slug, "id": repository.id, "name": repository.name}
        self._describe(shape, repository.description)
        if self._is_at_least(6):
            shape["hierarchyId"] = self._hierarchy(repository)
        shape |= {
            "scmId": "git",
            "state": repository.state,
            "statusMessage": _STATUS_MESSAGES[repository.state],
            "forkable": True,
        }
        if origin:
            shape["origin"] = self.repository(origin)
        shape |= {"project": self.project(project), "public": repository.public}
        if self._is_at_least(8):
            shape["archived"] = repository.archived
        return shape | {"links": self._repository_links(repository, project)}

    def _is_at_least(self, major: int) -> bool:
        return self._version >= (major,)

    def _personal_project(self, project: Project, owner: Account) -> Json:
        return {
            "key": project.key.upper(),
            "id": project.id,
            "name": project.name,
            "type": "PERSONAL",
            "owner": self.user(owner),
            "links": self._self(f"/users/{self._catalogue.slugs[owner.id]}"),
        }

    def _describe(self, shape: Json, description: str | None) -> None:
        if description is not None or self._settings.null_description:
            shape["description"] = description

    def _hierarchy(self, repository: Repository) -> str:
        """Give the id that a repository shares with everything forked from it."""
        root = repository
        while root.origin_id in self._organisation.repositories:
            root = self._organisation.repositories[root.origin_id]
        return hashlib.sha256(str(root.id).encode()).hexdigest()[:20]

    def _repository_links(self, repository: Repository, project: Project) -> Json:
        path = f"{project.key.lower()}/{repository.slug}.git"
        page = f"/projects/{project.key}"
        if project.owner_id is not None:
            page = f"/users/{self._catalogue.slugs[project.owner_id]}"
        host = self._base_url.split("/")[2].rpartition(":")[0]
        clones = [
            {"href": f"{self._base_url}/scm/{path}", "name": "http"},
            {"href": f"ssh://git@{host}:7999/{path}", "name": "ssh"},
        ]
        # Real servers send them in either order.
        if repository.id % 2:
            clones.reverse()
        return {"clone": clones} | self._self(f"{page}/repos/{repository.slug}/browse")

    def _self(self, path: str) -> Json:
        return {"self": [{"href": self._base_url + path}]}
