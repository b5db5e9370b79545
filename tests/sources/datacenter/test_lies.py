"""With a lying proxy before Bitbucket, an export is right, or there is none: never wrong and complete."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.graph.payload import load
from tests.conftest import Ended, Run, saved
from tests.model.comparison import disagreements
from tests.sources.datacenter.lying_proxy import Heard, Lie, LyingProxy, Said, bitbuckets, refusal

ADMIN = {"BITBUCKET_USER": "admin", "BITBUCKET_TOKEN": "root"}
NO_REPOSITORY = "com.atlassian.bitbucket.repository.NoSuchRepositoryException"
NO_PROJECT = "com.atlassian.bitbucket.project.NoSuchProjectException"
NO_GROUP = "com.atlassian.bitbucket.user.NoSuchGroupException"
KONG = '{"message":"The requested route does not exist"}'
NGINX = "<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>"

RIGHT, REFUSED = 0, (3, 4)


def organisation() -> Organisation:
    """Two projects with twelve repositories, groups with members, defaults, and a personal project that is shared."""
    builder = Builder(version="9.4.2")
    admin = builder.account("admin", "Ada Min", password="root")
    people = [builder.account(f"dev{number}", f"Dev {number}") for number in range(8)]
    left = builder.account("left", "Left Long Ago", active=False)
    builder.group("devs", people[:4])
    builder.group("ops", [*people[4:6], left])
    whole = builder.organisation
    whole.global_users = {admin.id: "SYS_ADMIN"}
    whole.global_groups = {"devs": "LICENSED_USER", "ops": "LICENSED_USER"}
    pay = builder.project("PAY", "Payments", groups={"devs": "PROJECT_WRITE"}, users={people[6].id: "PROJECT_READ"})
    ops = builder.project("OPS", "Operations", groups={"ops": "PROJECT_ADMIN"})
    ops.defaults = {"REPO_CREATE"}
    for number in range(6):
        repository = builder.repository(pay, f"pay{number}")
        repository.users = {people[number].id: "REPO_ADMIN"}
        repository = builder.repository(ops, f"ops{number}")
        repository.groups = {"devs": "REPO_READ"}
    home = builder.personal_project(people[0])
    home.users = {people[1].id: "PROJECT_READ"}
    builder.repository(home, "dotfiles").users = {people[2].id: "REPO_WRITE"}
    whole.tokens = [Token("admins-token", admin.id), Token("devs-token", people[4].id)]
    return whole


@pytest.fixture
def server() -> Iterator[EmbeddedBitbucket]:
    with EmbeddedBitbucket(organisation()) as serving:
        yield serving


def export(run: Run, url: str, *options: str, **environment: str) -> Ended:
    command = ("--bitbucket-url", url, "--save-json", "export.json", "--patience", "2")
    return run(*command, *options, **(environment or ADMIN))


def through(run: Run, server: EmbeddedBitbucket, lie: Lie, *options: str, **environment: str) -> Ended:
    with LyingProxy(server.base_url, lie) as proxy:
        return export(run, proxy.base_url, *options, **environment)


def assert_right(server: EmbeddedBitbucket, ended: Ended) -> None:
    assert ended.code == RIGHT, ended.err
    assert disagreements(server.organisation, load(saved())) == []
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is True


def assert_refused(ended: Ended) -> None:
    assert ended.code in REFUSED, ended.err
    assert "Traceback" not in ended.err
    assert not Path("export.json").exists()


def once(change: Callable[[Organisation], None], server: EmbeddedBitbucket, path: str) -> Lie:
    """Change the organisation just before the first question for a path is passed on."""
    done = threading.Event()

    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith(path) and not done.is_set():
            done.set()
            with server.change() as whole:
                change(whole)
        return None

    return lie


# ---- what is renamed, moved or deleted meanwhile


def rename_project(whole: Organisation) -> None:
    whole.projects[1].key = "PAYMENTS"


def rename_repository(whole: Organisation) -> None:
    next(each for each in whole.repositories.values() if each.slug == "pay3").slug = "renamed"


def move_repository(whole: Organisation) -> None:
    next(each for each in whole.repositories.values() if each.slug == "pay3").project_id = 2


def swap_repositories(whole: Organisation) -> None:
    """One repository takes the name of another: both answer, and neither with what it was asked for."""
    one, other = (each for each in whole.repositories.values() if each.slug in {"pay3", "pay4"})
    one.slug, other.slug = other.slug, one.slug


def delete_repository(whole: Organisation) -> None:
    del whole.repositories[next(i for i, each in whole.repositories.items() if each.slug == "pay3")]


def delete_group(whole: Organisation) -> None:
    del whole.groups["ops"], whole.global_groups["ops"], whole.projects[2].groups["ops"]


def add_repository(whole: Organisation) -> None:
    template = next(iter(whole.repositories.values()))
    whole.repositories[999] = replace(template, id=999, slug="born-meanwhile", users={3: "REPO_WRITE"})


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
    run: Run, server: EmbeddedBitbucket, change: Callable[[Organisation], None], path: str
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
def test_what_is_listed_does_not_vanish_on_one_word(
    run: Run, server: EmbeddedBitbucket, path: str, exception: str, times: int
) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(path) or heard.times >= times or heard.query.get("context") == ["ops"]:
            return None
        return Said(404, heard.pass_on().headers, bitbuckets(404, exception).encode())

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
def test_a_redirect_to_a_renamed_repository_is_no_wrong_address(
    run: Run, server: EmbeddedBitbucket, times: int
) -> None:
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


# ---- who says so


@pytest.mark.parametrize(
    "answer",
    [
        refusal(404, KONG),
        refusal(404, NGINX),
        refusal(404, bitbuckets(404, NO_REPOSITORY)),
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
def test_what_something_else_answers_is_a_gap(run: Run, server: EmbeddedBitbucket, path: str, answer: Said) -> None:
    assert_refused(through(run, server, lambda heard: answer if heard.path.endswith(path) else None))


@pytest.mark.parametrize("path", ["/admin/users", "/projects", "/repos", "/admin/groups"])
def test_a_listing_that_is_empty_is_noticed(run: Run, server: EmbeddedBitbucket, path: str) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith(f"latest{path}"):
            return None
        said = heard.pass_on()
        return said.saying({**said.page, "values": [], "size": 0, "isLastPage": True})

    assert_refused(through(run, server, lie))


def test_public_access_is_off_only_where_bitbucket_says_so(run: Run, server: EmbeddedBitbucket) -> None:
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


# ---- for whom


@pytest.mark.parametrize(
    "credentials", [{"BITBUCKET_TOKEN": "devs-token"}, {"BITBUCKET_USER": "dev4", "BITBUCKET_TOKEN": "code"}]
)
def test_an_account_that_administers_one_project_is_not_complete(
    run: Run, server: EmbeddedBitbucket, credentials: dict[str, str]
) -> None:
    with server.change() as whole:
        next(each for each in whole.accounts.values() if each.name == "dev4").password = "code"
        del whole.projects[1]
        whole.repositories = {i: each for i, each in whole.repositories.items() if each.project_id == 2}
    ended = export(run, server.base_url, **credentials)
    assert_refused(ended)
    assert "what only administrators see" in ended.err
    assert export(run, server.base_url, ADMIN["BITBUCKET_USER"] and "--allow-incomplete", **credentials).code == 0


def test_rights_that_are_lost_meanwhile_hide_nothing(run: Run, server: EmbeddedBitbucket) -> None:
    """The account is no administrator any more when the listings are read again: everything else seems deleted."""

    def change(whole: Organisation) -> None:
        whole.global_users = {1: "LICENSED_USER", 2: "SYS_ADMIN"}

    assert_refused(through(run, server, once(change, server, "/repos/pay5/permissions/users")))


@pytest.mark.parametrize("after", [5, 15, 30, 45])
def test_what_was_answered_to_nobody_is_not_kept(run: Run, after: int) -> None:
    """Where a proxy strips the account's name, the login is lost, and the same command goes on later."""
    public = organisation()
    public.public_access = True
    for project in list(public.projects.values())[:2]:
        project.public = True
    lost = threading.Event()

    def lie(heard: Heard) -> Said | None:
        if len(proxy.heard) > after and not lost.is_set():
            said = heard.pass_on()
            page = said.page if said.body.startswith(b"{") else {}
            if heard.path.endswith("/profile/recent/repos"):
                return refusal(401, bitbuckets(401, "com.atlassian.bitbucket.AuthorisationException"))
            if "values" in page:
                return said.saying({**page, "values": page["values"][:1], "size": len(page["values"][:1])})
        return None

    with (
        EmbeddedBitbucket(public, Settings(strip_user_headers=True)) as server,
        LyingProxy(server.base_url, lie) as proxy,
    ):
        ended = export(run, proxy.base_url, "--resume", "journal")
        assert_refused(ended)
        assert "The login was lost" in ended.err
        lost.set()
        ended = export(run, proxy.base_url, "--resume", "journal")
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
    run: Run, server: EmbeddedBitbucket, change: Callable[[Said], Said], times: int
) -> None:
    def lie(heard: Heard) -> Said | None:
        is_listing = heard.path.endswith(("/permissions/users", "/permissions/groups", "/admin/users", "/more-members"))
        return change(heard.pass_on()) if is_listing and heard.times < times else None

    ended = through(run, server, lie)
    if times == 1:
        assert_right(server, ended)
    else:
        assert_refused(ended)


@pytest.mark.parametrize("strips", [True, False], ids=["without numbers", "with numbers"])
@pytest.mark.parametrize("credentials", [ADMIN, {"BITBUCKET_TOKEN": "admins-token"}], ids=["password", "token"])
def test_a_cache_that_does_not_look_at_questions(run: Run, credentials: dict[str, str], *, strips: bool) -> None:
    kept: dict[str, Said] = {}

    def lie(heard: Heard) -> Said | None:
        said = kept.get(heard.path) or heard.pass_on()
        if said.status == 200:
            kept[heard.path] = said
        return said

    with EmbeddedBitbucket(organisation(), Settings(strip_request_numbers=strips)) as server:
        assert_refused(through(run, server, lie, **credentials))


@pytest.mark.parametrize(
    ("path", "name", "value"), [("/projects", "key", "PAY"), ("/repos", "slug", "pay0"), ("/repos", "id", 1)]
)
def test_two_things_with_one_name_are_a_contradiction(
    run: Run, server: EmbeddedBitbucket, path: str, name: str, value: object
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


def test_an_id_of_5000_digits_is_no_traceback(run: Run, server: EmbeddedBitbucket) -> None:
    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/admin/users"):
            return None
        said = heard.pass_on()
        return replace(said, body=said.body.replace(b'"id":1,', b'"id":1' + b"0" * 5000 + b",", 1))

    ended = through(run, server, lie)
    assert ended.code == 3
    assert "Traceback" not in ended.err


# ---- pages that shift while they are read


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

    with EmbeddedBitbucket(whole, Settings(page_caps={routes[what]: 2})) as serving:
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


def test_one_foreign_400_does_not_switch_a_default_permission_off(run: Run, server: EmbeddedBitbucket) -> None:
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
        error = bitbuckets(400, "com.atlassian.bitbucket.validation.ArgumentValidationException")
        return Said(400, heard.pass_on().headers, error.encode())

    with EmbeddedBitbucket(whole) as server:
        ended = through(run, server, lie)
        assert ended.code == code
        if code == 0:
            assert disagreements(server.organisation, load(saved())) == []


def test_licences_are_the_same_by_password_and_by_token(run: Run, server: EmbeddedBitbucket) -> None:
    licences: list[dict[str, Any]] = []
    for credentials in (ADMIN, {"BITBUCKET_TOKEN": "admins-token"}):
        assert export(run, server.base_url, **credentials).code == 0
        users = saved()["applications"][0]["local_users"]
        licences.append({user["name"]: user["custom_properties"]["is_licensed"] for user in users})
    assert licences[0] == licences[1]
    assert licences[0]["Left Long Ago"] is False


# ---- what --include adds


@pytest.mark.parametrize(
    "answer", [refusal(401, "<h1>401</h1>"), Said(404, {}, b""), refusal(404, bitbuckets(404, NO_REPOSITORY))]
)
@pytest.mark.parametrize("numbered", [True, False])
def test_keys_that_exist_and_cannot_be_read_are_a_gap(
    run: Run, server: EmbeddedBitbucket, answer: Said, *, numbered: bool
) -> None:
    def lie(heard: Heard) -> Said | None:
        if "/rest/keys/" not in heard.path or "/pay3/" not in heard.path:
            return None
        number = {"X-AREQUESTID": f"@{heard.times}x"} if numbered else {}
        return replace(answer, headers={"Content-Type": "application/json", **answer.headers, **number})

    ended = through(run, server, lie, "--include", "access-keys")
    assert_refused(ended)
    assert "repository PAY/pay3: SSH access keys of repositories" in ended.err


def test_a_repository_that_is_deleted_while_its_keys_are_read_is_dropped(run: Run, server: EmbeddedBitbucket) -> None:
    ended = through(run, server, once(delete_repository, server, "/pay3/ssh"), "--include", "all", "--concurrency", "1")
    assert_right(server, ended)
    assert json.dumps(saved()).count('"pay3"') == 0
