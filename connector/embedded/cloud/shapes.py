"""How Bitbucket Cloud writes its records as JSON.

Source: answers recorded from 2018 to 2025, the official OpenAPI file where nobody recorded one. Knows no
permissions and no paging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.embedded.cloud.catalogue import Catalogue
    from connector.embedded.cloud.workspace import Account, Group, Project, Repository

Json = dict[str, Any]

WEB = "https://bitbucket.org"
"""Where people look at things; links for them go there whatever the address of the API."""

_AVATAR = "https://secure.gravatar.com/avatar/00000000000000000000000000000000?d=https%3A%2F%2Favatar-management"
_JOINED = "2021-04-02T14:25:58.600"
"""Without a zone, as recorded."""


def in_path(uuid: str) -> str:
    """Write a uuid as it stands in an address: its braces encoded."""
    return uuid.replace("{", "%7B").replace("}", "%7D")


class Shapes:
    """Writes the people, projects and repositories of one workspace; `api` is the address below which links go."""

    def __init__(self, catalogue: Catalogue, api: str) -> None:
        self.workspace = catalogue.workspace
        self.api = api
        self._catalogue = catalogue

    def link(self, path: str) -> Json:
        """Write a link to a resource of the API."""
        return {"href": f"{self.api}/{path}"}

    def only_self(self, path: str) -> Json:
        """Write the links of a record that has one to itself alone."""
        return {"self": self.link(path)}

    def user(self, account: Account) -> Json:
        """Write a person as it stands in every listing of 2.0."""
        shape: Json = {
            "display_name": account.display_name,
            "links": {
                "self": self.link(f"users/{in_path(account.uuid)}"),
                "avatar": {"href": _AVATAR},
                "html": {"href": f"{WEB}/{in_path(account.uuid)}/"},
            },
            "type": account.type,
            "uuid": account.uuid,
        }
        if account.account_id is not None:
            shape["account_id"] = account.account_id
        if account.nickname is not None:
            shape["nickname"] = account.nickname
        return shape

    def own_user(self, account: Account) -> Json:
        """Write the caller; the account status is always active."""
        shape, own = self.user(account), in_path(account.uuid)
        for name, path in (("hooks", f"workspaces/{own}/hooks"), ("repositories", f"repositories/{own}")):
            shape["links"][name] = self.link(path)
        shape["links"]["snippets"] = self.link(f"snippets/{own}")
        return shape | {
            "username": account.nickname,
            "has_2fa_enabled": None,
            "created_on": account.created_on,
            "is_staff": False,
            "location": None,
            "account_status": "active",
        }

    def user_of(self, uuid: str) -> Json:
        """Write the person with a uuid."""
        return self.user(self.workspace.accounts[uuid])

    def embedded_workspace(self) -> Json:
        """Write the workspace as it stands in other records."""
        slug = self.workspace.slug
        return {
            "type": "workspace",
            "uuid": self.workspace.uuid,
            "name": self.workspace.name,
            "slug": slug,
            "links": {
                "avatar": {"href": f"{WEB}/workspaces/{slug}/avatar/?ts=1702560483"},
                "html": {"href": f"{WEB}/{slug}/"},
                "self": self.link(f"workspaces/{slug}"),
            },
        }

    def whole_workspace(self) -> Json:
        """Write the workspace itself."""
        workspace, slug = self.workspace, self.workspace.slug
        shape = self.embedded_workspace()
        links = shape.pop("links")
        for name in ("hooks", "members", "projects"):
            links[name] = self.link(f"workspaces/{slug}/{name}")
        links["html_overview"] = {"href": f"{WEB}/{slug}/workspace/overview/"}
        links["owners"] = self.link(f"workspaces/{slug}/members?q=permission%3D%22owner%22")
        links["repositories"] = self.link(f"repositories/{slug}")
        links["snippets"] = self.link(f"snippets/{slug}")
        shape |= {"is_private": workspace.is_private, "links": links, "created_on": workspace.created_on}
        if workspace.is_privacy_enforced is not None:
            shape["is_privacy_enforced"] = workspace.is_privacy_enforced
        if workspace.forking_mode is not None:
            shape["forking_mode"] = workspace.forking_mode
        return shape

    def owner(self) -> Json:
        """Write who a workspace belongs to: a person where it is personal, else a team of its own name."""
        workspace = self.workspace
        if workspace.owner_uuid is not None:
            return self.user_of(workspace.owner_uuid)
        return {
            "display_name": workspace.name,
            "links": {
                "self": self.link(f"workspaces/{in_path(workspace.uuid)}"),
                "avatar": {"href": f"{WEB}/account/{workspace.slug}/avatar/"},
                "html": {"href": f"{WEB}/{in_path(workspace.uuid)}/"},
            },
            "type": "team",
            "uuid": workspace.uuid,
            "username": workspace.slug,
        }

    def membership(self, account: Account, role: str | None = None) -> Json:
        """Write that somebody is a member, with the role where the listing tells it."""
        path = f"workspaces/{self.workspace.slug}/members/{in_path(account.uuid)}"
        shape: Json = {"type": "workspace_membership", "user": self.user(account)}
        shape |= {"workspace": self.embedded_workspace(), "links": self.only_self(path)}
        if role is not None:
            shape["permission"] = role
            if not self.workspace.centrally_administered:
                shape |= {"last_accessed": None, "added_on": _JOINED}
        return shape

    def group(self, group: Group) -> Json:
        """Write a group as it stands in answers of 2.0, its undocumented fields included."""
        slug = self.workspace.slug
        root = self.api.rpartition("/")[0]
        return {
            "type": "group",
            "owner": self.owner(),
            "workspace": self.embedded_workspace(),
            "slug": group.slug,
            "full_slug": f"{slug}:{group.slug}",
            "name": group.name,
            "default_permission": group.default_permission,
            "email_forwarding_disabled": None,
            "links": {
                "self": {"href": f"{root}/1.0/groups/{slug}/{group.slug}"},
                "html": {"href": f"{WEB}/{slug}/workspace/settings/groups/{group.slug}"},
            },
            "account_privilege": group.account_privilege,
        }

    def embedded_project(self, project: Project) -> Json:
        """Write a project as it stands in a repository."""
        slug = self.workspace.slug
        return {
            "type": "project",
            "key": project.key,
            "uuid": project.uuid,
            "name": project.name,
            "links": {
                "self": self.link(f"workspaces/{slug}/projects/{project.key}"),
                "html": {"href": f"{WEB}/{slug}/workspace/projects/{project.key}"},
                "avatar": {"href": f"{WEB}/account/user/{slug}/projects/{project.key}/avatar/32?ts=1702560511"},
            },
        }

    def project(self, project: Project) -> Json:
        """Write a project itself."""
        shape = self.embedded_project(project)
        repositories = f'repositories/{self.workspace.slug}?q=project.key="{project.key}"'
        shape["links"]["repositories"] = self.link(repositories)
        public = (not each.is_private for each in self._catalogue.repositories_of(project))
        return shape | {
            "owner": self.owner(),
            "workspace": self.embedded_workspace(),
            "is_private": project.is_private,
            "description": project.description,
            "created_on": project.created_on,
            "updated_on": project.created_on,
            "has_publicly_visible_repos": any(public),
        }

    def embedded_repository(self, repository: Repository) -> Json:
        """Write a repository as it stands in other records."""
        return self._foreign_repository(self.full_name(repository), repository.name, repository.uuid)

    def full_name(self, repository: Repository) -> str:
        """Give the slugs of workspace and repository."""
        return f"{self.workspace.slug}/{repository.slug}"

    def _foreign_repository(self, full_name: str, name: str, uuid: str) -> Json:
        return {
            "type": "repository",
            "full_name": full_name,
            "links": {
                "self": self.link(f"repositories/{full_name}"),
                "html": {"href": f"{WEB}/{full_name}"},
                "avatar": {"href": f"https://bytebucket.org/ravatar/{in_path(uuid)}?ts=default"},
            },
            "name": name,
            "uuid": uuid,
        }

    def _parent(self, repository: Repository) -> Json | None:
        if repository.parent_elsewhere:
            name = repository.parent_elsewhere.partition("/")[2]
            return self._foreign_repository(repository.parent_elsewhere, name, "{00000000-0000-4000-8000-000000000000}")
        parent = self.workspace.repositories.get(repository.parent_uuid or "")
        return self.embedded_repository(parent) if parent else None

    def repository(self, repository: Repository) -> Json:
        """Write a repository itself."""
        shape = self.embedded_repository(repository)
        path = f"repositories/{self.full_name(repository)}"
        for name in ("pullrequests", "commits", "forks", "watchers", "downloads", "hooks"):
            shape["links"][name] = self.link(f"{path}/{name}")
        for name, below in (("branches", "refs/branches"), ("tags", "refs/tags"), ("source", "src")):
            shape["links"][name] = self.link(f"{path}/{below}")
        shape["links"]["clone"] = [
            {"name": "https", "href": f"https://{self.workspace.slug}@bitbucket.org/{self.full_name(repository)}.git"},
            {"name": "ssh", "href": f"git@bitbucket.org:{self.full_name(repository)}.git"},
        ]
        branch = repository.main_branch
        return shape | {
            "slug": repository.slug,
            "description": repository.description,
            "scm": "git",
            "website": None,
            "owner": self.owner(),
            "workspace": self.embedded_workspace(),
            "is_private": repository.is_private,
            "project": self.embedded_project(self.workspace.projects[repository.project_uuid]),
            "fork_policy": repository.fork_policy,
            "created_on": repository.created_on,
            "updated_on": repository.created_on,
            "size": 55_800,
            "language": "",
            "mainbranch": {"name": branch, "type": "branch"} if branch else None,
            "override_settings": {"default_merge_strategy": True, "branching_model": True},
            "parent": self._parent(repository),
            "enforced_signed_commits": None,
            "has_issues": False,
            "has_wiki": False,
        }
