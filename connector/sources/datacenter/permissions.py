"""Bitbucket Server's permissions, from the lowest to the highest of each scale; a higher one implies the lower ones."""

from __future__ import annotations

from connector.sources.common.scale import Scale


class GlobalPermission(Scale):
    """Permissions on the whole instance."""

    LICENSED_USER = "LICENSED_USER"
    PROJECT_CREATE = "PROJECT_CREATE"
    ADMIN = "ADMIN"
    SYS_ADMIN = "SYS_ADMIN"


class ProjectPermission(Scale):
    """Permissions on one project; REPO_CREATE exists since Bitbucket 8.3."""

    PROJECT_READ = "PROJECT_READ"
    PROJECT_WRITE = "PROJECT_WRITE"
    REPO_CREATE = "REPO_CREATE"
    PROJECT_ADMIN = "PROJECT_ADMIN"


class RepositoryPermission(Scale):
    """Permissions on one repository."""

    REPO_READ = "REPO_READ"
    REPO_WRITE = "REPO_WRITE"
    REPO_ADMIN = "REPO_ADMIN"


Permission = GlobalPermission | ProjectPermission | RepositoryPermission

RANKS = {
    str(permission): permission.rank
    for scale in (GlobalPermission, ProjectPermission, RepositoryPermission)
    for permission in scale
}
"""By name, the position on its scale."""
