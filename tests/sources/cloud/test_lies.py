"""Where something lies, or everything changes, an export is right, or there is none: never wrong and complete."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.cloud.faults import Rewritten, empty_page, foreign_next, wrong_size
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.common.faults import (
    CutBody,
    CutJson,
    Effect,
    Fault,
    Instead,
    LoginPage,
    Redirect,
    Reset,
    Status,
    Unsigned,
)
from connector.embedded.common.messages import TEXT_TYPE, Answer, html
from tests.conftest import Run, saved
from tests.model.cloud import disagreements
from tests.sources.cloud.lying import (
    DEVELOPER,
    GROUPS,
    MEMBERS,
    NO_REPOSITORY,
    PROJECTS,
    REPOSITORIES,
    assert_refused,
    assert_right,
    bitbuckets,
    export,
    keyed,
    named,
)

# ---- who says so


NO_ANSWERS: list[Effect] = [
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
]
FEW = [Instead(html(404, "404 Not Found")), Instead(bitbuckets(403, "Forbidden")), Unsigned(), Status(500)]


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        *product(("/pay3/permissions-config/users", GROUPS, f"{REPOSITORIES}[?]"), NO_ANSWERS),
        *product(("/PAY/permissions-config/users", f"{MEMBERS}[?]"), FEW),
    ],
    ids=repr,
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
        "{base}/2.0/../site/oauth2/access_token",
        "{base}/2.0/%2e%2e/site/oauth2/access_token",
        "{base}/other?page=2",
        "file:///etc/passwd",
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
    paths = [entry.path for entry in server.requests]
    assert all(path.startswith(("/2.0/", "/1.0/")) and ".." not in path for path in paths)


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
