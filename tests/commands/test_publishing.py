"""Journeys with Veza as its user meets it: command line in, exit code, file, messages and pushes out, over real TLS.

Each failure and its message stand in tests/outputs/veza.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.outputs.veza.push import VezaSettings, connect, only_pusher
from tests.conftest import Ended, Run, files, saved, summary
from tests.outputs.veza.fake import Answer, Call, Cut, FakeVeza, error
from tests.outputs.veza.fake.server import API_KEY
from tests.outputs.veza.fake.template import Violation

HTML = Answer(200, b"<html><body>Please sign in</body></html>")
BUSY = error(503, "Unavailable", "Try again later")


@pytest.fixture
def veza() -> Iterator[FakeVeza]:
    with FakeVeza() as fake:
        yield fake


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that somebody meant to wait for Veza, and did not."""
    waited: list[float] = []
    monkeypatch.setattr("connector.commands.shared.publishing.connect", partial(connect, sleep=waited.append))
    return waited


Push = Callable[..., Ended]


@pytest.fixture
def push(run: Run, bitbucket: EmbeddedBitbucket, veza: FakeVeza) -> Push:
    """Export the demo's organisation to the fake; options and settings can be added."""
    usual = {
        "BITBUCKET_URL": bitbucket.base_url,
        "BITBUCKET_USER": DEMO_USER,
        "BITBUCKET_TOKEN": DEMO_PASSWORD,
        "VEZA_URL": veza.url,
        "VEZA_API_KEY": API_KEY,
        "REQUESTS_CA_BUNDLE": str(veza.ca_file),
    }

    def call(*options: str, **environment: str) -> Ended:
        return run(*options, **{**usual, **environment})

    return call


def errors(ended: Ended) -> list[str]:
    return [line for line in ended.err.splitlines() if " ERROR: " in line]


def test_two_nights(push: Push, veza: FakeVeza) -> None:
    veza.warnings = (*(f"Cannot find identity by names [user{n}]" for n in range(60)), "Something else")
    first = push("--save-json", "export.json", "--summary", "summary.json")
    assert first.code == 0
    assert veza.pushes == [saved()]
    assert veza.providers() == ["Bitbucket Server"]
    assert veza.data_sources() == [saved()["applications"][0]["name"]]
    assert re.search(r"INFO: Veza: the payload is [\d.]+ MB of JSON", first.err)
    shown = [line for line in first.err.splitlines() if " WARNING: Veza: " in line]
    assert len(shown) == len(summary()["veza_warnings"]) == 52
    assert "and 10 more" in shown[50]
    assert "61 warnings" in first.last_line
    assert 'pushed to provider "Bitbucket Server", data source "Bitbucket Server - 127.0.0.1:' in first.last_line
    assert push("--veza-url", veza.url, VEZA_URL="https://elsewhere.invalid").code == 0
    assert len({re.sub(r'"collected_at": "[^"]*"', "", json.dumps(pushed)) for pushed in veza.pushes}) == 1
    assert len(veza.calls(Call.CREATE_PROVIDER)) == len(veza.calls(Call.CREATE_DATA_SOURCE)) == 1
    assert push("--provider-name", "Our Bitbucket", "--data-source-name", "production").code == 0
    assert (veza.providers()[1], veza.data_sources()[1]) == ("Our Bitbucket", "production")


@pytest.mark.parametrize(
    ("options", "environment", "code", "says"),
    [
        ([], {"VEZA_API_KEY": "another-key"}, 5, "VEZA_API_KEY"),
        ([], {"REQUESTS_CA_BUNDLE": ""}, 5, "REQUESTS_CA_BUNDLE"),
        ([], {"VEZA_URL": "https://user:S3cr3t@veza.example.com"}, 5, "VEZA_URL"),
        ([], {"HTTPS_PROXY": "http://u:S3cr3t[@proxy", "NO_PROXY": "127.0.0.1"}, 2, "HTTPS_PROXY is no address"),
        (["--save-json", "no-such-folder/x"], {}, 5, "no-such-folder/x cannot be written: No such file or directory"),
    ],
)
def test_settings_that_cannot_work_are_an_error_before_bitbucket_is_asked(
    push: Push, bitbucket: EmbeddedBitbucket, options: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    ended = push("--save-json", "export.json", *options, **environment)
    assert ended.code == code
    told = errors(ended) if " ERROR: " in ended.err else ended.err.splitlines()
    assert [says in line for line in told] == [True]
    assert bitbucket.requests == []
    assert files() == set()
    for secret in (API_KEY, "another-key", "S3cr3t"):
        assert secret not in ended.err


@pytest.mark.parametrize("fault", [BUSY, Cut.AFTER_ACCEPTING], ids=["busy", "lost"])
def test_a_push_that_fails_three_times_and_then_works(
    push: Push, veza: FakeVeza, waits: list[float], fault: Answer | Cut
) -> None:
    veza.fail(Call.PUSH, fault, fault, fault)
    ended = push("--save-json", "export.json")
    assert ended.code == 0
    assert veza.pushes[-1] == saved()
    assert len(veza.calls(Call.PUSH)) == 4
    assert len(waits) == 3
    assert len(re.findall("WARNING: Veza: .* attempt", ended.err)) == 3


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    ("call", "faults", "says", "unsettled"),
    [
        (
            Call.PUSH,
            [BUSY] * 50,
            ["answered 503", "given up after", "Whether Veza accepted the push is not known"],
            True,
        ),
        (Call.PUSH, [HTML], ["sign-in page", "Whether Veza accepted the push is not known"], True),
        (Call.PUSH, [error(400, "Invalid", "No", Violation("permissions", "are odd"))], ["answered 400"], False),
        (Call.CREATE_PROVIDER, [error(403, "PermissionDenied", "No")], ["may not create it", "administrator"], False),
    ],
    ids=["busy", "HTML", "rejected", "team key"],
)
def test_a_push_that_fails_leaves_the_file_and_says_what_is_known(
    push: Push, veza: FakeVeza, call: Call, faults: list[Answer], says: list[str], unsettled: bool
) -> None:
    veza.fail(call, *faults)
    ended = push("--save-json", "export.json", "--summary", "summary.json")
    assert ended.code == summary()["exit_code"] == 5
    assert veza.pushes == []
    (line,) = errors(ended)
    for words in says:
        assert words in line
    assert "The export is saved in export.json. Once this is mended, run again" in ended.err
    assert ("permissions: are odd" in ended.err) is (says == ["answered 400"])
    assert saved()["applications"]
    assert [entry["to"] for entry in summary()["published"]] == ["file"]
    assert ("a push that Veza may have accepted" in ended.last_line) is summary()["unsettled"] is unsettled


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(Status(401), after=30), 3),
        (Fault(Status(500), r"/repos\?"), 3),
        (Fault(Status(500), "repos/invoicing/permissions"), 4),
    ],
    ids=["credentials refused", "broken listing", "gap"],
)
def test_nothing_is_changed_in_veza_when_bitbucket_fails(
    push: Push, veza: FakeVeza, bitbucket: EmbeddedBitbucket, fault: Fault, code: int
) -> None:
    bitbucket.faults.add(fault)
    ended = push("--save-json", "export.json")
    assert ended.code == code
    assert {request.method for request in veza.requests} == {"GET"}
    assert files() == set()
    assert "nothing published" in ended.last_line


def test_a_dry_run_publishes_nothing_and_says_what_would_go_where(
    push: Push, veza: FakeVeza, bitbucket: EmbeddedBitbucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = push("--save-json", "export.json", "--report", "page.html", "--dry-run", "--summary", "summary.json")
    assert ended.code == 0
    assert files() == {"summary.json"}
    source = '"Bitbucket Server - 127.0.0.1:'
    for words in ("dry run", "export.json", "page.html", veza.url, '"Bitbucket Server"', source, "59 users"):
        assert words in ended.last_line
    assert summary()["published"] == []
    assert "dry run" in summary()["dry_run"]
    with monkeypatch.context() as patch:
        patch.setattr("connector.outputs.veza.compression.MAX_PAYLOAD_SIZE", 1000)
        assert push("--dry-run").code == 5
    bitbucket.faults.add(Fault(Status(403), "repos/invoicing/permissions"))
    assert push("--dry-run").code == 4
    assert push("--dry-run", VEZA_API_KEY="wrong").code == 5
    assert {request.method for request in veza.requests} == {"GET"}


def test_two_runs_at_once_for_one_data_source(push: Push, veza: FakeVeza, bitbucket: EmbeddedBitbucket) -> None:
    push("--dry-run")
    bitbucket.requests.clear()
    veza.requests.clear()
    names = ("--provider-name", "Ours", "--data-source-name", "production")
    with only_pusher(VezaSettings(f"{veza.url}/", "another key", "Ours", "production")):
        ended = push(*names)
        assert ended.code == 4
        (line,) = errors(ended)
        assert 'Another run has been at work on data source "production" of provider "Ours" in Veza since ' in line
        assert bitbucket.requests == []
        assert veza.requests == []
        assert push(*names, "--dry-run").code == 0
        assert push().code == 0
    assert push(*names).code == 0


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("answer", [None, HTML, error(400, "Invalid", f"key {API_KEY} is odd"), BUSY])
def test_no_secret_is_shown(push: Push, veza: FakeVeza, answer: Answer | None) -> None:
    if answer is not None:
        veza.fail(Call.PUSH, *[answer] * 20)
    ended = push("--debug", "--save-json", "export.json", "--summary", "summary.json")
    written = "".join(path.read_text() for path in Path.cwd().iterdir())
    assert API_KEY not in ended.out + ended.err + written
    assert "summary.json" in files()
