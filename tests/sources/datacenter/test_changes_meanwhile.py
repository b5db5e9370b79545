"""What changes while an export runs: it is exported as it is in the end, or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.settings import Settings
from connector.graph.payload import load
from tests.conftest import Run, saved
from tests.model.comparison import disagreements
from tests.sources.datacenter.lying import (
    ADMIN,
    KONG,
    NO_GROUP,
    NO_PROJECT,
    NO_REPOSITORY,
    REFUSED,
    add_repository,
    assert_refused,
    assert_right,
    delete_group,
    delete_repository,
    export,
    move_repository,
    once,
    organisation,
    rename_project,
    rename_repository,
    swap_repositories,
    through,
)
from tests.sources.datacenter.lying_bitbucket import Heard, LyingBitbucket, Said, bitbuckets, refusal


@pytest.mark.parametrize(
    "change",
    [
        rename_project,
        rename_repository,
        move_repository,
        swap_repositories,
        delete_repository,
        delete_group,
        add_repository,
    ],
)
@pytest.mark.parametrize(
    "path", ["/repos/pay3/permissions/users", "/OPS/permissions/users", "/repos/ops5/permissions/groups"]
)
def test_what_changes_meanwhile_is_exported_as_it_is_in_the_end(
    run: Run, server: LyingBitbucket, change: Callable[[Organisation], None], path: str
) -> None:
    ended = through(run, server, once(change, server, path), "--concurrency", "1")
    assert_right(server, ended)


@pytest.mark.parametrize("times", [1, 2, 99])
@pytest.mark.parametrize(
    ("path", "exception"),
    [
        ("/PAY/repos/pay3/permissions/users", NO_REPOSITORY),
        ("/PAY/permissions/groups", NO_PROJECT),
        ("/OPS/permissions/REPO_CREATE/all", NO_PROJECT),
        ("/admin/groups/more-members", NO_GROUP),
        ("/~DEV0/permissions/users", NO_PROJECT),
    ],
)
def test_one_answer_404_does_not_remove_what_is_listed(
    run: Run, server: LyingBitbucket, path: str, exception: str, times: int
) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(path) or heard.times >= times or heard.query.get("context") == ["ops"]:
            return None
        return Said(404, heard.pass_on().headers, bitbuckets(exception).encode())

    ended = through(run, server, lie)
    if times == 1 and "more-members" not in path:
        assert_right(server, ended)
    elif path.startswith("/~"):  # a version that keeps no permissions of personal projects says it again and again
        assert ended.code in {0, *REFUSED}
    else:
        assert ended.code == 0 or not Path("export.json").exists()
        if ended.code == 0:
            assert_right(server, ended)


@pytest.mark.parametrize("times", [1, 99])
def test_a_redirect_to_a_renamed_repository_is_no_wrong_address(run: Run, server: LyingBitbucket, times: int) -> None:
    def lie(heard: Heard) -> Said | None:
        if "/repos/pay3/" not in heard.path or heard.times >= times:
            return None
        return refusal(307, Location=heard.path.replace("pay3", "pay-three"))

    ended = through(run, server, lie)
    if times == 1:
        assert_right(server, ended)
    else:
        assert ended.code == 4
        assert "repository PAY/pay3: permissions" in ended.err
        assert "BITBUCKET_URL" not in ended.err
        assert through(run, server, lie, "--allow-incomplete").code == 0


# ---- pages that shift while they are read


@pytest.mark.parametrize("path", ["latest/repos", "/admin/users", "/admin/groups", "latest/projects"])
@pytest.mark.parametrize("reading", [0, 1])
def test_a_row_that_one_reading_of_a_listing_lacks_is_not_lost(run: Run, path: str, reading: int) -> None:
    builder = Builder()
    builder.organisation = organisation()
    # No other answer names these: where the listing lacks them, nothing else shows them.
    builder.account("zoe", "Zoe")
    builder.group("zzz")
    builder.project("ZZZ", "Zzz")
    lacked: list[str] = []

    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(path) or heard.times != reading:
            return None
        said = heard.pass_on()
        lacked.append(json.dumps(said.page["values"][-1]))
        values = said.page["values"][:-1]
        return said.saying({**said.page, "values": values, "size": len(values)})

    with LyingBitbucket(builder.organisation) as server:
        assert_right(server, through(run, server, lie))
    assert len(lacked) == 1
    assert "z" in lacked[0].lower() or path == "latest/repos"


@pytest.mark.parametrize("what", ["members", "users", "grants"])
def test_a_row_that_moves_to_a_page_that_was_read_is_not_missed(run: Run, what: str) -> None:
    whole = organisation()
    paths = {
        "members": "/admin/groups/more-members",
        "users": "/admin/users",
        "grants": "/PAY/repos/pay0/permissions/users",
    }
    if what == "grants":
        whole.repositories[1].users = dict.fromkeys(range(2, 8), "REPO_WRITE")
    routes = {
        "members": "admin/groups/more-members",
        "users": "admin/users",
        "grants": "projects/{}/repos/{}/permissions/users",
    }
    done = threading.Event()

    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith(paths[what]) and heard.query["start"] != ["0"] and not done.is_set():
            done.set()
            with serving.change() as changing:
                if what == "members":
                    changing.groups["devs"].members.remove(min(changing.groups["devs"].members))
                elif what == "grants":
                    changing.repositories[1].users.pop(2)
                else:
                    gone = next(i for i, each in changing.accounts.items() if each.name == "left")
                    del changing.accounts[gone]
                    changing.groups["ops"].members.remove(gone)
        return None

    with LyingBitbucket(whole, Settings(page_caps={routes[what]: 2})) as serving:
        ended = through(run, serving, lie, "--concurrency", "1")
        assert done.is_set()
        assert_right(serving, ended)
        directory = {
            user["name"]
            for user in saved()["applications"][0]["local_users"]
            if user["custom_properties"]["in_directory"]
        }
        assert {each.display_name for each in serving.organisation.accounts.values()} <= directory


# ---- versions


def test_one_foreign_400_does_not_switch_a_default_permission_off(run: Run, server: LyingBitbucket) -> None:
    """OPS has REPO_CREATE by default, and the proxy refuses to ask about that of another project first."""

    def lie(heard: Heard) -> Said | None:
        return refusal(400, KONG) if heard.path.endswith("/PAY/permissions/REPO_CREATE/all") else None

    ended = through(run, server, lie, "--concurrency", "1")
    assert_refused(ended)
    assert "project PAY: permissions" in ended.err
    assert "project OPS" not in ended.err


@pytest.mark.parametrize(("version", "code"), [("8.2.0", 0), ("8.3.0", 4)])
def test_only_an_old_server_does_not_know_repo_create(run: Run, version: str, code: int) -> None:
    whole = organisation()
    whole.version = version
    whole.projects[2].defaults = {"PROJECT_READ"}

    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/permissions/REPO_CREATE/all"):
            return None
        error = bitbuckets("com.atlassian.bitbucket.validation.ArgumentValidationException")
        return Said(400, heard.pass_on().headers, error.encode())

    with LyingBitbucket(whole) as server:
        ended = through(run, server, lie)
        assert ended.code == code
        if code == 0:
            assert disagreements(server.organisation, load(saved())) == []


def test_licences_are_the_same_by_password_and_by_token(run: Run, server: LyingBitbucket) -> None:
    licences: list[dict[str, Any]] = []
    for credentials in (ADMIN, {"BITBUCKET_TOKEN": "admins-token"}):
        assert export(run, server.base_url, **credentials).code == 0
        users = saved()["applications"][0]["local_users"]
        licences.append({user["name"]: user["custom_properties"]["is_licensed"] for user in users})
    assert licences[0] == licences[1]
    assert licences[0]["Left Long Ago"] is False
