"""The mapping as data: which OAA permissions Bitbucket's mean, and which properties are exported.

The README's tables are these.
"""

from __future__ import annotations

from dataclasses import dataclass

from oaaclient.templates import OAAPermission as Oaa
from oaaclient.templates import OAAPropertyType as Kind

from connector.model import GlobalPermission, Inclusion, ProjectPermission, RepositoryPermission

APPLICATION_TYPE = "BitbucketServer"
PROVIDER_NAME = "Bitbucket Server"
PROJECT = "Project"
REPOSITORY = "Repo"
PUBLIC_READ = "PUBLIC_READ"

LICENSED_USERS = "bitbucket:licensed-users"
LICENSED_USERS_NAME = "All licensed users"
EVERYONE = "bitbucket:everyone"
EVERYONE_NAME = "Everyone, signed in or not"
ANONYMOUS = "bitbucket:anonymous"
ANONYMOUS_NAME = "Anonymous"

_READ = (Oaa.DataRead, Oaa.MetadataRead)
_WRITE = (Oaa.DataRead, Oaa.DataWrite, Oaa.MetadataRead)
_CREATE = (Oaa.DataRead, Oaa.DataWrite, Oaa.DataCreate, Oaa.MetadataRead)
_ADMIN = (
    Oaa.DataRead,
    Oaa.DataWrite,
    Oaa.DataCreate,
    Oaa.DataDelete,
    Oaa.MetadataRead,
    Oaa.MetadataWrite,
    Oaa.MetadataCreate,
    Oaa.MetadataDelete,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one of Bitbucket's permissions means in OAA's terms."""

    categories: tuple[Oaa, ...]
    sub_resources: bool
    resource_types: tuple[str, ...] = ()


PERMISSIONS: dict[str, Meaning] = {
    GlobalPermission.LICENSED_USER: Meaning((Oaa.NonData,), sub_resources=False),
    GlobalPermission.PROJECT_CREATE: Meaning((Oaa.NonData, Oaa.MetadataCreate), sub_resources=False),
    GlobalPermission.ADMIN: Meaning((*_ADMIN, Oaa.NonData), sub_resources=True),
    GlobalPermission.SYS_ADMIN: Meaning((*_ADMIN, Oaa.NonData), sub_resources=True),
    ProjectPermission.PROJECT_READ: Meaning(_READ, sub_resources=True, resource_types=(PROJECT,)),
    ProjectPermission.PROJECT_WRITE: Meaning(_WRITE, sub_resources=True, resource_types=(PROJECT,)),
    ProjectPermission.REPO_CREATE: Meaning(_CREATE, sub_resources=True, resource_types=(PROJECT,)),
    ProjectPermission.PROJECT_ADMIN: Meaning(_ADMIN, sub_resources=True, resource_types=(PROJECT,)),
    RepositoryPermission.REPO_READ: Meaning(_READ, sub_resources=False, resource_types=(REPOSITORY,)),
    RepositoryPermission.REPO_WRITE: Meaning(_WRITE, sub_resources=False, resource_types=(REPOSITORY,)),
    RepositoryPermission.REPO_ADMIN: Meaning(_ADMIN, sub_resources=False, resource_types=(REPOSITORY,)),
    PUBLIC_READ: Meaning(_READ, sub_resources=True, resource_types=(PROJECT, REPOSITORY)),
}

APPLICATION_PROPERTIES: dict[str, Kind] = {
    "version": Kind.STRING,
    "base_url": Kind.STRING,
    "public_access": Kind.STRING,
    "global_permissions": Kind.STRING,
    "is_complete": Kind.BOOLEAN,
    "not_collected": Kind.STRING_LIST,
}
USER_PROPERTIES: dict[str, Kind] = {
    "username": Kind.STRING,
    "directory_name": Kind.STRING,
    "is_licensed": Kind.BOOLEAN,
    "in_directory": Kind.BOOLEAN,
}
GROUP_PROPERTIES: dict[str, Kind] = {"in_directory": Kind.BOOLEAN}
PROJECT_PROPERTIES: dict[str, Kind] = {
    "key": Kind.STRING,
    "project_type": Kind.STRING,
    "owner": Kind.STRING,
    "is_public": Kind.BOOLEAN,
    "default_permission": Kind.STRING,
    "url": Kind.STRING,
}
REPOSITORY_PROPERTIES: dict[str, Kind] = {
    "slug": Kind.STRING,
    "project_key": Kind.STRING,
    "is_public": Kind.BOOLEAN,
    "is_archived": Kind.BOOLEAN,
    "forked_from": Kind.STRING,
    "state": Kind.STRING,
    "url": Kind.STRING,
}

CREDENTIAL_PROPERTIES: dict[Inclusion, dict[str, Kind]] = {
    Inclusion.ACCESS_KEYS: {
        "kind": Kind.STRING,
        "algorithm": Kind.STRING,
        "bit_length": Kind.NUMBER,
        "fingerprint": Kind.STRING,
    },
    Inclusion.TOKENS: {"kind": Kind.STRING, "permissions": Kind.STRING_LIST},
}
"""What `--include` adds to credentials, by what is included; likewise for projects and repositories."""
INCLUDED_PROJECT_PROPERTIES: dict[Inclusion, dict[str, Kind]] = {
    Inclusion.WEBHOOKS: {"webhook_hosts": Kind.STRING_LIST},
}
INCLUDED_REPOSITORY_PROPERTIES: dict[Inclusion, dict[str, Kind]] = {
    Inclusion.WEBHOOKS: {"webhook_hosts": Kind.STRING_LIST},
    Inclusion.BRANCH_PERMISSIONS: {
        "default_branch": Kind.STRING,
        "default_branch_protected": Kind.BOOLEAN,
        "default_branch_pull_request_only": Kind.BOOLEAN,
        "default_branch_no_rewrite": Kind.BOOLEAN,
        "default_branch_no_deletion": Kind.BOOLEAN,
        "default_branch_exempt_count": Kind.NUMBER,
    },
}
