"""Pushing to Veza, through the real oaaclient, against the fake."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oaaclient.client import OAAClient
from oaaclient.templates import CustomApplication, OAAPermission, OAAPropertyType

from connector.errors import VezaError
from connector.outputs.veza.failures import Persistence
from connector.outputs.veza.push import PushResult, VezaSettings, _pack, connect, fold_warnings, forbidden_characters
from tests.outputs.veza.fake import Answer, Call, Cut, FakeVeza, Fault, Silence, error
from tests.outputs.veza.fake.template import Violation, violations

PROVIDER = "Bitbucket Server"
SOURCE = "Bitbucket Server - bitbucket.example.com:7990"
HTML = Answer(200, b"<html><body>Please sign in</body></html>")
EMPTY = Answer(200, b"")
BUSY = error(503, "Unavailable", "Try again later")

Payload = dict[str, Any]


def application() -> CustomApplication:
    app = CustomApplication("Bitbucket", "BitbucketServer")
    app.property_definitions.define_application_property("version", OAAPropertyType.STRING)
    app.property_definitions.define_resource_property("Repo", "is_public", OAAPropertyType.BOOLEAN)
    app.set_property("version", "8.19.0")
    app.add_custom_permission("REPO_READ", [OAAPermission.DataRead], resource_types=["Repo"])
    app.add_custom_permission("ADMIN", [OAAPermission.DataRead], apply_to_sub_resources=True)
    app.add_local_group("developers", unique_id="developers")
    user = app.add_local_user("José", identities=["jose@example.com"], groups=["developers"], unique_id="101")
    user.created_at = "2024-01-02T03:04:05Z"
    key = app.add_access_cred("ssh-access-key:7", "deploy key")
    project = app.add_resource("Payments", "Project", unique_id="1")
    repository = project.add_sub_resource("api", "Repo", unique_id="42")
    repository.set_property("is_public", False)
    user.add_permission("ADMIN", apply_to_application=True)
    app.local_groups["developers"].add_permission("REPO_READ", resources=[repository])
    key.add_permission("REPO_READ", resources=[repository])
    return app


@pytest.fixture
def payload() -> Payload:
    made: Payload = application().get_payload()
    return made


@pytest.fixture
def veza(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVeza]:
    for name in ("OAA_API_TIMEOUT", "OAA_API_RETRIES", "VEZA_UNSAFE_HTTPS", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with FakeVeza() as fake:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(fake.ca_file))
        yield fake


class Waits(list[float]):
    """Records how long it was told to sleep, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def settings(veza: FakeVeza, **changes: str) -> VezaSettings:
    usual = VezaSettings(veza.url, veza.api_key, PROVIDER, SOURCE)
    return replace(usual, **changes)  # type: ignore[arg-type]  # only texts are changed this way


def push(veza: FakeVeza, payload: Payload, waits: Waits | None = None, **changes: str) -> PushResult:
    return connect(settings(veza, **changes), sleep=waits if waits is not None else Waits()).push(payload)


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(VezaError) as caught:
        call()
    assert caught.value.exit_code == 5
    return str(caught.value)


def refusal(veza: FakeVeza, **changes: str) -> str:
    """Give the message of a first contact that fails, which is always one line and never holds the key."""
    message = failure(lambda: connect(settings(veza, **changes), sleep=Waits()))
    assert "\n" not in message
    assert veza.api_key not in message
    return message


# --- what is pushed


def test_the_first_push_creates_provider_icon_and_data_source(veza: FakeVeza, payload: Payload) -> None:
    result = push(veza, payload)
    assert veza.providers() == [PROVIDER]
    assert veza.data_sources() == [SOURCE]
    assert b"<svg" in next(iter(veza.icons.values()))
    assert veza.pushes == [json.loads(json.dumps(payload))]
    assert (result.provider, result.data_source, result.warnings) == (PROVIDER, SOURCE, ())
    assert result.json_size == len(json.dumps(payload, separators=(",", ":")))
    assert 0 < result.sent_size < result.json_size


def test_the_second_push_uses_what_is_there(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload)
    push(veza, payload)
    assert len(veza.pushes) == 2
    for call in (Call.CREATE_PROVIDER, Call.SET_ICON, Call.CREATE_DATA_SOURCE):
        assert len(veza.calls(call)) == 1


def test_connecting_only_reads(veza: FakeVeza) -> None:
    connect(settings(veza))
    assert {request.method for request in veza.requests} == {"GET"}


def test_names_can_be_chosen(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload, provider_name="Code (EU)", data_source_name="Bitbucket = main")
    assert (veza.providers(), veza.data_sources()) == (["Code (EU)"], ["Bitbucket = main"])


def test_the_same_data_source_name_below_two_providers(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload)
    push(veza, payload, provider_name="Another")
    assert veza.data_sources() == [SOURCE, SOURCE]


def test_an_address_without_scheme_or_with_a_slash_works(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload, url=f"localhost:{veza.port}")
    push(veza, payload, url=f"{veza.url}/")
    assert len(veza.pushes) == 2


def test_nothing_is_printed(veza: FakeVeza, payload: Payload, capfd: pytest.CaptureFixture[str]) -> None:
    provider = {"id": "provider-1", "name": PROVIDER, "custom_template": "application"}
    veza.add_provider(PROVIDER)
    twice = Answer(200, {"values": [{"id": "x", "name": "Bitbucket Server 2"}, provider]})
    veza.fail(Call.FIND_PROVIDER, twice, twice)
    push(veza, payload)
    assert capfd.readouterr() == ("", "")


# --- team keys


def test_a_team_key_uses_the_provider_that_is_there(veza: FakeVeza, payload: Payload) -> None:
    veza.team_key = True
    veza.add_provider(PROVIDER)
    push(veza, payload)
    assert len(veza.pushes) == 1
    assert not veza.calls(Call.SET_ICON)


def test_a_team_key_cannot_create_the_provider(veza: FakeVeza, payload: Payload) -> None:
    veza.team_key = True
    message = failure(lambda: push(veza, payload))
    assert f'provider "{PROVIDER}": does not exist, and this API key may not create it' in message
    assert "administrator" in message
    assert "req-403" in message
    assert not veza.pushes


def test_an_icon_that_is_refused_is_a_warning(
    veza: FakeVeza, payload: Payload, caplog: pytest.LogCaptureFixture
) -> None:
    veza.fail(Call.SET_ICON, error(403, "PermissionDenied", "Permission denied"))
    push(veza, payload)
    assert "without an icon" in caplog.text
    assert len(veza.pushes) == 1


def test_a_provider_with_another_template_is_refused_at_once(veza: FakeVeza) -> None:
    veza.add_provider(PROVIDER, template="identity_provider")
    assert 'exists with the template "identity_provider"' in refusal(veza)


# --- first contact


def test_the_details_of_a_refused_key_do_not_break_the_line(veza: FakeVeza) -> None:
    veza.fail(Call.TEMPLATES, error(401, "Unauthenticated", "No", Violation("authorization", "expired")))
    assert "refuses the API key (401 Unauthenticated: No (request id req-401))" in refusal(veza)


def test_a_wrong_key(veza: FakeVeza) -> None:
    message = refusal(veza, api_key="another-key")
    assert "refuses the API key" in message
    assert "VEZA_API_KEY" in message
    assert len(veza.requests) == 1


@pytest.mark.parametrize("key", ["", "key\n", "a key", "schlüssel", "key\x00"])
def test_a_key_that_cannot_be_one_is_not_sent_and_not_shown(veza: FakeVeza, key: str) -> None:
    message = failure(lambda: connect(settings(veza, api_key=key)))
    assert "VEZA_API_KEY" in message
    assert not key or key not in message
    assert not veza.requests


def test_the_key_is_in_no_repr(veza: FakeVeza) -> None:
    assert veza.api_key not in repr(settings(veza))
    assert veza.api_key not in repr(connect(settings(veza)))


@pytest.mark.parametrize("name", ["Bitbucket/main", "Bücher", 'the "one"', "two\nlines", "a|b"])
@pytest.mark.parametrize("which", ["provider_name", "data_source_name"])
def test_a_name_that_veza_does_not_allow(veza: FakeVeza, which: str, name: str) -> None:
    message = refusal(veza, **{which: name})
    assert all(repr(character) in message for character in forbidden_characters(name))
    assert f"--{which.replace('_', '-')}" in message
    assert not veza.requests


def test_every_character_that_veza_allows_is_allowed() -> None:
    assert forbidden_characters(" @#$%&*:()!,azAZ09_'=.-") == ""
    assert forbidden_characters('a/b/ü"\n') == '/ü"\n'


def test_an_empty_name(veza: FakeVeza) -> None:
    assert "is empty" in refusal(veza, provider_name=" ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://veza.example.com", "must start with https://"),
        ("ftp://veza.example.com", "must start with https://"),
        ("https://user:hidden-word@veza.example.com", "bare address"),
        ("https://veza.example.com?x=1", "bare address"),
        ("https://", "bare address"),
        ("https://veza.example.com:port", "no address"),
        ("https://[::1", "no address"),
    ],
)
def test_an_address_that_cannot_be_one(veza: FakeVeza, url: str, said: str) -> None:
    message = refusal(veza, url=url)
    assert said in message
    assert "hidden-word" not in message


def test_a_host_that_does_not_exist(veza: FakeVeza) -> None:
    assert "cannot be resolved" in refusal(veza, url="https://veza.invalid")


def test_nobody_listens(veza: FakeVeza) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        message = refusal(veza, url=f"https://localhost:{unused.getsockname()[1]}")
    assert "refuses connections" in message


def test_a_first_contact_that_fails_is_given_up_within_seconds(veza: FakeVeza) -> None:
    persistence = Persistence(unreachable_seconds=0.5, first_wait=0.05, longest_wait=0.1)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"https://localhost:{unused.getsockname()[1]}"
        started = time.monotonic()
        failure(lambda: connect(settings(veza, url=url), persistence))
    assert time.monotonic() - started < 2
    assert Persistence().at_first_contact().unreachable_seconds == 10
    assert Persistence().at_first_contact().seconds == Persistence().seconds


def test_a_server_without_tls(veza: FakeVeza) -> None:
    with _plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "does not speak TLS" in refusal(veza, url=f"https://localhost:{port}")


def test_a_private_authority_that_is_not_trusted(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    message = refusal(veza)
    assert "REQUESTS_CA_BUNDLE" in message
    assert "not trusted" in message


def test_a_bundle_that_is_not_there(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert "missing.pem" in refusal(veza)


def test_a_bundle_that_is_none(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert "REQUESTS_CA_BUNDLE" in refusal(veza)


def test_a_certificate_for_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeVeza(hosts=("veza.example.com",)) as other:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca_file))
        assert "certificate for another host" in refusal(other)
        assert not other.requests


def test_a_certificate_that_is_not_checked_is_warned_of(
    veza: FakeVeza, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VEZA_UNSAFE_HTTPS", "true")
    with pytest.warns(Warning, match="Unverified HTTPS"):
        connect(settings(veza))
    assert "VEZA_UNSAFE_HTTPS" in caplog.text


def test_a_proxy_that_is_not_there(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:hidden-word@127.0.0.1:9")
    message = refusal(veza, url="https://veza.invalid")
    assert "HTTPS_PROXY" in message
    assert "hidden-word" not in message


def test_a_proxy_that_wants_a_password(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    with _plain_server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        message = refusal(veza, url="https://veza.invalid")
    assert "wants a user and password" in message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HTML, "in HTML"),
        (EMPTY, "with nothing"),
        (Answer(200, b"ok"), "not JSON"),
        (Answer(200, None), "makes no sense"),
        (Answer(200, 5), "makes no sense"),
        (Answer(200, {}), "does not answer like Veza"),
        (Answer(200, {"value": {}}), "does not answer like Veza"),
        (Answer(404, b"<html>"), "404 Not Found"),
        (Answer(404, ["no", "object"]), "404 Not Found"),
        (Answer(400, {"details": None}), "400 Bad Request"),
        (
            Answer(302, b"", {"Location": "https://sso.example.com/login?secret=1"}),
            "redirects to https://sso.example.com",
        ),
    ],
    ids=repr,
)
def test_something_answers_that_is_not_veza(veza: FakeVeza, answer: Answer, said: str) -> None:
    veza.fail(Call.TEMPLATES, answer)
    message = refusal(veza)
    assert said in message
    assert "VEZA_URL" in message
    assert "secret" not in message


def test_an_echo_of_the_key_is_not_shown(veza: FakeVeza) -> None:
    veza.fail(Call.TEMPLATES, error(400, "InvalidArgument", f"what is Bearer {veza.api_key}?"))
    assert "what is Bearer ***?" in refusal(veza)


def test_a_server_that_never_answers_is_given_up(veza: FakeVeza, payload: Payload) -> None:
    veza.fail(Call.PUSH, Silence(), Silence())
    persistence = Persistence(attempts=2, first_wait=0.01)
    connected = connect(replace(settings(veza), answer_seconds=0.2), persistence)
    assert "push: did not answer in time; given up after 2 attempts" in failure(lambda: connected.push(payload))


def test_a_first_contact_that_is_never_answered_is_given_up(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.outputs.veza.push._FIRST_ANSWER_SECONDS", 0.2)
    veza.fail(Call.TEMPLATES, Silence())
    message = failure(lambda: connect(settings(veza), Persistence(attempts=1)))
    assert "first contact: did not answer in time" in message


def test_the_first_contact_survives_a_busy_server(veza: FakeVeza, waits: Waits, payload: Payload) -> None:
    veza.fail(Call.TEMPLATES, BUSY, BUSY)
    push(veza, payload, waits)
    assert len(waits) == 2


@pytest.mark.parametrize("value", ["abc", "0", "-1"])
def test_oaaclients_environment_changes_nothing(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("OAA_API_TIMEOUT", value)
    monkeypatch.setenv("OAA_API_RETRIES", value)
    push(veza, payload)
    assert len(veza.pushes) == 1


def test_a_netrc_file_does_not_replace_the_key(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login someone password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    push(veza, payload)
    assert len(veza.pushes) == 1


# --- failures of a push


@pytest.mark.parametrize(
    "fault",
    [
        BUSY,
        error(429, "ResourceExhausted", "Slow down"),
        Answer(502, b"<html>Bad gateway</html>"),
        Answer(504, b""),
        Cut.IN_REQUEST,
        Cut.BEFORE_ANSWER,
    ],
    ids=repr,
)
def test_a_push_that_fails_three_times_and_then_works(
    veza: FakeVeza, payload: Payload, waits: Waits, fault: Fault
) -> None:
    veza.fail(Call.PUSH, fault, fault, fault)
    push(veza, payload, waits)
    assert veza.pushes == [json.loads(json.dumps(payload))]
    assert len(waits) == 3
    assert waits == sorted(waits), "the waits grow"


@pytest.mark.parametrize("cut", [Cut.IN_ANSWER, Cut.AFTER_ACCEPTING])
def test_a_push_whose_answer_is_lost_is_repeated(veza: FakeVeza, payload: Payload, waits: Waits, cut: Cut) -> None:
    veza.fail(Call.PUSH, cut)
    push(veza, payload, waits)
    assert len(waits) == 1
    assert veza.pushes[0] == veza.pushes[-1]


@pytest.mark.parametrize("call", [Call.CREATE_PROVIDER, Call.CREATE_DATA_SOURCE])
@pytest.mark.parametrize("fault", [BUSY, Cut.AFTER_ACCEPTING], ids=repr)
def test_creating_is_repeated_without_creating_twice(
    veza: FakeVeza, payload: Payload, waits: Waits, call: Call, fault: Fault
) -> None:
    veza.fail(call, fault)
    push(veza, payload, waits)
    assert (veza.providers(), veza.data_sources(), len(veza.pushes)) == ([PROVIDER], [SOURCE], 1)


@pytest.mark.parametrize("call", [Call.TEMPLATES, Call.FIND_PROVIDER, Call.FIND_DATA_SOURCE])
def test_lookups_are_repeated_after_internal_errors_too(
    veza: FakeVeza, payload: Payload, waits: Waits, call: Call
) -> None:
    veza.fail(call, error(500, "Internal", "Internal error"))
    push(veza, payload, waits)
    assert len(waits) == 1
    assert len(veza.pushes) == 1


def test_a_push_is_given_up_in_the_end(
    veza: FakeVeza, payload: Payload, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    veza.fail(Call.PUSH, *[BUSY] * 50)
    message = failure(lambda: push(veza, payload, waits))
    assert "push: answered 503 Unavailable: Try again later (request id req-503); given up after 10 attempts" in message
    assert len(veza.calls(Call.PUSH)) == 10
    assert max(waits) <= 31
    assert "attempt 2 in" in caplog.text
    assert not veza.pushes


def test_what_veza_asks_to_wait_is_waited(veza: FakeVeza, payload: Payload, waits: Waits) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    veza.fail(
        Call.PUSH,
        error(429, "ResourceExhausted", "Slow down", headers={"Retry-After": "77"}),
        error(503, "Unavailable", "Later", headers={"Retry-After": at}),
        error(503, "Unavailable", "Later", headers={"Retry-After": "soon"}),
    )
    push(veza, payload, waits)
    assert waits[0] == 77
    assert 80 < waits[1] <= 90
    assert 0 < waits[2] < 10
    assert len(veza.pushes) == 1


def test_a_wait_beyond_all_patience_is_not_begun(veza: FakeVeza, payload: Payload, waits: Waits) -> None:
    veza.fail(Call.PUSH, error(429, "ResourceExhausted", "Slow down", headers={"Retry-After": "7200"}))
    assert "asks to wait 7,200 seconds" in failure(lambda: push(veza, payload, waits))
    assert not waits


def test_a_rejection_is_shown_field_by_field_and_not_repeated(veza: FakeVeza, payload: Payload, waits: Waits) -> None:
    payload["applications"][0]["bad_property"] = 1
    payload["identity_to_permissions"][0]["application_permissions"][0]["permission"] = "NO_SUCH"
    message = failure(lambda: push(veza, payload, waits))
    assert message.splitlines() == [
        f"Veza at {veza.url}, push: answered 400 InvalidArgument: Invalid Arguments (request id req-400)",
        "  applications[0].bad_property: unknown field",
        "  identity_to_permissions[0].application_permissions[0].permission: NO_SUCH not found for application",
    ]
    assert len(veza.calls(Call.PUSH)) == 1
    assert not waits


def test_other_details_are_shown_too(veza: FakeVeza, payload: Payload) -> None:
    details = [
        {"@type": "…ResourceInfo", "resource_type": "data source", "resource": "source-1"},
        {"@type": "…UserFacingErrorInfo", "message": "Gone", "resolution": "Create it again"},
        {"field_violations": "none"},
        "odd",
    ]
    veza.fail(Call.PUSH, Answer(404, {"code": "NotFound", "message": "two\nlines", "details": details}))
    message = failure(lambda: push(veza, payload))
    assert message.splitlines()[0].endswith("404 NotFound: two lines")
    assert message.splitlines()[1:] == ["  data source: source-1", "  Gone: Create it again"]


def test_a_flood_of_details_is_cut(veza: FakeVeza, payload: Payload) -> None:
    fields = [Violation(f"field {number}", "is wrong " * 200) for number in range(120)]
    veza.fail(Call.PUSH, error(400, "InvalidArgument", "Invalid Arguments", *fields))
    lines = failure(lambda: push(veza, payload)).splitlines()
    assert len(lines) == 1 + 50 + 1
    assert lines[-1] == "  and 70 more"
    assert max(map(len, lines)) < 1000


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_rejections_are_not_repeated(veza: FakeVeza, payload: Payload, waits: Waits, status: int) -> None:
    veza.fail(Call.PUSH, error(status, "Rejected", "No"))
    assert f"{status} Rejected: No (request id req-{status})" in failure(lambda: push(veza, payload, waits))
    assert not waits
    assert not veza.pushes


@pytest.mark.parametrize(
    "answer", [HTML, EMPTY, Answer(200, []), Answer(200, None), Answer(200, {"value": 5})], ids=repr
)
def test_an_odd_answer_to_a_push_is_an_error_and_not_repeated(
    veza: FakeVeza, payload: Payload, waits: Waits, answer: Answer
) -> None:
    veza.fail(Call.PUSH, answer)
    assert "push: " in failure(lambda: push(veza, payload, waits))
    assert len(veza.calls(Call.PUSH)) == 1


@pytest.mark.parametrize("call", [Call.CREATE_PROVIDER, Call.CREATE_DATA_SOURCE])
@pytest.mark.parametrize(
    "answer", [HTML, EMPTY, Answer(200, {}), Answer(200, []), Answer(200, {"value": None})], ids=repr
)
def test_an_odd_answer_to_a_creation(veza: FakeVeza, payload: Payload, call: Call, answer: Answer) -> None:
    veza.fail(call, answer)
    assert "\n" not in failure(lambda: push(veza, payload))
    assert not veza.pushes


def test_a_redirected_push_is_no_push(veza: FakeVeza, payload: Payload) -> None:
    veza.fail(Call.PUSH, Answer(302, b"", {"Location": f"{veza.url}/api/v1/providers/custom/templates"}))
    assert "redirects" in failure(lambda: push(veza, payload))


def test_a_provider_that_cannot_be_created_for_another_reason(veza: FakeVeza, payload: Payload) -> None:
    veza.fail(Call.CREATE_PROVIDER, error(400, "InvalidArgument", "Invalid Arguments", Violation("name", "is taken")))
    message = failure(lambda: push(veza, payload))
    assert "cannot be created: answered 400" in message
    assert "name: is taken" in message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_sent_is_the_payload(anything: Payload) -> None:
    parcel = _pack(anything)
    text = gzip.decompress(base64.b64decode(parcel.data))
    assert text.decode() == json.dumps(anything, separators=(",", ":"))
    assert len(text) == parcel.json_size
    assert parcel == _pack(anything)


# --- size


def test_a_payload_that_veza_would_refuse_is_refused_here(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OAAClient, "MAX_PAYLOAD_SIZE", 500)
    connected = connect(settings(veza))
    before = len(veza.requests)
    assert "--groups granted" in failure(lambda: connected.push(payload))
    assert len(veza.requests) == before


def test_the_size_is_logged_and_what_is_near_the_limit_warned_of(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    size = push(veza, payload).sent_size
    assert "MB as it is sent" in caplog.text
    assert "near the limit" not in caplog.text
    monkeypatch.setattr(OAAClient, "MAX_PAYLOAD_SIZE", size + 100)
    push(veza, payload)
    assert "near the limit" in caplog.text


def test_the_largest_that_veza_takes_is_pushed(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OAAClient, "MAX_PAYLOAD_SIZE", push(veza, payload).sent_size)
    push(veza, payload)
    assert len(veza.pushes) == 2


def test_the_size_is_that_of_what_is_sent(veza: FakeVeza, payload: Payload) -> None:
    result = push(veza, payload)
    assert result.sent_size == len(json.loads(veza.calls(Call.PUSH)[0].body)["json_data"])


# --- warnings


def test_warnings_of_an_accepted_push_are_given(veza: FakeVeza, payload: Payload) -> None:
    veza.warnings = ("Cannot find identity by names [a]", "Role is missing\npermission")
    assert push(veza, payload).warnings == ("Cannot find identity by names [a]", "Role is missing permission")
    odd = {"warnings": [{"text": "x"}, "plain"]}
    veza.fail(Call.PUSH, Answer(200, odd), Answer(200, {"warnings": None}), Answer(200, {}))
    assert push(veza, payload).warnings == ('{"text": "x"}', '"plain"')
    assert push(veza, payload).warnings == ()
    assert push(veza, payload).warnings == ()


@pytest.mark.parametrize(
    "form",
    [
        'Cannot find identity by names "user {}"',
        "Cannot find identity by names [person-{}@example.com]",
        "Cannot find identity by names person{}",
        "Identity person{} is not known",
        "warning {}",
    ],
)
def test_warnings_of_a_kind_are_folded(form: str) -> None:
    many = [form.format(number) for number in range(1060)]
    other = ["Role X is missing permission", "Something else"]
    lines = fold_warnings([*many[:500], *other, *many[500:]])
    assert lines == [*many[:50], "and 1,010 more like the last one", *other]


def test_fifty_warnings_are_all_shown() -> None:
    fifty = [f"warning {number}" for number in range(50)]
    assert fold_warnings(fifty) == fifty
    assert fold_warnings([]) == []


# --- the fake itself


def test_the_fake_accepts_what_oaaclient_makes(payload: Payload) -> None:
    assert violations(json.loads(json.dumps(payload))) == []


def _change(path: str, value: object) -> Callable[[Payload], None]:
    def change(payload: Payload) -> None:
        target: Any = payload
        *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        for step in way:
            target = target[step]
        target[last] = value

    return change


def _repeat(path: str) -> Callable[[Payload], None]:
    def repeat(payload: Payload) -> None:
        target: Any = payload
        for step in path.split("/"):
            target = target[int(step) if step.isdigit() else step]
        target.append(copy.deepcopy(target[0]))

    return repeat


_USER, _REPO = "applications/0/local_users/0", "applications/0/resources/0/sub_resources/0"
_GRANTS = "identity_to_permissions"
_GRANT = f"{_GRANTS}/1/application_permissions/0"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_change("extra", 1), "extra"),
        (_change("applications/0/extra", 1), "applications[0].extra"),
        (_change(f"{_USER}/extra", 1), "local_users[0].extra"),
        (_change(f"{_REPO}/extra", 1), "sub_resources[0].extra"),
        (_change("permissions/0/extra", 1), "permissions[0].extra"),
        (_change(f"{_GRANTS}/0/extra", 1), "permissions[0].extra"),
        (_change(f"{_USER}/name", ""), "local_users[0].name"),
        (_change(f"{_REPO}/name", ""), "sub_resources[0].name"),
        (_change(f"{_USER}/id", 101), "local_users[0].id"),
        (_change(f"{_USER}/groups", ["nobody"]), "local_users[0].groups"),
        (_change(f"{_USER}/access_creds", ["no-key"]), "local_users[0].access_creds"),
        (_change(f"{_USER}/identities", [None]), "local_users[0].identities"),
        (_change(f"{_USER}/is_active", "yes"), "local_users[0].is_active"),
        (_change(f"{_USER}/created_at", "2024-01-02"), "local_users[0].created_at"),
        (_change(f"{_USER}/created_at", "2024-13-02T03:04:05Z"), "local_users[0].created_at"),
        (_change(f"{_USER}/user_type", "robot"), "local_users[0].user_type"),
        (_change(f"{_USER}/custom_properties", {"shoe_size": 42}), "custom_properties.shoe_size"),
        (_change(f"{_REPO}/custom_properties/is_public", "no"), "custom_properties.is_public"),
        (_change(f"{_REPO}/custom_properties/is_public", None), "custom_properties.is_public"),
        (_change(f"{_REPO}/description", "é" * 129), "sub_resources[0].description"),
        (_change("applications/0/custom_properties/version", "x" * 4097), "custom_properties.version"),
        (_change("applications/0/local_groups/0/groups", ["developers"]), "local_groups[0].groups"),
        (_change(f"{_GRANTS}/0/identity", "102"), f"{_GRANTS}[0].identity"),
        (_change(f"{_GRANTS}/1/identity", "nobody"), f"{_GRANTS}[1].identity"),
        (_change(f"{_GRANTS}/2/identity", "no-key"), f"{_GRANTS}[2].identity"),
        (_change(f"{_GRANTS}/0/identity_type", "robot"), f"{_GRANTS}[0].identity_type"),
        (_change(f"{_GRANT}/permission", "NONE"), "application_permissions[0].permission"),
        (_change(f"{_GRANT}/resources", ["1.43"]), "application_permissions[0].resources"),
        (_change(f"{_GRANT}/resources", ["1.42"] * 2), "permissions[0].resources"),
        (_change(f"{_GRANT}/resources", []), "application_permissions[0]"),
        (
            _change(f"{_GRANT}/application", "Other"),
            "application_permissions[0].application",
        ),
        (
            _change(f"{_GRANTS}/0/role_assignments", [{"application": "Bitbucket", "role": "r", "resources": ["1"]}]),
            "role_assignments[0].role",
        ),
        (_change("permissions/0/permission_type", ["DataEat"]), "permissions[0].permission_type"),
        (_change("custom_property_definition/applications/0/application_properties/a-b", "STRING"), ".a-b"),
        (_change("custom_property_definition/applications/0/application_properties/version", "TEXT"), ".version"),
        (_repeat("applications/0/local_users"), "applications[0].local_users"),
        (_repeat("applications/0/local_groups"), "applications[0].local_groups"),
        (_repeat("applications/0/local_access_creds"), "applications[0].local_access_creds"),
        (_repeat("applications/0/resources"), "applications[0].resources"),
        (_repeat("applications/0/resources/0/sub_resources"), "sub_resources"),
        (_repeat("permissions"), "permissions"),
        (_repeat(_GRANTS), _GRANTS),
        (_repeat("applications"), "applications"),
        (_change("applications", []), "applications"),
    ],
)
def test_the_fake_is_strict(payload: Payload, change: Callable[[Payload], None], field: str) -> None:
    changed = json.loads(json.dumps(payload))
    change(changed)
    assert any(violation.field.endswith(field) for violation in violations(changed)), violations(changed)


def test_the_fake_refuses_entities_of_which_only_some_have_ids(payload: Payload) -> None:
    changed = json.loads(json.dumps(payload))
    del changed["applications"][0]["local_users"][0]["id"]
    assert Violation("applications[0]", "either all local identities have an id or none has") in violations(changed)


def test_the_fake_takes_plain_json_too(veza: FakeVeza, payload: Payload) -> None:
    client = OAAClient(veza.url, api_key=veza.api_key)
    client.enable_compression = False
    client.create_provider(PROVIDER, "application")
    client.push_metadata(PROVIDER, SOURCE, payload)
    client._http_adapter.close()
    assert veza.pushes == [json.loads(json.dumps(payload))]


class _plain_server:  # noqa: N801 - used as a function
    """Something that answers each connection with the same bytes, and knows no TLS."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self._answer)
