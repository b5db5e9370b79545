"""Settings of Bitbucket Cloud: what is taken, and for what is not, one line that says what to drop or to set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.cli import commands
from connector.commands.export import Export
from connector.commands.shared.destinations import NamedByTime
from connector.errors import UsageError
from connector.sources.cloud.credentials import AccessToken, ApiToken, Consumer
from connector.sources.cloud.settings import Settings
from tests.conftest import Run

API_TOKEN = {"BITBUCKET_EMAIL": "ada@example.com", "BITBUCKET_TOKEN": "a-token"}
CONSUMER = {"BITBUCKET_CLIENT_ID": "a-key", "BITBUCKET_CLIENT_SECRET": "a-secret"}
SERVER = "https://bitbucket.example.com"


@pytest.fixture
def environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:  # noqa: ARG001 - it empties both
    """Start from an empty environment and an empty folder."""
    return monkeypatch


def read(environment: pytest.MonkeyPatch, *argv: str, **given: str) -> Export:
    for name, value in given.items():
        environment.setenv(name, value)
    wanted = commands.read(("--save-json", *argv)).wanted
    assert isinstance(wanted, Export)
    return wanted


def settings(environment: pytest.MonkeyPatch, *argv: str, **given: str) -> Settings:
    found = read(environment, *argv, **given).source.settings
    assert isinstance(found, Settings)
    return found


def test_the_defaults(environment: pytest.MonkeyPatch) -> None:
    export = read(environment, "--workspace", "acme", **API_TOKEN)
    assert export.outputs.save_json == NamedByTime("Bitbucket Cloud - acme")
    found = export.source.settings
    assert (found.workspace, found.base_url, found.emails) == ("acme", "https://api.bitbucket.org", ())
    assert found.credentials == ApiToken("ada@example.com", "a-token")
    assert found.token_url == "https://bitbucket.org/site/oauth2/access_token"
    assert export.source.address == "the workspace acme of Bitbucket Cloud"


def test_the_workspace_may_stand_in_the_environment_and_in_any_case(environment: pytest.MonkeyPatch) -> None:
    assert settings(environment, BITBUCKET_WORKSPACE=" Acme-Payments ", **API_TOKEN).workspace == "acme-payments"


def test_a_gateway_has_its_own_tokens(environment: pytest.MonkeyPatch) -> None:
    found = settings(
        environment, "--workspace", "acme", "--bitbucket-url", "https://gate.example.com/cloud/", **CONSUMER
    )
    assert found.base_url == "https://gate.example.com/cloud"
    assert found.token_url == "https://gate.example.com/cloud/site/oauth2/access_token"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (API_TOKEN, ApiToken("ada@example.com", "a-token")),
        (API_TOKEN | {"BITBUCKET_TOKEN": " a-token\n"}, ApiToken("ada@example.com", "a-token")),
        (CONSUMER, Consumer("a-key", "a-secret")),
        ({"BITBUCKET_TOKEN": "a-token"}, AccessToken("a-token")),
    ],
)
def test_each_kind_of_credentials(
    environment: pytest.MonkeyPatch, given: dict[str, str], expected: ApiToken | Consumer | AccessToken
) -> None:
    assert settings(environment, "--workspace", "acme", **given).credentials == expected


def test_no_secret_is_in_a_repr(environment: pytest.MonkeyPatch) -> None:
    assert "a-token" not in repr(settings(environment, "--workspace", "acme", **API_TOKEN))
    environment.delenv("BITBUCKET_TOKEN")
    environment.delenv("BITBUCKET_EMAIL")
    assert "a-secret" not in repr(settings(environment, "--workspace", "acme", **CONSUMER))


@pytest.mark.parametrize(
    ("argv", "given", "says"),
    [
        (["--workspace", "acme"], {}, r"set BITBUCKET_EMAIL and BITBUCKET_TOKEN .* or BITBUCKET_CLIENT_ID"),
        (
            ["--workspace", "acme"],
            API_TOKEN | {"BITBUCKET_USER": "ada"},
            r"drop it to read a workspace .* BITBUCKET_EMAIL",
        ),
        (["--workspace", "acme"], API_TOKEN | CONSUMER, r"two kinds of credentials: drop BITBUCKET_CLIENT_ID and"),
        (
            ["--workspace", "acme"],
            CONSUMER | {"BITBUCKET_TOKEN": "x"},
            r"BITBUCKET_TOKEN and BITBUCKET_CLIENT_ID and .* or BITBUCKET_TOKEN to sign in as",
        ),
        (["--workspace", "acme"], {"BITBUCKET_CLIENT_ID": "x"}, r"BITBUCKET_CLIENT_SECRET is not"),
        (["--workspace", "acme"], {"BITBUCKET_CLIENT_SECRET": "x"}, r"BITBUCKET_CLIENT_ID is not"),
        (["--workspace", "acme"], {"BITBUCKET_EMAIL": "ada@example.com"}, r"set BITBUCKET_EMAIL and BITBUCKET_TOKEN"),
        (["--workspace", "acme"], API_TOKEN | {"BITBUCKET_EMAIL": "ada"}, r"BITBUCKET_EMAIL is no e-mail address"),
        (["--workspace", "https://bitbucket.org/acme/"], API_TOKEN, r"--workspace is no slug .* such as acme"),
        (["--workspace", "{1ba2c09e-bb7b-44a1-b3da-018e8b3c0956}"], API_TOKEN, r"--workspace is no slug"),
        (["--workspace", ".."], API_TOKEN, r"--workspace is no slug"),
        (
            ["--workspace", "acme", "--bitbucket-url", "https://bitbucket.org"],
            API_TOKEN,
            r"leave --bitbucket-url .* out",
        ),
        (["--workspace", "acme", "--bitbucket-url", "http://api.bitbucket.org"], API_TOKEN, r"leave --bitbucket-url"),
        (
            ["--workspace", "acme", "--bitbucket-url", "https://api.bitbucket.org/2.0"],
            API_TOKEN,
            r"leave --bitbucket-url",
        ),
        (["--bitbucket-url", "https://bitbucket.org/acme"], API_TOKEN, r"set --workspace or BITBUCKET_WORKSPACE"),
        (["--bitbucket-url", "https://api.bitbucket.org"], {"BITBUCKET_TOKEN": "x"}, r"set --workspace"),
        (["--bitbucket-url", "https://www.Bitbucket.ORG./x"], {"BITBUCKET_TOKEN": "x"}, r"set --workspace"),
        (["--bitbucket-url", SERVER], API_TOKEN, r"BITBUCKET_EMAIL belongs to Bitbucket Cloud: .* or drop"),
        (
            ["--bitbucket-url", SERVER],
            {"BITBUCKET_TOKEN": "x", "BITBUCKET_CLIENT_ID": "y"},
            r"BITBUCKET_CLIENT_ID belongs",
        ),
        (["--bitbucket-url", SERVER, "--emails", "x"], {"BITBUCKET_TOKEN": "x"}, r"--emails is for Bitbucket Cloud"),
        ([], {}, r"set --bitbucket-url .* or --workspace"),
    ],
)
def test_contradictory_settings_say_which_to_drop(
    environment: pytest.MonkeyPatch, argv: list[str], given: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        read(environment, *argv, **given)
    assert "\n" not in str(caught.value)


# ---- candidates for e-mail addresses


def emails(environment: pytest.MonkeyPatch, text: str) -> tuple[str, ...]:
    Path("candidates").write_text(text, encoding="utf-8")
    return settings(environment, "--workspace", "acme", "--emails", "candidates", **API_TOKEN).emails


def test_addresses_are_read_from_a_list(environment: pytest.MonkeyPatch) -> None:
    listed = "\ufeffada@example.com\n\n# leavers\n  Dee.Vee+x@example.com \nADA@example.com\nmüller@exämple.com\r\n"
    assert emails(environment, listed) == ("ADA@example.com", "Dee.Vee+x@example.com", "müller@exämple.com")


def test_addresses_are_read_from_an_export(environment: pytest.MonkeyPatch) -> None:
    users = [{"email": "ada@example.com"}, {"email": None}, {}, {"email": "no address"}, {"email": "dee@example.com"}]
    export = json.dumps({"applications": [{"local_users": users}]})
    assert emails(environment, export) == ("ada@example.com", "dee@example.com")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ada@example.com\nada\n", "line 2 of candidates is no e-mail address"),
        ('a"b@example.com', "line 1 of candidates"),
        ("", "holds no e-mail address"),
        ('{"applications": 7}', "neither an export nor a list"),
        ('{"applications": [', "neither an export nor a list"),
        ('{"applications": [{"local_users": [{"name": "Ada"}]}]}', "holds no e-mail address"),
    ],
)
def test_a_file_without_addresses_is_an_error(environment: pytest.MonkeyPatch, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        emails(environment, text)


def test_a_file_that_cannot_be_read_is_an_error(environment: pytest.MonkeyPatch) -> None:
    Path("bytes").write_bytes(b"\xff\xfe\xff")
    for name in ("nowhere", ".", "bytes"):
        with pytest.raises(UsageError, match=r"--emails: .* cannot be read"):
            settings(environment, "--workspace", "acme", "--emails", name, **API_TOKEN)
