"""What the listings of everything showed in one round, and whether two rounds agree. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connector.model import Group, Project, Repository, User
from connector.sources.common.scale import Scale

UserRow = tuple[User, Scale]
"""A user and a permission that it holds."""


@dataclass(frozen=True, slots=True)
class Projects:
    """Projects by id. Users by id that own personal ones, which come with their owner."""

    projects: Mapping[str, Project]
    owners: Mapping[str, User] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repositories:
    """Repositories by id, and the projects that their rows name: they may stand in no other listing."""

    repositories: Mapping[str, Repository]
    named: Projects


@dataclass(frozen=True, slots=True)
class Listings:
    """One round: users, projects and repositories by id, groups by key."""

    users: Mapping[str, User]
    groups: Mapping[str, Group]
    project_listing: Projects
    repository_listing: Repositories

    @property
    def projects(self) -> dict[str, Project]:
        """Every project; its own listing knows most of one."""
        return {**self.repository_listing.named.projects, **self.project_listing.projects}

    @property
    def repositories(self) -> Mapping[str, Repository]:
        """Every repository."""
        return self.repository_listing.repositories

    @property
    def owners(self) -> dict[str, User]:
        """The owners of personal projects."""
        return {**self.repository_listing.named.owners, **self.project_listing.owners}

    def agrees_with(self, other: Listings) -> bool:
        """Whether two rounds show the same things under the same names; what else is known of them may differ.

        Names matter since listings may be sorted by them: who is renamed may move to a page that was read already.
        """
        return (
            self._agrees_with_itself()
            and {i: user.name for i, user in self.users.items()} == {i: user.name for i, user in other.users.items()}
            and self.groups.keys() == other.groups.keys()
            and dict(self.project_keys()) == dict(other.project_keys())
            and dict(self.places()) == dict(other.places())
            and self.extra_comparison() == other.extra_comparison()
        )

    def extra_comparison(self) -> object:
        """Give what else must be equal in two rounds that agree."""
        return None

    def _agrees_with_itself(self) -> bool:
        """Whether no project was renamed between the listing of projects and that of repositories."""
        listed = self.project_listing.projects
        named = self.repository_listing.named.projects.values()
        return all(listed[project.id].key == project.key for project in named if project.id in listed)

    def project_keys(self) -> Iterator[tuple[str, str]]:
        """Give each project's id and its key, which is what it is asked about by."""
        for project_id, project in self.projects.items():
            yield project_id, project.key

    def places(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Give each repository's id, and the project's key and the slug that it is asked about by."""
        projects = self.projects
        for repository_id, repository in self.repositories.items():
            yield repository_id, (projects[repository.project_id].key, repository.slug)


NO_PROJECTS = Projects({})
NO_REPOSITORIES = Repositories({}, NO_PROJECTS)
