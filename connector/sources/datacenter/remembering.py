"""A client that asks nothing twice, not even after its process was killed. The one place that knows the journal."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from connector import errors
from connector.rest.answer import JsonObject
from connector.rest.journal import Journal
from connector.sources.datacenter import endpoints
from connector.sources.datacenter.client import Client
from connector.sources.datacenter.endpoints import Address
from connector.sources.datacenter.settings import Settings

_FINAL = (errors.ProjectGone, errors.Gone, errors.Missing, errors.Refused, errors.Conflict, errors.Unknown)
"""Refusals that are answers: asked again, the server would say the same."""
_BY_NAME = {kind.__name__: kind for kind in _FINAL}

_ALWAYS_ASKED = frozenset({endpoints.RATE_LIMIT, endpoints.OWN_RATE_LIMIT})

_NO_OPTIONS = frozenset({"base_url", "credentials", "concurrency", "patience", "max_rate", "resume", "resume_max_age"})
"""Settings that decide how something is asked, and not what."""


class Remembering(Client):
    """Looks into `journal`, once there is one, before it asks, and keeps there what it was answered."""

    journal: Journal | None = None
    _look = 1
    """Counts how often this run has asked the same; a run that is resumed counts alike."""

    def look_again(self) -> None:
        """Ask anew from now on, whatever was answered before."""
        self._look += 1

    def go_on(self, settings: Settings, version: str) -> None:
        """Open the journal that the settings name, if they do; `version` is the server's. Raises `UsageError`."""
        if settings.resume is None:
            return
        # A proxy may strip the header that names the account: then the credentials tell runs apart.
        account = self.user_name or settings.credentials.user
        secret = settings.credentials.secret if account is None else None
        owner = _owner(settings, account or "not named", version)
        self.journal = Journal(settings.resume, owner, settings.resume_max_age, secret)

    def remembered(self) -> int:
        """Count the answers of an earlier run that have not been used yet."""
        return self.journal.remembered if self.journal else 0

    def forget_refusals(self) -> None:
        """Ask again for what was refused when this run is resumed."""
        if self.journal:
            self.journal.forget_refusals()

    def close(self) -> None:
        """Let go of the journal; the connections are not closed."""
        if self.journal:
            self.journal.close()

    def get(self, address: Address, **question: str | int) -> JsonObject:
        """See `Client.get`; a refusal is remembered too."""
        if self.journal is None or address.endpoint in _ALWAYS_ASKED:
            return super().get(address, **question)
        key = f"{self._look}:{self._url(address, question).removeprefix(self.base_url)}"
        known = cast("dict[str, Any] | None", self.journal.find(key))
        if known is None:
            known = self._asked(address, question)
            self.journal.keep(key, known, refused="refused" in known)
        if "refused" in known:
            raise _BY_NAME[known["refused"]](known["said"])
        return cast("JsonObject", known["answer"])

    def _asked(self, address: Address, question: dict[str, str | int]) -> dict[str, Any]:
        try:
            return {"answer": super().get(address, **question)}
        except (errors.RefusedElsewhere, errors.MissingElsewhere):
            # What stands before Bitbucket may let the next run pass.
            raise
        except _FINAL as refusal:
            return {"refused": type(refusal).__name__, "said": str(refusal)}


def _owner(settings: Settings, account: str, version: str) -> dict[str, str]:
    """Say whose answers a journal holds: those of one server, one account, and one set of options."""
    options = {
        field.name: _told(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
        if field.name not in _NO_OPTIONS
    }
    sign_in = "access token" if settings.credentials.is_token else "password"
    return {
        "base_url": settings.base_url,
        "version": version,
        "account": f"{account.lower()} ({sign_in})",
        "options": ", ".join(f"{name}={value}" for name, value in sorted(options.items())),
    }


def _told(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | set) else str(value)
