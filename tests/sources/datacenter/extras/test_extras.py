"""Keys, tokens, webhooks and branch restrictions over real HTTP: requests, results, gaps and their reasons."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.sample import sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.model import Inclusion, Snapshot
from connector.rest.journal import _unpacked
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission
from tests.conftest import Run
from tests.exporting import payload_of, snapshot_of
from tests.sources.datacenter.extras.collecting import ALL, DEMO, MARK, collected, key, one, small


@pytest.mark.parametrize("effective_keys", [True, False])
def test_a_key_that_is_used_in_many_places_is_one_credential(*, effective_keys: bool) -> None:
    organisation = small()
    organisation.keys = [key(7, projects={1: "PROJECT_READ", 2: "PROJECT_WRITE"}, repositories={2: "REPO_WRITE"})]
    found = one(collected(organisation, effective_keys=effective_keys))
    assert found.on_projects == {"1": ProjectPermission.PROJECT_READ, "2": ProjectPermission.PROJECT_WRITE}
    assert found.on_repositories == {"2": RepositoryPermission.REPO_WRITE}


def test_the_effective_listing_saves_the_projects() -> None:
    organisation = small()
    organisation.keys = [key(7, projects={1: "PROJECT_READ"})]
    with EmbeddedBitbucket(organisation) as server:
        snapshot_of(server.base_url, include=frozenset({Inclusion.ACCESS_KEYS}))
        asked = [entry.path for entry in server.requests if "/rest/keys/" in entry.path]
    assert Counter(asked) == Counter({
        "/rest/keys/latest/projects/PAY/repos/api/ssh": 1,
        "/rest/keys/latest/projects/PAY/repos/web/ssh": 1,
        "/rest/keys/latest/projects/EMPTY/ssh": 1,
    })  # fmt: skip


@pytest.mark.parametrize(("ssh", "access_keys", "expected"), [(True, False, {"ssh-user-key"}), (False, True, set())])
def test_keys_that_are_switched_off_are_not_asked_for(*, ssh: bool, access_keys: bool, expected: set[str]) -> None:
    organisation = small()
    organisation.ssh_enabled, organisation.access_keys_enabled = ssh, access_keys
    organisation.keys = [key(1, owner_id=2), key(2, projects={1: "PROJECT_READ"})]
    with EmbeddedBitbucket(organisation) as server:
        found = snapshot_of(server.base_url, include=ALL)
        asked = [entry.path for entry in server.requests]
    assert {credential.kind.value for credential in found.extras.credentials} == expected
    assert not [path for path in asked if "/rest/keys/" in path]
    assert found.gaps == ()


def test_a_token_of_a_project_that_may_do_more_on_its_repositories() -> None:
    organisation = small()
    organisation.http_tokens = [HttpToken("12", "ci", ["PROJECT_READ", "REPO_WRITE"], project_id=1)]
    found = collected(organisation)
    write = RepositoryPermission.REPO_WRITE
    assert one(found).on_projects == {"1": ProjectPermission.PROJECT_READ}
    assert one(found).on_repositories == {"1": write, "2": write}
    assert {user.name for user in found.users.values()} == {"admin", "ann"}


def test_personal_tokens_and_keys_belong_to_their_user() -> None:
    organisation = small()
    organisation.keys = [key(1, owner_id=2)]
    organisation.http_tokens = [HttpToken("12", "mine", ["REPO_READ", "PROJECT_READ"], owner_id=2)]
    snapshot = collected(organisation)
    payload = payload_of(snapshot)["applications"][0]
    ann = next(user for user in payload["local_users"] if user["id"] == "2")
    assert ann["access_creds"] == ["http-token:12", "ssh-user-key:1"]
    token = payload["local_access_creds"][0]
    assert token["custom_properties"] == {"kind": "http-token", "permissions": ["PROJECT_READ", "REPO_READ"]}


@pytest.mark.parametrize("inherited", [True, False])
@pytest.mark.parametrize("scopes", [True, False])
def test_restrictions_of_the_project_count_however_they_are_listed(*, inherited: bool, scopes: bool) -> None:
    organisation = small()
    organisation.restrictions = [
        Restriction(1, "fast-forward-only", "**/main", "PATTERN", project_id=1, users=[2]),
        Restriction(2, "no-deletes", "refs/heads/main", repository_id=1, users=[2], groups=["Devs"], keys=[]),
        Restriction(3, "read-only", "development", "MODEL_BRANCH", repository_id=2),
    ]
    organisation.repositories[2].development_branch = "refs/heads/develop"
    branches = collected(
        organisation, inherited_restrictions=inherited, restriction_scopes=scopes
    ).extras.default_branches
    api, web = branches["1"], branches["2"]
    assert (api.name, api.protected, api.pull_request_only, api.no_rewrite, api.no_deletion, api.exempt) == (
        ("main", True, False, True, True, 2)
    )
    assert (web.protected, web.pull_request_only, web.no_rewrite, web.no_deletion, web.exempt) == (
        (True, False, True, False, 1)
    )


def test_a_repository_without_a_default_branch_has_nothing_to_protect() -> None:
    organisation = small()
    organisation.repositories[1].default_branch = None
    snapshot = collected(organisation)
    assert list(snapshot.extras.default_branches) == ["2"]
    assert snapshot.gaps == ()


@pytest.fixture
def planted() -> Organisation:
    organisation = small()
    organisation.keys = [key(1, projects={1: "PROJECT_WRITE"}), key(2, owner_id=2)]
    organisation.keys.append(SshKey(3, "odd", f"ssh-rsa {MARK}", repositories={1: "REPO_READ"}))
    organisation.tokens = [Token(MARK, 2)]
    organisation.http_tokens = [HttpToken("12", "ci", ["REPO_READ"], repository_id=1)]
    urls = (f"https://u:{MARK}@ci.example/{MARK}?t={MARK}", f"https://[x/{MARK}", MARK)
    organisation.webhooks = [
        Webhook(number, "hook", url, repository_id=1, secret=MARK) for number, url in enumerate(urls)
    ]
    organisation.restrictions = [Restriction(1, "no-deletes", "*", "PATTERN", project_id=1, keys=[1, 3])]
    return organisation


@pytest.mark.parametrize("faults", [[], [Fault(Status(500), path=r"/webhooks")]])
def test_nothing_secret_is_in_the_export_the_log_the_journal_or_an_error(
    planted: Organisation, run: Run, faults: list[Fault], tmp_path: Path
) -> None:
    with EmbeddedBitbucket(planted) as server:
        for fault in faults:
            server.faults.add(fault)
        ended = run(
            "--bitbucket-url", server.base_url, "--save-json", "export.json", "--summary", "summary.json", "--debug",
            "--include", "all", "--resume", "journal", BITBUCKET_USER="admin", BITBUCKET_TOKEN="admin-secret",
        )  # fmt: skip
        snapshot_of(server.base_url, include=ALL, resume=tmp_path / "kept") if not faults else None
    assert ended.code == (4 if faults else 0)
    written = [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir() if path.suffix == ".json"]
    assert written
    assert not [text for text in [*written, ended.err, ended.out, *_journal(tmp_path / "kept")] if MARK in text]


def _journal(path: Path) -> Iterator[str]:
    if path.exists():
        with closing(sqlite3.connect(path)) as file:
            for question, proof, answer in file.execute("SELECT * FROM answers"):
                yield question + _unpacked(question, proof, answer).decode()


def _undated(snapshot: Snapshot) -> dict[str, Any]:
    payload = payload_of(snapshot)
    del payload["applications"][0]["custom_properties"]["collected_at"]
    return payload


def _without(payload: dict[str, Any], included: dict[str, Any]) -> None:
    """Take out of the second what only the contract's table lets it have."""
    definitions = included["custom_property_definition"]["applications"][0]
    del definitions["local_access_creds_properties"]
    for resource in definitions["resources"]:
        for name in [name for name in resource["properties"] if name.startswith(("webhook_", "default_branch"))]:
            del resource["properties"][name]
    application = included["applications"][0]
    application["local_access_creds"] = []
    for user in application["local_users"]:
        user.pop("access_creds", None)
    for resource in application["resources"]:
        for each in [resource, *resource.get("sub_resources", [])]:
            for name in [name for name in each["custom_properties"] if name.startswith(("webhook_", "default_branch"))]:
                del each["custom_properties"][name]
    included["identity_to_permissions"] = [
        row for row in included["identity_to_permissions"] if row["identity_type"] != "local_access_creds"
    ]
    assert json.dumps(included) == json.dumps(payload)


def test_the_core_of_the_export_is_unchanged_to_the_byte() -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        core = _undated(snapshot_of(server.base_url, DEMO))
        again = _undated(snapshot_of(server.base_url, DEMO, include=frozenset()))
        included = _undated(snapshot_of(server.base_url, DEMO, include=ALL))
    assert core == again
    assert included["applications"][0]["local_access_creds"]
    _without(core, included)


BEFORE_AND_AFTER = 30
"""Requests before it is known how many will come, and those that read the listings again."""


@pytest.mark.parametrize("include", [*({inclusion} for inclusion in Inclusion), set(Inclusion)])
def test_no_more_is_asked_than_was_said(include: set[Inclusion], caplog: pytest.LogCaptureFixture) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server, caplog.at_level(logging.INFO):
        snapshot_of(server.base_url, DEMO, include=frozenset(include))
        requests = [(entry.path, entry.query) for entry in server.requests]
    said = [int(number) for number in re.findall(r"at most ([\d,]+) requests are left", caplog.text)]
    assert len(said) == 1
    assert 0.5 * said[0] <= len(requests) <= said[0] + BEFORE_AND_AFTER
    repeated = {request for request, times in Counter(requests).items() if times > 1}
    assert not {path for path, _ in repeated if _is_machine(path)}


def _is_machine(path: str) -> bool:
    return not path.startswith("/rest/api/") or path.endswith(("webhooks", "branch", "branches/default"))
