"""`--verify` holds an export against Bitbucket Cloud's own account, however it counts; a difference is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.common.faults import Change, Fault, Instead, Status
from tests.conftest import Run
from tests.sources.cloud.lying import ADMIN, NO_REPOSITORY, bitbuckets, export, keyed, named, workspace

EFFECTIVE = "/permissions/repositories/"


@pytest.mark.parametrize(
    "service",
    [
        Settings(),
        Settings(effective_owners=False),
        Settings(effective_outsiders=False),
        Settings(effective_public=True),
        Settings(page_cap=10, opaque_next=True),
    ],
    ids=["plain", "without owners", "without outsiders", "with public readers", "pages"],
)
def test_an_export_equals_what_bitbucket_says_itself(run: Run, service: Settings) -> None:
    with EmbeddedCloud(workspace(30), service) as server:
        ended = export(run, server, "--verify", "12")
        assert ended.code == 0, ended.err
        assert "verified 12 repositories" in ended.err


def test_what_was_granted_meanwhile_is_a_difference(run: Run) -> None:
    whole = workspace()
    outsider = next(uuid for uuid, account in whole.accounts.items() if account.nickname == "otto")

    def change() -> None:
        for slug in ("pay0", "ops3"):
            named(whole, slug).users[outsider] = "admin"

    with EmbeddedCloud(whole) as server:
        server.faults.add(Fault(Change(change), EFFECTIVE, times=1))
        ended = export(run, server, "--verify", "12")
    assert ended.code == 4
    assert "on 2 of 12 repositories Bitbucket says otherwise" in ended.err
    assert not Path("export.json").exists()


def test_what_was_taken_away_meanwhile_is_a_difference(run: Run) -> None:
    whole = workspace()

    def change() -> None:
        keyed(whole, "PAY").groups["devs"] = "read"

    with EmbeddedCloud(whole) as server:
        server.faults.add(Fault(Change(change), EFFECTIVE, times=1))
        ended = export(run, server, "--verify", "12")
    assert ended.code == 4
    assert "Bitbucket says read, the export says write" in ended.err


def test_a_repository_that_was_deleted_meanwhile_is_no_difference(run: Run) -> None:
    with EmbeddedCloud(workspace()) as server:
        server.faults.add(Fault(Instead(bitbuckets(404, NO_REPOSITORY)), f"{EFFECTIVE}pay0"))
        ended = export(run, server, "--verify", "12")
    assert ended.code == 0, ended.err
    assert "PAY/pay0: was deleted or moved during the run" in ended.err


def test_what_cannot_be_verified_is_not_published(run: Run) -> None:
    with EmbeddedCloud(workspace()) as server:
        server.faults.add(Fault(Status(500), EFFECTIVE))
        ended = export(run, server, "--verify", "3")
    assert ended.code == 4
    assert "could not be verified" in ended.err
    assert not Path("export.json").exists()


def test_check_verifies_without_a_whole_export(run: Run) -> None:
    with EmbeddedCloud(workspace()) as server:
        command = ("check", "--workspace", "acme", "--bitbucket-url", server.base_url, "--verify", "4")
        ended = run(*command, **ADMIN)
        assert ended.code == 0, ended.out + ended.err
        asked = {each.path for each in server.requests if each.path.endswith("/permissions-config/users")}
    assert ended.out.count("equal") == 4
    assert len([path for path in asked if "/2.0/repositories/" in path]) < 12  # check itself looks at some, too
