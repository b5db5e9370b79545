"""Pushing to Veza as its user meets it: command line in, exit code, file, messages and pushes out, over real TLS."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from connector.embedded.datacenter.faults import Fault, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.outputs.veza.push import VezaSettings, connect
from tests.conftest import Ended, Run, saved, summary
from tests.outputs.veza.fake import Answer, Call, Cut, FakeVeza, Silence, error
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
    monkeypatch.setattr("connector.commands.publishing.connect", partial(connect, sleep=waited.append))
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


def assert_refused_before_bitbucket_was_asked(ended: Ended, bitbucket: EmbeddedBitbucket, *words: str) -> None:
    (line,) = errors(ended)
    for word in words:
        assert word in line
    assert ended.code == 5
    assert bitbucket.requests == []
    assert list(Path.cwd().iterdir()) == []
    assert API_KEY not in ended.err


# --- what arrives


def test_what_arrives_is_what_the_file_holds_and_it_arrives_once(push: Push, veza: FakeVeza) -> None:
    ended = push("--save-json", "export.json")
    assert ended.code == 0
    assert veza.pushes == [saved()]
    assert len(veza.calls(Call.PUSH)) == 1
    assert veza.providers() == ["Bitbucket Server"]
    assert veza.data_sources() == [saved()["applications"][0]["name"]]


def test_without_a_file_only_veza_gets_it(push: Push, veza: FakeVeza) -> None:
    ended = push()
    assert ended.code == 0
    assert len(veza.pushes) == 1
    assert list(Path.cwd().iterdir()) == []
    assert 'pushed to provider "Bitbucket Server", data source "Bitbucket Server - 127.0.0.1:' in ended.last_line


def test_the_address_can_be_an_option(push: Push, veza: FakeVeza) -> None:
    assert push("--veza-url", veza.url, VEZA_URL="https://elsewhere.invalid").code == 0
    assert len(veza.pushes) == 1


def test_the_second_night_uses_the_provider_and_data_source_of_the_first(push: Push, veza: FakeVeza) -> None:
    assert [push().code, push().code] == [0, 0]
    assert veza.pushes[0] == veza.pushes[1]
    assert len(veza.calls(Call.CREATE_PROVIDER)) == len(veza.calls(Call.CREATE_DATA_SOURCE)) == 1
    assert len(veza.calls(Call.SET_ICON)) == 1


def test_names_can_be_chosen(push: Push, veza: FakeVeza) -> None:
    assert push("--provider-name", "Our Bitbucket", "--data-source-name", "production").code == 0
    assert veza.providers() == ["Our Bitbucket"]
    assert veza.data_sources() == ["production"]


@pytest.mark.parametrize("option", ["--provider-name", "--data-source-name"])
@pytest.mark.parametrize("name", ["Bitbücket", "a/b", 'a "b"', "a\nb"])
def test_names_that_veza_does_not_allow_are_a_usage_error(
    push: Push, veza: FakeVeza, bitbucket: EmbeddedBitbucket, option: str, name: str
) -> None:
    ended = push(option, name)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert option in ended.err
    assert bitbucket.requests == []
    assert veza.requests == []


def test_a_server_whose_name_veza_does_not_allow_gets_a_name_that_it_does(run: Run, veza: FakeVeza) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(context="/scm/bitbucket+one")) as server:
        ended = run(
            BITBUCKET_URL=server.base_url,
            BITBUCKET_TOKEN=DEMO_TOKEN,
            VEZA_URL=veza.url,
            VEZA_API_KEY=API_KEY,
            REQUESTS_CA_BUNDLE=str(veza.ca_file),
        )
    assert ended.code == 0
    assert veza.data_sources()[0].endswith(" scm-bitbucket-one")


# --- Veza comes first


def test_a_wrong_key_costs_a_second_and_not_an_hour(push: Push, bitbucket: EmbeddedBitbucket) -> None:
    ended = push("--save-json", "export.json", VEZA_API_KEY="another-key")
    assert_refused_before_bitbucket_was_asked(ended, bitbucket, "VEZA_API_KEY")
    assert "another-key" not in ended.err


@pytest.mark.parametrize(
    ("answer", "says"),
    [(HTML, "sign-in page"), (Answer(200, b""), "VEZA_URL"), (Answer(404, b"<html>nothing</html>"), "VEZA_URL")],
    ids=["HTML", "nothing", "not found"],
)
def test_something_that_is_not_veza_is_named_at_once(
    push: Push, veza: FakeVeza, bitbucket: EmbeddedBitbucket, answer: Answer, says: str
) -> None:
    veza.fail(Call.TEMPLATES, answer)
    assert_refused_before_bitbucket_was_asked(push("--save-json", "export.json"), bitbucket, says)


def test_a_private_authority_that_is_not_trusted_is_named_with_its_remedy(
    push: Push, bitbucket: EmbeddedBitbucket
) -> None:
    ended = push("--save-json", "export.json", REQUESTS_CA_BUNDLE="")
    assert_refused_before_bitbucket_was_asked(ended, bitbucket, "REQUESTS_CA_BUNDLE")


def test_a_bundle_that_is_not_there_is_named(push: Push, bitbucket: EmbeddedBitbucket) -> None:
    ended = push("--save-json", "export.json", REQUESTS_CA_BUNDLE="/nowhere/ca.pem")
    assert_refused_before_bitbucket_was_asked(ended, bitbucket, "/nowhere/ca.pem")


@pytest.mark.usefixtures("waits")
def test_a_proxy_that_is_not_there_is_named(push: Push, bitbucket: EmbeddedBitbucket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended = push("--save-json", "export.json", HTTPS_PROXY=address)
    assert_refused_before_bitbucket_was_asked(ended, bitbucket, "proxy")


@pytest.mark.parametrize("url", ["http://veza.example.com", "https://user:word@veza.example.com", "https://[::1"])
def test_an_address_that_cannot_be_one_is_named(push: Push, bitbucket: EmbeddedBitbucket, url: str) -> None:
    assert_refused_before_bitbucket_was_asked(push(VEZA_URL=url), bitbucket, "VEZA_URL")


@pytest.mark.usefixtures("waits")
def test_a_host_that_does_not_exist_is_named(push: Push, bitbucket: EmbeddedBitbucket) -> None:
    assert_refused_before_bitbucket_was_asked(push(VEZA_URL="https://veza.invalid"), bitbucket, "resolved")


# --- keys of a team


def test_a_team_key_uses_the_provider_that_is_there(push: Push, veza: FakeVeza) -> None:
    veza.team_key = True
    veza.add_provider("Bitbucket Server")
    assert push().code == 0
    assert len(veza.pushes) == 1
    assert veza.calls(Call.SET_ICON) == []


def test_a_team_key_without_a_provider_says_who_can_help(push: Push, veza: FakeVeza) -> None:
    veza.team_key = True
    ended = push("--save-json", "export.json")
    assert ended.code == 5
    (line,) = errors(ended)
    for words in ("may not create it", "administrator", '"Bitbucket Server"', '"application"', "saved in export.json"):
        assert words in line
    assert veza.pushes == []


def test_an_icon_that_is_refused_fails_no_run(push: Push, veza: FakeVeza) -> None:
    veza.fail(Call.SET_ICON, error(403, "PermissionDenied", "Permission denied"))
    ended = push()
    assert ended.code == 0
    assert len(veza.pushes) == 1
    assert "without an icon" in ended.err


# --- pushes that fail


def test_a_push_that_fails_three_times_and_then_works(push: Push, veza: FakeVeza, waits: list[float]) -> None:
    veza.fail(Call.PUSH, BUSY, BUSY, BUSY)
    ended = push("--save-json", "export.json")
    assert ended.code == 0
    assert veza.pushes == [saved()]
    assert len(veza.calls(Call.PUSH)) == 4
    assert len(waits) == 3
    assert len(re.findall("WARNING: Veza: .*503.* attempt", ended.err)) == 3


@pytest.mark.parametrize(
    "fault",
    [error(429, "ResourceExhausted", "Slow down", headers={"Retry-After": "7"}), *(c for c in Cut)],
    ids=lambda fault: fault.name if isinstance(fault, Cut) else "429",
)
def test_what_passes_is_waited_for(push: Push, veza: FakeVeza, waits: list[float], fault: Answer | Cut) -> None:
    veza.fail(Call.PUSH, fault)
    assert push("--save-json", "export.json").code == 0
    assert veza.pushes[-1] == saved()
    assert sum(waits) >= (7 if isinstance(fault, Answer) else 0.5)


def test_a_veza_that_stays_busy_is_given_up_and_the_file_survives(
    push: Push, veza: FakeVeza, waits: list[float]
) -> None:
    veza.fail(Call.PUSH, *[BUSY] * 50)
    ended = push("--save-json", "export.json", "--summary", "summary.json")
    assert ended.code == 5
    assert veza.pushes == []
    assert 3 <= len(waits) <= 20
    (line,) = errors(ended)
    for words in ("given up after", "saved in export.json", "run again"):
        assert words in line
    assert saved()["applications"]
    assert [entry["to"] for entry in summary()["published"]] == ["file"]
    assert summary()["exit_code"] == 5


def test_a_veza_that_falls_silent_is_given_up(
    push: Push, veza: FakeVeza, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.commands.settings.VezaSettings", partial(VezaSettings, answer_seconds=0.1))
    veza.fail(Call.PUSH, *[Silence()] * 20)
    ended = push("--save-json", "export.json")
    assert ended.code == 5
    assert "did not answer in time" in errors(ended)[0]
    assert waits


def test_a_rejection_is_shown_field_by_field_and_not_repeated(push: Push, veza: FakeVeza, waits: list[float]) -> None:
    fields = Violation("applications[0].name", "is odd"), Violation("permissions", "are too many")
    veza.fail(Call.PUSH, error(400, "InvalidArgument", "Invalid Arguments", *fields))
    ended = push("--save-json", "export.json")
    assert ended.code == 5
    for words in ("applications[0].name: is odd", "permissions: are too many", "req-400", "saved in export.json"):
        assert words in ended.err
    assert waits == []
    assert len(veza.calls(Call.PUSH)) == 1


def test_a_push_that_is_answered_by_a_sign_in_page_is_no_push(push: Push, veza: FakeVeza) -> None:
    veza.fail(Call.PUSH, HTML)
    ended = push()
    assert ended.code == 5
    assert "sign-in page" in errors(ended)[0]
    assert "nothing published" in ended.last_line


def test_a_payload_that_veza_would_refuse_is_refused_here(
    push: Push, veza: FakeVeza, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oaaclient.client.OAAClient.MAX_PAYLOAD_SIZE", 1000)
    ended = push("--save-json", "export.json")
    assert ended.code == 5
    assert "--groups granted" in errors(ended)[0]
    assert veza.calls(Call.PUSH) == []
    assert saved()["applications"]


def test_the_size_is_logged(push: Push) -> None:
    assert re.search(r"INFO: Veza: the payload is [\d.]+ MB of JSON", push().err)


def test_the_file_is_not_written_either_where_it_cannot_be(push: Push, veza: FakeVeza) -> None:
    ended = push("--save-json", "no-such-folder/export.json")
    assert ended.code == 5
    assert veza.requests == []


# --- warnings of an accepted push


def test_warnings_are_shown_one_by_one_and_folded(push: Push, veza: FakeVeza) -> None:
    veza.warnings = (*(f"Cannot find identity by names [user{n}]" for n in range(60)), "Something else")
    ended = push("--summary", "summary.json")
    assert ended.code == 0
    shown = [line for line in ended.err.splitlines() if " WARNING: Veza: " in line]
    assert len(shown) == 52
    assert "and 10 more" in shown[50]
    assert "61 warnings" in ended.last_line
    assert len(summary()["veza_warnings"]) == 52


# --- nothing is pushed on codes 2 to 4


def test_nothing_is_pushed_on_a_usage_error(push: Push, veza: FakeVeza) -> None:
    assert push("--concurrency", "many").code == 2
    assert veza.requests == []


def test_one_veza_setting_without_the_other_is_a_usage_error(push: Push, veza: FakeVeza) -> None:
    assert push(VEZA_API_KEY="").code == 2
    assert push(VEZA_URL="").code == 2
    assert veza.requests == []


@pytest.mark.usefixtures("skipped_time")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(Status(401), after=60), 3),
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
    assert list(Path.cwd().iterdir()) == []
    assert "nothing published" in ended.last_line


# --- dry run


def test_a_dry_run_publishes_nothing_and_says_what_would_go_where(push: Push, veza: FakeVeza) -> None:
    ended = push("--save-json", "export.json", "--dry-run", "--summary", "summary.json")
    assert ended.code == 0
    assert {request.method for request in veza.requests} == {"GET"}
    assert [path.name for path in Path.cwd().iterdir()] == ["summary.json"]
    for words in (
        "dry run",
        "export.json",
        veza.url,
        '"Bitbucket Server"',
        '"Bitbucket Server - 127.0.0.1:',
        "60 users",
    ):
        assert words in ended.last_line
    assert summary()["published"] == []
    assert "dry run" in summary()["dry_run"]


def test_a_dry_run_refuses_what_a_run_would_refuse(
    push: Push, bitbucket: EmbeddedBitbucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("oaaclient.client.OAAClient.MAX_PAYLOAD_SIZE", 1000)
        assert push("--dry-run").code == 5
    bitbucket.faults.add(Fault(Status(403), "repos/invoicing/permissions"))
    assert push("--dry-run").code == 4
    assert push("--dry-run", VEZA_API_KEY="wrong").code == 5
    assert push("--dry-run", "--save-json", "no-such-folder/export.json").code == 5


# --- secrets


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("answer", [None, HTML, error(400, "Invalid", f"key {API_KEY} is odd"), BUSY])
def test_no_secret_is_shown(push: Push, veza: FakeVeza, answer: Answer | None) -> None:
    if answer is not None:
        veza.fail(Call.PUSH, *[answer] * 20)
    ended = push("--debug", "--save-json", "export.json", "--summary", "summary.json")
    written = "".join(path.read_text() for path in Path.cwd().iterdir())
    assert API_KEY not in ended.out + ended.err + written
    assert "summary.json" in {path.name for path in Path.cwd().iterdir()}
