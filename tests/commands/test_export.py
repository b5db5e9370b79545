"""The export as its user meets it: command line in, exit code, file and messages out, over real HTTP."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.common.faults import (
    CutBody,
    CutJson,
    Effect,
    Fault,
    LoginPage,
    Maintenance,
    Redirect,
    Reset,
    ResetInBody,
    Status,
    Unsigned,
)
from connector.embedded.datacenter.faults import DeleteProject, DeleteRepository
from connector.embedded.datacenter.organisation import Group, Token
from connector.embedded.datacenter.sample import DEMO_TOKEN, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.graph.payload import load
from tests.conftest import Run, SkippedTime, saved, timeless
from tests.model.comparison import disagreements
from tests.small import small_organisation


def properties() -> dict[str, Any]:
    found: dict[str, Any] = saved()["applications"][0]["custom_properties"]
    return found


def assert_nothing_published() -> None:
    assert list(Path.cwd().iterdir()) == []


def test_the_file_holds_what_bitbucket_gives(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    ended = export()
    assert ended.code == 0
    assert disagreements(bitbucket.organisation, load(saved())) == []
    assert stat.S_IMODE(Path("export.json").stat().st_mode) == 0o600
    for part in ("59 users", "10 groups", "3 projects", "9 repositories", "saved export.json", " requests", " s"):
        assert part in ended.last_line
    assert f"{len(bitbucket.requests)} requests" in ended.last_line
    assert {entry.method for entry in bitbucket.requests} == {"GET"}
    assert bitbucket.created == []


def test_the_same_server_gives_the_same_bytes_in_whatever_order_answers_come(export: Run) -> None:
    files = []
    for concurrency in ("1", "16", "3"):
        assert export("--concurrency", concurrency).code == 0
        files.append(timeless(Path("export.json")))
    assert files[0] == files[1] == files[2]


def test_without_a_path_the_file_is_named_by_data_source_and_time(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    assert export("--save-json").code == 0
    (file,) = Path.cwd().iterdir()
    host = bitbucket.base_url.removeprefix("http://")
    assert file.match(f"Bitbucket Server - {host}-20[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9].json")


def test_a_token_exports_effective_holders_of_global_permissions(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    ended = export(BITBUCKET_USER="", BITBUCKET_TOKEN=DEMO_TOKEN)
    assert ended.code == 0
    assert "WARNING: global permissions are exported as held by users" in ended.err
    assert properties()["global_permissions"] == "effective"
    assert disagreements(bitbucket.organisation, load(saved())) == []


REFUSAL = Status(401, exception="com.atlassian.bitbucket.AuthorisationException", is_numbered=True)


def test_where_holders_cannot_be_asked_for_either_global_permissions_are_a_gap(
    export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    bitbucket.faults.add(Fault(REFUSAL, "admin/permissions"), Fault(REFUSAL, r"/users\?.*permission="))
    ended = export()
    assert ended.code == 4
    assert "instance: global permissions" in ended.err
    assert_nothing_published()
    assert export("--allow-incomplete").code == 0
    assert properties()["global_permissions"] == "none"
    users = saved()["applications"][0]["local_users"]
    assert not any("is_licensed" in user.get("custom_properties", {}) for user in users)


PASSING: list[Effect] = [
    Status(429, retry_after="2"),
    Status(429),
    Status(502, html=True),
    Status(503),
    Status(504, html=True),
    Status(500),
    Reset(),
    ResetInBody(),
    CutBody(),
    CutBody(chunked=True),
    CutJson(),
]


@pytest.mark.parametrize("effect", PASSING, ids=repr)
def test_temporary_failures_are_retried(
    effect: Effect, export: Run, bitbucket: EmbeddedBitbucket, skipped_time: SkippedTime
) -> None:
    bitbucket.faults.add(Fault(effect, every=9, times=6))
    # One at a time: of several, one and the same could be hit more often than it is repeated.
    assert export("--concurrency", "1").code == 0
    assert bitbucket.faults.fired == 6
    assert disagreements(small_organisation(), load(saved())) == []
    assert skipped_time.seconds > 0


def test_a_restart_of_the_server_is_waited_out(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(Status(503), after=20, times=20))
    assert export().code == 0
    assert disagreements(small_organisation(), load(saved())) == []


def test_a_server_that_stays_unavailable_ends_the_run(
    export: Run, bitbucket: EmbeddedBitbucket, skipped_time: SkippedTime
) -> None:
    bitbucket.faults.add(Fault(Maintenance(3600), after=40))
    ended = export("--patience", "100")
    assert ended.code == 3
    assert "Bitbucket is not reached" in ended.err
    assert skipped_time.seconds > 90
    assert_nothing_published()


@pytest.mark.parametrize("after", [1, 2, 30, 55])
@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (Unsigned(), "login|expired"),
        (LoginPage(), "text/html"),
        (Redirect(), "redirects to"),
        (Status(401, exception="com.atlassian.bitbucket.auth.CaptchaRequiredAuthenticationException"), "CAPTCHA"),
        (
            Status(401, exception="com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException"),
            "BITBUCKET_TOKEN",
        ),
    ],
    ids=["logged out", "login page", "redirect", "captcha", "password changed"],
)
def test_a_lost_login_publishes_nothing(
    effect: Effect, says: str, after: int, export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    assert bitbucket.organisation.public_access, "an anonymous answer is 200 and shows what is public"
    bitbucket.faults.add(Fault(effect, after=after))
    ended = export()
    assert ended.code == 3
    assert re.search(says, ended.err)
    assert_nothing_published()


def test_a_lost_login_is_noticed_where_no_answer_names_the_account(export: Run) -> None:
    with EmbeddedBitbucket(small_organisation(), Settings(strip_user_headers=True)) as server:
        server.faults.add(Fault(Unsigned(), after=55))
        ended = export(BITBUCKET_URL=server.base_url)
    assert ended.code == 3
    assert "no X-AUSERNAME header" in ended.err
    assert_nothing_published()


def test_what_is_deleted_while_the_export_runs_is_dropped(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    organisation = bitbucket.organisation
    project = next(project for project in organisation.projects.values() if project.key == "PAY")
    other = next(r for r in organisation.repositories.values() if r.project_id != project.id)
    bitbucket.faults.add(
        Fault(DeleteProject(project.id), "permissions", after=20, times=1),
        Fault(DeleteRepository(other.id), "permissions", after=21, times=1),
    )
    ended = export()
    assert ended.code == 0
    resources = saved()["applications"][0]["resources"]
    assert str(project.id) not in {resource["id"] for resource in resources}


def test_an_account_that_sees_nothing_publishes_nothing(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.organisation.repositories.clear()
    ended = export()
    assert ended.code == 4
    assert "instance: repositories" in ended.err
    assert_nothing_published()


SECRET = "mark-5e3c7e-mark"


@pytest.mark.parametrize(
    "effect",
    [Status(401), Status(403, html=True), Status(500), LoginPage(), Redirect(), CutJson(), Reset(), Unsigned()],
    ids=repr,
)
@pytest.mark.parametrize("by_password", [False, True])
def test_no_failure_shows_the_secret(
    effect: Effect, by_password: bool, export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    account = next(a for a in bitbucket.organisation.accounts.values() if a.name == DEMO_USER)
    bitbucket.organisation.tokens[0].secret = account.password = SECRET
    bitbucket.faults.add(Fault(effect, after=2, every=3))
    user = DEMO_USER if by_password else ""
    ended = export("--debug", "--allow-incomplete", BITBUCKET_USER=user, BITBUCKET_TOKEN=SECRET)
    written = "".join(path.read_text() for path in Path.cwd().iterdir())
    assert SECRET not in ended.out + ended.err + written


def test_granted_groups_only_leaves_out_groups_without_a_grant_and_asks_nothing_of_them(
    export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    with bitbucket.change() as organisation:
        organisation.groups["book-club"] = Group("book-club", members={1, 2})
    assert export().code == 0
    everything = saved()["applications"][0]
    asked_for_all = len(bitbucket.requests)
    assert export("--groups", "granted").code == 0
    granted = saved()["applications"][0]
    left_out = {group["id"] for group in everything["local_groups"]} - {
        group["id"] for group in granted["local_groups"]
    }
    assert "book-club" in left_out
    assert disagreements(bitbucket.organisation, load(saved())) == [
        f"group {name}: not exported" for name in sorted(left_out)
    ]
    assert len(granted["local_users"]) == len(everything["local_users"])
    assert len(bitbucket.requests) - asked_for_all == asked_for_all - len(left_out)
    assert not any("book-club" in entry.query for entry in bitbucket.requests[asked_for_all:])


def test_a_firewall_is_not_taken_for_the_limit_of_a_token(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    firewall = Status(403, html=True)
    bitbucket.faults.add(Fault(firewall, "admin/permissions"), Fault(firewall, r"/users\?.*permission="))
    ended = export()
    assert ended.code == 4
    assert "a proxy, firewall or single sign-on before it refuses" in ended.err
    assert_nothing_published()


def test_one_proof_of_the_login_vouches_for_many_refusals_that_name_nobody(
    export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    """Some versions refuse the permissions of personal projects, and a proxy may name nobody in refusals."""
    bitbucket.faults.add(Fault(REFUSAL, r"/projects/~[^/]*/permissions"))
    assert export().code == 0
    assert len([entry for entry in bitbucket.requests if entry.path.endswith("/profile/recent/repos")]) == 2


def test_an_account_of_another_name_is_not_exported_as_ours(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    account = bitbucket.organisation.accounts[1]
    token = Token("of-somebody-else", account.id)
    bitbucket.organisation.tokens.append(token)
    ended = export(BITBUCKET_USER="somebody", BITBUCKET_TOKEN="of-somebody-else")
    assert ended.code == 3
    assert_nothing_published()


def test_a_row_that_moves_to_an_earlier_page_because_another_was_deleted_is_not_missed(export: Run) -> None:
    """Pages are counted by rows: behind a deleted one, the first row of the next page becomes the last of this one."""
    organisation = small_organisation()
    first = min(organisation.repositories)
    with EmbeddedBitbucket(organisation, Settings(page_caps={"repos": 5})) as server:
        server.faults.add(Fault(DeleteRepository(first), r"/repos\?.*start=5", times=1))
        ended = export(BITBUCKET_URL=server.base_url)
    assert ended.code == 0
    assert "reading again what may be affected" in ended.err
    assert first not in organisation.repositories
    assert disagreements(organisation, load(saved())) == []
