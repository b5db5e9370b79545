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
    return call.page(KEYS, keys, lambda key: call.desk.machines.repository_key(key, found))


def project_keys(call: Call, key: str) -> Json:
    """List the deploy keys of a project."""
    found = call.administered_project(key)
    keys = [each for each in call.workspace.deploy_keys if found.uuid in each.projects]
    return call.page(KEYS, keys, lambda each: call.desk.machines.project_key(each, found))


def repository_hooks(call: Call, name: str) -> Json:
    """List the webhooks of a repository."""
    return _hooks(call, call.administered_repository(name).uuid)


def workspace_hooks(call: Call) -> Json:
    """List the webhooks of the workspace itself."""
    call.require_owner()
    return _hooks(call, None)


def restrictions(call: Call, name: str) -> Json:
    """List the branch restrictions of a repository, of all kinds or one."""
    found = call.administered_repository(name)
    kind = call.query.get("kind")
    pattern = call.query.get("pattern")
    rows = [
        row
        for row in call.workspace.restrictions
        if row.repository_uuid == found.uuid
        and (kind is None or row.kind == kind)
        and (pattern is None or row.pattern == pattern)
    ]
    return call.page(RESTRICTIONS, rows, call.desk.machines.restriction)


def branching_model(call: Call, name: str) -> Json:
    """Show the branching model of a repository."""
    return call.desk.machines.branching_model(call.repository(name))


def override_settings(call: Call, name: str) -> Json:
    """Show which settings a repository does not take from its project; permissions are none of them."""
    call.administered_repository(name)
    overrides = {"default_merge_strategy": True, "branching_model": True}
    return {"type": "repository_inheritance_state", "override_settings": overrides}


_ADMIN_REPOSITORY = ("admin:repository:bitbucket",)
_HOOKS = ("webhook",), ("read:webhook:bitbucket",)
_MODEL = ("repository",), ("read:repository:bitbucket",)

MACHINE_ROUTES = {
    "2.0/repositories/{ws}/{}/deploy-keys": Route(
        repository_keys, ("repository", "repository:admin"), _ADMIN_REPOSITORY
    ),
    "2.0/workspaces/{ws}/projects/{}/deploy-keys": Route(
        project_keys, ("project", "project:admin"), ("admin:project:bitbucket",)
    ),
    "2.0/repositories/{ws}/{}/hooks": Route(repository_hooks, *_HOOKS),
    "2.0/workspaces/{ws}/hooks": Route(workspace_hooks, *_HOOKS),
    "2.0/repositories/{ws}/{}/branch-restrictions": Route(restrictions, ("repository:admin",), _ADMIN_REPOSITORY),
    "2.0/repositories/{ws}/{}/override-settings": Route(override_settings, ("repository:admin",), _ADMIN_REPOSITORY),
    "2.0/repositories/{ws}/{}/branching-model": Route(branching_model, *_MODEL),
    "2.0/repositories/{ws}/{}/effective-branching-model": Route(branching_model, *_MODEL),
}


def _hooks(call: Call, repository_uuid: str | None) -> Json:
    rows = [hook for hook in call.workspace.webhooks if hook.repository_uuid == repository_uuid]
    return call.page(HOOKS, rows, call.desk.machines.hook)
