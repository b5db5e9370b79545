"""Answers that no Bitbucket gives: none of them is used, none is a traceback, and none is waited for without an end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector.embedded.datacenter.machines import SshKey
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.settings import Settings
from connector.graph.payload import load
from tests.conftest import Run, saved
from tests.model.comparison import disagreements
from tests.sources.datacenter.lying import (
    ADMIN,
    add_repository,
    assert_refused,
    assert_right,
    export,
    once,
    organisation,
    rename_project,
    swap_repositories,
    through,
)
from tests.sources.datacenter.lying_bitbucket import Heard, Lie, LyingBitbucket, Said

EMPTY = {"size": 0, "limit": 1000, "isLastPage": True, "values": [], "start": 0}


def of_path(end: str, change: Callable[[Said], Said]) -> Lie:
    """Change every answer about addresses that end so."""
    return lambda heard: change(heard.pass_on()) if heard.path.endswith(end) else None


def without(said: Said, *names: str) -> Said:
    return replace(said, headers={name: each for name, each in said.headers.items() if name not in names})


# ---- pages that contradict themselves, or the question


def last_and_yet_not(said: Said) -> Said:
    """Call a page the last, and say where the next one begins."""
    return said.saying({**said.page, "isLastPage": True})


def of_a_larger_page(said: Said) -> Said:
    """Say that more rows were asked for."""
    return said.saying({**said.page, "limit": 5000})


@pytest.mark.parametrize("change", [last_and_yet_not, of_a_larger_page])
@pytest.mark.parametrize("path", ["latest/repos", "/admin/users", "/PAY/repos/pay0/permissions/users"])
def test_a_page_that_contradicts_itself_is_not_used(run: Run, path: str, change: Callable[[Said], Said]) -> None:
    whole = organisation()
    whole.repositories[1].users = dict.fromkeys(range(2, 8), "REPO_WRITE")
    with LyingBitbucket(whole, Settings(page_cap=4)) as server:
        assert_refused(through(run, server, of_path(path, change)))


# ---- who answers


def test_a_page_without_a_number_is_not_bitbuckets(run: Run) -> None:
    """Names of accounts are stripped, so only the numbers tell that something else answers."""

    def lie(heard: Heard) -> Said | None:
        if "/repos/" not in heard.path or "/permissions/" not in heard.path:
            return None
        return Said(200, {"Content-Type": "application/json"}, json.dumps(EMPTY).encode())

    with LyingBitbucket(organisation(), Settings(strip_user_headers=True)) as server:
        assert_refused(through(run, server, lie))


def test_an_answer_that_is_no_page_proves_no_login(run: Run) -> None:
    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith("/profile/recent/repos"):
            return Said(200, {"Content-Type": "application/json"}, b'{"status": "ok"}')
        return None

    with LyingBitbucket(organisation(), Settings(strip_user_headers=True, strip_request_numbers=True)) as server:
        assert_refused(through(run, server, lie))


@pytest.mark.parametrize("credentials", [ADMIN, {"BITBUCKET_TOKEN": "admins-token"}], ids=["password", "token"])
def test_answers_for_other_accounts_are_not_used_where_only_the_proof_lacks_a_name(
    run: Run, server: LyingBitbucket, credentials: dict[str, str]
) -> None:
    others = iter(range(1000))

    def lie(heard: Heard) -> Said | None:
        said = without(heard.pass_on(), "X-AUSERNAME")
        if heard.path.endswith("/profile/recent/repos"):
            return said
        return replace(said, headers={**said.headers, "X-AUSERNAME": "mallory" if next(others) % 2 else "trudy"})

    ended = through(run, server, lie, **credentials)
    assert_refused(ended)
    assert "answered as" in ended.err


# ---- caches, where answers have no numbers


def cache(*looks_at: str) -> Lie:
    """Keep answers by path, and by these parts of the question."""
    kept: dict[tuple[object, ...], Said] = {}

    def lie(heard: Heard) -> Said | None:
        key = (heard.path, *(tuple(heard.query.get(name, ())) for name in looks_at))
        said = kept.get(key) or heard.pass_on()
        if said.status == 200:
            kept[key] = said
        return said

    return lie


@pytest.mark.parametrize("strips", [True, False], ids=["without numbers", "with numbers"])
@pytest.mark.parametrize("credentials", [ADMIN, {"BITBUCKET_TOKEN": "admins-token"}], ids=["password", "token"])
def test_a_cache_that_ignores_the_question(run: Run, credentials: dict[str, str], *, strips: bool) -> None:
    with LyingBitbucket(organisation(), Settings(strip_request_numbers=strips)) as server:
        assert_refused(through(run, server, cache(), **credentials))


@pytest.mark.parametrize("looks_at", [(), ("start",), ("start", "limit")])
@pytest.mark.parametrize("first_group", ["devs", "a group of nobody"])
@pytest.mark.parametrize("credentials", [ADMIN, {"BITBUCKET_TOKEN": "admins-token"}], ids=["password", "token"])
def test_a_cache_that_ignores_part_of_the_question_about_groups(
    run: Run, looks_at: tuple[str, ...], first_group: str, credentials: dict[str, str]
) -> None:
    whole = organisation()
    whole.groups.setdefault(first_group, replace(whole.groups["devs"], name=first_group, members=set()))
    with LyingBitbucket(whole, Settings(strip_request_numbers=True)) as server:
        cached = cache(*looks_at)
        ended = through(
            run, server, lambda heard: cached(heard) if "/admin/groups/" in heard.path else None, **credentials
        )
        if ended.code == 0:  # each question was another one to this cache
            assert disagreements(server.organisation, load(saved())) == []
        else:
            assert_refused(ended)


def test_an_answer_with_the_number_of_an_earlier_one_is_not_used(run: Run, server: LyingBitbucket) -> None:
    """A proxy gives the members of one group as those of another, and adjusts what would contradict the question."""
    kept: list[Said] = []

    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/more-members"):
            return None
        if heard.query["context"] == ["ops"] and kept:
            return kept[0].saying({**kept[0].page, "limit": int(heard.query["limit"][0])})
        kept.append(heard.pass_on())
        return kept[-1]

    assert_refused(through(run, server, lie, "--concurrency", "1"))
    assert kept


# ---- what is larger, deeper or longer than anything real


def in_a_row(said: Said, **fields: Any) -> Said:
    page = said.page
    return said.saying({**page, "values": [{**page["values"][0], **fields}, *page["values"][1:]]})


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("latest/projects", {"key": ".."}),
        ("latest/repos", {"slug": ".."}),
        ("latest/repos", {"slug": "."}),
        ("/access-tokens/latest/users/dev0", {"expiryDays": 10**15}),
        ("/access-tokens/latest/users/dev0", {"expiryDays": 10**15, "createdDate": 1}),
    ],
)
def test_a_value_that_cannot_be_is_no_traceback(
    run: Run, server: LyingBitbucket, path: str, fields: dict[str, Any]
) -> None:
    tokens = {"size": 1, "isLastPage": True, "start": 0, "values": [{"id": "1", "permissions": [], "createdDate": 5}]}

    def change(said: Said) -> Said:
        return in_a_row(said.saying(tokens) if "tokens" in path else said, **fields)

    ended = through(run, server, of_path(path, change), "--include", "tokens")
    assert "Traceback" not in ended.err
    assert ended.code in {0, 3, 4}
    assert ended.code == (0 if "tokens" in path else ended.code or -1)


def test_a_version_of_5000_digits_is_no_traceback(run: Run, server: LyingBitbucket) -> None:
    ended = through(
        run, server, of_path("/application-properties", lambda said: said.saying({**said.page, "version": "9" * 5000}))
    )
    assert "Traceback" not in ended.err
    assert ended.code in {0, 3}


@pytest.mark.parametrize("depth", [300, 600, 900, 100_000])
def test_json_that_nests_without_end_is_no_traceback(run: Run, server: LyingBitbucket, depth: int) -> None:
    def change(said: Said) -> Said:
        row = b'{"key": {"id": 1, "label": "x", "more": %s}, "permission": "REPO_READ"}' % (b"[" * depth + b"]" * depth)
        return replace(said, body=b'{"size": 1, "isLastPage": true, "start": 0, "values": [%s]}' % row)

    ended = through(run, server, of_path("/pay3/ssh", change), "--include", "access-keys", "--resume", "journal")
    assert "Traceback" not in ended.err
    assert ended.code in {0, 4}


def test_half_a_character_is_kept_in_a_journal(run: Run, server: LyingBitbucket) -> None:
    """Names are cut in the middle of an emoji where a directory counts UTF-16."""

    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith("/ops5/permissions/groups") and not ended:
            return Said(500, {}, b"")
        said = heard.pass_on()
        return replace(said, body=said.body.replace(b'"Dev 1"', b'"Dev \\ud83d"'))

    ended: list[bool] = []
    assert_refused(through(run, server, lie, "--resume", "journal"))
    ended.append(True)
    assert_right(server, export(run, server.base_url, "--resume", "journal"))
    names = {user["name"] for user in saved()["applications"][0]["local_users"]}
    assert "Dev \N{REPLACEMENT CHARACTER}" in names


@pytest.mark.parametrize("number", ["1e400", "1e-9", "0.001", "-5", "NaN", '"many"', "true"])
def test_a_rate_limit_that_cannot_be_is_not_kept_to(run: Run, server: LyingBitbucket, number: str) -> None:
    settings = f'{{"enabled": true, "defaultSettings": {{"capacity": {number}, "fillRate": {number}}}}}'

    def lie(heard: Heard) -> Said | None:
        if not heard.path.endswith("/rate-limit/settings"):
            return None
        return replace(heard.pass_on(), status=200, body=settings.encode())

    assert_right(server, through(run, server, lie))


def test_a_body_of_millions_of_empty_objects_is_refused_before_it_is_read(run: Run, server: LyingBitbucket) -> None:
    """Sixty times as much memory as bytes, in each worker."""
    body = b'{"size": 2, "isLastPage": true, "start": 0, "values": [' + b"{}," * 3_000_000 + b"{}]}"
    change = of_path("/pay3/permissions/users", lambda said: replace(said, body=body))
    ended = through(run, server, change)
    assert_refused(ended)
    assert "more values than is real" in ended.err


# ---- what changes while a listing is read


def test_a_project_that_is_renamed_between_two_pages_of_its_repositories(run: Run) -> None:
    renamed: list[bool] = []
    with LyingBitbucket(organisation(), Settings(page_cap=2)) as serving:

        def lie(heard: Heard) -> Said | None:
            if heard.path.endswith("latest/repos") and heard.query["start"] == ["4"] and not renamed:
                renamed.append(True)
                with serving.change() as whole:
                    whole.projects[1].key = "PAYX"  # in the same place among the others
            return None

        ended = through(run, serving, lie, "--concurrency", "1")
        assert renamed
        assert_right(serving, ended)


def keys_of(whole: Organisation) -> dict[str, set[str]]:
    """Give the access keys of the two repositories as the export has them, by id of the repository."""
    found: dict[str, set[str]] = {i: set() for i in map(str, whole.repositories)}
    for each in saved()["identity_to_permissions"]:
        if each["identity"].startswith("ssh-access-key:"):
            for permission in each["application_permissions"]:
                for resource in permission.get("resources", []):
                    found[resource.rpartition(".")[2]].add(each["identity"])
    return found


@pytest.mark.parametrize("path", ["/ssh/latest/settings", "/PAY/repos/pay3/ssh", "/PAY/repos/pay4/ssh"])
@pytest.mark.parametrize("change", [swap_repositories, rename_project, add_repository])
def test_what_changes_while_keys_are_read_leaves_each_key_where_it_belongs(
    run: Run, path: str, change: Callable[[Organisation], None]
) -> None:
    whole = organisation()
    for i in whole.repositories:
        whole.keys.append(SshKey(100 + i, f"of {i}", "ssh-ed25519 AAAA", repositories={i: "REPO_READ"}))
    with LyingBitbucket(whole) as serving:
        ended = through(run, serving, once(change, serving, path), "--include", "access-keys", "--concurrency", "1")
        assert_right(serving, ended)
        born = {"999"} & {str(i) for i in serving.organisation.repositories}
        assert keys_of(serving.organisation) == {
            str(i): set() if str(i) in born else {f"ssh-access-key:{100 + i}"}
            for i in serving.organisation.repositories
        }


def test_names_that_change_all_the_time_while_keys_are_read_are_a_gap(run: Run, server: LyingBitbucket) -> None:
    def lie(heard: Heard) -> Said | None:
        if heard.path.endswith("/ssh/latest/settings"):
            with server.change() as whole:
                swap_repositories(whole)
        return None

    ended = through(run, server, lie, "--include", "access-keys", "--concurrency", "1")
    assert_refused(ended)
    assert "changed all the time" in ended.err
