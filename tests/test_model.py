"""A Snapshot is plain data: it can be serialised and read back."""

from __future__ import annotations

import pytest
from cattrs.preconf.json import make_converter

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.model import Inclusion, Snapshot
from connector.sources.datacenter.settings import Credentials
from tests.exporting import payload_of, snapshot_of


@pytest.mark.parametrize("include", [frozenset(), frozenset(Inclusion)])
def test_a_snapshot_that_was_written_and_read_back_is_the_same(include: frozenset[Inclusion]) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        snapshot = snapshot_of(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER), include=include)
    converter = make_converter()
    read_back = converter.loads(converter.dumps(snapshot), Snapshot)
    assert read_back == snapshot
    assert payload_of(read_back) == payload_of(snapshot)
