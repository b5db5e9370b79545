"""What a server lacks, refuses or breaks of `--include`: left out and named, or a gap."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.machines import HttpToken, Restriction, Webhook
from connector.embedded.datacenter.organisation import Token
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import PersonalGrants, Settings
from connector.model import Inclusion
from connector.rest.answer import Answer
from connector.sources.datacenter.permissions import RepositoryPermission
from connector.sources.datacenter.settings import Credentials
from tests.conftest import Run
from tests.exporting import payload_of, snapshot_of
from tests.sources.datacenter.extras.collecting import ALL, collected, key, one, small

PASSWORD = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
_DAY = 86_400_000


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
    assert len(snapshot.extras.credentials) == 2


def test_keys_of_system_administrators_are_hidden_from_administrators() -> None:
    organisation = small()
    organisation.global_users[2] = "ADMIN"
    organisation.accounts[2].password = "ann-secret"
    organisation.keys = [key(1, owner_id=1), key(2, owner_id=2)]
    snapshot = collected(organisation, Credentials("ann-secret", "ann"))
    assert [credential.id for credential in snapshot.extras.credentials] == ["2"]
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
    assert snapshot.extras.default_branches["1"].protected is None
    assert snapshot.extras.default_branches["2"].protected is False


def test_a_branching_model_that_cannot_be_read_is_not_guessed() -> None:
    organisation = small()
    organisation.restrictions = [
        Restriction(1, "read-only", "development", "MODEL_BRANCH", repository_id=1),
        Restriction(2, "no-deletes", "refs/heads/main", repository_id=1),
    ]
    model = "branch-utils/projects/{}/repos/{}/branchmodel/configuration"
    snapshot = collected(organisation, absent=frozenset({model}))
    api = snapshot.extras.default_branches["1"]
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
    assert snapshot.extras.repository_webhook_hosts == {"1": ("ci.example",)}
    assert list(snapshot.extras.default_branches) == ["1"]


EMPTY_REPOSITORY = "com.atlassian.bitbucket.repository.NoDefaultBranchException"


@pytest.mark.parametrize("status", [Status(204), Status(404, exception=EMPTY_REPOSITORY, is_numbered=True)])
def test_an_old_server_says_in_its_way_that_a_repository_is_empty(status: Status) -> None:
    with EmbeddedBitbucket(small("5.10.0")) as server:
        server.faults.add(Fault(status, path=r"/repos/web/branches/default"))
        snapshot = snapshot_of(server.base_url, include=frozenset({Inclusion.BRANCH_PERMISSIONS}))
    assert list(snapshot.extras.default_branches) == ["1"]
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
