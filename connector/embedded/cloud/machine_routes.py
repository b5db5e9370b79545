"""The REST resources of machines: deploy keys, webhooks, branch restrictions, branching models.

Source: the official OpenAPI file. Knows neither sockets nor credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.cloud.pages import Listing
from connector.embedded.cloud.routes import Route

if TYPE_CHECKING:
    from connector.embedded.cloud.call import Call
    from connector.embedded.cloud.machines import DeployKey, Restriction, Webhook
    from connector.embedded.cloud.shapes import Json

KEYS: Listing[DeployKey] = Listing(10)
HOOKS: Listing[Webhook] = Listing(10)
RESTRICTIONS: Listing[Restriction] = Listing(10)


def repository_keys(call: Call, name: str) -> Json:
    """List the deploy keys of a repository."""
    found = call.administered_repository(name)
    keys = [key for key in call.workspace.deploy_keys if found.uuid in key.repositories]
    return call.page(KEYS, keys, lambda key: call.backend.machines.repository_key(key, found))


def project_keys(call: Call, key: str) -> Json:
    """List the deploy keys of a project."""
    found = call.administered_project(key)
    keys = [each for each in call.workspace.deploy_keys if found.uuid in each.projects]
    return call.page(KEYS, keys, lambda each: call.backend.machines.project_key(each, found))


def workspace_hooks(call: Call) -> Json:
    """List the webhooks of the workspace itself."""
    call.require_owner()
    return _hooks(call, None)


def restrictions(call: Call, name: str) -> Json:
    """List the branch restrictions of a repository."""
    found = call.administered_repository(name)
    rows = [row for row in call.workspace.restrictions if row.repository_uuid == found.uuid]
    return call.page(RESTRICTIONS, rows, call.backend.machines.restriction)


_ADMIN_REPOSITORY = ("admin:repository:bitbucket",)
_HOOKS = ("webhook",), ("read:webhook:bitbucket",)

MACHINE_ROUTES = {
    "2.0/repositories/{ws}/{}/deploy-keys": Route(
        repository_keys, ("repository", "repository:admin"), _ADMIN_REPOSITORY
    ),
    "2.0/workspaces/{ws}/projects/{}/deploy-keys": Route(
        project_keys, ("project", "project:admin"), ("admin:project:bitbucket",)
    ),
    "2.0/repositories/{ws}/{}/hooks": Route(
        lambda call, name: _hooks(call, call.administered_repository(name).uuid), *_HOOKS
    ),
    "2.0/workspaces/{ws}/hooks": Route(workspace_hooks, *_HOOKS),
    "2.0/repositories/{ws}/{}/branch-restrictions": Route(restrictions, ("repository:admin",), _ADMIN_REPOSITORY),
    "2.0/repositories/{ws}/{}/effective-branching-model": Route(
        lambda call, name: call.backend.machines.branching_model(call.repository(name)),
        ("repository",),
        ("read:repository:bitbucket",),
    ),
}


def _hooks(call: Call, repository_uuid: str | None) -> Json:
    rows = [hook for hook in call.workspace.webhooks if hook.repository_uuid == repository_uuid]
    return call.page(HOOKS, rows, call.backend.machines.hook)
