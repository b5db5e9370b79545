"""The page as a file: it is whole, small, the same every time, and allows itself nothing that it does not need."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main as cli
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.review import report
from connector.review.report import summary
from connector.review.report.page import SCRIPTS, page
from tests.graph.payloads import APPLICATION, Json, holds, on, payload, resource


class _Elements(HTMLParser):
    """Collects elements: name, attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1][2].append(data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]


def _document() -> Json:
    return payload(
        holds("team", on("tree-writer", "p"), kind="local_group"),
        holds("ann", on("owner", APPLICATION) | {"resources": [], "apply_to_application": True}),
        users=({"name": "ann", "groups": ["team"]}, {"name": "bob", "groups": ["team"]}),
        groups=({"name": "team"},),
        resources=(resource("p", resource("r"), resource("s")), resource("q")),
    )


def _data(text: str) -> dict[str, Any]:
    packed = next(content for attributes, content in _Elements(text).of("script") if attributes.get("id") == "data")
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return content


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    elements = _Elements(page(load(_document())))
    policy = next(a["content"] for a, _ in elements.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    style, script = elements.of("style")[0][1], elements.of("script")[-1][1]
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'{_sha256(style)}'",
        "script-src": f"'{_sha256(script)}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def _sha256(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_page_needs_no_other_file() -> None:
    elements = _Elements(page(load(_document())))
    addresses = [a[name] for _, a, _ in elements.found for name in ("src", "href", "action", "srcset") if name in a]
    assert [address for address in addresses if address and not address.startswith(("#", "data:,"))] == []
    assert not re.search(r"url\(|@import", elements.of("style")[0][1])
    assert [name for _, attributes, _ in elements.found for name in attributes if name.startswith("on")] == []
    assert [attributes for _, attributes, _ in elements.found if "style" in attributes] == []


def test_every_script_is_small_and_all_of_it_is_used() -> None:
    folder = Path(report.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}
    assert sorted(texts) == sorted(SCRIPTS)
    assert max(len(text.splitlines()) for text in texts.values()) <= 400
    everything = "\n".join(texts.values())
    declared = re.findall(r"^(?:async )?(?:function|class|const) (\w+)", everything, re.MULTILINE)
    words = Counter(re.findall(r"\w+", everything))
    assert [name for name in declared if words[name] == 1] == []


def test_no_text_of_an_export_can_end_an_element() -> None:
    hostile = "</title></script><script>alert(1)</script>"
    document = json.loads(json.dumps(_document()).replace(APPLICATION, hostile).replace("bob", hostile))
    text = page(load(document))
    assert hostile not in text
    assert len(_Elements(text).of("script")) == 2
    assert _data(text)["identities"]["name"] == ["ann", hostile, "team"]


def test_the_same_export_gives_the_same_page() -> None:
    assert page(load(_document())) == page(load(_document()))


def test_grants_stay_folded_and_things_are_numbers() -> None:
    data = _data(page(load(_document())))
    assert data["nodes"]["depth"] == [0, 1, 2, 2, 1]
    assert data["nodes"]["label"] == [APPLICATION, "p", "r", "s", "q"]
    assert data["identities"]["groups"] == [[2], [2], []]
    assert [row[:3] for row in data["assignments"]] == [[2, 4, [1]], [0, 2, [0]]]


def test_a_grant_on_many_resources_costs_little() -> None:
    def size(count: int) -> int:
        places = tuple(resource(f"p{number}") for number in range(count))
        grant = on("reader", *(f"p{number}" for number in range(count)))
        return len(page(load(payload(holds("ann", grant), users=({"name": "ann"},), resources=places))))

    assert (size(4_000) - size(2_000)) / 2_000 < 6


def test_the_figures_leave_out_groups_and_accounts_that_stand_for_everybody() -> None:
    document = payload(
        holds("bitbucket:everyone", on("tree-reader", "p", "q.s"), kind="local_group"),
        users=(
            {"id": "1", "name": "Ann", "is_active": False},
            {"id": "bitbucket:anonymous", "name": "Anonymous", "groups": ["bitbucket:everyone"]},
        ),
        groups=({"id": "bitbucket:everyone", "name": "Everyone"}, {"name": "team"}),
        resources=(resource("p", resource("r"), kind="Project"), resource("q", resource("s"), kind="Project")),
    )
    figures = {figure.what: (figure.number, figure.detail) for figure in summary.figures(load(document))}
    assert figures == {
        "user": (1, "1 inactive"),
        "group": (1, ""),
        "projects": (2, ""),
        "resources below": (2, ""),
        "administrators": (0, "of everything"),
        "public resources below": (2, "readable without an account"),
    }


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(_document()))
    return path


def test_the_command_writes_the_page(export: Path, tmp_path: Path) -> None:
    output = tmp_path / "access.html"
    assert cli.main(["report", str(export), "-o", str(output)]) == 0
    assert output.read_text() == page(load(export))
    assert output.stat().st_mode & 0o777 == 0o600


def test_the_page_shows_changes_since_a_baseline(export: Path, tmp_path: Path) -> None:
    before = _document()
    before["identity_to_permissions"].pop(0)
    (tmp_path / "old.json").write_text(json.dumps(before))
    output = tmp_path / "access.html"
    assert cli.main(["report", str(export), "-o", str(output), "--baseline", str(tmp_path / "old.json")]) == 0
    changes = _data(output.read_text())["changes"]
    assert changes["sections"][0]["title"] == "Who gained access"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such.json", "-o", "x.html"], 2),
        (["export.json", "-o", "export.json"], 2),
        (["export.json", "-o", "x.html", "--baseline", "x.html"], 2),
        (["export.json"], 2),
        (["export.json", "-o", "no-such-folder/x.html"], 5),
    ],
)
def test_an_error_leaves_no_file_behind(
    export: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(export.parent)
    before = export.read_bytes()
    assert cli.main(["report", *arguments]) == code
    assert [path.name for path in export.parent.iterdir()] == ["export.json"]
    assert export.read_bytes() == before


def test_the_demo_ends_with_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo"]) == 0
    text = (tmp_path / "demo-report.html").read_text()
    assert text == page(load(tmp_path / "demo-export.json"))
    assert len(text) < 1_000_000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BITBUCKET_USER", DEMO_USER)
    monkeypatch.setenv("BITBUCKET_TOKEN", DEMO_PASSWORD)
    with EmbeddedBitbucket(sample_organisation()) as bitbucket:
        yield bitbucket.base_url


def test_an_export_writes_a_report_along_the_way(server: str, tmp_path: Path) -> None:
    arguments = ["--save-json", "export.json", "--report", "access.html", "--summary", "run.json"]
    assert cli.main(["export", "--bitbucket-url", server, *arguments]) == 0
    assert (tmp_path / "access.html").read_text() == page(load(tmp_path / "export.json"))
    published = json.loads((tmp_path / "run.json").read_text())["published"]
    assert [entry["path"] for entry in published if entry["to"] == "report"] == ["access.html"]


def test_a_report_may_be_all_that_is_wanted(server: str, tmp_path: Path) -> None:
    assert cli.main(["--bitbucket-url", server, "--report", "access.html"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["access.html"]


def test_a_dry_run_writes_no_report(server: str, tmp_path: Path) -> None:
    assert cli.main(["--bitbucket-url", server, "--report", "access.html", "--dry-run"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_report_never_overwrites_the_export(server: str, tmp_path: Path) -> None:
    assert cli.main(["--bitbucket-url", server, "--save-json", "x", "--report", "./x"]) == 2
    assert list(tmp_path.iterdir()) == []
