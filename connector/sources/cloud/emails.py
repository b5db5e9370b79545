"""Whose an e-mail address is: Bitbucket Cloud lists none, but confirms those that it is asked about.

Source: the official OpenAPI file, `GET /workspaces/{workspace}/members`.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence

from connector.errors import Unreadable
from connector.model import Gap, Snapshot
from connector.rest import fields
from connector.rest.progress import Cost
from connector.rest.workers import Task, Workers
from connector.sources.cloud import endpoints
from connector.sources.cloud.fetch import Fetch

log = logging.getLogger(__name__)

_AT_ONCE = 90
"""Addresses in one question; more are refused."""


def cost_of(emails: Sequence[str]) -> Cost:
    """Count the requests."""
    return endpoints.MEMBERS.cost * len(list(_batches(emails)))


def confirm(fetch: Fetch, workers: Workers, workspace: str, emails: Sequence[str], snapshot: Snapshot) -> Snapshot:
    """Add to members the addresses that Bitbucket Cloud says are theirs. What it does not answer is a gap."""
    confirmed: dict[str, str] = {}
    gaps: list[Gap] = []

    def store(found: Mapping[str, str] | Unreadable) -> None:
        if isinstance(found, Unreadable):
            gaps.append(Gap("workspace", "e-mail addresses", str(found)))
        else:
            confirmed.update(found)

    workers.run(Task(lambda batch=batch: _asked(fetch, workspace, batch), store) for batch in _batches(emails))  # type: ignore[misc]
    users = {
        i: dataclasses.replace(user, email_address=confirmed[i]) if i in confirmed and user.in_directory else user
        for i, user in snapshot.users.items()
    }
    known = sum(user.email_address is not None for user in users.values())
    log.info("%d of %d e-mail addresses are those of members", known, len(emails))
    return dataclasses.replace(snapshot, users=users, gaps=tuple(sorted({*snapshot.gaps, *gaps})))


def _asked(fetch: Fetch, workspace: str, batch: Sequence[str]) -> dict[str, str] | Unreadable:
    """Ask about some addresses; give those of members by uuid."""
    try:
        return _found(fetch, workspace, batch)
    except Unreadable as unreadable:
        return unreadable


def _found(fetch: Fetch, workspace: str, batch: Sequence[str]) -> dict[str, str]:
    address = endpoints.MEMBERS.at(workspace)
    asked, found = {email.lower() for email in batch}, dict[str, str]()
    for row in fetch.rows(address, **question(batch)):
        user = fields.field(row, "user", address.path)
        uuid, email = fields.text(user, "uuid", address.path), fields.text(user, "email", address.path)
        if email.lower() not in asked or found.setdefault(uuid, email) != email:
            raise fields.Malformed(f"{address.path}: somebody has another e-mail address than was asked about")
    if len({email.lower() for email in found.values()}) != len(found):
        raise fields.Malformed(f"{address.path}: two members have one e-mail address")
    return found


def question(batch: Sequence[str]) -> dict[str, str]:
    """Ask whose some addresses are."""
    return {"q": f"user.email IN ({', '.join(map(_quoted, batch))})", "fields": "+values.user.email"}


def _quoted(email: str) -> str:
    escaped = email.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _batches(emails: Sequence[str]) -> Iterator[Sequence[str]]:
    return (emails[start : start + _AT_ONCE] for start in range(0, len(emails), _AT_ONCE))
