"""A small workspace to lie about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.embedded.cloud.server import EmbeddedCloud
from tests.sources.cloud.lying import workspace


@pytest.fixture
def server() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(workspace()) as serving:
        yield serving
