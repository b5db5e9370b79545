"""Pushing to the fake Veza: which requests are sent, what arrives, and what is returned."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as at_leisure
from hypothesis import strategies as st

from connector.outputs.veza import compression
from connector.outputs.veza.push import connect, fold_warnings, forbidden_characters
from tests.outputs.veza.conftest import PROVIDER, SOURCE, Payload, failure, push, refusal, settings
from tests.outputs.veza.fake import Answer, Call, FakeVeza, error


def test_the_first_push_creates_provider_and_data_source(veza: FakeVeza, payload: Payload) -> None:
    result = push(veza, payload)
    assert (veza.providers(), veza.data_sources()) == ([PROVIDER], [SOURCE])
    assert veza.pushes == [json.loads(json.dumps(payload))]
    assert (result.provider, result.data_source, result.warnings) == (PROVIDER, SOURCE, ())
    assert result.json_size == len(json.dumps(payload, separators=(",", ":")))
    assert result.sent_size == len(json.loads(veza.calls(Call.PUSH)[0].body)["json_data"]) < result.json_size


def test_the_second_push_uses_what_is_there(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload)
    push(veza, payload)
    assert len(veza.pushes) == 2
    assert len(veza.calls(Call.CREATE_PROVIDER)) == len(veza.calls(Call.CREATE_DATA_SOURCE)) == 1


def test_connecting_only_reads(veza: FakeVeza) -> None:
    connect(settings(veza))
    assert {request.method for request in veza.requests} == {"GET"}


def test_the_same_data_source_name_below_two_providers(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload)
    push(veza, payload, provider_name="Another")
    assert veza.data_sources() == [SOURCE, SOURCE]


def test_an_address_without_scheme_or_with_a_slash_works(veza: FakeVeza, payload: Payload) -> None:
    push(veza, payload, url=f"localhost:{veza.port}")
    push(veza, payload, url=f"{veza.url}/")
    assert len(veza.pushes) == 2


def test_a_listing_is_read_to_its_last_page_and_by_exact_name(veza: FakeVeza, payload: Payload) -> None:
    provider = {"id": veza.add_provider(PROVIDER), "name": PROVIDER, "custom_template": "application"}
    first = Answer(200, {"values": [{"id": "x", "name": "Bitbucket"}], "has_more": True, "next_page_token": "t 2"})
    last = Answer(200, {"values": [{"id": "y", "name": f"{PROVIDER} 2"}, provider], "has_more": False})
    veza.fail(Call.FIND_PROVIDER, first, last)
    push(veza, payload)
    assert [request.query.get("page_token") for request in veza.calls(Call.FIND_PROVIDER)] == [None, ["t 2"], None]
    assert not veza.calls(Call.CREATE_PROVIDER)


def test_a_netrc_file_does_not_replace_the_key(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login someone password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    push(veza, payload)
    assert len(veza.pushes) == 1


def test_the_key_is_in_no_repr(veza: FakeVeza) -> None:
    assert veza.api_key not in repr(settings(veza))
    assert veza.api_key not in repr(connect(settings(veza)))


def test_a_certificate_that_is_not_checked_is_warned_of(
    veza: FakeVeza, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VEZA_UNSAFE_HTTPS", "true")
    with pytest.warns(Warning, match="Unverified HTTPS"):
        connect(settings(veza))
    assert "VEZA_UNSAFE_HTTPS" in caplog.text


# --- settings that cannot work are refused before any request


@pytest.mark.parametrize("key", ["", "key\n", "a key", "schlüssel", "key\x00"])
def test_a_key_that_cannot_be_one_is_not_sent_and_not_shown(veza: FakeVeza, key: str) -> None:
    message = str(failure(lambda: connect(settings(veza, api_key=key))))
    assert "VEZA_API_KEY" in message
    assert not key or key not in message
    assert not veza.requests


@pytest.mark.parametrize("name", ["Bitbucket/main", "Bücher", 'the "one"', "two\nlines", "a|b", " "])
@pytest.mark.parametrize("which", ["provider_name", "data_source_name"])
def test_a_name_that_veza_does_not_allow(veza: FakeVeza, which: str, name: str) -> None:
    message = refusal(veza, **{which: name})
    assert all(repr(character) in message for character in forbidden_characters(name))
    assert f"--{which.replace('_', '-')}" in message
    assert not veza.requests


def test_every_character_that_veza_allows_is_allowed() -> None:
    assert forbidden_characters(" @#$%&*:()!,azAZ09_'=.-") == ""
    assert forbidden_characters('a/b/ü"\n') == '/ü"\n'


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


# --- team keys


def test_a_team_key_uses_the_provider_that_is_there(veza: FakeVeza, payload: Payload) -> None:
    veza.team_key = True
    veza.add_provider(PROVIDER)
    push(veza, payload)
    assert len(veza.pushes) == 1


def test_a_team_key_cannot_create_the_provider(veza: FakeVeza, payload: Payload) -> None:
    veza.team_key = True
    message = str(failure(lambda: push(veza, payload)))
    assert f'provider "{PROVIDER}": does not exist, and this API key may not create it' in message
    assert "Ask an administrator" in message
    assert "req-403" in message
    assert not veza.pushes


def test_a_provider_that_cannot_be_created_for_another_reason(veza: FakeVeza, payload: Payload) -> None:
    veza.fail(Call.CREATE_PROVIDER, error(400, "InvalidArgument", "Invalid Arguments"))
    assert "cannot be created: answered 400" in str(failure(lambda: push(veza, payload)))


def test_a_provider_with_another_template_is_refused_at_once(veza: FakeVeza) -> None:
    veza.add_provider(PROVIDER, template="identity_provider")
    assert 'exists with the template "identity_provider"' in refusal(veza)


# --- size

TEXTS = st.text('a "\\/<é\x00\n\u2028\U0001f4a5')  # not from all of Unicode, whose tables take a second to build
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@at_leisure(deadline=None, max_examples=30)
@given(st.dictionaries(TEXTS, JSON, max_size=4))
def test_what_is_sent_is_the_payload(anything: dict[str, Any]) -> None:
    packed = compression.pack(anything)
    text = gzip.decompress(base64.b64decode(packed.data))
    assert text.decode() == json.dumps(anything, separators=(",", ":"))
    assert len(text) == packed.json_size
    assert packed == compression.pack(anything)


def test_the_largest_that_veza_takes_is_pushed_and_nothing_larger(
    veza: FakeVeza, payload: Payload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    size = push(veza, payload).sent_size
    assert "MB as it is sent" in caplog.text
    assert "near the limit" not in caplog.text
    monkeypatch.setattr(compression, "MAX_PAYLOAD_SIZE", size)
    push(veza, payload)
    assert "near the limit" in caplog.text
    assert len(veza.pushes) == 2
    monkeypatch.setattr(compression, "MAX_PAYLOAD_SIZE", size - 1)
    connected = connect(settings(veza))
    before = len(veza.requests)
    assert "--groups granted" in str(failure(lambda: connected.push(payload)))
    assert len(veza.requests) == before


# --- warnings


def test_warnings_of_an_accepted_push_are_given(veza: FakeVeza, payload: Payload) -> None:
    veza.warnings = ("Cannot find identity by names [a]", "Role is missing\npermission")
    assert push(veza, payload).warnings == ("Cannot find identity by names [a]", "Role is missing permission")
    odd = {"warnings": [{"text": "x"}, "plain", {"message": f"Bearer {veza.api_key}"}]}
    veza.fail(Call.PUSH, Answer(200, odd), Answer(200, {"warnings": None}))
    assert push(veza, payload).warnings == ('{"text": "x"}', '"plain"', "Bearer ***")
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
