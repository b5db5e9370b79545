"""A small organisation to lie about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.datacenter.lying import organisation
from tests.sources.datacenter.lying_bitbucket import LyingBitbucket


@pytest.fixture
def server() -> Iterator[LyingBitbucket]:
    with LyingBitbucket(organisation()) as serving:
        yield serving
