"""The command line, the environment and the env file: what is taken, and one clear line for what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.cli import commands
from connector.commands.export import Export
from connector.commands.shared.destinations import NamedByTime
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.errors import UsageError
from connector.model import Inclusion
from connector.sources.datacenter.settings import Settings
from tests.conftest import Run

URL = "https://bitbucket.example.com/git"
TOKEN = {"BITBUCKET_TOKEN": "a-token"}


@pytest.fixture
def environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:  # noqa: ARG001 - it empties both
    """Start from an empty environment and an empty folder, with a token."""
    monkeypatch.setenv("BITBUCKET_TOKEN", "a-token")
    return monkeypatch


def read(*argv: str) -> Export:
    wanted = commands.read(("--bitbucket-url", URL, *argv)).wanted
    assert isinstance(wanted, Export)
    return wanted


def settings(export: Export) -> Settings:
    assert isinstance(export.source.settings, Settings)
    return export.source.settings


@pytest.mark.usefixtures("environment")
def test_the_defaults() -> None:
    export = read("--save-json")
    assert settings(export).base_url == URL
    assert (settings(export).concurrency, settings(export).patience, settings(export).max_rate) == (8, 300.0, None)
    assert settings(export).credentials.is_token
    assert export.outputs.save_json == NamedByTime("Bitbucket Server - bitbucket.example.com git")
    assert (export.guards.allow_incomplete, export.guards.baseline, export.guards.max_removal) == (False, None, 20.0)


@pytest.mark.usefixtures("environment")
def test_export_may_be_named_and_need_not_be() -> None:
    named = commands.read(["export", "--bitbucket-url", URL, "--save-json", "x.json"])
    assert named == commands.read(["--bitbucket-url", URL, "--save-json", "x.json"])


def test_the_environment_wins_over_the_file_and_options_over_both(environment: pytest.MonkeyPatch) -> None:
    Path("settings.env").write_text("OAA_CONCURRENCY=2\nOAA_PATIENCE=7\nBITBUCKET_URL=https://file.example.com\n")
    environment.setenv("OAA_CONCURRENCY", "3")
    for name in ("OAA_PATIENCE", "BITBUCKET_URL"):
        environment.setenv(name, "")
        environment.delenv(name)
    wanted = commands.read(["--env-file", "settings.env", "--save-json", "x.json", "--patience", "9"]).wanted
    assert isinstance(wanted, Export)
    assert settings(wanted).base_url == "https://file.example.com"
    assert (settings(wanted).concurrency, settings(wanted).patience) == (3, 9.0)


def test_a_password_in_the_file_is_taken_as_it_is(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BITBUCKET_TOKEN", "")
    environment.delenv("BITBUCKET_TOKEN")
    environment.setenv("BITBUCKET_USER", "")
    environment.delenv("BITBUCKET_USER")
    Path(".env").write_text("BITBUCKET_USER=müller\nBITBUCKET_TOKEN='pa$$ ${HOME} ß'\n", encoding="utf-8")
    credentials = settings(read("--save-json")).credentials
    assert (credentials.user, credentials.secret) == ("müller", "pa$$ ${HOME} ß")
    assert credentials.authorization() == "Basic bcO8bGxlcjpwYSQkICR7SE9NRX0gw58="


def test_secrets_are_in_no_repr(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BITBUCKET_TOKEN", "mark-of-bitbucket")
    environment.setenv("VEZA_API_KEY", "mark-of-veza")
    environment.setenv("VEZA_URL", "https://veza.example.com")
    assert "mark-of" not in repr(read())


@pytest.mark.parametrize(
    ("argv", "environment_too", "says"),
    [
        ((), {}, "nothing to do"),
        (("--save-json", "demo"), {}, "the command comes first"),
        (("--save-json", ""), {}, "--save-json"),
        (("--concurrency", "0", "--save-json"), {}, "--concurrency takes a number from 1 to 100"),
        (("--concurrency", "2.5", "--save-json"), {}, "whole number"),
        (("--patience", "-1", "--save-json"), {}, "--patience"),
        (("--patience", "inf", "--save-json"), {}, "--patience"),
        (("--max-rate", "nan", "--save-json"), {}, "--max-rate"),
        (("--max-removal", "101", "--save-json"), {}, "--max-removal"),
        (("--max-removal", "10", "--save-json"), {}, "--max-removal needs --baseline"),
        (("--save-json",), {"OAA_CONCURRENCY": "many"}, "OAA_CONCURRENCY"),
        (("--bitbucket-url", "bitbucket.example.com", "--save-json"), {}, "--bitbucket-url is no address"),
        (("--bitbucket-url", "ftp://b.example.com", "--save-json"), {}, "--bitbucket-url is no address"),
        (("--bitbucket-url", "https://b.example.com:port", "--save-json"), {}, "--bitbucket-url is no address"),
        (("--bitbucket-url", "https://b.example.com/a b", "--save-json"), {}, "--bitbucket-url is no address"),
        (("--bitbucket-url", "https://me:mark@b.example.com", "--save-json"), {}, "holds a user name"),
        (("--bitbucket-url", "https://b.example.com/x?y=1", "--save-json"), {}, "goes on after the path"),
        (("--save-json",), {"BITBUCKET_TOKEN": ""}, "BITBUCKET_TOKEN"),
        (("--save-json",), {"BITBUCKET_TOKEN": "mark ß"}, "BITBUCKET_TOKEN"),
        (("--save-json",), {"BITBUCKET_USER": "a:b"}, "BITBUCKET_USER"),
        (("--save-json",), {"VEZA_URL": "https://veza.example.com"}, "VEZA_API_KEY is not"),
        (("--save-json",), {"VEZA_API_KEY": "mark"}, "VEZA_URL is not"),
        (("--save-json", "--provider-name", "a/b"), {}, "'/'"),
        (("--save-json", "--data-source-name", 'a"b'), {}, "--data-source-name"),
        (("--env-file", "nowhere.env", "--save-json"), {}, "there is no file nowhere.env"),
        (("--groups", "some", "--save-json"), {}, "--groups"),
        (("--unknown", "--save-json"), {}, "--unknown"),
        (("--save", "x.json"), {}, "--save"),
        (("surprise",), {}, "surprise"),
        (("--save-json",), {"HTTPS_PROXY": "http://user:mark[@proxy:3128"}, "HTTPS_PROXY is no address of a proxy"),
        (("--save-json",), {"HTTPS_PROXY": "http://user:mark€@proxy:3128"}, "HTTPS_PROXY is no address of a proxy"),
        (("--save-json",), {"https_proxy": "http://user:mark/x@proxy:3128"}, "https_proxy is no address of a proxy"),
        (
            ("--save-json",),
            {"ALL_PROXY": "http://user:mark@proxy:99999", "VEZA_URL": "https://v.example.com", "VEZA_API_KEY": "mark"},
            "ALL_PROXY is no address of a proxy",
        ),
    ],
)
def test_bad_input_gets_one_clear_line_and_code_2(
    argv: tuple[str, ...], environment_too: dict[str, str], says: str, run: Run
) -> None:
    ended = run("--bitbucket-url", URL, *argv, **{**TOKEN, **environment_too})
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1
    assert "mark" not in ended.err


@pytest.mark.usefixtures("environment")
def test_an_env_file_that_is_not_text_is_named() -> None:
    Path(".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"\.env cannot be read"):
        read("--save-json")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("all", set(Inclusion)),
        ("tokens", {Inclusion.TOKENS}),
        (" Webhooks, access-keys,", {Inclusion.WEBHOOKS, Inclusion.ACCESS_KEYS}),
        ("tokens,all", set(Inclusion)),
        ("", set()),
    ],
)
def test_what_is_included(given: str, expected: set[Inclusion], monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(read("--save-json")).include == set()
    assert settings(read("--save-json", "--include", given)).include == expected
    monkeypatch.setenv("OAA_INCLUDE", given)
    assert settings(read("--save-json")).include == expected
    assert settings(read("--save-json", "--include", "tokens")).include == {Inclusion.TOKENS}


@pytest.mark.usefixtures("environment")
def test_what_cannot_be_included_is_named() -> None:
    with pytest.raises(UsageError, match=r"--include holds 'keys'; there are access-keys, tokens, .*, and all"):
        read("--save-json", "--include", "tokens,keys")


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, False), (0o660, True), (0o602, True)])
@pytest.mark.parametrize("option", [(), ("--env-file", ".env")])
def test_an_env_file_that_others_may_write_is_warned_of(
    mode: int, warned: bool, option: tuple[str, ...], run: Run, bitbucket: EmbeddedBitbucket
) -> None:
    Path(".env").write_text("BITBUCKET_TOKEN=mark\n")
    Path(".env").chmod(mode)
    ended = run(*option, "--bitbucket-url", bitbucket.base_url, "--save-json", "x.json")
    assert ("WARNING: .env can be changed by other accounts" in ended.err) is warned
    assert "mark" not in ended.err


def test_an_env_file_of_somebody_else_is_warned_of(
    run: Run, monkeypatch: pytest.MonkeyPatch, bitbucket: EmbeddedBitbucket
) -> None:
    Path(".env").write_text("BITBUCKET_TOKEN=mark\n")
    Path(".env").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(".env", 12345, -1)
    else:
        monkeypatch.setattr("connector.commands.shared.options.os.geteuid", lambda: 12345)
    ended = run("--bitbucket-url", bitbucket.base_url, "--save-json", "x.json")
    assert "WARNING: .env can be changed by other accounts" in ended.err
