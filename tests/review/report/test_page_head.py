"""The beginning of the page: where it is from, what is missing, what changed, the figures, the findings."""

from __future__ import annotations

import copy
from pathlib import Path

from tests.graph.payloads import Json, payload
from tests.review.report.conftest import Open


def test_figures_and_urgent_findings_stand_at_the_top_without_alarm_or_changes(show: Open, demo: Json) -> None:
    window = show(demo)
    figures = [line.split("\n")[:2] for line in window.items("#figures li")]
    assert ["60", "users"] in figures
    assert ["10", "administrators"] in figures
    assert window.items(".urgency")[0] == "Look at these first"
    first = window.text(".finding")
    assert "Readable without signing in" in first
    assert "PAY/payments-docs" in first
    assert window.run("return document.getElementById('missing').hidden")
    assert window.run("return document.getElementById('changed').hidden")
    assert "5\npublic repositories" in [line.partition("\nreadable")[0] for line in window.items("#figures li")]
    assert "1 project and 3 repositories marked public, which makes 5 repositories." in first


def test_missing_access_is_said_before_anything_else(show: Open, demo: Json) -> None:
    window = show(_with(demo, is_complete=False, not_collected=["project PAY: <groups>"]))
    assert "project PAY: <groups>" in window.text("#missing")
    assert window.run(
        "return document.getElementById('missing').getBoundingClientRect().top"
        " < document.getElementById('figures').getBoundingClientRect().top"
    )


def test_a_finding_leads_to_what_it_is_about(show: Open, demo: Json) -> None:
    window = show(demo)
    window.click(".finding .place a")
    window.wait("document.getElementById('detail-title')?.textContent === 'OSS'")


def test_changes_are_shown_above_the_figures(show: Open, demo: Json) -> None:
    grants = [
        entry | {"application_permissions": entry["application_permissions"][1:]}
        if entry["identity"] == "payments-developers"
        else entry
        for entry in demo["identity_to_permissions"]
    ]
    window = show(demo, _with(demo | {"identity_to_permissions": grants}, collected_at="2026-10-22T02:00:05Z"))
    assert "gained write on PAY" in window.text("#changes")
    assert "collected 22 October 2026, 02:00 UTC" in window.text("#changes-since")
    above = "document.getElementById('changed').compareDocumentPosition(document.getElementById('figures')) & 4"
    assert window.run(f"return Boolean({above})")


def test_an_empty_export_has_a_page_too(show: Open) -> None:
    window = show(payload())
    assert "0\nusers" in window.text("#figures")
    assert "The checks of this page found nothing." in window.text("#findings")


def test_dark_and_light_follow_the_system_and_the_button(show: Open, demo: Json) -> None:
    window = show(demo)
    colour = "return getComputedStyle(document.body).backgroundColor"
    pixel = """(() => {
        const pen = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
        pen.drawImage(document.getElementById('picture-canvas'), 0, 0);
        return pen.getImageData(0, 0, 1, 1).data.join();
    })()"""
    light = window.run(colour)
    assert window.run(f"return {pixel}") == "255,255,255,255"
    window.prefer("dark")
    dark = window.run(colour)
    assert dark != light
    window.wait(f"{pixel} === '26,32,40,255'")
    window.click("#theme")
    assert window.run(colour) == light
    assert window.run(f"return {pixel}") == "255,255,255,255"


def test_nothing_sticks_out_sideways_and_each_control_has_a_name(show: Open, demo: Json) -> None:
    window = show(demo)
    window.go("#user/ben.lindqvist", "Ben Lindqvist")
    for width in (390, 800, 1900):
        window.pretend(width, 900)
        assert window.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
    nameless = window.run("""
        const named = (one) => one.innerText.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.innerText;
        return [...document.querySelectorAll('a, button, input, summary, [tabindex="0"]')]
            .filter((one) => one.offsetParent && !named(one) && !one.getAttribute('aria-labelledby'))
            .map((one) => one.outerHTML);""")
    assert nameless == []


_KNOWN = {
    "collected_at": "2026-11-22T02:00:05Z",
    "collected_by": "svc-veza",
    "connector_version": "0.2.0",
}


def _with(document: Json, **properties: object) -> Json:
    application = document["applications"][0]
    properties = application["custom_properties"] | properties
    return document | {"applications": [application | {"custom_properties": properties}]}


def test_where_the_page_is_from_stands_at_its_top(show: Open, demo: Json) -> None:
    window = show(_with(demo, **_KNOWN))
    facts = dict(zip(window.items("#evidence dt"), window.items("#evidence dd"), strict=True))
    assert facts["collected"] == "22 November 2026, 02:00 UTC"
    assert facts["by account"] == "svc-veza"
    assert facts["connector version"] == "0.2.0"
    assert facts["complete"] == "yes"
    assert facts["verified against Bitbucket"] == "not recorded"
    assert facts["server"].endswith("(Bitbucket 9.4.2)")


def test_the_page_of_an_older_export_says_what_was_not_recorded(show: Open, demo: Json) -> None:
    older = copy.deepcopy(demo)
    for name in ("collected_at", "collected_by", "connector_version"):
        del older["applications"][0]["custom_properties"][name]
    facts = show(older).items("#evidence dd")
    assert facts[1].startswith("not recorded; the newest activity in it is of ")
    assert facts[2:4] == ["not recorded", "not recorded"]


def test_optional_gaps_are_yellow_and_folded_and_no_alarm(show: Open, demo: Json) -> None:
    window = show(_with(demo, not_collected=["instance: HTTP access tokens of users"], global_permissions="effective"))
    assert window.run("return document.getElementById('missing').hidden")
    assert window.text("#notes") == "2 things that are not known, without access missing here"
    assert not window.run("return document.getElementById('notes').open")
    window.click("#notes summary")
    assert "instance: HTTP access tokens of users" in window.items("#notes li")


def test_gaps_in_access_are_red_and_open(show: Open, demo: Json) -> None:
    window = show(_with(demo, global_permissions="none"))
    assert "the access of global administrators is missing" in window.text("#missing")
    assert window.run("return document.getElementById('notes').hidden")


def test_extras_that_were_not_collected_are_named(show: Open, demo: Json, everything: Json) -> None:
    asked = "SSH keys, HTTP access tokens, webhooks, branch restrictions"
    assert show(demo).text("#quiet-notes") == f"Not collected, because nobody asked for it with --include: {asked}."
    assert show(everything).text("#quiet-notes") == ""


def test_repositories_are_folded_by_project_and_open(show: Open, everything: Json) -> None:
    window = show(everything)
    article = "[id='finding/rewritable-branches']"
    assert "All repositories of 4 projects and 13 others." in window.text(article)
    assert window.text(f"{article} summary") == "DATA all 4 repositories: main, some rules"
    assert window.text(f"{article} .count") == "25"
    window.click(f"{article} summary")
    window.wait(f'document.querySelectorAll("{article} .unfolded .place").length === 4')
    assert window.items(f"{article} .unfolded .place a")[0].startswith("DATA/")


def test_accepted_findings_are_kept_apart_and_expired_ones_are_back(show: Open, demo: Json, tmp_path: Path) -> None:
    file = tmp_path / "accepted.csv"
    file.write_text(
        "finding,subject,until,why,by\n"
        "public,OSS,2027-03-31,open source,Jane Doe\n"
        "default-write,MOB,2027-03-31,a sandbox,Jane Doe\n"
        "default-write,SAND,2027-03-31,a sandbox,Jane Doe\n"
        "public,PAY,2026-01-31,for the launch,Jane Doe\n"
        "weak-keys,nobody,2027-01-31,gone,Jane Doe\n"
    )
    window = show(demo, accepted=file)
    public, write = "[id='finding/public']", "[id='finding/default-write']"
    assert window.text(f"{public} .count") == "2"
    window.run("document.querySelectorAll('#findings details').forEach((one) => (one.open = true))")
    window.wait(f'document.querySelectorAll("{public} .unfolded li").length === 3')
    assert "OSS Open Source, with 3 repositories · until 2027-03-31, by Jane Doe: open source" in window.text(public)
    assert "1 acceptance has expired: look again" in window.text(public)
    assert "for the launch" in window.text(public)
    assert window.items(".urgency")[-1] == "Accepted as a whole"
    assert window.text(f"{write} .count") == "0"
    assert "weak-keys: nobody (line 6)" in window.text("#findings")
