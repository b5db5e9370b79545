"""Requests about a server's users, beside those about its projects and repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from connector.model import Snapshot, User, UserType
from connector.sources.common.extras import rounds, scopes
from connector.sources.common.extras.asking import ScopeRequest
from connector.sources.common.extras.rounds import Requests
from connector.sources.datacenter.endpoints import Endpoint

T = TypeVar("T")


class Scopes(scopes.Scopes):
    """Everything of a snapshot that can be asked about."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot, "instance")

    @property
    def people(self) -> Iterator[User]:
        """The users but those that act for a token, who have none of their own."""
        return (user for user in self._snapshot.users.values() if user.type is not UserType.SERVICE)

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
            (scopes.USER, who.id),
            f"user {who.name}",
            read,
            store,
            question,
            may_lack=not who.in_directory,
        )


class ExtraCollector(rounds.ExtraCollector):
    """One kind of what can be included, of users too."""

    def of_users(self) -> Requests:
        """Ask about every user, where the account may."""
        return iter(())
