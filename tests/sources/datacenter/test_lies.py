"""With a lying proxy before Bitbucket, an export is right, or there is none: never wrong and complete."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.settings import Settings
from connector.graph.payload import load
from tests.conftest import Run, saved
from tests.model.comparison import disagreements
from tests.sources.datacenter.lying import (
    KONG,
    NGINX,
    NO_REPOSITORY,
    assert_refused,
    assert_right,
    delete_repository,
    export,
    once,
    organisation,
    through,
)
from tests.sources.datacenter.lying_bitbucket import Heard, LyingBitbucket, Said, bitbuckets, refusal

# ---- answers of a proxy


@pytest.mark.parametrize(
    "answer",
    [
        refusal(404, KONG),
        refusal(404, NGINX),
        refusal(404, bitbuckets(NO_REPOSITORY)),
        refusal(401, "<h1>401</h1>", WWW_Authenticate='Basic realm="nginx"'),
        refusal(401),
        refusal(403, "<h1>Forbidden</h1>"),
        refusal(409, '{"error":"conflict"}'),
        refusal(400, "<h1>Bad Request</h1>"),
        refusal(204),
        refusal(410),
        refusal(451, "{}"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/PAY/repos/pay3/permissions/users",
        "/PAY/permissions/users",
        "/~DEV0/permissions/users",
        "/OPS/permissions/REPO_CREATE/all",
        "/admin/groups/more-members",
        "/admin/users",
        "/admin/permissions/groups",
    ],
)
def test_what_something_else_answers_is_a_gap(run: Run, server: LyingBitbucket, path: str, answer: Said) -> None:
    assert_refused(through(run, server, lambda heard: answer if heard.path.endswith(path) else None))


@pytest.mark.parametrize("path", ["/admin/users", "/projects", "/repos", "/admin/groups"])
def test_a_listing_that_is_empty_is_noticed(run: Run, server: LyingBitbucket, path: str) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(f"latest{path}"):
            return None
        said = heard.pass_on()
        return said.saying({**said.page, "values": [], "size": 0, "isLastPage": True})

    assert_refused(through(run, server, lie))


def test_public_access_is_off_only_where_bitbucket_says_so(run: Run, server: LyingBitbucket) -> None:
    with server.change() as whole:
        whole.projects[1].public = True
        whole.public_access = True

    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith("/PAY/repos/pay0"):
            return refusal(401, "", WWW_Authenticate='Basic realm="nginx"')
        return None

    ended = through(run, server, lie)
    assert ended.code == 0
    assert saved()["applications"][0]["custom_properties"]["public_access"] == "unknown"
    assert disagreements(server.organisation, load(saved())) == []


# ---- answers for another account


@pytest.mark.parametrize(
    "credentials", [{"BITBUCKET_TOKEN": "devs-token"}, {"BITBUCKET_USER": "dev4", "BITBUCKET_TOKEN": "code"}]
)
def test_an_account_that_administers_one_project_is_not_complete(
    run: Run, server: LyingBitbucket, credentials: dict[str, str]
) -> None:
    with server.change() as whole:
        next(each for each in whole.accounts.values() if each.name == "dev4").password = "code"
        del whole.projects[1]
        whole.repositories = {i: each for i, each in whole.repositories.items() if each.project_id == 2}
    ended = export(run, server.base_url, **credentials)
    assert_refused(ended)
    assert "what only administrators see" in ended.err
    assert export(run, server.base_url, "--allow-incomplete", **credentials).code == 0


def test_rights_that_are_lost_meanwhile_hide_nothing(run: Run, server: LyingBitbucket) -> None:
    """The account is no administrator any more when the listings are read again: everything else seems deleted."""

    def change(whole: Organisation) -> None:
        whole.global_users = {1: "LICENSED_USER", 2: "SYS_ADMIN"}

    assert_refused(through(run, server, once(change, server, "/repos/pay5/permissions/users")))


@pytest.mark.parametrize("after", [5, 15, 25, 35])
def test_answers_to_anonymous_requests_are_not_kept(run: Run, after: int) -> None:
    """Where a proxy strips the account's name, the login is lost, and the same command goes on later."""
    public = organisation()
    public.public_access = True
    for project in list(public.projects.values())[:2]:
        project.public = True
    lost = threading.Event()

    def lie(heard: Heard) -> Said | None:
        if len(server.requests) > after and not lost.is_set():
            said = heard.pass_on()
            page = said.page if said.body.startswith(b"{") else {}
            if heard.path.endswith("/profile/recent/repos"):
                return refusal(401, bitbuckets("com.atlassian.bitbucket.AuthorisationException"))
            if "values" in page:
                return said.saying({**page, "values": page["values"][:1], "size": len(page["values"][:1])})
        return None

    with LyingBitbucket(public, Settings(strip_user_headers=True)) as server:
        ended = through(run, server, lie, "--resume", "journal")
        assert_refused(ended)
        assert "The login was lost" in ended.err
        lost.set()
        ended = export(run, server.base_url, "--resume", "journal")
        assert ended.code == 0, ended.err
        assert disagreements(server.organisation, load(saved())) == []


# ---- answers that contradict themselves


def cut(said: Said) -> Said:
    """Leave out the last row, and say that it is there."""
    page = said.page
    return said.saying({**page, "values": page["values"][:-1]}) if page.get("values") else said


def doubled(said: Said) -> Said:
    """Write one name twice in an object."""
    return replace(said, body=said.body.replace(b'"values":', b'"values":[],"values":', 1))


def old(said: Said) -> Said:
    return replace(said, headers={**said.headers, "Age": "600"})


def shifted(said: Said) -> Said:
    return said.saying({**said.page, "start": 25})


@pytest.mark.parametrize("change", [cut, doubled, old, shifted])
@pytest.mark.parametrize("times", [1, 99])
def test_what_contradicts_itself_is_not_used(
    run: Run, server: LyingBitbucket, change: Callable[[Said], Said], times: int
) -> None:
    def lie(heard: Heard) -> Said | None:
        is_listing = heard.path.endswith(("/permissions/users", "/permissions/groups", "/admin/users", "/more-members"))
        return change(heard.pass_on()) if is_listing and heard.times < times else None

    # One at a time: skipped waits of several would add up to more than the patience with one address.
    ended = through(run, server, lie, "--concurrency", "1")
    if times == 1:
        assert_right(server, ended)
    else:
        assert_refused(ended)


@pytest.mark.parametrize(
    ("path", "name", "value"), [("/projects", "key", "PAY"), ("/repos", "slug", "pay0"), ("/repos", "id", 1)]
)
def test_two_things_with_one_name_are_a_contradiction(
    run: Run, server: LyingBitbucket, path: str, name: str, value: object
) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(f"latest{path}"):
            return None
        said = heard.pass_on()
        rows = said.page["values"]
        rows[1] = (
            {**rows[1], "project": rows[0].get("project"), name: value}
            if path == "/repos"
            else {**rows[1], name: rows[0][name]}
        )
        return said.saying({**said.page, "values": rows})

    assert_refused(through(run, server, lie))


def test_an_id_of_5000_digits_is_no_traceback(run: Run, server: LyingBitbucket) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/admin/users"):
            return None
        said = heard.pass_on()
        return replace(said, body=said.body.replace(b'"id":1,', b'"id":1' + b"0" * 5000 + b",", 1))

    ended = through(run, server, lie)
    assert ended.code == 3
    assert "Traceback" not in ended.err


# ---- what --include adds


@pytest.mark.parametrize(
    "answer", [refusal(401, "<h1>401</h1>"), Said(404, {}, b""), refusal(404, bitbuckets(NO_REPOSITORY))]
)
@pytest.mark.parametrize("numbered", [True, False])
def test_keys_that_exist_and_cannot_be_read_are_a_gap(
    run: Run, server: LyingBitbucket, answer: Said, *, numbered: bool
) -> None:
    def lie(heard: Heard) -> Said | None:
        if "/rest/keys/" not in heard.path or "/pay3/" not in heard.path:
            return None
        number = {"X-AREQUESTID": f"@{heard.times}x"} if numbered else {}
        return replace(answer, headers={"Content-Type": "application/json", **answer.headers, **number})

    ended = through(run, server, lie, "--include", "access-keys")
    assert_refused(ended)
    assert "repository PAY/pay3: SSH access keys of repositories" in ended.err


def test_a_repository_that_is_deleted_while_its_keys_are_read_is_dropped(run: Run, server: LyingBitbucket) -> None:
    ended = through(run, server, once(delete_repository, server, "/pay3/ssh"), "--include", "all", "--concurrency", "1")
    assert_right(server, ended)
    assert json.dumps(saved()).count('"pay3"') == 0
