"""Where an export comes from: when it was collected, by which account and version, from which server, and how whole.

Says only what the export says. Exports of older versions, and other applications' payloads, say less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.graph.export import Export
from connector.graph.values import Application
from connector.review.vocabulary import CLOUD
from connector.text import rfc3339


@dataclass(frozen=True, slots=True)
class Provenance:
    """What one application of an export says about itself; None where it does not say.

    `newest_activity` is the latest sign-in, use or creation in the export: it was not collected before that.
    """

    application: str
    server: str | None
    server_version: str | None
    collected_at: datetime | None
    collected_by: str | None
    connector_version: str | None
    is_complete: bool | None
    newest_activity: datetime | None
    is_workspace: bool = False
    """Whether it is one of Bitbucket Cloud, and not a server."""

    @property
    def date(self) -> str:
        """When it was collected, for people."""
        if self.collected_at is not None:
            return at(self.collected_at)
        newest = f"; the newest activity in it is of {day(self.newest_activity)}" if self.newest_activity else ""
        return f"not recorded{newest}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Everything, as names and texts for people."""
        complete = {True: "yes", False: "no: something could not be read", None: "not recorded"}
        return [
            ("workspace" if self.is_workspace else "server", self._on),
            ("collected", self.date),
            ("by account", self.collected_by or "not recorded"),
            ("connector version", self.connector_version or "not recorded"),
            ("complete", complete[self.is_complete]),
            # A run with --verify that finds a difference publishes nothing; an export does not tell such runs apart.
            ("verified against Bitbucket", "not recorded"),
        ]

    @property
    def sentence(self) -> str:
        """Everything, on one line: what is known, then what is not recorded."""
        known = [
            self._on,
            f"collected {at(self.collected_at)}" if self.collected_at else "",
            f"by {self.collected_by}" if self.collected_by else "",
            f"connector version {self.connector_version}" if self.connector_version else "",
            {True: "complete", False: "incomplete", None: ""}[self.is_complete],
        ]
        newest = f" (the newest activity in it is of {day(self.newest_activity)})" if self.newest_activity else ""
        unknown = [
            "" if self.collected_at else f"when it was collected{newest}",
            "" if self.collected_by else "by which account",
            "" if self.connector_version else "by which connector version",
            "" if self.is_complete is not None else "whether it is complete",
            "whether it was verified against Bitbucket",
        ]
        return f"{', '.join(filter(None, known))}; not recorded: {', '.join(filter(None, unknown))}"

    @property
    def _on(self) -> str:
        version = f" (Bitbucket {self.server_version})" if self.server_version else ""
        return f"{self.server or self.application}{version}"

    def as_json(self) -> dict[str, object]:
        """Give everything for programs; `is_verified` is null because an export does not record it."""
        return {
            "application": self.application,
            "server": self.server,
            "server_version": self.server_version,
            "collected_at": self.collected_at and rfc3339(self.collected_at),
            "collected_by": self.collected_by,
            "connector_version": self.connector_version,
            "is_complete": self.is_complete,
            "is_verified": None,
            "newest_activity": self.newest_activity and rfc3339(self.newest_activity),
        }


def provenance(export: Export) -> list[Provenance]:
    """Give what each application of an export says about itself; nearly always there is one."""
    newest = _newest_activity(export)
    return [_evidence(application, newest) for application in export.applications]


def as_of(export: Export) -> datetime | None:
    """Give the time that an export is about: when it was collected, or else the newest activity in it."""
    collected = (moment(application.properties.get("collected_at")) for application in export.applications)
    return max(filter(None, collected), default=None) or _newest_activity(export)


def _evidence(application: Application, newest: datetime | None) -> Provenance:
    complete = application.properties.get("is_complete")
    return Provenance(
        application=application.name,
        server=_text(application, "base_url"),
        server_version=_text(application, "version"),
        collected_at=moment(application.properties.get("collected_at")),
        collected_by=_text(application, "collected_by"),
        connector_version=_text(application, "connector_version"),
        is_complete=complete if isinstance(complete, bool) else None,
        newest_activity=newest,
        is_workspace=application.type == CLOUD,
    )


def _text(application: Application, name: str) -> str | None:
    value = application.properties.get(name)
    return value if isinstance(value, str) and value else None


def moment(text: object) -> datetime | None:
    """Read an RFC 3339 time as UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def day(time: datetime) -> str:
    """Write a day for people, in the same way everywhere: `3 March 2026`."""
    return f"{time.day} {time:%B %Y}"


def at(time: datetime) -> str:
    """Write a time for people: `3 March 2026, 08:05 UTC`."""
    return f"{day(time)}, {time:%H:%M} UTC"


def _newest_activity(export: Export) -> datetime | None:
    return max(filter(None, map(moment, _times(export))), default=None)


def _times(export: Export) -> Iterator[str | None]:
    for user in export.users:
        yield user.last_login_at
        yield user.created_at
    for credential in export.credentials:
        yield credential.last_used_at
        yield credential.created_at
