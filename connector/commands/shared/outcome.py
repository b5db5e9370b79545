"""The result of a run, for its last log line and for monitoring. Knows no server, and no secret."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.model import CredentialKind, Inclusion, Machines, Server, Snapshot
from connector.rest.statistics import Statistics
from connector.review.text.names import counted

_SINGULAR = {
    "users": "user",
    "groups": "group",
    "projects": "project",
    "repositories": "repository",
    "grants": "grant",
    "SSH keys": "SSH key",
    "tokens": "token",
    "webhook hosts": "webhook host",
    "protected default branches": "protected default branch",
}
"""What is counted: the name of each count, and what one of it is called."""


@dataclass(slots=True)
class Outcome:
    """Filled in while the run goes on, so that it is complete whenever the run ends."""

    bar: bool = True
    """Whether a bar of progress may be drawn."""
    is_export: bool = False
    """Whether an export began: then the last line of the log gives its figures."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    statistics: Statistics = field(default_factory=Statistics)
    snapshot: Snapshot | None = None
    published: list[dict[str, Any]] = field(default_factory=list)
    """Each with `to` (`file` or `veza`), and `said`, the words for the log."""
    dry_run: str | None = None
    """What would have been published where, in words; None without `--dry-run`, or if the run failed before."""
    unsettled: bool = False
    """Whether a push was sent, and Veza's answer to it is not known."""
    veza_warnings: list[str] = field(default_factory=list)
    exit_code: int = 0
    error: str | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each were collected; empty if collecting did not finish."""
        return {} if self.snapshot is None else count(self.snapshot)

    def line(self) -> str:
        """Give the last line of the log: what was collected and published, the requests, and the duration."""
        collected = ", ".join(counted(number, _SINGULAR[what], what) for what, number in self.counts.items())
        said = [entry["said"] for entry in self.published] + ["a push that Veza may have accepted"] * self.unsettled
        published = "; ".join(said) or self.dry_run or "nothing published"
        asked = self.statistics
        seconds = time.monotonic() - self._began
        failed = f"ended with code {self.exit_code}: " if self.exit_code else ""
        return (
            f"{failed}{f'collected {collected}' if collected else 'the collection is not complete'}; {published}; "
            f"{counted(asked.requests, 'request')} ({asked.retries:,} repeated, {asked.rate_limited:,} held back by "
            f"the rate limit); {seconds:.1f} s"
        )


def count(snapshot: Snapshot) -> dict[str, int]:
    """Count what a snapshot holds; grants are those that Bitbucket lists, and default permissions."""
    return {
        "users": len(snapshot.users),
        "groups": len(snapshot.groups),
        "projects": len(snapshot.projects),
        "repositories": len(snapshot.repositories),
        "grants": len(snapshot.global_grants)
        + sum(map(len, snapshot.project_grants.values()))
        + sum(map(len, snapshot.repository_grants.values()))
        + len(snapshot.default_permissions),
    } | _count_machines(snapshot.machines, lists_tokens=isinstance(snapshot.source, Server))


def _count_machines(machines: Machines, *, lists_tokens: bool) -> dict[str, int]:
    """Count what `--include` added. Tokens are left out if Bitbucket does not list them."""
    kinds = Counter(credential.kind for credential in machines.credentials)
    hosts = {
        *machines.project_webhook_hosts.values(),
        *machines.repository_webhook_hosts.values(),
        machines.instance_webhook_hosts or (),
    }
    counts = {
        Inclusion.ACCESS_KEYS: {"SSH keys": sum(kinds.values()) - kinds[CredentialKind.HTTP_TOKEN]},
        Inclusion.TOKENS: {"tokens": kinds[CredentialKind.HTTP_TOKEN]} if lists_tokens else {},
        Inclusion.WEBHOOKS: {"webhook hosts": len({host for some in hosts for host in some})},
        Inclusion.BRANCH_PERMISSIONS: {
            "protected default branches": sum(branch.protected is True for branch in machines.default_branches.values())
        },
    }
    return {what: number for each in sorted(machines.included) for what, number in counts[each].items()}
