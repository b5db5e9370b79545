"""A check of a workspace: what `--include` and `--emails` need, the cost, and listings that are odd."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.credentials import API_TOKEN_SCOPES
from connector.embedded.cloud.settings import Privileges
from connector.embedded.cloud.synthetic import synthetic_workspace
from connector.embedded.common.faults import Fault, Status
from tests.conftest import Run
from tests.embedded.cloud.client import small
from tests.sources.cloud.signing_in import API_TOKEN, CONSUMER, ask, check


def told(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def facts(run: Run, **rest: Any) -> dict[str, Any]:
    ended, _ = check(run, "--json", **rest)
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.parametrize("given", [API_TOKEN, CONSUMER])
def test_everything_that_can_be_included_is_asked(run: Run, given: dict[str, str]) -> None:
    Path("candidates").write_text("ada@example.com\n", encoding="utf-8")
    ended, server = check(run, "--include", "all", "--emails", "candidates", credentials=given)
    assert ended.code == 0, ended.out
    assert "ok access-keys they can be read" in told(ended.out)
    assert "skipped tokens Bitbucket Cloud has no listing of the access tokens" in told(ended.out)
    assert "ok e-mail 1 candidates can be asked about" in told(ended.out)
    assert "ada@example.com" not in ended.out
    assert len(server.requests) < 60


def test_scopes_that_only_some_of_it_needs_are_named(run: Run) -> None:
    world = small()
    world.workspace.api_tokens[0].scopes = frozenset(
        f"read:{what}:bitbucket" for what in ("workspace", "project", "repository", "permission")
    )
    ended, _ = check(run, workspace=world.workspace)
    assert ended.code == 0, ended.out
    ended, _ = check(run, "--include", "access-keys,webhooks", workspace=world.workspace)
    assert ended.code == 4
    assert "CANNOT PUBLISH" in ended.out
    for scope in ("admin:repository:bitbucket", "admin:project:bitbucket", "read:webhook:bitbucket"):
        assert f"lacks the scope '{scope}'" in told(ended.out)


def test_scopes_that_can_change_things_for_nothing_are_named(run: Run) -> None:
    ended, _ = check(run)
    assert ended.code == 0
    assert "these allow changes and are not needed: admin:project:bitbucket, admin:repository:bitbucket" in told(
        ended.out
    )
    world = small()
    world.workspace.api_tokens[0].scopes = API_TOKEN_SCOPES - {"admin:project:bitbucket", "admin:repository:bitbucket"}
    assert "are not needed" not in told(check(run, workspace=world.workspace)[0].out)


@pytest.mark.parametrize("listing", [{"tells_size": False}, {"page_cap": 10}, {"page_cap": 10, "opaque_next": True}])
def test_listings_are_counted_however_they_are_paged(run: Run, listing: dict[str, Any]) -> None:
    workspace = synthetic_workspace(repositories=75, users=40, groups=5, projects=6)
    given = {"BITBUCKET_EMAIL": "bitbucket-admin@harbourpayments.example", "BITBUCKET_TOKEN": "demo-token"}
    ended, _ = ask(run, "check", "--json", credentials=given, workspace=workspace, slug=workspace.slug, **listing)
    found = json.loads(ended.out)["facts"]
    assert found["repositories"] == {"at_least": 75, "at_most": 75}
    assert found["projects"] == {"at_least": 6, "at_most": 6}


def test_the_cost_is_that_of_the_export(run: Run) -> None:
    workspace = synthetic_workspace(repositories=700, users=40, groups=5, projects=6)
    given = {"BITBUCKET_EMAIL": "bitbucket-admin@harbourpayments.example", "BITBUCKET_TOKEN": "demo-token"}
    rest: dict[str, Any] = {"credentials": given, "workspace": workspace, "slug": workspace.slug}
    with_shortcut = json.loads(ask(run, "check", "--json", **rest)[0].out)["facts"]
    assert 700 < with_shortcut["estimated_requests_of_the_hour"] < 750
    assert with_shortcut["estimated_seconds"] < 600
    ended, _ = ask(run, "check", **rest, privileges=Privileges.GONE)
    assert re.search(r"an export takes at most about 1,\d00 requests, which take 1 h \d+ min, because Bitbucket Cloud "
                     r"allows 1,000 an hour", told(ended.out)), ended.out  # fmt: skip


def test_groups_that_break_off_are_asked_without_members(run: Run) -> None:
    ended, _ = check(run, groups_cut_off=0, cut_off_after=0.0)
    assert ended.code == 0, ended.out
    assert "2 groups; their members are asked for group by group" in told(ended.out)


def test_an_address_that_is_not_there_is_said(run: Run) -> None:
    ended = run("check", "--workspace", "acme", "--bitbucket-url", "http://127.0.0.1:1", **CONSUMER)
    assert ended.code == 3
    assert "failed address" in told(ended.out)
    assert "/site/oauth2/access_token" in ended.out


def test_what_cannot_be_read_of_a_sample_is_counted(run: Run) -> None:
    ended, _ = check(run, faults=(Fault(Status(403, message="Forbidden"), path="/api/permissions-config"),))
    assert ended.code == 4
    assert "1 of 3 cannot be read: api" in told(ended.out)
    assert "CANNOT PUBLISH" in ended.out


def test_facts_for_scripts(run: Run) -> None:
    found = facts(run)
    assert found["verdict"] == "full"
    assert found["facts"]["account"] == "Ada Min"
    assert found["facts"]["is_administrator"] is True
    assert found["facts"]["credentials"] == "API token"
