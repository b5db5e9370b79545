"""Requests about the projects, repositories and users of a snapshot: how each is addressed, and named in a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from connector.model import Project, ProjectType, Repository, Snapshot, User, UserType
from connector.sources.datacenter.endpoints import Endpoint
from connector.sources.datacenter.extras.asking import ScopeRequest

T = TypeVar("T")

_INSTANCE, _PROJECT, _REPOSITORY, _USER = "instance", "project", "repository", "user"
Requests = Iterator[ScopeRequest[Any]]


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

    def instance(self, endpoint: Endpoint, read: Callable[[Any], T], store: Callable[[T], None]) -> ScopeRequest[T]:
        """Ask something about the whole instance that need not be known."""
        return ScopeRequest(endpoint, (), (_INSTANCE, ""), "instance", read, store, is_listing=False, may_lack=True)

    def project(
        self, endpoint: Endpoint, project: Project, read: Callable[[Any], T], store: Callable[[T], None]
    ) -> ScopeRequest[T]:
        """Ask about one project; versions that keep nothing for personal ones refuse in various ways."""
        personal = project.type is ProjectType.PERSONAL
        return ScopeRequest(
            endpoint, (project.key,), (_PROJECT, project.id), f"project {project.key}", read, store, may_lack=personal
        )

    def repository(
        self,
        endpoint: Endpoint,
        repository: Repository,
        read: Callable[[Any], T],
        store: Callable[[T], None],
        **question: str,
    ) -> ScopeRequest[T]:
        """Ask about one repository."""
        key = self._snapshot.projects[repository.project_id].key
        segments = (key, repository.slug)
        thing = _REPOSITORY, repository.id
        return ScopeRequest(endpoint, segments, thing, f"repository {key}/{repository.slug}", read, store, question)

    def user(
        self,
        endpoint: Endpoint,
        who: User,
        read: Callable[[Any], T],
        store: Callable[[T], None],
        *segments: str,
        **question: str,
    ) -> ScopeRequest[T]:
        """Ask about one user, whom some addresses name in a segment and others in the question.

        The directory does not know users that only a grant names, so Bitbucket may say that they do not exist.
        """
        return ScopeRequest(
            endpoint,
            segments,
            (_USER, who.id),
            f"user {who.name}",
            read,
            store,
            question,
            may_lack=not who.in_directory,
        )


class Topic(Protocol):
    """One kind of what can be included: its requests, in rounds that each know the answers of the last."""

    def before(self) -> Requests:
        """Ask what decides whether anything else is asked."""
        return iter(())

    def first(self) -> Requests:
        """Ask what is asked in any case."""
        return iter(())

    def second(self) -> Requests:
        """Ask what the first round left open."""
        return iter(())

    def third(self) -> Requests:
        """Ask what the first two left open."""
        return iter(())

    def of_users(self) -> Requests:
        """Ask about every user, where the account may."""
        return iter(())

    def finish(self) -> None:
        """Store what only all answers together tell."""
