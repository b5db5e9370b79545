"""Run the connector's ordinary code in this process against a server, for tests that look at the result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector.files import save_json
from connector.model import Snapshot
from connector.oaa.mapping import application
from connector.rest.statistics import Statistics
from connector.sources.datacenter.export import collect
from connector.sources.datacenter.settings import Credentials, Settings

ADMIN = Credentials("admin-secret", "admin")


class NoProgress:
    """Progress that is not shown."""

    def expect(self, scopes: int) -> None:
        pass

    def done(self) -> None:
        pass

    def remaining(self, seconds: float) -> None:
        pass


def snapshot_of(base_url: str, credentials: Credentials = ADMIN, **settings: Any) -> Snapshot:
    wanted = Settings(base_url, credentials, **{"patience": 5.0, **settings})
    return collect(wanted, NoProgress(), Statistics())


def payload_of(snapshot: Snapshot) -> dict[str, Any]:
    payload: dict[str, Any] = application(snapshot).get_payload()
    return payload


def export_of(base_url: str, path: Path, credentials: Credentials = ADMIN, **settings: Any) -> dict[str, Any]:
    """Export to a file and give what stands in it."""
    save_json(payload_of(snapshot_of(base_url, credentials, **settings)), path)
    payload: dict[str, Any] = json.loads(path.read_text())
    return payload
