"""One browser for all tests of the page, and what opens a page in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.model import Inclusion
from connector.review.findings.accepted import read_accepted, reviewed
from connector.review.findings.catalogue import findings_of
from connector.review.report.page import page
from connector.sources.datacenter.settings import Credentials
from tests.exporting import payload_of, snapshot_of
from tests.graph.payloads import Json
from tests.review.report.browser import MISSING, Browser, browser

Open = Callable[..., Browser]

TODAY = date(2026, 11, 25)

_ASKED_FOR = "Network.requestWillBeSent"


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if MISSING:
        pytest.skip(MISSING)
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def _exported(*include: Inclusion) -> Json:
    with EmbeddedBitbucket(sample_organisation()) as server:
        login = Credentials(DEMO_PASSWORD, DEMO_USER)
        return payload_of(snapshot_of(server.base_url, login, include=frozenset(include)))


@pytest.fixture(scope="session")
def demo() -> Json:
    return _exported()


@pytest.fixture(scope="session")
def everything() -> Json:
    """Give the demo's export with all that --include adds."""
    return _exported(*Inclusion)


@pytest.fixture
def show(window: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a payload; at the end, see that it complained about nothing and requested nothing."""
    file = tmp_path / "access.html"

    def do(document: Json, baseline: Json | None = None, accepted: Path | None = None) -> Browser:
        export, earlier = load(document), load(baseline) if baseline else None
        findings = reviewed(findings_of(export), read_accepted(accepted), TODAY) if accepted else None
        file.write_text(page(export, earlier, findings), encoding="utf-8")
        window.log("browser"), window.log("performance")
        window.resize(1280, 1000)
        window.prefer("light")
        window.open(file.as_uri())
        return window

    yield do
    window.as_wide_as_the_window()
    assert [entry["message"] for entry in window.log("browser")] == []
    assert _requests(window) <= {file.as_uri(), "data:,", "about:blank"}


def _requests(window: Browser) -> set[str]:
    found = set()
    for entry in window.log("performance"):
        if f'"{_ASKED_FOR}"' in entry["message"]:
            address = entry["message"].split('"url":"')[1].split('"')[0]
            found.add(address.partition("#")[0])
    # The browser's own first page may still be loading; what the page saves itself has an address that begins blob:.
    return {address for address in found if not address.startswith(("chrome://", "blob:"))}
