"""The page about the same access on two servers: it tells what `diff --across` tells, and allows itself nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review.across.organisations import GROUP, PERSON, Organisation
from tests.review.report.browser import Browser

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def pair() -> tuple[Organisation, Organisation]:
    old = Organisation().group("dev").project("PAY", "api", "web", "docs", "app", "lib").project("OPS", "run")
    for number in range(6):
        old.person(f"u{number}", f"u{number}@example.com", "dev", name=HOSTILE if number == 5 else f"Person {number}")
    old.person("gone", name=HOSTILE).grant(GROUP, "dev", "write", "PAY")
    new = old.copy().revoke(GROUP, "dev", "write", "PAY").grant(GROUP, "dev", "read", "PAY")
    return old, new.grant(PERSON, "u5", "admin", "OPS/run")


def _page(run: Run, old: Organisation, new: Organisation, *options: str) -> str:
    Path("old.json").write_text(json.dumps(old.server()), encoding="utf-8")
    Path("new.json").write_text(json.dumps(new.cloud()), encoding="utf-8")
    ended = run("report", "new.json", "--across", "old.json", "-o", "page.html", *options)
    assert ended.code == 0, ended.err
    return Path("page.html").read_text(encoding="utf-8")


def test_the_policy_allows_this_style_and_nothing_else(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    text = _page(run, *pair)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in text
    assert "<script" not in text


def test_names_are_text(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    text = _page(run, *pair)
    assert HOSTILE not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; (u5)" in text


def test_the_same_exports_give_the_same_page(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    assert _page(run, *pair) == _page(run, *pair)


def test_an_incomplete_export_is_said_at_the_top(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    old, new = pair
    assert "An export is incomplete" not in _page(run, old, new)
    new.properties |= {"is_complete": False, "not_collected": ["project PAY: permissions"]}
    text = _page(run, old, new)
    assert text.index("An export is incomplete") < text.index("Who and what is the same on both")
    assert "in the new export: project PAY: permissions" in text


def test_long_lists_are_bounded_and_say_so(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    old, new = pair
    for number in range(1300):
        old.person(f"left-{number}")
    assert "301 more lines left out here" in _page(run, old, new.person("x", "x@example.com"))


def test_mapping_files_are_used(run: Run, pair: tuple[Organisation, Organisation]) -> None:
    Path("people.csv").write_text("old,new\nu0,-\n", encoding="utf-8")
    assert "People without a counterpart on the new server, as the mapping file says" in _page(
        run, *pair, "--people", "people.csv"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--people", "x.csv"], "--people and --repositories are for exports of two servers: add --across OLD"),
        (["--across", "old.json", "--baseline", "old.json"], "are about one server, --across about two"),
        (["--across", "page.html"], "-o and --across name the same file"),
        (["--across", "old.json", "--repositories", "page.html"], "-o and --repositories name the same file"),
    ],
)
def test_usage_errors(run: Run, options: list[str], message: str) -> None:
    ended = run("report", "new.json", "-o", "page.html", *options)
    assert (ended.code, message in ended.last_line) == (2, True)


# ---- in a browser


def test_the_browser_reports_no_error_and_requests_no_other_file(
    run: Run, pair: tuple[Organisation, Organisation], window: Browser
) -> None:
    _page(run, *pair)
    window.log("browser"), window.log("performance")
    window.resize(1280, 1000)
    window.ask("POST", "url", url=Path("page.html").resolve().as_uri())
    assert window.log("browser") == []
    asked = [json.loads(entry["message"])["message"] for entry in window.log("performance")]
    urls = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    assert [url for url in urls if not url.startswith(("file:", "data:", "chrome:"))] == []
    rows = [row.split("\t") for row in window.text("#part-1 tbody").splitlines() if row.strip()]
    assert rows[0][0] == "6 people"
    body = window.text("#part-1")
    assert "write" in body
    assert "5 repositories of PAY" in body
    assert "group dev was not given PROJECT_WRITE's counterpart (write) on PAY" in body
    assert "rgb(227, 160, 47)" in window.run(
        "return getComputedStyle(document.querySelector('.level.write')).backgroundColor"
    )


@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_the_window(run: Run, pair: tuple[Organisation, Organisation], window: Browser, width: int) -> None:
    _page(run, *pair)
    window.resize(width, 900)
    window.ask("POST", "url", url=Path("page.html").resolve().as_uri())
    assert window.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
