"""A small organisation to lie about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.embedded.datacenter.server import EmbeddedBitbucket
from tests.sources.datacenter.lying import organisation


@pytest.fixture
def server() -> Iterator[EmbeddedBitbucket]:
    with EmbeddedBitbucket(organisation()) as serving:
        yield serving
