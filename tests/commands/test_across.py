"""`diff --across` as a command: what it tells, mapping files, exit codes, forms of output, bad input."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ended, Run
from tests.review.across.organisations import CLOUD, GROUP, PERSON, SERVER, Organisation

OLD, NEW = "old.json", "new.json"


@pytest.fixture
def old() -> Organisation:
    made = (
        Organisation().group("payments-dev").group("admins").project("PAY", "api", "web", "docs").project("OPS", "run")
    )
    for name in ("ann", "bob", "cid", "dora"):
        made.person(name, f"{name}@example.com", "payments-dev", name=name.title())
    made.person("root", "root@example.com", "admins")
    made.grant(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "admins", "admin")
    return made.grant(PERSON, "ann", "read", "OPS/run")


def _save(old: Organisation, new: Organisation, kind: str = CLOUD) -> None:
    Path(OLD).write_text(json.dumps(old.server()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(new.payload(kind)), encoding="utf-8")


def _across(run: Run, *options: str) -> Ended:
    return run("diff", OLD, NEW, "--across", *options)


def _lines(run: Run, *options: str) -> list[str]:
    ended = run("diff", OLD, NEW, "--across", *options, COLUMNS="1000")
    assert ended.code == 0, ended.err
    return [line.strip() for line in ended.out.splitlines()]


def _written(name: str) -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _json(run: Run, *options: str) -> Any:
    return json.loads(_across(run, "--json", *options).out)


# ---- what it tells


@pytest.mark.parametrize("kind", [SERVER, CLOUD])
def test_the_same_access_under_other_ids_and_words_is_no_difference(run: Run, old: Organisation, kind: str) -> None:
    _save(old, old, kind)
    lines = _lines(run)
    assert "Of 5 matched people and 4 matched repositories: nobody gains access, nobody loses some." in lines
    assert _across(run, "--fail-on", "any").code == 0


def test_what_is_matched_is_shown_first(run: Run, old: Organisation) -> None:
    _save(old, old.copy().person("zoe", "zoe@example.com"))
    lines = _lines(run)
    assert lines[0] == "Bitbucket Server - old.example → Bitbucket Cloud - acme"
    assert [line.split() for line in (lines[2], *lines[4:6])] == [
        ["old", "new", "matched", "by", "only", "old", "only", "new", "ambiguous"],
        ["people", "5", "6", "5", "5", "e-mail", "address", "0", "1", "0"],
        ["groups", "2", "2", "2", "2", "name", "0", "0", "0"],
    ]


def test_a_grant_that_was_not_given_again_is_told_once_for_all(run: Run, old: Organisation) -> None:
    _save(old, old.copy().revoke(GROUP, "payments-dev", "write", "PAY"))
    assert (
        "4 people lose write on PAY/api, PAY/web and PAY/docs: "
        "group payments-dev was not given PROJECT_WRITE's counterpart (write) on PAY"
    ) in _lines(run)


def test_between_servers_the_permission_is_called_the_same(run: Run, old: Organisation) -> None:
    _save(old, old.copy().revoke(GROUP, "payments-dev", "write", "PAY"), SERVER)
    assert any(line.endswith(": group payments-dev was not given PROJECT_WRITE on PAY") for line in _lines(run))


def test_what_is_kept_and_who_gains_is_told(run: Run, old: Organisation) -> None:
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "payments-dev", "read", "PAY")
    _save(old, new.grant(PERSON, "bob", "admin", "PAY/web"))
    lines = _lines(run)
    assert (
        "Bob (bob) gains admin on PAY/web, having had write: "
        "granted directly (admin on PAY/web), and not on the old server"
    ) in lines
    assert any(
        line.startswith("4 people lose write on PAY/api, PAY/web and PAY/docs (11 of 12 combinations), keeping read: ")
        for line in lines
    )


def test_members_who_were_left_behind_are_told_as_that(run: Run, old: Organisation) -> None:
    new = old.copy()
    new.people["cid"].groups = set()
    _save(old, new)
    assert (
        "Cid (cid) loses write on PAY/api, PAY/web and PAY/docs: group payments-dev, which has PROJECT_WRITE on PAY, "
        "has as much on the new server, but without them as members"
    ) in _lines(run)


def test_a_renamed_group_is_no_difference_but_a_reason(run: Run, old: Organisation) -> None:
    new = old.copy().group("pay-team").grant(GROUP, "pay-team", "write", "PAY")
    new.revoke(GROUP, "payments-dev", "write", "PAY")
    del new.groups["payments-dev"]
    for name in ("ann", "bob", "cid", "dora"):
        new.people[name].groups = {"pay-team"}
    _save(old, new)
    lines = _lines(run)
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    assert "group payments-dev" in lines[lines.index("Groups without a counterpart on the new server") + 1]
    new.people["ann"].groups = set()
    _save(old, new)
    assert (
        "Ann (ann) loses write on PAY/api, PAY/web and PAY/docs: group payments-dev, which has PROJECT_WRITE on PAY, "
        "has no counterpart on the new server"
    ) in _lines(run)


def test_a_moved_repository_is_compared_where_it_is_now(run: Run, old: Organisation) -> None:
    new = old.copy()
    del new.repositories["PAY/docs"]
    _save(old, new.project("NEW", "docs"))
    assert (
        "4 people lose write on PAY/docs (now NEW/docs): PROJECT_WRITE on PAY of group payments-dev does not count on "
        "the new server, where it lies in another project"
    ) in _lines(run)


def test_public_and_default_permissions_and_administration_are_access(run: Run, old: Organisation) -> None:
    old.project("SAND", "box", default="create").repositories["PAY/docs"].is_public = True
    new = old.copy().revoke(GROUP, "admins", "admin")
    new.repositories["PAY/docs"].is_public = False
    new.repositories["OPS/run"].is_public = True
    _save(old, new)
    lines = _lines(run)
    assert (
        "5 people lose write on SAND/box: default permission REPO_CREATE (write on repositories) of SAND; "
        "Bitbucket Cloud has no default permissions"
    ) not in lines, "root administers everything, and loses more"
    assert (
        "4 people lose write on SAND/box: default permission REPO_CREATE (write on repositories) of SAND; "
        "Bitbucket Cloud has no default permissions"
    ) in lines
    assert any(
        line.startswith("Somebody (root) loses admin on the whole server and 5 repositories")
        and "ADMIN's counterpart (owner)" in line
        for line in lines
    )
    assert (
        "anybody who is not signed in loses read on PAY/docs: public on the old server, not on the new server" in lines
    )
    gain = next(line for line in lines if "gain read on OPS/run" in line)
    assert gain.startswith("Bob (bob), Cid (cid), Dora (dora) and anybody who is not signed in gain read")
    assert gain.endswith("public on the new server, not on the old server")


def test_administrators_who_were_each_granted_it_are_told_together(run: Run, old: Organisation) -> None:
    _save(old, old.copy().grant(PERSON, "bob", "admin").grant(PERSON, "ann", "admin"))
    [gain] = [line for line in _lines(run) if " gain admin on the whole server" in line]
    assert gain == (
        "Ann (ann) and Bob (bob) gain admin on the whole server and 4 repositories: "
        "granted directly (owner on the whole server), and not on the old server"
    )


def test_create_repo_is_write_on_repositories_and_said_on_projects(run: Run, old: Organisation) -> None:
    old.grant(GROUP, "admins", "read", "PAY").revoke(GROUP, "payments-dev", "write", "PAY")
    new = old.copy().grant(GROUP, "payments-dev", "write", "PAY")
    _save(old.grant(GROUP, "payments-dev", "create", "PAY"), new)
    lines = _lines(run)
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    told = lines[
        lines.index("Who may create repositories in projects: on repositories it is write on both servers") + 1
    ]
    assert told == (
        "4 people lose create-repo on PAY, keeping write: "
        "group payments-dev was not given REPO_CREATE's counterpart (create-repo) on PAY"
    )
    assert _across(run, "--fail-on", "any").code == 0


def test_inactive_people_are_told_apart(run: Run, old: Organisation) -> None:
    old.people["ann"].is_active = old.people["bob"].is_active = False
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY").grant(PERSON, "bob", "admin", "PAY")
    new.people["bob"].is_active = True
    _save(old, new)
    lines = _lines(run)
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
    _save(old, new)
    assert _across(run, "--fail-on", fail_on).code == code


def test_who_reaches_nothing_gains_nothing_by_being_switched_on(run: Run, old: Organisation) -> None:
    new = old.person("zoe", "zoe@example.com", is_active=False).copy()
    new.people["zoe"].is_active = True
    _save(old, new)
    assert not [line for line in _lines(run) if "zoe" in line]
    assert _across(run, "--fail-on", "any").code == 0


def test_from_the_cloud_to_a_server_people_are_called_by_their_user_names(run: Run, old: Organisation) -> None:
    Path(OLD).write_text(json.dumps(old.cloud()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(old.copy().grant(PERSON, "bob", "read", "OPS/run").server()), encoding="utf-8")
    assert (
        "Bob (bob) gains read on OPS/run: granted directly (REPO_READ on OPS/run), and not on the old server"
    ) in _lines(run)


def test_an_inactive_person_who_keeps_everything_is_no_difference(run: Run, old: Organisation) -> None:
    old.people["ann"].is_active = old.people["ann"].is_licensed = False
    _save(old, old)
    assert not [line for line in _lines(run) if "Ann" in line]


def test_who_and_what_has_no_counterpart_is_listed_with_what_matters(run: Run, old: Organisation) -> None:
    old.person("gone", "gone@example.com", "payments-dev", is_active=False).project("~ann", "dotfiles")
    old.repositories["PAY/web"].properties["is_archived"] = True
    new = old.copy()
    del new.people["gone"], new.repositories["PAY/web"]
    _save(old, new)
    lines = _lines(run)
    assert lines[lines.index("People without a counterpart on the new server") + 1] == "Somebody (gone), inactive"
    at = lines.index("Repositories without a counterpart on the new server")
    assert lines[at + 1 : at + 3] == ["PAY/web, archived", "~ann/dotfiles, personal"]
    assert any("nobody gains access, nobody loses some" in line for line in lines)


def test_keys_are_said_not_to_be_compared(run: Run, old: Organisation) -> None:
    old.credentials.append({"id": "ssh-access-key:1", "name": "deploy"})
    _save(old, old.copy())
    lines = _lines(run)
    assert lines[lines.index("Not compared") + 1] == (
        "1 key or token of the old server and 1 key or token of the new server, which have grants of their own"
    )


# ---- what is not known


_GAPS = [
    (["repository PAY/api: permissions"], {"PAY/api"}),
    (["project PAY: permissions"], {"PAY/api", "PAY/web", "PAY/docs"}),
    (["group payments-dev: members"], {"PAY/web", "PAY/docs"}),
    (["repository PAY/api: permissions", "instance: HTTP access tokens of users"], {"PAY/api"}),
    (["workspace: something new"], {"PAY/api", "PAY/web", "PAY/docs"}),
    ([], {"PAY/api", "PAY/web", "PAY/docs"}),
]


@pytest.mark.parametrize(("missing", "doubtful"), _GAPS)
def test_nothing_is_concluded_from_what_an_export_lacks(
    run: Run, old: Organisation, missing: list[str], doubtful: set[str]
) -> None:
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY")
    new.grant(GROUP, "payments-dev", "read", "PAY/web").grant(GROUP, "payments-dev", "read", "PAY/docs")
    new.properties |= {"is_complete": False, "not_collected": missing}
    _save(old, new)
    answer = _json(run)
    lost = {row["on"]["old"] for row in answer["access"] if row["status"] == "in force"}
    unsaid = {row["on"]["old"] for row in answer["access"] if row["status"] == "not concluded"}
    assert unsaid == doubtful
    assert lost == {"PAY/api", "PAY/web", "PAY/docs"} - doubtful
    assert answer["lost"] is bool(lost)
    assert any("would lose write" in line for line in _lines(run))
    ended = _across(run, "--fail-on", "lost")
    assert ended.code == 4
    assert ("not known" in ended.err) is not bool(lost)


def test_what_the_incomplete_export_shows_is_believed(run: Run, old: Organisation) -> None:
    new = old.copy().grant(PERSON, "bob", "admin", "OPS/run")
    new.properties |= {"is_complete": False, "not_collected": ["workspace: anything"]}
    _save(old, new)
    assert [(row["change"], row["status"]) for row in _json(run)["access"]] == [("gained", "in force")]


def test_without_global_permissions_no_gain_is_concluded(run: Run, old: Organisation) -> None:
    new = old.copy().grant(PERSON, "bob", "admin", "OPS/run")
    old.properties["global_permissions"] = "none"
    _save(old, new)
    assert {row["status"] for row in _json(run)["access"]} == {"not concluded"}


def test_what_is_only_supposed_to_be_public_is_not_concluded(run: Run, old: Organisation) -> None:
    new = old.copy()
    old.repositories["PAY/api"].is_public = True
    old.properties["public_access"] = "unknown"
    _save(old, new)
    assert {row["status"] for row in _json(run)["access"]} == {"not concluded"}


def test_that_nothing_could_be_compared_is_not_taken_for_no_difference(run: Run, old: Organisation) -> None:
    new = old.copy()
    for person in new.people.values():
        person.email = None
    _save(old, new)
    lines = _lines(run)
    assert "Nothing could be compared: no person, or no repository, is matched." in lines
    assert any(
        "e-mail addresses, by which people are matched (in Cloud: export with --emails)" in line for line in lines
    )
    ended = _across(run, "--fail-on", "any")
    assert (ended.code, "nothing could be compared" in ended.err) == (4, True)


def test_two_exports_of_one_server_are_noticed(run: Run, old: Organisation) -> None:
    Path(OLD).write_text(json.dumps(old.server()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(old.server()), encoding="utf-8")
    assert any(line.startswith("whether these are two servers") for line in _lines(run))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"application_type": "Github"}, "it is no export of a Bitbucket, but of an application of type 'Github'"),
        ({"application_type": None}, "it is no export of a Bitbucket"),
    ],
)
def test_an_export_of_neither_is_refused(run: Run, old: Organisation, change: dict[str, Any], message: str) -> None:
    _save(old, old)
    payload = old.cloud()
    payload["applications"][0] |= change
    Path(NEW).write_text(json.dumps(payload), encoding="utf-8")
    ended = _across(run)
    assert (ended.code, ended.out) == (2, "")
    assert f"new.json: {message}" in ended.last_line


def test_an_export_of_two_applications_is_refused(run: Run, old: Organisation) -> None:
    payload = old.server()
    payload["applications"].append({"name": "other", "application_type": "BitbucketServer"})
    _save(old, old)
    Path(OLD).write_text(json.dumps(payload), encoding="utf-8")
    ended = _across(run)
    assert (ended.code, "old.json: it holds 2 applications" in ended.last_line) == (2, True)


# ---- exit codes and usage


@pytest.mark.parametrize(
    ("gains", "loses", "failing"),
    [(True, False, {"gained", "any"}), (False, True, {"lost", "any"}), (True, True, {"gained", "lost", "any"})],
)
def test_fail_on(run: Run, old: Organisation, gains: bool, loses: bool, failing: set[str]) -> None:
    new = old.copy()
    if gains:
        new.grant(PERSON, "bob", "read", "OPS/run")
    if loses:
        new.revoke(PERSON, "ann", "read", "OPS/run")
    _save(old, new)
    assert {fail_on for fail_on in ("gained", "lost", "any") if _across(run, "--fail-on", fail_on).code == 4} == failing
    assert _across(run).code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--people", "x.csv"], "--people is for exports of two servers: add --across"),
        (["--write-repositories", "x.csv"], "--write-repositories is for exports of two servers: add --across"),
        (["--csv"], "--csv and --fail-on lost are for exports of two servers: add --across"),
        (["--fail-on", "lost"], "--csv and --fail-on lost are for exports of two servers: add --across"),
        (["--across", "--write-people", "x.csv", "--json"], "compare nothing yet: leave the other options out"),
        (
            ["--across", "--write-people", "x.csv", "--fail-on", "any"],
            "compare nothing yet: leave the other options out",
        ),
    ],
)
def test_usage_errors(run: Run, old: Organisation, options: list[str], message: str) -> None:
    _save(old, old)
    ended = run("diff", OLD, NEW, *options)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.last_line
    assert not Path("x.csv").exists()


# ---- mapping files


@pytest.fixture
def strangers(old: Organisation) -> Organisation:
    """Whom nothing but a person can match: no address is known, and the repositories have other names."""
    new = old.copy()
    for name in ("ann", "bob"):
        new.people[name].email = None
    del new.repositories["OPS/run"]
    new.project("OPS", "start")
    new.grants = {grant for grant in new.grants if grant[3] != "OPS/run"}
    return new.grant(PERSON, "bob", "read", "OPS/start")


def _ids(organisation: Organisation) -> dict[str, str]:
    """Give the ids that people have in the cloud, by user name."""
    users = organisation.cloud()["applications"][0]["local_users"]
    return {name: user["id"] for name, user in zip(organisation.people, users, strict=False)}


def test_mapping_files_settle_what_cannot_be_known(run: Run, old: Organisation, strangers: Organisation) -> None:
    _save(old, strangers)
    ids = _ids(strangers)
    Path("people.csv").write_text(
        f"old,new\nANN,{ids['ann']}\nbob@example.com,{ids['bob'].upper()}\n", encoding="utf-8"
    )
    Path("repositories.csv").write_text("old,new\nops/RUN,acme/start\n", encoding="utf-8")
    lines = _lines(run, "--people", "people.csv", "--repositories", "repositories.csv")
    assert [line for line in lines if "3 e-mail address" in line]
    assert "2 mapping file" in lines
    assert any(line.startswith("Ann (ann) loses read on OPS/run (now OPS/start): granted directly") for line in lines)
    assert any(line.startswith("Bob (bob) gains read on OPS/run (now OPS/start): granted directly") for line in lines)


def test_people_may_swap_names(run: Run, old: Organisation) -> None:
    _save(old, old, SERVER)
    Path("people.csv").write_text("old,new\nann,root\nroot,ann\n", encoding="utf-8")
    rows = {(row["person"]["name"], row["change"]) for row in _json(run, "--people", "people.csv")["access"]}
    assert rows == {("Ann (ann)", "gained"), ("Somebody (root)", "lost")}


def test_a_mapping_file_can_say_that_somebody_has_no_counterpart(run: Run, old: Organisation) -> None:
    _save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    Path("people.csv").write_text("old,new\nann,-\n-,ann@example.com\n", encoding="utf-8")
    lines = _lines(run, "--people", "people.csv")
    assert any("nobody gains access, nobody loses some" in line for line in lines)
    assert "People without a counterpart on the new server, as the mapping file says" in lines


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffold;new\r\nann;ann@example.com\r\n",
        "new\told\tnotes\nann@example.com\tann\twhatever\n",
        '"old","new"\n"ann","ann@example.com"\n\n"bob",""\n,bob@example.com\n',
    ],
)
def test_mapping_files_may_come_from_a_spreadsheet(run: Run, old: Organisation, text: str) -> None:
    _save(old, old)
    Path("people.csv").write_bytes(text.encode())
    assert _json(run, "--people", "people.csv")["matching"]["people"]["by"] == {"mapping file": 1, "e-mail address": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("old,new\nann,nobody\n", "line 2: the new export has no person 'nobody'"),
        ("old,new\n\nan,ann@example.com\n", "line 3: the old export has no person 'an'; did you mean ann?"),
        ("old,new\nann,bob@example.com\nann,cid@example.com\n", "line 3: Ann (ann) stands in line 2, too"),
        ("old,new\nann,bob@example.com\ncid,bob@example.com\n", "line 3: Bob (bob@example.com) stands in line 2, too"),
        (
            "old,new\nann,bob@example.com\nbob,-\n-,bob@example.com\n",
            "line 4: Bob (bob@example.com) stands in line 2, too",
        ),
        (
            "old,new\nann,x\nbob,y\ncid,z\n",
            "line 2: the new export has no person 'x' (2 more lines cannot be used, either)",
        ),
        ("ann,bob@example.com\n", "line 1: the header must name the columns old,new"),
        ("", "line 1: the header must name the columns old,new"),
        ("old,new\nann\n", "line 2: there are fewer columns than in the header"),
        ('old,new\n"ann,x\n', "line 2: no CSV: unexpected end of data"),
        ("old,new\nann,M\xfcller\n", "line 2: not UTF-8; save it as 'CSV UTF-8'"),
        ("old,new\nSomebody,ann@example.com\n", "line 2: the old export has no person 'Somebody'"),
    ],
)
def test_errors_name_the_file_and_the_line(run: Run, old: Organisation, text: str, message: str) -> None:
    _save(old, old)
    Path("people.csv").write_bytes(text.encode("latin-1"))
    ended = _across(run, "--people", "people.csv")
    assert (ended.code, ended.out) == (2, "")
    assert f"people.csv {message}" in ended.last_line


def test_a_name_of_several_people_is_an_error(run: Run, old: Organisation) -> None:
    old.person("ann@example.com", "other@example.com")
    _save(old, old)
    Path("people.csv").write_text("old,new\nann@example.com,ann@example.com\n", encoding="utf-8")
    ended = _across(run, "--people", "people.csv")
    assert (
        ended.code,
        "line 2: 'ann@example.com' names several in the old export: say which by" in ended.last_line,
    ) == (2, True)


def test_a_mapping_file_that_is_not_there(run: Run, old: Organisation) -> None:
    _save(old, old)
    ended = _across(run, "--repositories", "none.csv")
    assert (ended.code, "none.csv cannot be read: No such file" in ended.last_line) == (2, True)


def test_a_file_to_be_completed_holds_who_has_no_counterpart(
    run: Run, old: Organisation, strangers: Organisation
) -> None:
    _save(old, strangers)
    ended = _across(run, "--write-people", "people.csv", "--write-repositories", "repositories.csv")
    assert ended.code == 0
    assert "Who loses access" not in ended.out
    assert "wrote 4 rows to people.csv: complete it, then give it with --people" in ended.err
    rows = _written("people.csv")
    ids = _ids(strangers)
    assert [(row["old"], row["new"]) for row in rows] == [("ann", ""), ("bob", ""), ("", ids["ann"]), ("", ids["bob"])]
    assert rows[0]["about"] == "Ann, ann@example.com"
    repositories = _written("repositories.csv")
    assert [(row["old"], row["new"]) for row in repositories] == [("OPS/run", ""), ("", "OPS/start")]
    assert stat.S_IMODE(Path("people.csv").stat().st_mode) == 0o600
    # As it is, it says nothing.
    assert _lines(run, "--people", "people.csv", "--repositories", "repositories.csv") == _lines(run)


def test_what_was_settled_is_kept_when_the_file_is_written_again(
    run: Run, old: Organisation, strangers: Organisation
) -> None:
    _save(old, strangers)
    Path("people.csv").write_text(f"old,new\nann,{_ids(strangers)['ann']}\ncid,-\n", encoding="utf-8")
    assert _across(run, "--people", "people.csv", "--write-people", "people.csv").code == 0
    rows = _written("people.csv")
    ids = _ids(strangers)
    expected = [("ann", ids["ann"]), ("bob", ""), ("cid", "-"), ("", ids["bob"]), ("", "cid@example.com")]
    assert [(row["old"], row["new"]) for row in rows] == expected


def test_a_file_that_is_there_is_not_replaced(run: Run, old: Organisation) -> None:
    _save(old, old)
    Path("people.csv").write_text("an hour's work", encoding="utf-8")
    ended = _across(run, "--write-people", "people.csv")
    assert (ended.code, "people.csv is there already" in ended.last_line) == (2, True)
    assert Path("people.csv").read_text(encoding="utf-8") == "an hour's work"


def test_names_that_a_spreadsheet_would_change_are_written_as_ids(run: Run, old: Organisation) -> None:
    old.person("=1+1", None).person("-", None).person('say "hi"', None).person("a,b", None)
    _save(old, Organisation())
    _across(run, "--write-people", "people.csv")
    names = [row["old"] for row in _written("people.csv") if row["old"]]
    assert names == ["ann", "bob", "cid", "dora", "root", "105", "106", "107", "a,b"]


# ---- forms of output


def test_csv_has_a_row_for_each_person_and_repository(run: Run, old: Organisation, strangers: Organisation) -> None:
    _save(old, strangers.revoke(GROUP, "payments-dev", "write", "PAY"))
    ended = _across(run, "--csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(row["change"], row["old_user"], row["new_user"]) for row in rows[:2]] == [
        ("lost", "cid", "cid@example.com"),
        ("lost", "dora", "dora@example.com"),
    ]
    assert {(row["old_repository"], row["before"], row["after"], row["status"]) for row in rows} == {
        (f"PAY/{slug}", "write", "none", "in force") for slug in ("api", "web", "docs")
    }
    assert "not matched, and not compared: 2 old and 2 new people" in ended.err
    assert "not matched, and not compared: 1 old and 1 new repositories" in ended.err


def test_json_is_whole(run: Run, old: Organisation, strangers: Organisation) -> None:
    _save(old, strangers.revoke(GROUP, "payments-dev", "write", "PAY"))
    answer = _json(run)
    assert answer["matching"]["people"] == {"old": 5, "new": 5, "matched": 3, "by": {"e-mail address": 3}}
    assert [(one["change"], one["cause"], one["combinations"]) for one in answer["differences"]] == [
        ("lost", "grant", 6)
    ]
    unmatched = {(one["server"], one["kind"], one["name"]) for one in answer["unmatched"]}
    assert ("old", "Repo", "OPS/run") in unmatched
    assert ("old", "user", "Ann") in unmatched
    assert (answer["gained"], answer["lost"], answer["is_conclusive"], answer["access_left_out"]) == (
        False,
        True,
        True,
        0,
    )
    assert len(answer["access"]) == 6


def test_markdown_takes_no_name_for_markup(run: Run, old: Organisation) -> None:
    old.people["ann"].name = "*Ann* <b>"
    _save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    out = _across(run, "--markdown").out
    assert r"- \*Ann\* \<b\> (ann) loses read on OPS/run" in out
    assert "| people | 5 | 5 | 5 | 5 e-mail address | 0 | 0 | 0 |" in out


def test_hostile_names_do_no_harm(run: Run, old: Organisation) -> None:
    old.people["ann"].name = "Ann\x1b[2J\u202e\nBob"
    old.person("x", None, name="=cmd()")
    _save(old, old.copy().revoke(PERSON, "ann", "read", "OPS/run"))
    for form in ("--csv", "--json", "--markdown"):
        out = _across(run, form).out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "\x1b" not in _across(run).out
