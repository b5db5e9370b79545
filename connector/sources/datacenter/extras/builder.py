"""What was found of keys, tokens, webhooks and branches, put together: a key used in many places is one credential.

Only one thread touches it. Whatever order answers come in, the same answers give the same result.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from connector.model import Credential, CredentialKind, DefaultBranch, Inclusion, Machines
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission

P = TypeVar("P", ProjectPermission, RepositoryPermission)

_Id = tuple[CredentialKind, str]


class ExtrasBuilder:
    """What `--include` adds to a snapshot, in the making."""

    def __init__(self) -> None:
        self.project_webhook_hosts: dict[str, tuple[str, ...]] = {}
        self.repository_webhook_hosts: dict[str, tuple[str, ...]] = {}
        self.default_branches: dict[str, DefaultBranch] = {}
        self._known: dict[_Id, Credential] = {}
        self._on_projects: dict[_Id, dict[str, ProjectPermission]] = {}
        self._on_repositories: dict[_Id, dict[str, RepositoryPermission]] = {}

    def store_credential(self, credential: Credential) -> None:
        """Keep a key or token; where two rows differ, the one that says more."""
        key = credential.kind, credential.id
        known = self._known.get(key)
        if known is None or _fullness(credential) > _fullness(known):
            self._known[key] = credential

    def store_on_project(self, credential: Credential, project_id: str, permission: ProjectPermission) -> None:
        """Keep what it may do on a project; the most counts."""
        self.store_credential(credential)
        _raise(self._on_projects.setdefault((credential.kind, credential.id), {}), project_id, permission)

    def store_on_repository(self, credential: Credential, repository_id: str, permission: RepositoryPermission) -> None:
        """Keep what it may do on a repository; the most counts."""
        self.store_credential(credential)
        _raise(self._on_repositories.setdefault((credential.kind, credential.id), {}), repository_id, permission)

    def machines(self, included: frozenset[Inclusion], taken_at: int) -> Machines:
        """Give everything; credentials once each, in the order of kinds and ids."""
        credentials = (
            dataclasses.replace(
                credential,
                on_projects=self._on_projects.get(key, {}),
                on_repositories=self._on_repositories.get(key, {}),
            )
            for key, credential in sorted(self._known.items())
        )
        return Machines(
            included=included,
            taken_at=taken_at,
            credentials=tuple(credentials),
            project_webhook_hosts=self.project_webhook_hosts,
            repository_webhook_hosts=self.repository_webhook_hosts,
            default_branches=self.default_branches,
        )


def _raise(held: dict[str, P], scope: str, permission: P) -> None:
    known = held.get(scope)
    if known is None or permission.rank > known.rank:
        held[scope] = permission


def _fullness(credential: Credential) -> tuple[int, str]:
    values = dataclasses.astuple(credential)
    return sum(value is not None for value in values), repr(values)
