"""What changes while an export runs: it is exported as it is in the end, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import CutOff, Settings
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.faults import (
    Change,
    Fault,
    Instead,
)
from tests.conftest import Run, saved
from tests.sources.cloud.lying import (
    GROUPS,
    MEMBERS,
    NO_REPOSITORY,
    REPOSITORIES,
    assert_refused,
    assert_right,
    bitbuckets,
    export,
    keyed,
    named,
    workspace,
)

# ---- what is renamed, moved or deleted meanwhile


def rename_project(whole: Workspace) -> None:
    keyed(whole, "PAY").key = "PAYMENTS"


def rename_repository(whole: Workspace) -> None:
    named(whole, "pay3").slug = "renamed"


def move_repository(whole: Workspace) -> None:
    named(whole, "pay3").project_uuid = keyed(whole, "OPS").uuid


def swap_repositories(whole: Workspace) -> None:
    """One repository takes the name of another: both answer, and neither with what it was asked for."""
    one, other = named(whole, "pay3"), named(whole, "pay4")
    one.slug, other.slug = other.slug, one.slug


def delete_repository(whole: Workspace) -> None:
    del whole.repositories[named(whole, "pay3").uuid]


def delete_group(whole: Workspace) -> None:
    del whole.groups["ops"], keyed(whole, "OPS").groups["ops"]


def leave(whole: Workspace) -> None:
    """Somebody leaves the workspace, whom a group and grants named."""
    uuid = next(uuid for uuid, account in whole.accounts.items() if account.nickname == "dev3")
    del whole.members[uuid]
    whole.groups["devs"].members.remove(uuid)
    named(whole, "pay3").users = {}


def add_repository(whole: Workspace) -> None:
    builder = Builder(whole.slug)
    builder.workspace = whole
    builder.repository(keyed(whole, "PAY"), "born-meanwhile", groups={"devs": "write"})


@pytest.mark.parametrize(
    "change",
    [
        rename_project,
        rename_repository,
        move_repository,
        swap_repositories,
        delete_repository,
        delete_group,
        leave,
        add_repository,
    ],
)
@pytest.mark.parametrize(
    "path", ["/pay3/permissions-config/users", "/OPS/permissions-config/users", "/ops5/permissions-config/groups"]
)
def test_what_changes_meanwhile_is_exported_as_it_is_in_the_end(
    run: Run, server: EmbeddedCloud, change: Callable[[Workspace], None], path: str
) -> None:
    server.faults.add(Fault(Change(lambda: change(server.organisation)), path, times=1))
    ended = export(run, server, "--concurrency", "1")
    assert server.faults.fired == 1
    assert_right(server, ended)


@pytest.mark.parametrize("times", [1, 2, 99])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/pay3/permissions-config/users", NO_REPOSITORY),
        ("/PAY/permissions-config/groups", "No project with key 'PAY'."),
    ],
)
def test_what_is_listed_does_not_vanish_on_one_word(
    run: Run, server: EmbeddedCloud, path: str, message: str, times: int
) -> None:
    server.faults.add(Fault(Instead(bitbuckets(404, message)), path, times=times))
    ended = export(run, server)
    if times == 99:
        assert ended.code == 4
        assert ("repository PAY/pay3: permissions" if "pay3" in path else "project PAY: permissions") in ended.err
        assert_refused(ended)
    else:
        assert_right(server, ended)


def test_rights_that_are_lost_meanwhile_hide_nothing(run: Run, server: EmbeddedCloud) -> None:
    """The account is no administrator any more when the listings are read again: everything else seems deleted."""

    def change() -> None:
        whole = server.organisation
        admin = next(uuid for uuid, account in whole.accounts.items() if account.nickname == "ada")
        other = next(uuid for uuid, account in whole.accounts.items() if account.nickname == "dev0")
        whole.groups["administrators"].members = {other}
        keyed(whole, "PAY").users[admin] = "read"

    server.faults.add(Fault(Change(change), "/pay5/permissions-config/users", times=1))
    assert_refused(export(run, server, "--concurrency", "1"))


# ---- groups


@pytest.mark.parametrize("form", CutOff)
def test_groups_that_break_off_are_asked_one_by_one(run: Run, form: CutOff) -> None:
    service = Settings(groups_cut_off=1, cut_off=form, cut_off_after=0.0)
    with EmbeddedCloud(workspace(), service) as server:
        assert_right(server, export(run, server))
        asked = [request.path for request in server.requests if request.path.startswith("/1.0/")]
    assert sorted(asked) == sorted(
        [GROUPS] * 4 + [f"{GROUPS}/{slug}/members" for slug in ("administrators", "devs", "ops")]
    )


def test_only_granted_groups(run: Run) -> None:
    whole = workspace()
    builder = Builder("acme")
    builder.workspace = whole
    builder.group("idle", [next(iter(whole.accounts.values()))])
    with EmbeddedCloud(whole) as server:
        ended = export(run, server, "--groups", "granted")
        assert ended.code == 0, ended.err
    groups = {group["id"] for group in saved()["applications"][0]["local_groups"]}
    assert groups == {"administrators", "devs", "ops", "bitbucket:everyone"}


# ---- pages that shift while they are read


@pytest.mark.parametrize("what", ["members", "grants", "repositories"])
@pytest.mark.parametrize("tells_size", [True, False])
def test_a_row_that_moves_to_a_page_that_was_read_is_not_missed(run: Run, what: str, *, tells_size: bool) -> None:
    whole = workspace(30)
    uuids = list(whole.members)
    named(whole, "pay0").users = dict.fromkeys(uuids, "write")
    paths = {
        "members": f"{MEMBERS}.*page=2",
        "grants": "/pay0/permissions-config/users.*page=2",
        "repositories": f"{REPOSITORIES}[?].*page=2",
    }

    def change() -> None:
        match what:
            case "members":
                gone = min(uuid for uuid in uuids if not any(uuid in g.members for g in whole.groups.values()))
                del whole.members[gone]
                places: list[Any] = [*whole.repositories.values(), *whole.projects.values()]
                for place in places:
                    place.users.pop(gone, None)
            case "grants":
                del named(whole, "pay0").users[uuids[0]]
            case _:
                del whole.repositories[min(whole.repositories)]

    with EmbeddedCloud(whole, Settings(page_cap=10, tells_size=tells_size)) as server:
        server.faults.add(Fault(Change(change), paths[what], times=1))
        ended = export(run, server, "--concurrency", "1")
        assert server.faults.fired == 1
        assert_right(server, ended)
