"""Keys, tokens, webhooks and branch rules of a snapshot → OAA. Adds nothing where nothing was included.

See `publish.mapping`, which calls this when users, projects and repositories are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from oaaclient.templates import CustomApplication, CustomResource
from oaaclient.templates.application import AccessCred

from connector.model import Credential, CredentialKind, DefaultBranch, Inclusion, Machines, Snapshot, in_order
from connector.oaa import vocabulary as oaa
from connector.oaa.properties import rfc3339, set_properties

_Resources = Mapping[str, CustomResource]


def add_machines(app: CustomApplication, snapshot: Snapshot, projects: _Resources, repositories: _Resources) -> None:
    """Add what was included; `projects` and `repositories` are those of the application, by Bitbucket's ids."""
    machines = snapshot.machines
    _define(app, machines.included)
    for credential in machines.credentials:
        _grant(_add(app, credential, machines), credential, projects, repositories)
    for project_id, hosts in machines.project_webhook_hosts.items():
        set_properties(projects[project_id], webhook_hosts=list(hosts))
    for repository_id, hosts in machines.repository_webhook_hosts.items():
        set_properties(repositories[repository_id], webhook_hosts=list(hosts))
    for repository_id, branch in machines.default_branches.items():
        _describe_branch(repositories[repository_id], branch)


def _define(app: CustomApplication, included: frozenset[Inclusion]) -> None:
    definitions = app.property_definitions
    for inclusion in sorted(included):
        for name, kind in oaa.CREDENTIAL_PROPERTIES.get(inclusion, {}).items():
            definitions.define_access_cred_property(name, kind)
        for name, kind in oaa.INCLUDED_PROJECT_PROPERTIES.get(inclusion, {}).items():
            definitions.define_resource_property(oaa.PROJECT, name, kind)
        for name, kind in oaa.INCLUDED_REPOSITORY_PROPERTIES.get(inclusion, {}).items():
            definitions.define_resource_property(oaa.REPOSITORY, name, kind)


def _add(app: CustomApplication, credential: Credential, machines: Machines) -> AccessCred:
    added = app.add_access_cred(f"{credential.kind.value}:{credential.id}", credential.name)
    added.is_active = not _has_expired(credential, machines.taken_at)
    added.created_at = rfc3339(credential.created_at) or ""
    added.expires_at = rfc3339(credential.expires_at) or ""
    added.last_used_at = rfc3339(credential.last_used_at) or ""
    added.can_expire = credential.can_expire
    set_properties(added, kind=credential.kind.value)
    if credential.kind is not CredentialKind.HTTP_TOKEN:
        set_properties(
            added,
            algorithm=credential.algorithm,
            bit_length=credential.bit_length,
            fingerprint=credential.fingerprint,
        )
    if credential.owner_id is not None:
        app.local_users[credential.owner_id].add_access_cred(added.unique_id)
        if credential.kind is CredentialKind.HTTP_TOKEN:
            set_properties(added, permissions=[permission.value for permission in credential.permissions])
    return added


def _has_expired(credential: Credential, taken_at: int | None) -> bool:
    return credential.expires_at is not None and taken_at is not None and credential.expires_at <= taken_at


def _grant(added: AccessCred, credential: Credential, projects: _Resources, repositories: _Resources) -> None:
    granted: defaultdict[str, list[CustomResource]] = defaultdict(list)
    for project_id, on_project in in_order(credential.on_projects):
        granted[on_project.value].append(projects[project_id])
    for repository_id, on_repository in in_order(credential.on_repositories):
        granted[on_repository.value].append(repositories[repository_id])
    for permission, resources in sorted(granted.items()):
        added.add_permission(permission, resources=resources)


def _describe_branch(repository: CustomResource, branch: DefaultBranch) -> None:
    set_properties(
        repository,
        default_branch=branch.name,
        default_branch_protected=branch.protected,
        default_branch_pull_request_only=branch.pull_request_only,
        default_branch_no_rewrite=branch.no_rewrite,
        default_branch_no_deletion=branch.no_deletion,
        default_branch_exempt_count=branch.exempt,
    )
