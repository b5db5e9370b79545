"""What a run costs, and how much of it is left: requests, and time at the present pace. Asks nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from connector.model import Inclusion, Project, ProjectPermission, ProjectType
from connector.rest.clock import Clock
from connector.rest.pace import Pace

log = logging.getLogger(__name__)

OF_A_GROUP = 1
OF_A_PROJECT = 2 + len(ProjectPermission)
OF_A_REPOSITORY = 2
"""Requests: the grants to users, and those to groups."""

_SECONDS_BETWEEN_FORECASTS = 1.0


def of_a_project(project: Project) -> int:
    """Count the requests: the grants, and for each possible default permission whether it is that."""
    return 2 if project.type is ProjectType.PERSONAL else OF_A_PROJECT


def of_the_included(include: frozenset[Inclusion], *, projects: int = 0, repositories: int = 0, users: int = 0) -> int:
    """Count requests at most for what `--include` adds; users count where they may be asked about."""
    scopes = projects + repositories
    most = {
        Inclusion.ACCESS_KEYS: scopes + users,
        Inclusion.TOKENS: scopes + users,
        Inclusion.WEBHOOKS: scopes,
        # Restrictions, the default branch, and the branching model where a restriction speaks of it.
        Inclusion.BRANCH_PERMISSIONS: scopes + 2 * repositories,
    }
    return sum(most[inclusion] for inclusion in include)


class Progress(Protocol):
    """Whoever wants to know how far collecting is."""

    def expect(self, scopes: int) -> None:
        """So many more groups, projects and repositories are to be asked about."""

    def done(self) -> None:
        """One of them is finished."""

    def remaining(self, seconds: float) -> None:
        """Take note, now and then, that the rest will take so long at the present pace."""


class Counts(Protocol):
    """Whoever counts what is left."""

    def expect(self, scopes: int, requests: int) -> None:
        """So many scopes are to be asked about, with so many requests in all."""

    def done(self, requests: int) -> None:
        """One scope is finished, for which so many requests were expected."""

    def tell(self, what: str) -> None:
        """Say what is left to be asked."""


class Uncounted:
    """Forwards scopes to `progress`, for runs so short that nobody asks how long they take."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def expect(self, scopes: int, _requests: int) -> None:
        """See `Counts`."""
        self._progress.expect(scopes)

    def done(self, _requests: int) -> None:
        """See `Counts`."""
        self._progress.done()

    def tell(self, _what: str) -> None:
        """See `Counts`."""


class Forecast:
    """Counts the requests that are left, and tells `progress` how long they will take.

    `remembered` gives how many of them a journal will answer.
    """

    def __init__(self, clock: Clock, pace: Pace, progress: Progress, remembered: Callable[[], int]) -> None:
        self._clock = clock
        self._pace = pace
        self._progress = progress
        self._remembered = remembered
        self._requests = 0
        self._next = clock.now()

    def expect(self, scopes: int, requests: int) -> None:
        """See `Counts`."""
        self._requests += requests
        self._progress.expect(scopes)

    def done(self, requests: int) -> None:
        """See `Counts`."""
        self._requests -= requests
        self._progress.done()
        now = self._clock.now()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_FORECASTS
            seconds = self._pace.seconds_for(self._to_send())
            if seconds is not None:
                self._progress.remaining(seconds)

    def tell(self, what: str) -> None:
        """Say in the log what is left to be asked, and how long that takes."""
        requests = self._to_send()
        seconds = self._pace.seconds_for(requests) or 0.0
        from_journal = f", {self._requests - requests} answered by the journal" if requests < self._requests else ""
        time = duration(seconds)
        log.info("%s costs about %d requests%s: %s at the present pace", what, requests, from_journal, time)

    def _to_send(self) -> int:
        return max(0, self._requests - self._remembered())


def duration(seconds: float) -> str:
    """Write a time as people say it: `42 s`, `12 min`, `5.3 h`."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - two hours
