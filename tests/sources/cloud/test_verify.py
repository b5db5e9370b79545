"""`--verify` holds an export against Bitbucket Cloud's own account, however it counts; a difference is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.embedded.cloud.faults import Rewritten
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.common.faults import Change, Fault, Instead, Status
from tests.conftest import Run, files
from tests.embedded.cloud.client import small
from tests.sources.cloud.lying import NO_REPOSITORY, bitbuckets, export, keyed, named, workspace
from tests.sources.cloud.signing_in import check
from tests.sources.cloud.signing_in import export as export_small

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


def test_somebody_too_much_is_a_difference(run: Run) -> None:
    world = small()
    row = {
        "type": "repository_permission",
        "permission": "admin",
        "user": {"type": "user", "uuid": world.outsider.uuid, "display_name": "Dee Vee", "nickname": "Otto Side"},
        "repository": {"type": "repository"},
    }
    more = Rewritten(lambda body: body | {"values": [*body["values"], row]})
    ended, _ = export_small(run, "--verify", "9", workspace=world.workspace, faults=(Fault(more, path=EFFECTIVE),))
    assert ended.code == 4
    assert "Otto Side (not in the export): Bitbucket says admin" in ended.err
    assert files() == set()


def test_somebody_missing_is_a_difference(run: Run) -> None:
    ended, _ = export_small(
        run, "--verify", "9", faults=(Fault(Rewritten(lambda body: body | {"values": []}), path=EFFECTIVE),)
    )
    assert ended.code == 4
    assert "Dee Vee (dee@example.com): Bitbucket says none" in ended.err or "Dee Vee (dee): Bitbucket says" in ended.err
    assert files() == set()


def test_a_check_verifies_some(run: Run) -> None:
    ended, server = check(run, "--verify", "2", "--verify-seed", "7")
    assert ended.code == 0, ended.out
    assert ended.out.count(": equal (") == 2
    again, _ = check(run, "--verify", "2", "--verify-seed", "7")
    assert [line for line in again.out.splitlines() if "equal" in line] == [
        line for line in ended.out.splitlines() if "equal" in line
    ]
    asked = {each.path for each in server.requests if each.path.endswith("/permissions-config/users")}
    assert len([path for path in asked if "/2.0/repositories/" in path]) <= 3
    assert len(server.requests) < 60


def test_a_shortcut_that_lies_is_seen(run: Run) -> None:
    less = Rewritten(
        lambda body: body | {"values": [row for row in body["values"] if row["user"]["nickname"] != "dee"]}
    )
    ended, _ = check(run, "--verify", "9", faults=(Fault(less, path=EFFECTIVE),))
    assert ended.code == 4
    assert "Dee Vee" in ended.out
