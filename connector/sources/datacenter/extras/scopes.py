"""Errands to the projects, repositories and users of a snapshot: how each is addressed, and named in a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connector.model import Project, ProjectType, Repository, Snapshot, User, UserType
from connector.rest.workers import Keep
from connector.sources.datacenter.endpoints import Endpoint
from connector.sources.datacenter.extras.errands import Errand

Read = Callable[[Any], Keep]


class Scopes:
    """Everything of a snapshot that can be asked about."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.project_by_id = snapshot.projects
        self.projects = tuple(snapshot.projects.values())
        self.repositories = tuple(snapshot.repositories.values())

    @property
    def people(self) -> Iterator[User]:
        """The users but those that act for a token, who have none of their own."""
        return (user for user in self._snapshot.users.values() if user.type is not UserType.SERVICE)

    def repositories_by_project(self) -> dict[str, list[Repository]]:
        """Give the repositories of each project; a project without any has an empty list."""
        found: dict[str, list[Repository]] = {project.id: [] for project in self.projects}
        for repository in self.repositories:
            found[repository.project_id].append(repository)
        return found

    def instance(self, endpoint: Endpoint, read: Read) -> Errand:
        """Ask something about the whole instance that need not be known."""
        return Errand(endpoint, (), "instance", read, listing=False, may_lack=True)

    def project(self, endpoint: Endpoint, project: Project, read: Read) -> Errand:
        """Ask about one project; versions that keep nothing for personal ones refuse in various ways."""
        personal = project.type is ProjectType.PERSONAL
        return Errand(endpoint, (project.key,), f"project {project.key}", read, may_lack=personal)

    def repository(self, endpoint: Endpoint, repository: Repository, read: Read, **question: str) -> Errand:
        """Ask about one repository."""
        key = self._snapshot.projects[repository.project_id].key
        segments = (key, repository.slug)
        return Errand(endpoint, segments, f"repository {key}/{repository.slug}", read, question)

    def user(self, endpoint: Endpoint, who: User, read: Read, *segments: str, **question: str) -> Errand:
        """Ask about one user, whom some addresses name in a segment and others in the question."""
        return Errand(endpoint, segments, f"user {who.name}", read, question)


class Topic:
    """One kind of what can be included: which errands it takes, in rounds that each know the answers of the last."""

    def before(self) -> Iterator[Errand]:
        """Ask what decides whether anything else is asked."""
        return iter(())

    def first(self) -> Iterator[Errand]:
        """Ask what is asked at any rate."""
        return iter(())

    def second(self) -> Iterator[Errand]:
        """Ask what the first round left open."""
        return iter(())

    def third(self) -> Iterator[Errand]:
        """Ask what the first two left open."""
        return iter(())

    def of_users(self) -> Iterator[Errand]:
        """Ask about every user, where the account may."""
        return iter(())
