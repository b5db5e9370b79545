"""Keys and tokens as they are found, put together: a key used in many places is one credential."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from connector.model import Credential, CredentialKind, ProjectPermission, RepositoryPermission

P = TypeVar("P", ProjectPermission, RepositoryPermission)

_Id = tuple[CredentialKind, str]


class Credentials:
    """The keys and tokens of one instance. Whatever order they come in, the same ones are given."""

    def __init__(self) -> None:
        self._known: dict[_Id, Credential] = {}
        self._on_projects: dict[_Id, dict[str, ProjectPermission]] = {}
        self._on_repositories: dict[_Id, dict[str, RepositoryPermission]] = {}

    def add(self, credential: Credential) -> None:
        """Keep a credential; where two rows differ, the one that says more."""
        key = credential.kind, credential.id
        known = self._known.get(key)
        if known is None or _fullness(credential) > _fullness(known):
            self._known[key] = credential

    def grant_on_project(self, credential: Credential, project_id: str, permission: ProjectPermission) -> None:
        """Keep what it may do on a project; the most counts."""
        self.add(credential)
        _raise(self._on_projects.setdefault((credential.kind, credential.id), {}), project_id, permission)

    def grant_on_repository(self, credential: Credential, repository_id: str, permission: RepositoryPermission) -> None:
        """Keep what it may do on a repository; the most counts."""
        self.add(credential)
        _raise(self._on_repositories.setdefault((credential.kind, credential.id), {}), repository_id, permission)

    def all(self) -> tuple[Credential, ...]:
        """Give them, each once, in the order of kinds and ids."""
        return tuple(
            dataclasses.replace(
                credential,
                on_projects=self._on_projects.get(key, {}),
                on_repositories=self._on_repositories.get(key, {}),
            )
            for key, credential in sorted(self._known.items())
        )


def _raise(held: dict[str, P], scope: str, permission: P) -> None:
    known = held.get(scope)
    if known is None or permission.rank > known.rank:
        held[scope] = permission


def _fullness(credential: Credential) -> tuple[int, str]:
    values = dataclasses.astuple(credential)
    return sum(value is not None for value in values), repr(values)
