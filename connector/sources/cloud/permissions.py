"""Bitbucket Cloud's permissions, from the lowest to the highest of each scale; a higher one implies the lower ones."""

from __future__ import annotations

from connector.sources.common.scale import Scale

NONE = "none"
"""What a row says that grants nothing."""
OWNER = "owner"
"""The role of those who administer the workspace."""
ADMINISTERS = "admin"
"""The privilege of groups whose members administer the workspace."""


class ProjectPermission(Scale):
    """Permissions on one project."""

    READ = "read"
    WRITE = "write"
    CREATE_REPO = "create-repo"
    ADMIN = "admin"


class RepositoryPermission(Scale):
    """Permissions on one repository."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


WORDS = frozenset(str(permission) for permission in ProjectPermission)
"""Words that mean something on projects and repositories, and would mean it on all of them as a role."""

RANKS = {str(permission): permission.rank for permission in ProjectPermission}
"""By name, the position on the longer scale, which has the order of the other."""
