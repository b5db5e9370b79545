"""What the listings of the whole instance showed in one round, and whether two rounds agree. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from connector.model import GlobalPermissionsRead
from connector.sources.common import listings
from connector.sources.common.listings import NO_PROJECTS, NO_REPOSITORIES, UserRow
from connector.sources.datacenter.permissions import Permission

GroupRow = tuple[str, Permission]
"""The name of a group, as spelled there, and a permission that it holds."""


@dataclass(frozen=True, slots=True)
class GlobalPermissions:
    """Who holds permissions on the whole instance, how that was read, and why not better. One row for each grant."""

    read: GlobalPermissionsRead
    users: tuple[UserRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Listings(listings.Listings):
    """One round, and the permissions on the whole instance."""

    global_permissions: GlobalPermissions

    def extra_comparison(self) -> object:
        """Give the holders of permissions on the whole instance."""
        return _holders(self.global_permissions)


NOTHING_LISTED = Listings({}, {}, NO_PROJECTS, NO_REPOSITORIES, GlobalPermissions(GlobalPermissionsRead.NONE))
"""What is known before the first round."""


def _holders(permissions: GlobalPermissions) -> tuple[object, ...]:
    users = frozenset((user.id, permission) for user, permission in permissions.users)
    return permissions.read, users, frozenset(permissions.groups)
