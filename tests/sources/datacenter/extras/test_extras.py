"""Keys, tokens, webhooks and branch rules over real HTTP: what is asked, what is found, what is missing and why."""

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

from connector.embedded.common.ssh_keys import public_key
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.faults import Fault, Status
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import PersonalGrants, Settings
from connector.model import Credential, Inclusion, Snapshot
from connector.rest.answer import Answer
from connector.rest.journal import _unpacked
from connector.sources.datacenter import Credentials
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission
from tests.conftest import Run
from tests.exporting import ADMIN, payload_of, snapshot_of

ALL = frozenset(Inclusion)
DEMO = Credentials(DEMO_PASSWORD, DEMO_USER)
PASSWORD = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
MARK = "PLANTED-SECRET"
_DAY = 86_400_000


def small(version: str = "9.4.2") -> Organisation:
    """PAY with api and web, EMPTY without repositories, an administrator, and ann."""
    builder = Builder(version=version)
    admin = builder.account("admin", "Admin", password="admin-secret")
    ann = builder.account("ann", "Ann")
    builder.organisation.global_users = {admin.id: "SYS_ADMIN", ann.id: "LICENSED_USER"}
    pay = builder.project("PAY", "Payments")
    builder.repository(pay, "api")
    builder.repository(pay, "web")
    builder.project("EMPTY", "Empty")
    return builder.organisation


def key(number: int, **details: Any) -> SshKey:
    return SshKey(number, f"key {number}", public_key(f"{MARK} {number}"), **details)


def collected(organisation: Organisation, credentials: Credentials = ADMIN, **settings: Any) -> Snapshot:
    include = settings.pop("include", ALL)
    with EmbeddedBitbucket(organisation, Settings(**settings)) as server:
        return snapshot_of(server.base_url, credentials, include=include)


def one(snapshot: Snapshot) -> Credential:
    (credential,) = snapshot.machines.credentials
    return credential


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
    assert {credential.kind.value for credential in found.machines.credentials} == expected
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
    ).machines.default_branches
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
    assert list(snapshot.machines.default_branches) == ["2"]
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


@pytest.mark.usefixtures("skipped_time")
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


OLD = {
    "5.4.0": {"HTTP access tokens of projects", "HTTP access tokens of repositories", "HTTP access tokens of users"},
    "5.10.0": {"HTTP access tokens of projects", "HTTP access tokens of repositories"},
    "9.4.2": set(),
}


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize("latest", [True, False])
def test_what_an_old_version_lacks_is_left_out_and_named(version: str, run: Run, *, latest: bool) -> None:
    organisation = sample_organisation()
    organisation.version = version
    settings = Settings(answers_latest_everywhere=latest)
    with EmbeddedBitbucket(organisation, settings) as server:
        ended = run("--bitbucket-url", server.base_url, "--save-json", "export.json", OAA_INCLUDE="all", **PASSWORD)
    assert ended.code == 0
    application = json.loads(Path("export.json").read_text())["applications"][0]
    expected = OLD[version] | (set() if version == "9.4.2" else {"webhooks of projects"})
    assert set(application["custom_properties"]["not_collected"]) == {f"instance: {what}" for what in expected}
    assert application["custom_properties"]["is_complete"] is True
    assert (f"This server is {version}" in ended.err) is bool(expected)
    kinds = Counter(credential["id"].partition(":")[0] for credential in application["local_access_creds"])
    assert (kinds["ssh-access-key"], kinds["ssh-user-key"]) == (5, 4)
    ledger = application["resources"][0]["sub_resources"][0]["custom_properties"]
    assert (ledger["default_branch"], ledger["default_branch_exempt_count"]) == ("main", 2)
    assert ledger["webhook_hosts"] == ["hooks.chat.example", "request-bin.example"]


def test_what_exists_and_cannot_be_read_is_a_gap() -> None:
    organisation = small()
    organisation.keys = [key(1, owner_id=1), key(2, owner_id=2)]
    refused = frozenset({"access-tokens/projects/{}/repos/{}", "projects/{}/webhooks"})
    snapshot = collected(organisation, refused=refused)
    assert not snapshot.is_complete
    assert [(gap.scope, gap.missing, gap.optional) for gap in snapshot.gaps] == [
        ("project EMPTY", "webhooks of projects", False),
        ("project PAY", "webhooks of projects", False),
        ("repository PAY/api", "HTTP access tokens of repositories", False),
        ("repository PAY/web", "HTTP access tokens of repositories", False),
    ]
    assert "'Repository: Admin'" in snapshot.gaps[-1].reason
    assert len(snapshot.machines.credentials) == 2


def test_somebody_mightier_keeps_keys_to_himself() -> None:
    organisation = small()
    organisation.global_users[2] = "ADMIN"
    organisation.accounts[2].password = "ann-secret"
    organisation.keys = [key(1, owner_id=1), key(2, owner_id=2)]
    snapshot = collected(organisation, Credentials("ann-secret", "ann"))
    assert [credential.id for credential in snapshot.machines.credentials] == ["2"]
    assert [(gap.scope, gap.missing) for gap in snapshot.gaps] == [
        ("instance", "HTTP access tokens of users who are system administrators"),
        ("instance", "SSH keys of users who are system administrators"),
    ]
    assert snapshot.is_complete


def test_a_token_is_not_shown_what_others_have() -> None:
    organisation = small()
    organisation.tokens = [Token("a-token", 1)]
    organisation.keys = [key(1, owner_id=2), key(2, projects={1: "PROJECT_READ"})]
    with EmbeddedBitbucket(organisation) as server:
        snapshot = snapshot_of(server.base_url, Credentials("a-token"), include=ALL)
        asked = [entry.path for entry in server.requests]
    assert not [path for path in asked if path.endswith("/ssh/latest/keys") or "/access-tokens/latest/users" in path]
    assert one(snapshot).id == "2"
    assert [gap.missing for gap in snapshot.gaps] == ["HTTP access tokens of users", "SSH keys of users"]
    assert "'Global: Admin'" in snapshot.gaps[0].reason
    assert snapshot.is_complete


@pytest.mark.usefixtures("skipped_time")
def test_what_breaks_again_and_again_is_an_ordinary_gap() -> None:
    with EmbeddedBitbucket(small()) as server:
        server.faults.add(Fault(Status(500), path=r"/keys/latest/projects/PAY/repos/web/ssh"))
        server.faults.add(Fault(Status(500), path=r"/branch-permissions/latest/projects/PAY/repos/api"))
        snapshot = snapshot_of(server.base_url, include=ALL)
    assert not snapshot.is_complete
    assert [(gap.scope, gap.missing) for gap in snapshot.gaps] == [
        ("repository PAY/api", "branch restrictions of repositories"),
        ("repository PAY/web", "SSH access keys of repositories"),
    ]
    assert snapshot.machines.default_branches["1"].protected is None
    assert snapshot.machines.default_branches["2"].protected is False


def test_a_branching_model_that_nobody_tells_is_not_guessed() -> None:
    organisation = small()
    organisation.restrictions = [
        Restriction(1, "read-only", "development", "MODEL_BRANCH", repository_id=1),
        Restriction(2, "no-deletes", "refs/heads/main", repository_id=1),
    ]
    model = "branch-utils/projects/{}/repos/{}/branchmodel/configuration"
    snapshot = collected(organisation, absent=frozenset({model}))
    api = snapshot.machines.default_branches["1"]
    assert (api.protected, api.no_deletion, api.no_rewrite, api.exempt) == (True, True, None, None)
    assert [gap.optional for gap in snapshot.gaps] == [True]


def test_one_scope_that_is_not_there_does_not_stand_for_all() -> None:
    organisation = small()
    organisation.webhooks = [Webhook(1, "hook", "https://ci.example/x", repository_id=1)]
    with EmbeddedBitbucket(organisation) as server:
        server.faults.add(Fault(Status(404), path=r"/repos/web/(webhooks|default-branch|branches/default)"))
        snapshot = snapshot_of(server.base_url, include=ALL)
    assert [(gap.scope, gap.missing, gap.optional) for gap in snapshot.gaps] == [
        ("repository PAY/web", "default branches of repositories", False),
        ("repository PAY/web", "webhooks of repositories", False),
    ]
    assert snapshot.machines.repository_webhook_hosts == {"1": ("ci.example",)}
    assert list(snapshot.machines.default_branches) == ["1"]


EMPTY_REPOSITORY = "com.atlassian.bitbucket.repository.NoDefaultBranchException"


@pytest.mark.parametrize("status", [Status(204), Status(404, exception=EMPTY_REPOSITORY, is_numbered=True)])
def test_an_old_server_says_in_its_way_that_a_repository_is_empty(status: Status) -> None:
    with EmbeddedBitbucket(small("5.10.0")) as server:
        server.faults.add(Fault(status, path=r"/repos/web/branches/default"))
        snapshot = snapshot_of(server.base_url, include=frozenset({Inclusion.BRANCH_PERMISSIONS}))
    assert list(snapshot.machines.default_branches) == ["1"]
    assert snapshot.gaps == ()


def test_default_branches_that_no_address_tells_are_named() -> None:
    absent = frozenset({"projects/{}/repos/{}/default-branch", "projects/{}/repos/{}/branches/default"})
    snapshot = collected(small(), absent=absent)
    assert [(gap.scope, gap.missing, gap.optional) for gap in snapshot.gaps] == [
        ("instance", "default branches of repositories", True)
    ]


@pytest.mark.parametrize("answered", PersonalGrants)
def test_what_a_version_keeps_nothing_of_for_personal_projects_is_no_gap(answered: PersonalGrants) -> None:
    builder = Builder()
    admin = builder.account("admin", "Admin", password="admin-secret")
    builder.organisation.global_users = {admin.id: "SYS_ADMIN"}
    builder.project("PAY", "Payments")
    home = builder.personal_project(admin)
    builder.repository(home, "dotfiles")
    builder.organisation.keys = [key(1, repositories={1: "REPO_READ"})]
    snapshot = collected(builder.organisation, personal_grants=answered)
    assert snapshot.gaps == ()
    assert one(snapshot).on_repositories == {"1": RepositoryPermission.REPO_READ}


@pytest.mark.parametrize(
    ("date", "expected"),
    [("Sat, 21 Nov 2026 07:28:00 GMT", 1_795_246_080_000), ("yesterday", None), ("", None)],
)
def test_the_time_of_the_server(date: str, expected: int | None) -> None:
    assert Answer(200, {"Date": date}, b"").date == expected


def test_what_has_expired_is_not_active() -> None:
    organisation = small()
    organisation.http_tokens = [
        HttpToken("1", "old", ["REPO_READ"], repository_id=1, created=_DAY, expires=31 * _DAY),
        HttpToken("2", "new", ["REPO_READ"], repository_id=1, created=_DAY, expires=4_102_444_800_000),
        HttpToken("3", "for ever", ["REPO_READ"], repository_id=1, created=_DAY),
    ]
    credentials = payload_of(collected(organisation))["applications"][0]["local_access_creds"]
    assert [(each["is_active"], each.get("can_expire")) for each in credentials] == [
        (False, True),
        (True, True),
        (True, None),
    ]
    assert credentials[0]["expires_at"] == "1970-02-01T00:00:00Z"
