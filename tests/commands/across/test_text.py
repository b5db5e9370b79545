"""`diff --across` as text: what it says about two servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.across.running import NEW, OLD, across, lines_of, save
from tests.conftest import Run
from tests.review.across.organisations import CLOUD, GROUP, PERSON, SERVER, Organisation


@pytest.mark.parametrize("kind", [SERVER, CLOUD])
def test_the_same_access_under_other_ids_and_words_is_no_difference(run: Run, old: Organisation, kind: str) -> None:
    save(old, old, kind)
    lines = lines_of(run)
    assert "Of 5 matched people and 4 matched repositories: nobody gains access, nobody loses some." in lines
    assert across(run, "--fail-on", "any").code == 0


def test_what_is_matched_is_shown_first(run: Run, old: Organisation) -> None:
    save(old, old.copy().person("zoe", "zoe@example.com"))
    lines = lines_of(run)
    assert lines[0] == "Bitbucket Server - old.example → Bitbucket Cloud - acme"
    assert [line.split() for line in (lines[2], *lines[4:6])] == [
        ["old", "new", "matched", "by", "only", "old", "only", "new", "ambiguous"],
        ["people", "5", "6", "5", "5", "e-mail", "address", "0", "1", "0"],
        ["groups", "2", "2", "2", "2", "name", "0", "0", "0"],
    ]


def test_a_grant_that_is_missing_is_one_line_for_all_its_holders(run: Run, old: Organisation) -> None:
    save(old, old.copy().revoke(GROUP, "payments-dev", "write", "PAY"))
    assert (
        "4 people lose write on PAY/api, PAY/web and PAY/docs: "
        "group payments-dev was not given PROJECT_WRITE's counterpart (write) on PAY"
    ) in lines_of(run)


def test_between_servers_the_permission_is_called_the_same(run: Run, old: Organisation) -> None:
    save(old, old.copy().revoke(GROUP, "payments-dev", "write", "PAY"), SERVER)
    assert any(line.endswith(": group payments-dev was not given PROJECT_WRITE on PAY") for line in lines_of(run))


def test_a_kept_level_and_a_gain(run: Run, old: Organisation) -> None:
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "payments-dev", "read", "PAY")
    save(old, new.grant(PERSON, "bob", "admin", "PAY/web"))
    lines = lines_of(run)
    assert (
        "Bob (bob) gains admin on PAY/web, having had write: "
        "granted directly (admin on PAY/web), and not on the old server"
    ) in lines
    assert any(
        line.startswith("4 people lose write on PAY/api, PAY/web and PAY/docs (11 of 12 combinations), keeping read: ")
        for line in lines
    )


def test_missing_members_of_a_group_are_the_reason(run: Run, old: Organisation) -> None:
    new = old.copy()
    new.people["cid"].groups = set()
    save(old, new)
    assert (
        "Cid (cid) loses write on PAY/api, PAY/web and PAY/docs: group payments-dev, which has PROJECT_WRITE on PAY, "
        "has as much on the new server, but without them as members"
    ) in lines_of(run)


def test_a_renamed_group_is_no_difference_but_a_reason(run: Run, old: Organisation) -> None:
    new = old.copy().group("pay-team").grant(GROUP, "pay-team", "write", "PAY")
    new.revoke(GROUP, "payments-dev", "write", "PAY")
    del new.groups["payments-dev"]
    for name in ("ann", "bob", "cid", "dora"):
        new.people[name].groups = {"pay-team"}
    save(old, new)
    lines = lines_of(run)
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    assert "group payments-dev" in lines[lines.index("Groups without a counterpart on the new server") + 1]
    new.people["ann"].groups = set()
    save(old, new)
    assert (
        "Ann (ann) loses write on PAY/api, PAY/web and PAY/docs: group payments-dev, which has PROJECT_WRITE on PAY, "
        "has no counterpart on the new server"
    ) in lines_of(run)


def test_a_moved_repository_is_compared_where_it_is_now(run: Run, old: Organisation) -> None:
    new = old.copy()
    del new.repositories["PAY/docs"]
    save(old, new.project("NEW", "docs"))
    assert (
        "4 people lose write on PAY/docs (now NEW/docs): PROJECT_WRITE on PAY of group payments-dev does not count on "
        "the new server, where it lies in another project"
    ) in lines_of(run)


def test_public_and_default_permissions_and_administration_are_access(run: Run, old: Organisation) -> None:
    old.project("SAND", "box", default="create").repositories["PAY/docs"].is_public = True
    new = old.copy().revoke(GROUP, "admins", "admin")
    new.repositories["PAY/docs"].is_public = False
    new.repositories["OPS/run"].is_public = True
    save(old, new)
    lines = lines_of(run)
    assert (
        "5 people lose write on SAND/box: default permission REPO_CREATE (write on repositories) of SAND; "
        "Bitbucket Cloud has no default permissions"
    ) not in lines, "root administers everything, and loses more"
    assert (
        "4 people lose write on SAND/box: default permission REPO_CREATE (write on repositories) of SAND; "
        "Bitbucket Cloud has no default permissions"
    ) in lines
    assert any(
        line.startswith("Somebody (root) loses admin on the whole workspace and 5 repositories")
        and "ADMIN's counterpart (owner)" in line
        for line in lines
    )
    assert (
        "anybody who is not signed in loses read on PAY/docs: public on the old server, not on the new server" in lines
    )
    gain = next(line for line in lines if "gain read on OPS/run" in line)
    assert gain.startswith("Bob (bob), Cid (cid), Dora (dora) and anybody who is not signed in gain read")
    assert gain.endswith("public on the new server, not on the old server")


def test_administrators_with_direct_grants_are_one_line(run: Run, old: Organisation) -> None:
    save(old, old.copy().grant(PERSON, "bob", "admin").grant(PERSON, "ann", "admin"))
    [gain] = [line for line in lines_of(run) if " gain admin on the whole workspace" in line]
    assert gain == (
        "Ann (ann) and Bob (bob) gain admin on the whole workspace and 4 repositories: "
        "granted directly (owner on the whole workspace), and not on the old server"
    )


def test_create_repo_is_write_on_repositories_and_said_on_projects(run: Run, old: Organisation) -> None:
    old.grant(GROUP, "admins", "read", "PAY").revoke(GROUP, "payments-dev", "write", "PAY")
    new = old.copy().grant(GROUP, "payments-dev", "write", "PAY")
    save(old.grant(GROUP, "payments-dev", "create", "PAY"), new)
    lines = lines_of(run)
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    told = lines[
        lines.index("Who may create repositories in projects: on repositories it is write on both servers") + 1
    ]
    assert told == (
        "4 people lose create-repo on PAY, keeping write: "
        "group payments-dev was not given REPO_CREATE's counterpart (create-repo) on PAY"
    )
    assert across(run, "--fail-on", "any").code == 0


def test_inactive_people_have_a_section_of_their_own(run: Run, old: Organisation) -> None:
    old.people["ann"].is_active = old.people["bob"].is_active = False
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY").grant(PERSON, "bob", "admin", "PAY")
    new.people["bob"].is_active = True
    save(old, new)
    lines = lines_of(run)
    on_paper = lines.index("On paper only: people who are inactive or have no licence on one of the servers")
    assert any(line.startswith("Ann (ann) loses write on") for line in lines[on_paper:])
    assert any(line.startswith("Bob (bob) gains admin on") for line in lines[on_paper:])
    assert any("Cid (cid) and Dora (dora) lose write" in line for line in lines[:on_paper])
    heading = "Who is inactive or without a licence on the old server, active on the new one, where what they have "
    assert lines[lines.index(f"{heading}is in force") + 1] == "Bob (bob)"


@pytest.mark.parametrize(
    ("before", "after", "fail_on", "code"),
    [(False, True, "gained", 4), (False, True, "lost", 0), (True, False, "lost", 4), (False, None, "any", 0)],
)
def test_who_can_use_it_on_one_server_only_gains_or_loses(
    run: Run, old: Organisation, before: bool, after: bool | None, fail_on: str, code: int
) -> None:
    new = old.copy()
    old.people["ann"].is_active, new.people["ann"].is_active = before, after
    save(old, new)
    assert across(run, "--fail-on", fail_on).code == code


def test_who_reaches_nothing_gains_nothing_by_being_switched_on(run: Run, old: Organisation) -> None:
    new = old.person("zoe", "zoe@example.com", is_active=False).copy()
    new.people["zoe"].is_active = True
    save(old, new)
    assert not [line for line in lines_of(run) if "zoe" in line]
    assert across(run, "--fail-on", "any").code == 0


def test_from_the_cloud_to_a_server_people_are_called_by_their_user_names(run: Run, old: Organisation) -> None:
    Path(OLD).write_text(json.dumps(old.cloud()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(old.copy().grant(PERSON, "bob", "read", "OPS/run").server()), encoding="utf-8")
    assert (
        "Bob (bob) gains read on OPS/run: granted directly (REPO_READ on OPS/run), and not on the old server"
    ) in lines_of(run)


def test_an_inactive_person_who_keeps_everything_is_no_difference(run: Run, old: Organisation) -> None:
    old.people["ann"].is_active = old.people["ann"].is_licensed = False
    save(old, old)
    assert not [line for line in lines_of(run) if "Ann" in line]


def test_who_and_what_has_no_counterpart_is_listed_with_what_matters(run: Run, old: Organisation) -> None:
    old.person("gone", "gone@example.com", "payments-dev", is_active=False).project("~ann", "dotfiles")
    old.repositories["PAY/web"].properties["is_archived"] = True
    new = old.copy()
    del new.people["gone"], new.repositories["PAY/web"]
    save(old, new)
    lines = lines_of(run)
    assert lines[lines.index("People without a counterpart on the new server") + 1] == "Somebody (gone), inactive"
    at = lines.index("Repositories without a counterpart on the new server")
    assert lines[at + 1 : at + 3] == ["PAY/web, archived", "~ann/dotfiles, personal"]
    assert any("nobody gains access, nobody loses some" in line for line in lines)


def test_keys_are_said_not_to_be_compared(run: Run, old: Organisation) -> None:
    old.credentials.append({"id": "ssh-access-key:1", "name": "deploy"})
    save(old, old.copy())
    lines = lines_of(run)
    assert lines[lines.index("Not compared") + 1] == (
        "1 key or token of the old server and 1 key or token of the new server, which have grants of their own"
    )
