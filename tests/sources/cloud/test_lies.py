"""Where something lies, or everything changes, an export is right, or there is none: never wrong and complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.faults import Rewritten, Unsigned, empty_page, foreign_next, wrong_size
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import CutOff, Settings
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.faults import (
    Change,
    CutBody,
    CutJson,
    Effect,
    Fault,
    Instead,
    LoginPage,
    Redirect,
    Reset,
    Status,
)
from connector.embedded.common.messages import TEXT_TYPE, Answer, encode, html
from tests.conftest import Ended, Run, saved
from tests.model.cloud import disagreements

ADMIN = {"BITBUCKET_EMAIL": "ada@example.com", "BITBUCKET_TOKEN": "ada-token"}
DEVELOPER = {"BITBUCKET_EMAIL": "dev4@example.com", "BITBUCKET_TOKEN": "dev4-token"}

RIGHT, REFUSED = 0, (3, 4)
NO_REPOSITORY = "You may not have access to this repository or it no longer exists in this workspace."
MEMBERS, GROUPS, PROJECTS, REPOSITORIES = (
    "/workspaces/acme/permissions",
    "/1.0/groups/acme",
    "/workspaces/acme/projects",
    "/2.0/repositories/acme",
)


def workspace(members: int = 8) -> Workspace:
    """Two projects with twelve repositories, groups, a public repository, an outsider, rows that grant nothing."""
    builder = Builder("acme", "Acme")
    admin = builder.member("ada", "Ada Min", email="ada@example.com", role="member")
    people = [
        builder.member(f"dev{number}", "The Same Name", email=f"dev{number}@example.com") for number in range(members)
    ]
    outsider = builder.account("otto", "Otto Side")
    left = builder.member("left", "Left Long Ago", active=False)
    builder.group("Administrators", [admin], account_privilege="admin")
    builder.group("devs", people[:4])
    builder.group("ops", [*people[4:6], left])
    pay = builder.project("PAY", "Payments", groups={"devs": "write", "administrators": "admin"})
    pay.users = {people[6].uuid: "read", people[7].uuid: "none"}
    ops = builder.project("OPS", "Operations", groups={"ops": "admin", "devs": "none"})
    for number in range(6):
        repository = builder.repository(pay, f"pay{number}", users={people[number].uuid: "admin"})
        repository.is_private = number != 1
        builder.repository(ops, f"ops{number}", groups={"devs": "read"}, users={outsider.uuid: "write"})
    whole = builder.workspace
    whole.api_tokens = [ApiToken("ada-token", admin.uuid), ApiToken("dev4-token", people[4].uuid)]
    whole.consumers = [Consumer("consumer", "consumer-secret", admin.uuid)]
    return whole


@pytest.fixture
def server() -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(workspace()) as serving:
        yield serving


def export(run: Run, server: EmbeddedCloud, *options: str, **environment: str) -> Ended:
    command = ("--workspace", "acme", "--bitbucket-url", server.base_url, "--save-json", "export.json")
    return run(*command, "--patience", "2", *options, **(environment or ADMIN))


def assert_right(server: EmbeddedCloud, ended: Ended) -> None:
    assert ended.code == RIGHT, ended.err
    assert disagreements(server.organisation, saved()) == []
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is True


def assert_refused(ended: Ended) -> None:
    assert ended.code in REFUSED, ended.err
    assert "Traceback" not in ended.err
    assert not Path("export.json").exists()


def named(whole: Workspace, slug: str) -> Any:
    return next(each for each in whole.repositories.values() if each.slug == slug)


def keyed(whole: Workspace, key: str) -> Any:
    return next(each for each in whole.projects.values() if each.key == key)


def bitbuckets(status: int, message: str) -> Answer:
    """Make an answer as Bitbucket's own to these credentials."""
    body = encode({"type": "error", "error": {"message": message}})
    return Answer(status, body, (("X-Credential-Type", "apitoken"),))


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


# ---- who says so


@pytest.mark.parametrize(
    "effect",
    [
        Instead(Answer(404, b'{"message":"The requested route does not exist"}')),
        Instead(html(404, "404 Not Found")),
        Instead(Answer(404, bitbuckets(404, NO_REPOSITORY).body)),
        Instead(html(401, "401")),
        Instead(html(403, "Forbidden")),
        Instead(Answer(403, b"")),
        Instead(html(400, "Bad Request")),
        Instead(Answer(204, b"")),
        Instead(html(410, "Gone")),
        Instead(Answer(451, b"{}")),
        Instead(bitbuckets(403, "Forbidden")),
        Instead(Answer(200, b"", (("X-Credential-Type", "apitoken"),))),
        Instead(Answer(200, b"OK", (("X-Credential-Type", "apitoken"),), TEXT_TYPE)),
        Instead(Answer(200, b"{}", (("X-Credential-Type", "apitoken"),))),
        Instead(Answer(200, b"[]", (("X-Credential-Type", "apitoken"),))),
        Instead(Answer(200, b"null", (("X-Credential-Type", "apitoken"),))),
        Unsigned(),
        LoginPage(),
        Redirect(),
        Status(500),
        Status(504, html=True),
        Reset(),
        CutBody(),
        CutJson(),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "path",
    [
        "/pay3/permissions-config/users",
        "/PAY/permissions-config/users",
        f"{GROUPS}",
        f"{MEMBERS}[?]",
        f"{REPOSITORIES}[?]",
    ],
)
def test_what_something_else_answers_is_no_answer(run: Run, server: EmbeddedCloud, path: str, effect: Effect) -> None:
    server.faults.add(Fault(effect, path))
    ended = export(run, server)
    if isinstance(effect, Instead) and effect.answer.body == b"[]" and path == GROUPS:
        # A workspace may have no groups; what those hold that grants name is not known then.
        assert ended.code == 4 or disagreements(server.organisation, saved()) != []
        return
    assert_refused(ended)


@pytest.mark.parametrize("path", [MEMBERS, PROJECTS, REPOSITORIES])
def test_a_listing_that_is_empty_is_noticed(run: Run, server: EmbeddedCloud, path: str) -> None:
    server.faults.add(Fault(empty_page(), f"{path}[?]"))
    assert_refused(export(run, server))


@pytest.mark.parametrize("path", [MEMBERS, PROJECTS, REPOSITORIES, "/pay3/permissions-config/users"])
@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("times", [1, 99])
def test_a_listing_has_as_many_rows_as_it_says(run: Run, server: EmbeddedCloud, path: str, by: int, times: int) -> None:
    server.faults.add(Fault(wrong_size(by), f"{path}[?]", times=times))
    ended = export(run, server)
    if times == 1:
        assert_right(server, ended)
    else:
        assert_refused(ended)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/2.0/repositories/acme?page=2",
        "https://api.bitbucket.org/2.0/repositories/acme?page=2",
        "{base}@evil.example/2.0/repositories/acme",
        "{base}.evil.example/2.0/repositories/acme",
        "{base}/2.0/../../elsewhere",
        "//evil.example/2.0",
        "/2.0/repositories/acme?page=2",
        "{base}/2.0/repositories/acme?pagelen=100\r\nX-Evil: 1",
        "",
        7,
    ],
)
def test_credentials_go_nowhere_else(run: Run, server: EmbeddedCloud, address: object) -> None:
    told: Any = address.replace("{base}", server.base_url) if isinstance(address, str) else address
    server.faults.add(Fault(foreign_next(told), f"{REPOSITORIES}[?]"))
    ended = export(run, server)
    assert ended.code == 3
    assert_refused(ended)


def test_pages_that_lead_in_a_circle_end(run: Run, server: EmbeddedCloud) -> None:
    same = f"{server.base_url}{REPOSITORIES}?pagelen=100&sort=uuid"
    server.faults.add(Fault(foreign_next(same), f"{REPOSITORIES}[?]"))
    assert_refused(export(run, server))


# ---- for whom


def test_an_account_that_administers_one_project_is_not_complete(run: Run, server: EmbeddedCloud) -> None:
    with server.change() as whole:
        gone = keyed(whole, "PAY").uuid
        del whole.projects[gone]
        whole.repositories = {i: each for i, each in whole.repositories.items() if each.project_uuid != gone}
    ended = export(run, server, **DEVELOPER)
    assert_refused(ended)
    assert "workspace: what only administrators see" in ended.err
    assert "workspace: groups" in ended.err
    assert export(run, server, "--allow-incomplete", **DEVELOPER).code == 0
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is False


# ---- answers that contradict themselves


def cut(body: Any) -> Any:
    """Leave out the last row, and say that it is there."""
    return {**body, "values": body["values"][:-1]} if body.get("values") else body


def rows(body: Any) -> list[Any]:
    found: list[Any] = body["values"]
    return found


def doubled_slug(body: Any) -> Any:
    rows(body)[1]["slug"] = rows(body)[0]["slug"]
    return body


def doubled_uuid(body: Any) -> Any:
    rows(body)[1]["uuid"] = rows(body)[0]["uuid"]
    return body


def other_key(body: Any) -> Any:
    rows(body)[0]["project"]["key"] = "OTHER"
    return body


@pytest.mark.parametrize("change", [cut, doubled_slug, doubled_uuid, other_key])
@pytest.mark.parametrize("times", [1, 99])
def test_what_contradicts_itself_is_not_used(
    run: Run, server: EmbeddedCloud, change: Callable[[Any], Any], times: int
) -> None:
    server.faults.add(Fault(Rewritten(change), f"{REPOSITORIES}[?]", times=times))
    ended = export(run, server)
    if times == 1 and change is not other_key:
        assert_right(server, ended)
    else:
        assert ended.code == 0 or not Path("export.json").exists()
        if ended.code == 0:
            assert_right(server, ended)


@pytest.mark.parametrize("name", ["uuid", "slug", "name", "is_private", "project"])
def test_a_repository_that_lacks_something_is_not_guessed(run: Run, server: EmbeddedCloud, name: str) -> None:
    def without(body: Any) -> Any:
        for row in rows(body):
            row[name] = None
        return body

    server.faults.add(Fault(Rewritten(without), f"{REPOSITORIES}[?]"))
    ended = export(run, server)
    if name == "slug":  # `full_name` ends with it
        assert_right(server, ended)
    else:
        assert_refused(ended)


def test_a_level_that_nobody_documented_is_a_gap(run: Run, server: EmbeddedCloud) -> None:
    with server.change() as whole:
        named(whole, "pay3").groups["devs"] = "maintain"
    ended = export(run, server)
    assert_refused(ended)
    assert "repository PAY/pay3: permissions" in ended.err
    assert "'maintain'" in ended.err


def test_a_role_that_sounds_like_a_level_is_a_gap(run: Run, server: EmbeddedCloud) -> None:
    with server.change() as whole:
        uuid = next(uuid for uuid, account in whole.accounts.items() if account.nickname == "dev5")
        whole.members[uuid] = "write"
    ended = export(run, server)
    assert_refused(ended)
    assert "what 'write' means" in ended.err


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
