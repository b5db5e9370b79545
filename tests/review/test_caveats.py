from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.graph.payload import load
from connector.oaa.mapping import application
from connector.review.caveats import caveats, is_complete
from tests.oaa.test_mapping import PAY, SNAPSHOT


def says(**properties: Any) -> list[str]:
    payload = application(SNAPSHOT).get_payload()
    payload["applications"][0]["custom_properties"] |= properties
    return [caveat.text for caveat in caveats(load(payload))]


def test_a_complete_export_has_no_caveats() -> None:
    assert says() == []


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"is_complete": False, "not_collected": ["project PAY: permissions"]}, "project PAY: permissions"),
        ({"is_complete": False, "not_collected": []}, "something that the export does not name"),
        ({"global_permissions": "effective"}, "through which groups"),
        ({"global_permissions": "none"}, "the access of global administrators is missing"),
    ],
)
def test_gaps_of_an_export_are_caveats(properties: dict[str, Any], said: str) -> None:
    (line,) = says(**properties)
    assert said in line


@pytest.mark.parametrize("public", [True, False])
def test_unknown_public_access_matters_where_something_is_public(public: bool) -> None:
    projects = {**SNAPSHOT.projects, PAY.id: replace(PAY, public=public)}
    payload = application(replace(SNAPSHOT, projects=projects)).get_payload()
    payload["applications"][0]["custom_properties"]["public_access"] = "unknown"
    assert any("public access" in caveat.text for caveat in caveats(load(payload))) is public


def test_completeness_is_what_the_export_says() -> None:
    payload = application(SNAPSHOT).get_payload()
    assert is_complete(load(payload))
    payload["applications"][0]["custom_properties"]["is_complete"] = False
    assert not is_complete(load(payload))
