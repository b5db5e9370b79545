"""Where an export is from, as far as it says so."""

from __future__ import annotations

from typing import Any

import pytest

from connector.graph.payload import load
from connector.review.provenance import as_of, provenance
from tests.graph.worlds import World

KNOWN = {
    "base_url": "https://bitbucket.example.com",
    "version": "9.4.2",
    "collected_at": "2026-11-22T03:00:05+01:00",
    "collected_by": "svc-veza",
    "connector_version": "0.2.0",
    "is_complete": True,
}


def _world(**properties: Any) -> World:
    world = World().user("1", "Ann", last_login_at="2026-03-04T05:06:07Z")
    world.properties = properties
    return world


def test_evidence_holds_everything_that_is_recorded() -> None:
    [found] = provenance(load(_world(**KNOWN).payload()))
    assert dict(found.facts) == {
        "server": "https://bitbucket.example.com (Bitbucket 9.4.2)",
        "collected": "22 November 2026, 02:00 UTC",
        "by account": "svc-veza",
        "connector version": "0.2.0",
        "complete": "yes",
        "verified against Bitbucket": "not recorded",
    }
    assert found.sentence == (
        "https://bitbucket.example.com (Bitbucket 9.4.2), collected 22 November 2026, 02:00 UTC, by svc-veza, "
        "connector version 0.2.0, complete; not recorded: whether it was verified against Bitbucket"
    )
    assert found.as_json()["collected_at"] == "2026-11-22T02:00:05Z"


def test_evidence_of_an_older_export_names_what_was_not_recorded() -> None:
    [found] = provenance(load(_world(is_complete=False, base_url="http://b").payload()))
    assert found.sentence == (
        "http://b, incomplete; not recorded: when it was collected (the newest activity in it is of 4 March 2026), "
        "by which account, by which connector version, whether it was verified against Bitbucket"
    )
    assert dict(found.facts)["collected"] == "not recorded; the newest activity in it is of 4 March 2026"
    assert found.as_json()["is_verified"] is None


@pytest.mark.parametrize("wrong", [5, None, "", "yesterday", ["2026"]])
def test_an_invalid_time_counts_as_not_recorded(wrong: object) -> None:
    [found] = provenance(load(_world(**KNOWN | {"collected_at": wrong, "collected_by": 7}).payload()))
    assert found.collected_at is None
    assert "by which account" in found.sentence


def test_times_are_counted_from_the_collection_or_else_from_the_newest_activity() -> None:
    known, unknown = (as_of(load(_world(**properties).payload())) for properties in (KNOWN, {}))
    assert known is not None
    assert unknown is not None
    assert (known.isoformat(), unknown.isoformat()) == ("2026-11-22T02:00:05+00:00", "2026-03-04T05:06:07+00:00")
    assert as_of(load(World().payload())) is None
