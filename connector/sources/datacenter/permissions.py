"""Bitbucket Server's permissions, from the lowest to the highest of each scale; a higher one implies the lower ones."""

from __future__ import annotations

from enum import StrEnum


class _Scale(StrEnum):
    """A permission scale: members are declared from the lowest to the highest."""

    rank: int
    """Position on the scale, from 0; a higher permission implies the lower ones."""

    def __new__(cls, name: str) -> _Scale:
        """Make a member; it is numbered in the order of declaration."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.rank = len(cls.__members__)
        return member


class GlobalPermission(_Scale):
    """Permissions on the whole instance."""

    LICENSED_USER = "LICENSED_USER"
    PROJECT_CREATE = "PROJECT_CREATE"
    ADMIN = "ADMIN"
    SYS_ADMIN = "SYS_ADMIN"


class ProjectPermission(_Scale):
    """Permissions on one project; REPO_CREATE exists since Bitbucket 8.3."""

    PROJECT_READ = "PROJECT_READ"
    PROJECT_WRITE = "PROJECT_WRITE"
    REPO_CREATE = "REPO_CREATE"
    PROJECT_ADMIN = "PROJECT_ADMIN"


class RepositoryPermission(_Scale):
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
