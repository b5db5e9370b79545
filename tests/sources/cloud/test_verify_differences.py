"""`--verify` of a workspace: somebody who is missing or too much is a difference, and the same seed draws the same."""

from __future__ import annotations

from connector.embedded.cloud.faults import Rewritten
from connector.embedded.common.faults import Fault
from tests.conftest import Run, files
from tests.embedded.cloud.client import small
from tests.sources.cloud.signing_in import check, export

EFFECTIVE = r"/permissions/repositories/"


def test_somebody_too_much_is_a_difference(run: Run) -> None:
    world = small()
    row = {
        "type": "repository_permission",
        "permission": "admin",
        "user": {"type": "user", "uuid": world.outsider.uuid, "display_name": "Dee Vee", "nickname": "Otto Side"},
        "repository": {"type": "repository"},
    }
    more = Rewritten(lambda body: body | {"values": [*body["values"], row]})
    ended, _ = export(run, "--verify", "9", workspace=world.workspace, faults=(Fault(more, path=EFFECTIVE),))
    assert ended.code == 4
    assert "Otto Side (not in the export): Bitbucket says admin" in ended.err
    assert files() == set()


def test_somebody_missing_is_a_difference(run: Run) -> None:
    ended, _ = export(
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
    assert len(server.requests) < 60


def test_a_shortcut_that_lies_is_seen(run: Run) -> None:
    less = Rewritten(
        lambda body: body | {"values": [row for row in body["values"] if row["user"]["nickname"] != "dee"]}
    )
    ended, _ = check(run, "--verify", "9", faults=(Fault(less, path=EFFECTIVE),))
    assert ended.code == 4
    assert "Dee Vee" in ended.out
