"""The beginning of the page: where it is from, what is missing, what changed, the figures, the findings."""

from __future__ import annotations

import pytest

from tests.graph.payloads import Json, payload
from tests.review.report.conftest import Open


def test_what_matters_most_can_be_read_at_once(show: Open, demo: Json) -> None:
    window = show(demo)
    figures = [line.split("\n")[:2] for line in window.items("#figures li")]
    assert ["60", "users"] in figures
    assert ["10", "administrators"] in figures
    assert window.items(".urgency")[0] == "Look at these first"
    first = window.text(".finding")
    assert "Readable without signing in" in first
    assert "PAY/payments-docs" in first


def test_what_was_not_collected_is_said_before_anything_else(show: Open, demo: Json) -> None:
    application = demo["applications"][0]
    properties = application["custom_properties"] | {"is_complete": False, "not_collected": ["project PAY: <groups>"]}
    window = show(demo | {"applications": [application | {"custom_properties": properties}]})
    assert "project PAY: <groups>" in window.text("#missing")
    assert window.run(
        "return document.getElementById('missing').getBoundingClientRect().top"
        " < document.getElementById('figures').getBoundingClientRect().top"
    )


def test_a_whole_export_does_not_cry_wolf(show: Open, demo: Json) -> None:
    assert show(demo).run("return document.getElementById('missing').hidden")


def test_a_finding_leads_to_what_it_is_about(show: Open, demo: Json) -> None:
    window = show(demo)
    window.click(".finding .place a")
    window.wait("document.getElementById('detail-title')?.textContent === 'OSS'")


def test_what_changed_is_told(show: Open, demo: Json) -> None:
    grants = [
        entry | {"application_permissions": entry["application_permissions"][1:]}
        if entry["identity"] == "payments-developers"
        else entry
        for entry in demo["identity_to_permissions"]
    ]
    window = show(demo, demo | {"identity_to_permissions": grants})
    assert "gained write on PAY" in window.text("#changes")


def test_without_a_baseline_nothing_is_said_of_changes(show: Open, demo: Json) -> None:
    assert show(demo).run("return document.getElementById('changed').hidden")


def test_an_empty_export_has_a_page_too(show: Open) -> None:
    window = show(payload())
    assert "0\nusers" in window.text("#figures")
    assert "The checks of this page found nothing." in window.text("#findings")


def test_dark_and_light_follow_the_system_and_the_button(show: Open, demo: Json) -> None:
    window = show(demo)
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = window.run(colour)
    window.prefer("dark")
    dark = window.run(colour)
    assert dark != light
    window.click("#theme")
    assert window.run(colour) == light


@pytest.mark.parametrize("width", [390, 800, 1900])
def test_nothing_sticks_out_sideways(show: Open, demo: Json, width: int) -> None:
    window = show(demo)
    window.pretend(width, 900)
    window.go("#user/ben.lindqvist", "Ben Lindqvist")
    assert window.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_whatever_can_be_used_has_a_name(show: Open, demo: Json) -> None:
    window = show(demo)
    window.go("#user/ben.lindqvist", "Ben Lindqvist")
    nameless = window.run("""
        const named = (one) => one.innerText.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.innerText;
        return [...document.querySelectorAll('a, button, input, summary, [tabindex="0"]')]
            .filter((one) => one.offsetParent && !named(one) && !one.getAttribute('aria-labelledby'))
            .map((one) => one.outerHTML);""")
    assert nameless == []
