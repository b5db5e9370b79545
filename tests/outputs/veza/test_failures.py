"""What Veza, or another server in its place, can answer: the failure, its message, and whether the call is repeated."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connector.errors import PushUnsettled
from connector.outputs.veza import push as pushing
from connector.outputs.veza import session
from connector.outputs.veza.push import connect
from connector.outputs.veza.retries import RetryPolicy
from connector.outputs.veza.session import Bounds
from tests.outputs.veza.conftest import PROVIDER, SOURCE, Payload, Waits, failure, push, refusal, settings
from tests.outputs.veza.fake import Answer, Call, Cut, Endless, FakeVeza, Fault, error
from tests.outputs.veza.fake.template import Violation

HTML = Answer(200, b"<html><body>Please sign in</body></html>")
BUSY = error(503, "Unavailable", "Try again later")
CUT_JSON = Answer(201, b'{"warnings": [{"mess', {"Content-Type": "application/json"})
NOT_KNOWN = "Whether Veza accepted the push is not known. "
A_BOMB = Answer(200, gzip.compress(b" " * 3_000_000, mtime=0), {"Content-Encoding": "gzip"})

# --- the first contact


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (HTML, "answered in HTML, which Veza's API never does: is VEZA_URL the address"),
        (Answer(200, b""), "answered with nothing, which Veza's API never does: is VEZA_URL the address"),
        (Answer(200, b"ok"), "answered in something that is not JSON"),
        (Answer(200, None), "answered in something that is not JSON"),
        (Answer(200, b"[" * 100_000), "answered in something that is not JSON"),
        (Answer(200, 5), "does not answer like Veza: is VEZA_URL the address"),
        (Answer(200, {}), "does not answer like Veza"),
        (Answer(200, {"values": {}}), "does not answer like Veza"),
        (Answer(404, b"<html>"), "answered 404 Not Found: is VEZA_URL the address"),
        (Answer(404, {"message": "no Route matched"}), "answered 404 no Route matched: is VEZA_URL"),
        (Answer(400, {"details": None}), "answered 400 Bad Request: is VEZA_URL"),
        (Answer(499, b""), "answered 499: is VEZA_URL"),
        (Answer(302, b"", {"Location": "https://sso.example.com/x?secret=1"}), "redirects to https://sso.example.com,"),
        (Answer(302, b"", {"Location": "https://["}), "redirects, which is not followed: is VEZA_URL"),
        (Answer(304, b""), "redirects, which is not followed"),
        (error(401, "Unauthenticated", "No", Violation("x", "y")), "refuses the API key (401 Unauthenticated: No (req"),
        (error(400, "Invalid", "what is Bearer veza-key-of-the-tests?"), "what is Bearer ***?"),
    ],
    ids=repr,
)
def test_a_first_contact_that_is_refused_or_answered_by_another_server(veza: FakeVeza, fault: Fault, said: str) -> None:
    veza.fail(Call.TEMPLATES, fault)
    message = refusal(veza)
    assert f"Veza at {veza.url}, first contact: " in message
    assert said in message
    assert "secret" not in message
    assert len(veza.requests) == 1


def test_a_wrong_key_is_tried_once(veza: FakeVeza) -> None:
    assert "refuses the API key (401 Unauthenticated: Invalid API key" in refusal(veza, api_key="another-key")
    assert len(veza.requests) == 1


def test_a_redirect_to_another_host_is_reported_and_not_followed(veza: FakeVeza) -> None:
    with FakeVeza() as other:
        elsewhere = Answer(307, b"", {"Location": f"{other.url}/api/v1/providers/custom/templates"})
        veza.fail(Call.TEMPLATES, elsewhere)
        assert "redirects to https://localhost, which is not followed" in refusal(veza)
        assert not other.requests


def test_the_first_contact_survives_a_busy_server(veza: FakeVeza, waits: Waits, payload: Payload) -> None:
    veza.fail(Call.TEMPLATES, BUSY, BUSY)
    push(veza, payload, waits)
    assert len(waits) == 2


def test_a_first_contact_that_fails_is_given_up_within_seconds() -> None:
    at_first = RetryPolicy().at_first_contact()
    assert (at_first.unreachable_seconds, at_first.seconds) == (10, RetryPolicy().seconds)


def test_pages_without_end_are_not_read(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_MOST_PAGES", 10)
    page = Answer(200, {"values": [], "has_more": True, "next_page_token": "more"})
    veza.fail(Call.TEMPLATES, *[page] * 20)
    assert "pages without end" in refusal(veza)
    assert len(veza.requests) == 10


# --- the push


@pytest.mark.parametrize(
    ("fault", "said", "unsettled"),
    [
        (error(400, "InvalidArgument", "No"), "answered 400 InvalidArgument: No (request id req-400)", False),
        (error(401, "Unauthenticated", "No"), "refuses the API key (401 Unauthenticated: No (request id", False),
        (error(403, "PermissionDenied", "No"), "answered 403 PermissionDenied: No (request id req-403)", False),
        (error(404, "NotFound", "No"), "answered 404 NotFound: No (request id req-404)", False),
        (error(409, "Conflict", "No"), "answered 409 Conflict: No (request id req-409)", False),
        (error(413, "TooLarge", "No"), "finds it too large (413 TooLarge: No (request id req-413))", False),
        (Answer(413, b"<html>nginx"), "finds it too large (413 Request Entity Too Large)", False),
        (error(422, "Unprocessable", "No"), "answered 422 Unprocessable: No (request id req-422)", False),
        (Answer(403, b"<html>Forbidden"), "answered 403 Forbidden: is VEZA_URL the address of Veza itself", False),
        (Answer(302, b"", {"Location": "https://sso.example.com"}), "redirects to https://sso.example.com", False),
        (error(500, "Internal", "No"), "answered 500 Internal: No (request id req-500)", True),
        (HTML, "answered in HTML", True),
        (Answer(200, b""), "answered with nothing", True),
        (Answer(200, []), "gave an answer that makes no sense: is VEZA_URL the address of Veza itself", True),
        (Answer(200, {}), "gave an answer that makes no sense", True),
        (Answer(200, {"value": 5}), "gave an answer that makes no sense", True),
        (Endless.FLOOD, "answered more than 1 MB, which Veza's API never does", True),
        (A_BOMB, "answered more than 1 MB, which Veza's API never does", True),
    ],
    ids=repr,
)
def test_a_push_that_is_not_repeated(
    veza: FakeVeza,
    payload: Payload,
    waits: Waits,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    said: str,
    unsettled: bool,
) -> None:
    monkeypatch.setattr(session, "MAX_ANSWER_BYTES", 1_000_000)
    veza.fail(Call.PUSH, fault)
    ended = failure(lambda: push(veza, payload, waits))
    (line,) = str(ended).splitlines()
    assert line.removeprefix(NOT_KNOWN).startswith(f"Veza at {veza.url}, push: {said}")
    assert line.startswith(NOT_KNOWN) is isinstance(ended, PushUnsettled) is unsettled
    assert len(veza.calls(Call.PUSH)) == 1
    assert not waits
    assert not veza.pushes


@pytest.mark.parametrize(
    ("fault", "said", "unsettled"),
    [
        (BUSY, "answered 503 Unavailable: Try again later (request id req-503)", True),
        (error(429, "ResourceExhausted", "Slow down"), "answered 429 ResourceExhausted: Slow down", False),
        (Answer(502, b"<html>Bad gateway</html>"), "answered 502 Bad Gateway", True),
        (Answer(504, b""), "answered 504 Gateway Timeout", True),
        (CUT_JSON, "answered JSON that breaks off", True),
        (Endless.CHUNK_SIZE, "the connection broke before a whole answer came", True),
        (Cut.IN_REQUEST, "the connection broke before a whole answer came", True),
        (Cut.BEFORE_ANSWER, "the connection broke before a whole answer came", True),
        (Cut.IN_ANSWER, "the answer broke off", True),
        (Cut.AFTER_ACCEPTING, "the connection broke before a whole answer came", True),
    ],
    ids=repr,
)
def test_a_push_that_is_repeated(
    veza: FakeVeza,
    payload: Payload,
    waits: Waits,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    said: str,
    unsettled: bool,
) -> None:
    veza.fail(Call.PUSH, fault, fault, fault)
    push(veza, payload, waits)
    assert veza.pushes[-1] == json.loads(json.dumps(payload))
    assert len(waits) == 3
    assert waits == sorted(waits), "the waits grow"
    assert f"Veza: {said}" in caplog.text
    assert "attempt 4 in" in caplog.text
    del waits[:]
    veza.fail(Call.PUSH, *[fault] * 10)
    ended = failure(lambda: push(veza, payload, waits))
    assert f", push: {said}" in str(ended)
    assert "; given up after 10 attempts in " in str(ended)
    assert str(ended).startswith(NOT_KNOWN) is isinstance(ended, PushUnsettled) is unsettled
    assert len(waits) == 9
    assert max(waits) <= 31


def test_an_attempt_that_may_have_been_accepted_is_remembered(veza: FakeVeza, payload: Payload) -> None:
    veza.fail(Call.PUSH, Cut.AFTER_ACCEPTING, error(401, "Unauthenticated", "Key revoked"))
    ended = failure(lambda: push(veza, payload))
    assert "Key revoked" in str(ended)
    assert str(ended).startswith(NOT_KNOWN)
    assert veza.pushes


@pytest.mark.parametrize("kind", [Endless.SILENCE, Endless.HEADERS, Endless.BODY])
def test_an_answer_without_end_is_given_up(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: Endless
) -> None:
    monkeypatch.setattr(pushing, "_CONNECT_SECONDS", 0.5)
    veza.fail(Call.PUSH, kind, error(401, "Unauthenticated", "Key revoked"))
    connected = connect(replace(settings(veza), answer_seconds=0.5), RetryPolicy(first_wait=0.01))
    ended = str(failure(lambda: connected.push(payload)))
    assert "Veza: no answer came in time: check that a firewall" in caplog.text
    assert "Key revoked" in ended
    assert ended.startswith(NOT_KNOWN)


def test_a_first_contact_that_is_never_answered_is_given_up(veza: FakeVeza, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "_FIRST_BOUNDS", Bounds(1.0, 0.2))
    veza.fail(Call.TEMPLATES, Endless.SILENCE)
    message = str(failure(lambda: connect(settings(veza), RetryPolicy(attempts=1))))
    assert "first contact: no answer came in time" in message
    assert "accepted" not in message


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("77", lambda seconds: seconds == 77),
        ("in 400 seconds", lambda seconds: 300 < seconds <= 400),
        ("soon", lambda seconds: 0 < seconds < 10),
        ("-5", lambda seconds: 0 < seconds < 10),
        ("Fri, 31 Dec 99999 23:59:59 GMT", lambda seconds: 0 < seconds < 10),
    ],
)
def test_retry_after_is_obeyed(
    veza: FakeVeza, payload: Payload, waits: Waits, retry_after: str, waited: Callable[[float], bool]
) -> None:
    if retry_after == "in 400 seconds":
        retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=400), usegmt=True)
    veza.fail(Call.PUSH, error(429, "ResourceExhausted", "Slow down", headers={"Retry-After": retry_after}))
    push(veza, payload, waits)
    assert waited(*waits)


@pytest.mark.parametrize(
    ("retry_after", "said"),
    [
        ("7200", "asks to wait 7,200 seconds"),
        ("9" * 400, "asks to wait a day or longer"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "asks to wait a day or longer"),
    ],
)
def test_a_retry_after_beyond_the_time_limit_is_not_waited(
    veza: FakeVeza, payload: Payload, waits: Waits, retry_after: str, said: str
) -> None:
    veza.fail(Call.PUSH, error(429, "ResourceExhausted", "Slow down", headers={"Retry-After": retry_after}))
    assert f"{said}; given up after 1 attempt in " in str(failure(lambda: push(veza, payload, waits)))
    assert not waits


# --- what comes before the push


@pytest.mark.parametrize("call", [Call.CREATE_PROVIDER, Call.CREATE_DATA_SOURCE])
@pytest.mark.parametrize("fault", [BUSY, Cut.AFTER_ACCEPTING, CUT_JSON], ids=repr)
def test_creating_is_repeated_without_creating_twice(
    veza: FakeVeza, payload: Payload, waits: Waits, call: Call, fault: Fault
) -> None:
    veza.fail(call, fault)
    push(veza, payload, waits)
    assert (veza.providers(), veza.data_sources(), len(veza.pushes)) == ([PROVIDER], [SOURCE], 1)


@pytest.mark.parametrize("call", [Call.CREATE_PROVIDER, Call.CREATE_DATA_SOURCE])
@pytest.mark.parametrize(
    "answer", [HTML, Answer(200, b""), Answer(200, {}), Answer(200, []), Answer(200, {"id": "../x?"})], ids=repr
)
def test_an_unexpected_answer_to_a_creation(veza: FakeVeza, payload: Payload, call: Call, answer: Answer) -> None:
    veza.fail(call, answer)
    message = str(failure(lambda: push(veza, payload)))
    assert "\n" not in message
    assert "accepted" not in message
    assert not veza.calls(Call.PUSH)


@pytest.mark.parametrize("call", [Call.TEMPLATES, Call.FIND_PROVIDER, Call.FIND_DATA_SOURCE])
def test_lookups_are_repeated_after_internal_errors_too(
    veza: FakeVeza, payload: Payload, waits: Waits, call: Call
) -> None:
    veza.fail(call, error(500, "Internal", "Internal error"))
    push(veza, payload, waits)
    assert len(waits) == 1
    assert len(veza.pushes) == 1


# --- what is shown of a rejection


def test_a_rejection_is_shown_field_by_field(veza: FakeVeza, payload: Payload) -> None:
    payload["applications"][0]["bad_property"] = 1
    payload["identity_to_permissions"][0]["application_permissions"][0]["permission"] = "NO_SUCH"
    assert str(failure(lambda: push(veza, payload))).splitlines() == [
        f"Veza at {veza.url}, push: answered 400 InvalidArgument: Invalid Arguments (request id req-400)",
        "  applications[0].bad_property: unknown field",
        "  identity_to_permissions[0].application_permissions[0].permission: NO_SUCH not found for application",
    ]


def test_other_details_of_an_error_are_shown(veza: FakeVeza, payload: Payload) -> None:
    details = [
        {"@type": "…ResourceInfo", "resource_type": "data source", "resource": "source-1"},
        {"@type": "…UserFacingErrorInfo", "message": "Gone", "resolution": "Create it again"},
        {"field_violations": "none"},
        "odd",
    ]
    veza.fail(Call.PUSH, Answer(404, {"code": "NotFound", "message": "two\nlines", "details": details}))
    lines = str(failure(lambda: push(veza, payload))).splitlines()
    assert lines[0].endswith("404 NotFound: two lines")
    assert lines[1:] == ["  data source: source-1", "  Gone: Create it again"]


def test_a_flood_of_details_is_cut(veza: FakeVeza, payload: Payload) -> None:
    fields = [Violation(f"field {number}", "is wrong " * 200) for number in range(120)]
    veza.fail(Call.PUSH, error(400, "InvalidArgument", "Invalid Arguments", *fields))
    lines = str(failure(lambda: push(veza, payload))).splitlines()
    assert len(lines) == 1 + 50 + 1
    assert lines[-1] == "  and 70 more"
    assert max(map(len, lines)) < 1000
