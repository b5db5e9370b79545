"""What `--include` adds to an export of Bitbucket Cloud: through the command, against the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.faults import Rewritten
from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_TOKEN, sample_workspace
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.common.faults import Change, Fault, Status
from connector.sources.cloud.extras.branches import BranchingModel, Restriction, effect_on, matches
from connector.sources.cloud.listings import MainBranch
from tests.conftest import Ended, Run, saved

DEMO = {"BITBUCKET_EMAIL": DEMO_EMAIL, "BITBUCKET_TOKEN": DEMO_TOKEN}


@pytest.fixture
def server() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(sample_workspace()) as serving:
        yield serving


def export(run: Run, server: EmbeddedCloud, include: str, *options: str) -> Ended:
    command = ("--workspace", "harbour-payments", "--bitbucket-url", server.base_url, "--save-json", "export.json")
    return run(*command, "--patience", "1", "--include", include, *options, **DEMO)


def application() -> dict[str, Any]:
    found: dict[str, Any] = saved()["applications"][0]
    return found


def repository(slug: str) -> dict[str, Any]:
    for project in application()["resources"]:
        for found in project["sub_resources"]:
            if found["custom_properties"]["slug"] == slug:
                properties: dict[str, Any] = found["custom_properties"]
                return properties
    raise AssertionError(slug)


def test_a_deploy_key_is_one_credential_wherever_it_reads(run: Run, server: EmbeddedCloud) -> None:
    assert export(run, server, "access-keys").code == 0
    keys = {each["id"]: each for each in application()["local_access_creds"]}
    assert set(keys) == {f"deploy-key:{number}" for number in range(7001, 7005)}
    old = keys["deploy-key:7002"]
    assert old["name"] == "old build server"
    assert old["last_used_at"] == "2023-11-26T22:00:00Z"
    assert old["custom_properties"]["algorithm"] == "ssh-ed25519"
    held = next(
        each["application_permissions"]
        for each in saved()["identity_to_permissions"]
        if each["identity"] == "deploy-key:7002"
    )
    assert [(grant["permission"], len(grant["resources"])) for grant in held] == [("read", 3)]


def test_webhooks_leave_their_hosts_and_nothing_else(run: Run, server: EmbeddedCloud) -> None:
    ended = export(run, server, "all", "--debug", "--resume", "journal", "--report", "report.html")
    assert ended.code == 0, ended.err
    assert application()["custom_properties"]["webhook_hosts"] == ["jenkins.harbourpayments.example"]
    assert repository("ledger")["webhook_hosts"] == ["hooks.chat.example", "request-bin.example"]
    for text in (Path("export.json").read_text(), Path("report.html").read_text(), ended.err):
        for secret in ("build-secret", "c2VjcmV0", "user:pass", "T00/B00", "AAAAC3NzaC1lZDI1NTE5", DEMO_TOKEN):
            assert secret not in text


def test_restrictions_that_apply_to_the_main_branch(run: Run, server: EmbeddedCloud) -> None:
    assert export(run, server, "branch-permissions").code == 0
    ledger = repository("ledger")
    assert ledger["default_branch"] == "main"
    assert (ledger["default_branch_pull_request_only"], ledger["default_branch_exempt_count"]) == (True, 2)
    assert (ledger["default_branch_no_rewrite"], ledger["default_branch_no_deletion"]) == (True, True)
    assert repository("clusters")["default_branch_protected"] is True
    assert repository("harbour-sdk")["default_branch_protected"] is False


def test_that_tokens_are_not_listed_is_said_and_no_gap(run: Run, server: EmbeddedCloud) -> None:
    ended = export(run, server, "tokens")
    assert ended.code == 0
    assert application()["custom_properties"]["not_collected"] == ["workspace: access tokens"]
    assert application()["custom_properties"]["is_complete"] is True
    assert "access tokens" in ended.err


def test_keys_that_cannot_be_read_are_a_gap(run: Run, server: EmbeddedCloud) -> None:
    server.faults.add(Fault(Status(500), "/ledger/deploy-keys"))
    ended = export(run, server, "access-keys")
    assert ended.code == 4
    assert "repository PAY/ledger: deploy keys of repositories" in ended.err


def test_a_scope_that_is_missing_is_named_and_asked_for_once(run: Run, server: EmbeddedCloud) -> None:
    with server.change() as whole:
        (token,) = [each for each in whole.api_tokens if each.secret == DEMO_TOKEN]
        whole.api_tokens[whole.api_tokens.index(token)] = type(token)(
            token.secret, token.account_uuid, token.scopes - {"admin:repository:bitbucket"}
        )
    ended = export(run, server, "branch-permissions")
    assert ended.code == 4
    assert "'admin:repository:bitbucket'" in ended.err
    assert len([each for each in server.requests if each.path.endswith("/branch-restrictions")]) == 1


def test_what_is_deleted_meanwhile_is_gone_and_no_gap(run: Run, server: EmbeddedCloud) -> None:
    whole = server.organisation

    def change() -> None:
        gone = next(uuid for uuid, each in whole.repositories.items() if each.slug == "ledger")
        del whole.repositories[gone]
        for key in whole.deploy_keys:
            key.repositories.discard(gone)
        whole.webhooks[:] = [each for each in whole.webhooks if each.repository_uuid != gone]
        whole.restrictions[:] = [each for each in whole.restrictions if each.repository_uuid != gone]

    server.faults.add(Fault(Change(change), "/deploy-keys", times=1))
    ended = export(run, server, "all")
    assert ended.code == 0, ended.err
    assert "deploy-key:7001" in {each["id"] for each in application()["local_access_creds"]}
    with pytest.raises(AssertionError, match="ledger"):
        repository("ledger")


def test_a_key_that_lacks_its_number_is_a_gap(run: Run, server: EmbeddedCloud) -> None:
    def without(body: Any) -> Any:
        return {**body, "values": [{**row, "id": None} for row in body["values"]]}

    server.faults.add(Fault(Rewritten(without), "/clusters/deploy-keys"))
    ended = export(run, server, "access-keys")
    assert ended.code == 4
    assert "repository PLAT/clusters" in ended.err


@pytest.mark.parametrize(
    ("pattern", "branch", "matching"),
    [
        ("main", "main", True),
        ("*", "main", True),
        ("**", "release/7.0", True),
        ("release/*", "release/7.0", True),
        ("release/*", "main", False),
        ("*", "release/7.0", None),
        ("ma?n", "main", True),
        ("m.in", "main", False),
        ("{main,master}", "main", None),
        ("", "main", False),
    ],
)
def test_globs_as_far_as_it_is_known_what_they_mean(pattern: str, branch: str, *, matching: bool | None) -> None:
    assert matches(pattern, branch) is matching


def by_model(branch_type: str) -> Restriction:
    return Restriction("push", "branching_model", "", branch_type)


@pytest.mark.parametrize(
    ("branch_type", "applies"), [("development", True), ("production", False), ("release", False), ("feature", False)]
)
def test_restrictions_of_the_branching_model(branch_type: str, *, applies: bool) -> None:
    model = BranchingModel({"development": "main", "production": None}, {"release": "release/"})
    assert effect_on(MainBranch("main"), [by_model(branch_type)], model).protected is applies
    assert effect_on(MainBranch("main"), [by_model(branch_type)], None).protected is None


def test_what_the_project_may_restrict_too_is_not_known() -> None:
    open_branch = effect_on(MainBranch("main", inherits=True), [], BranchingModel())
    assert (open_branch.protected, open_branch.exempt) == (None, None)
    closed = effect_on(MainBranch("main", inherits=True), [Restriction("push", "glob", "main", "")], None)
    assert closed.pull_request_only is True
