"""What the listings of a workspace showed in one round. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.model import Group, User
from connector.sources.common import listings
from connector.sources.common.listings import NO_PROJECTS


@dataclass(frozen=True, slots=True)
class Members:
    """Members by uuid, and their roles; `unread` says why the roles are not known."""

    users: Mapping[str, User]
    roles: Mapping[str, str]
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups by slug. Their members, where one answer told everything; `unread` says why there are no groups."""

    groups: Mapping[str, Group]
    members: Mapping[str, tuple[User, ...]] | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class MainBranch:
    """The main branch of a repository. `inherits` says that restrictions of the project hold for it, too."""

    name: str
    inherits: bool = False


@dataclass(frozen=True, slots=True)
class Repositories(listings.Repositories):
    """Repositories, and the main branches of those that have one, by uuid."""

    main_branches: Mapping[str, MainBranch]


@dataclass(frozen=True, slots=True)
class Listings(listings.Listings):
    """One round: members, groups, projects and repositories."""

    repository_listing: Repositories
    roles: Members
    memberships: Groups

    def extra_comparison(self) -> object:
        """Give the roles, and who is in which group."""
        told = self.memberships.members
        members = None if told is None else {slug: {user.id for user in users} for slug, users in told.items()}
        return dict(self.roles.roles), bool(self.roles.unread), members, bool(self.memberships.unread)


NOTHING_LISTED = Listings({}, {}, NO_PROJECTS, Repositories({}, NO_PROJECTS, {}), Members({}, {}), Groups({}))
"""What is known before the first round."""
