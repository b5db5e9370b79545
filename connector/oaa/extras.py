"""Keys, tokens, webhooks and branch restrictions of a snapshot → OAA. Adds nothing where nothing was included.

See `mapping`, which calls this when users, projects and repositories are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from oaaclient.templates import CustomApplication, CustomResource
from oaaclient.templates.application import AccessCred

from connector.model import Credential, CredentialKind, Extras, Inclusion, Snapshot, in_order
from connector.oaa import vocabulary as oaa
from connector.oaa.properties import define, rfc3339, set_properties

_Resources = Mapping[str, CustomResource]
_HOSTS = (oaa.WEBHOOK_HOSTS,)


def add_extras(app: CustomApplication, snapshot: Snapshot, projects: _Resources, repositories: _Resources) -> None:
    """Add what was included; `projects` and `repositories` are those of the application, by Bitbucket's ids."""
    collected = snapshot.extras
    _define(app, collected)
    for credential in collected.credentials:
        _grant(_add(app, credential, collected), credential, projects, repositories)
    if collected.instance_webhook_hosts is not None:
        set_properties(app, _HOSTS, collected.instance_webhook_hosts)
    for project_id, hosts in collected.project_webhook_hosts.items():
        set_properties(projects[project_id], _HOSTS, hosts)
    for repository_id, hosts in collected.repository_webhook_hosts.items():
        set_properties(repositories[repository_id], _HOSTS, hosts)
    for repository_id, branch in collected.default_branches.items():
        set_properties(repositories[repository_id], oaa.DEFAULT_BRANCH_PROPERTIES, branch)


def _define(app: CustomApplication, collected: Extras) -> None:
    definitions, included = app.property_definitions, collected.included
    for inclusion in sorted(included):
        define(definitions.define_access_cred_property, oaa.CREDENTIAL_PROPERTIES.get(inclusion, ()))
    if Inclusion.WEBHOOKS in included:
        define(definitions.define_resource_property, _HOSTS, oaa.PROJECT)
        define(definitions.define_resource_property, _HOSTS, oaa.REPOSITORY)
    if collected.instance_webhook_hosts is not None:
        define(definitions.define_application_property, _HOSTS)
    if Inclusion.BRANCH_PERMISSIONS in included:
        define(definitions.define_resource_property, oaa.DEFAULT_BRANCH_PROPERTIES, oaa.REPOSITORY)


def _add(app: CustomApplication, credential: Credential, collected: Extras) -> AccessCred:
    added = app.add_access_cred(f"{credential.kind.value}:{credential.id}", credential.name)
    added.is_active = not _has_expired(credential, collected.taken_at)
    added.created_at = rfc3339(credential.created_at) or ""
    added.expires_at = rfc3339(credential.expires_at) or ""
    added.last_used_at = rfc3339(credential.last_used_at) or ""
    added.can_expire = credential.can_expire
    is_token = credential.kind is CredentialKind.HTTP_TOKEN
    kind = Inclusion.TOKENS if is_token else Inclusion.ACCESS_KEYS
    set_properties(added, oaa.CREDENTIAL_PROPERTIES[kind], credential)
    if credential.owner_id is not None:
        app.local_users[credential.owner_id].add_access_cred(added.unique_id)
    return added


def _has_expired(credential: Credential, taken_at: int | None) -> bool:
    return credential.expires_at is not None and taken_at is not None and credential.expires_at <= taken_at


def _grant(added: AccessCred, credential: Credential, projects: _Resources, repositories: _Resources) -> None:
    granted: defaultdict[str, list[CustomResource]] = defaultdict(list)
    for project_id, on_project in in_order(credential.on_projects):
        granted[str(on_project)].append(projects[project_id])
    for repository_id, on_repository in in_order(credential.on_repositories):
        granted[str(on_repository)].append(repositories[repository_id])
    for permission, resources in sorted(granted.items()):
        added.add_permission(permission, resources=resources)
