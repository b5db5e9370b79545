"""What was found of keys, tokens, webhooks and branches, put together: a key used in many places is one credential.

Only one thread touches it. The same answers give the same result in any order.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping

from connector.model import Credential, CredentialKind, DefaultBranch, Extras, Inclusion, Permission
from connector.sources.common.contents import fullness

_Id = tuple[CredentialKind, str]


class ExtrasBuilder:
    """What `--include` adds to a snapshot, in the making. `ranks` says which of two permissions is the higher one."""

    def __init__(self, ranks: Mapping[Permission, int]) -> None:
        self._ranks = ranks
        self.instance_webhook_hosts: tuple[str, ...] | None = None
        self.project_webhook_hosts: dict[str, tuple[str, ...]] = {}
        self.repository_webhook_hosts: dict[str, tuple[str, ...]] = {}
        self.default_branches: dict[str, DefaultBranch] = {}
        self._known: dict[_Id, Credential] = {}
        self._on_projects: dict[_Id, dict[str, Permission]] = {}
        self._on_repositories: dict[_Id, dict[str, Permission]] = {}

    def store_credential(self, credential: Credential) -> None:
        """Keep a key or token; where two rows differ, the one that says more."""
        key = credential.kind, credential.id
        known = self._known.get(key)
        if known is None or fullness(credential) > fullness(known):
            self._known[key] = credential

    def store_on_project(self, credential: Credential, project_id: str, permission: Permission) -> None:
        """Keep what it may do on a project; the most counts."""
        self.store_credential(credential)
        self._raise(self._on_projects.setdefault((credential.kind, credential.id), {}), project_id, permission)

    def store_on_repository(self, credential: Credential, repository_id: str, permission: Permission) -> None:
        """Keep what it may do on a repository; the most counts."""
        self.store_credential(credential)
        self._raise(self._on_repositories.setdefault((credential.kind, credential.id), {}), repository_id, permission)

    def _raise(self, held: dict[str, Permission], scope: str, permission: Permission) -> None:
        known = held.get(scope)
        if known is None or self._ranks[permission] > self._ranks[known]:
            held[scope] = permission

    def extras(
        self, included: frozenset[Inclusion], server_time: int | None, not_offered: Iterable[Inclusion] = ()
    ) -> Extras:
        """Give everything; credentials once each, in the order of kinds and ids.

        What has expired is judged by the server's time, in epoch milliseconds, or else by this machine's.
        """
        credentials = (
            dataclasses.replace(
                credential,
                on_projects=self._on_projects.get(key, {}),
                on_repositories=self._on_repositories.get(key, {}),
            )
            for key, credential in sorted(self._known.items())
        )
        return Extras(
            included=included,
            not_offered=frozenset(not_offered),
            taken_at=round(time.time() * 1000) if server_time is None else server_time,
            credentials=tuple(credentials),
            instance_webhook_hosts=self.instance_webhook_hosts,
            project_webhook_hosts=self.project_webhook_hosts,
            repository_webhook_hosts=self.repository_webhook_hosts,
            default_branches=self.default_branches,
        )


def certain_only(found: DefaultBranch) -> DefaultBranch:
    """Keep the flags that stay true if there are more restrictions than were read."""
    return DefaultBranch(
        name=found.name,
        protected=found.protected or None,
        pull_request_only=found.pull_request_only or None,
        no_rewrite=found.no_rewrite or None,
        no_deletion=found.no_deletion or None,
        exempt=None,
    )


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Give True where one is, else None where one is not known."""
    answers = set(answers)
    return True if True in answers else None if None in answers else False
