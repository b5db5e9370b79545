"""Run the connector's ordinary code in this process against an embedded Bitbucket Cloud."""

from __future__ import annotations

from typing import Any

from connector.embedded.cloud.server import EmbeddedCloud
from connector.model import Snapshot
from connector.rest.statistics import Statistics
from connector.sources.cloud.credentials import ApiToken, Credentials
from connector.sources.cloud.export import collect
from connector.sources.cloud.settings import Settings
from tests.exporting import NoProgress
from tests.model.cloud import ADMIN_EMAIL, ADMIN_TOKEN

ADMIN = ApiToken(ADMIN_EMAIL, ADMIN_TOKEN)


def snapshot_of(server: EmbeddedCloud, credentials: Credentials = ADMIN, **settings: Any) -> Snapshot:
    wanted = Settings(server.organisation.slug, credentials, base_url=server.base_url, **{"patience": 5.0, **settings})
    return collect(wanted, NoProgress(), Statistics())
