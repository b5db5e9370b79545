"""What leaves the page: tables, links, and paper."""

from __future__ import annotations

from tests.graph.payloads import Json
from tests.review.report.conftest import Open


def test_paper_gets_long_lists_and_light_colours(show: Open, demo: Json) -> None:
    window = show(demo)
    window.prefer("dark")
    shown = len(window.items("#findings .long li"))
    window.run("dispatchEvent(new Event('beforeprint'))")
    assert len(window.items("#findings .long li")) > shown
    assert window.run("return document.documentElement.dataset.theme") == "light"
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.run("return document.documentElement.dataset.theme ?? null") is None
