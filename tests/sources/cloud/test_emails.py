"""Bitbucket Cloud confirms whose an e-mail address is: `--emails`, with a list or with an earlier export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.faults import Rewritten
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.common.faults import Fault, Status
from tests.conftest import Ended, Run, saved
from tests.model.cloud import disagreements
from tests.sources.cloud.lying import ADMIN, workspace


def export(run: Run, server: EmbeddedCloud, *options: str) -> Ended:
    command = ("--workspace", "acme", "--bitbucket-url", server.base_url, "--save-json", "export.json")
    return run(*command, "--patience", "1", "--emails", "people.txt", *options, **ADMIN)


def asked(server: EmbeddedCloud) -> int:
    return len([each for each in server.requests if each.path.endswith("/members") and "user.email" in each.query])


def test_addresses_of_members_are_identities(run: Run) -> None:
    whole = workspace(200)
    addresses = [f"Dev{number}@Example.com" for number in range(0, 200, 2)] + ["nobody@example.com", "otto@example.com"]
    Path("people.txt").write_text("\n".join(addresses))
    with EmbeddedCloud(whole) as server:
        ended = export(run, server)
        assert ended.code == 0, ended.err
        assert asked(server) == 2
    confirmed = frozenset(address.lower() for address in addresses)
    assert disagreements(whole, saved(), confirmed=confirmed) == []
    assert "100 of 102 e-mail addresses are those of members" in ended.err


def test_no_log_holds_the_addresses(run: Run) -> None:
    Path("people.txt").write_text("dev1@example.com\nodd+1@sub.example.com\n")
    with EmbeddedCloud(workspace()) as server:
        ended = export(run, server, "--debug")
        assert asked(server) == 1
    assert "user.email" in ended.err
    assert "example.com" not in ended.err


def test_addresses_of_an_earlier_export(run: Run) -> None:
    users = [{"name": "One", "email": "dev1@example.com"}, {"name": "Two"}]
    Path("people.txt").write_text(json.dumps({"applications": [{"local_users": users}]}))
    whole = workspace()
    with EmbeddedCloud(whole) as server:
        assert export(run, server).code == 0
    assert disagreements(whole, saved(), confirmed=frozenset({"dev1@example.com"})) == []


def other_address(body: Any) -> Any:
    body["values"][0]["user"]["email"] = "somebody@else.example"
    return body


def hidden_address(body: Any) -> Any:
    del body["values"][0]["user"]["email"]
    return body


def one_address(body: Any) -> Any:
    for row in body["values"]:
        row["user"]["email"] = "dev1@example.com"
    return body


@pytest.mark.parametrize(
    "effect", [Status(500), Rewritten(other_address), Rewritten(hidden_address), Rewritten(one_address)]
)
def test_addresses_that_are_not_confirmed_are_a_gap(run: Run, effect: Rewritten | Status) -> None:
    Path("people.txt").write_text("dev1@example.com\ndev2@example.com\n")
    with EmbeddedCloud(workspace()) as server:
        server.faults.add(Fault(effect, "/members[?]"))
        ended = export(run, server)
        assert ended.code == 4
        assert "workspace: e-mail addresses" in ended.err
        assert not Path("export.json").exists()
        assert export(run, server, "--allow-incomplete").code == 0
        assert disagreements(server.organisation, saved()) == []


def test_a_journal_for_other_candidates_is_told_without_naming_them(run: Run) -> None:
    with EmbeddedCloud(workspace()) as server:
        server.faults.add(Fault(Status(500), "/pay3/permissions-config/users"))
        for address in ("dev1@example.com", "dev2@example.com"):
            Path("people.txt").write_text(address)
            ended = export(run, server, "--resume", "journal")
    assert ended.code == 2
    assert "another options" in ended.err
    assert "dev1@" not in ended.err
