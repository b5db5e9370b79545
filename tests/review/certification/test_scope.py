"""`review start`: who is asked about what, on servers, on Bitbucket Cloud and in other applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.review.certification import rows as folding
from tests.conftest import Run
from tests.graph import payloads
from tests.graph.worlds import CREDENTIAL, GROUP, USER, World
from tests.review.across.organisations import PERSON, Organisation
from tests.review.certification.folders import (
    REVIEW,
    answer,
    asked,
    book,
    decided,
    decisions,
    rows,
    save,
    start,
    world,
)

EVERYONE, LICENSED = "bitbucket:everyone", "bitbucket:licensed-users"


def test_the_overview_says_to_whom_each_workbook_goes_and_where_nothing_is_to_decide(run: Run) -> None:
    start(run, world().project("50", "LOST").grant(USER, "3", "PROJECT_ADMIN", "50"))
    found = {row["File"]: row for row in rows(REVIEW / "overview.xlsx", "Workbooks")}
    assert found["review-PAY.xlsx"]["Send to"] == "Ann Lee (ann)"
    assert found["review-PAY.xlsx"]["E-mail"] == "ann@example.com"
    assert (found["review-PAY.xlsx"]["Decisions"], found["review-PAY.xlsx"]["Grants"]) == (5, 5)
    assert found["review-LOST.xlsx"]["Send to"] is None
    assert [row["Project"] for row in rows(REVIEW / "overview.xlsx", "Nothing to decide")] == ["EMPTY"]


def test_only_named_projects_and_levels_are_asked_about_and_the_rest_is_counted(run: Run) -> None:
    start(run, world().grant(USER, "1", "ADMIN"), "--only", "pay", "--at-least", "write")
    assert {path.name for path in REVIEW.iterdir()} == {"review-PAY.xlsx", "overview.xlsx", "review.jsonl.gz"}
    assert {row[0] for row in asked(book())} == {"Ann Lee (ann)", "devs", "Bob (bob)"}
    assert ("2 grants not asked about", "read") in [
        (row["What"], row["Level"]) for row in rows(book(), "For information")
    ]


def test_a_name_that_no_project_has_is_refused(run: Run) -> None:
    ended = run("review", "start", save(world()), "-o", str(REVIEW), "--only", "PAY", "NONE")
    assert ended.code == 2
    assert "--only NONE: the export has no such project" in ended.err
    assert not REVIEW.exists()


def test_an_exact_key_goes_before_one_in_another_letter_case(run: Run) -> None:
    one = World().user("1", "Ann").project("1", "pay").project("2", "PAY").grant(USER, "1", "PROJECT_READ", "1")
    start(run, one.grant(USER, "1", "PROJECT_WRITE", "2"), "--only", "PAY")
    assert asked(book()) == [("Ann", "PROJECT_WRITE", "PAY")]


def test_an_owner_gets_all_projects_and_a_project_of_several_owners_is_in_each_workbook(run: Run) -> None:
    start(run, world().grant(USER, "4", "PROJECT_ADMIN", "10"), "--by", "owner")
    assert {row[2] for row in asked(book("dora"))} == {"PAY", "PAY/api", "PAY/ledger", "OPS"}
    assert {row[2] for row in asked(book("ann"))} == {"PAY", "PAY/api", "PAY/ledger"}


def test_one_owner_s_answer_is_enough_and_two_that_differ_contradict(run: Run) -> None:
    start(run, world().grant(USER, "4", "PROJECT_ADMIN", "10"), "--by", "owner")
    answer(book("dora"), {("Bob (bob)", "PAY/api"): "remove"})
    assert run("review", "collect", str(REVIEW)).code == 0
    assert decided()["Bob (bob)", "PAY/api"] == "remove"
    assert len(decisions()) == len(decided()) == 7
    answer(book("ann"), "keep")
    assert run("review", "collect", str(REVIEW)).code == 4
    assert decided()["Bob (bob)", "PAY/api"] == "contradictory"


def test_owners_contradict_each_other_although_only_one_of_their_workbooks_is_folded(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FOLDED_FROM", 7)
    one = world().grant(USER, "4", "PROJECT_ADMIN", "10").grant(USER, "2", "REPO_WRITE", "101")
    one.grant(USER, "2", "PROJECT_READ", "20")
    one.users["1"]["is_active"] = True
    start(run, one, "--by", "owner")
    assert [row["On"] for row in rows(book("dora")) if row["Permission"] == "REPO_WRITE"] == [
        "2 repositories in PAY: api and ledger"
    ]
    assert len([row for row in rows(book("ann")) if row["Permission"] == "REPO_WRITE"]) == 2
    answer(book("dora"), "remove", name="Dora")
    run("review", "collect", str(REVIEW))
    assert set(decided().values()) == {"remove"}
    answer(book("ann"), "keep", name="Ann")
    run("review", "collect", str(REVIEW))
    assert decided()["Bob (bob)", "PAY/ledger"] == "contradictory"
    assert decided()["Bob (bob)", "OPS"] == "remove"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([(USER, "1"), (GROUP, "devs")], "ann"),
        ([(GROUP, "devs")], "devs"),
        ([(USER, "3"), (GROUP, "devs")], "devs"),
        ([(USER, "3")], "NEW"),
        ([(GROUP, "nobody")], "NEW"),
        ([(GROUP, LICENSED)], "NEW"),
        ([(CREDENTIAL, "k")], "NEW"),
    ],
    ids=["people before groups", "group", "inactive", "nobody left", "empty group", "everybody", "key"],
)
def test_the_owner_is_who_administers_a_project_and_can_answer(
    run: Run, named: list[tuple[str, str]], expected: str
) -> None:
    one = world().group("nobody").group(LICENSED).credential("k").project("50", "NEW")
    one.users["1"]["groups"] = [LICENSED]
    one.repository("500", "50", "x", project_key="NEW").grant(USER, "2", "REPO_READ", "500")
    for kind, holder in named:
        one.grant(kind, holder, "PROJECT_ADMIN", "50")
    start(run, one, "--by", "owner", "--only", "NEW")
    assert [path.name for path in REVIEW.glob("review-*.xlsx")] == [f"review-{expected}.xlsx"]


def test_a_role_is_one_decision_whatever_it_bundles(run: Run) -> None:
    roles = ({"id": "dev", "name": "Developer", "permissions": ["reader", "writer"]},)
    document = payloads.payload(
        payloads.holds("ann", roles=(payloads.role_on("dev", "top", "top.sub"),)),
        payloads.holds("bob", payloads.on("owner", "top")),
        payloads.holds("sam@idp.example", payloads.on("reader", "top.sub"), kind="idp"),
        users=({"name": "ann"}, {"name": "bob"}),
        resources=(payloads.resource("top", payloads.resource("sub")),),
        roles=roles,
    )
    Path("export.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("review", "start", "export.json", "-o", str(REVIEW)).code == 0
    found = {(row["Holder"], row["Permission"], row["Level"], row["On"]) for row in rows(book("top"))}
    assert found == {
        ("ann", "role Developer", "write", "top"),
        ("ann", "role Developer", "write", "top/sub"),
        ("bob", "owner", "admin", "top"),
        ("sam@idp.example", "reader", "read", "top/sub"),
    }


def _cloud() -> dict[str, Any]:
    """Give the export of a workspace with an administrator of a repository, and two groups with grants."""
    made = Organisation().group("Administrators").group("Developers").project("PAY", "api")
    made.person("ann", None, "Administrators", name="Ann").grant(PERSON, "ann", "admin", "PAY/api")
    made.grant(GROUP, "Administrators", "admin").grant(GROUP, "Developers", "write", "PAY")
    made.properties["workspace_permissions"] = "full"
    return made.cloud()


def test_a_payload_of_bitbucket_cloud_is_reviewed_and_proven_like_any(run: Run) -> None:
    document = _cloud()
    Path("export.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("review", "start", "export.json", "-o", str(REVIEW)).code == 0
    assert asked(book()) == [("Developers", "write", "PAY"), ("Ann", "admin", "PAY/api")]
    assert asked(book("workspace-permissions")) == [("Administrators", "owner", "the whole workspace")]
    answer(book(), {("Developers", "PAY"): "remove"})
    answer(book("workspace-permissions"))
    assert run("review", "collect", str(REVIEW)).code == 0
    held = document["identity_to_permissions"]
    document["identity_to_permissions"] = [one for one in held if one["identity"] != "developers"]
    Path("after.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("review", "prove", "after.json", "--decisions", "decisions.csv", "--fail-on", "open")
    assert ended.code == 0, ended


def test_people_of_a_workspace_are_told_apart_and_asked_only_while_they_are_members(run: Run) -> None:
    document = _cloud()
    held = document["identity_to_permissions"]
    for number, is_member in enumerate((True, False), 2):
        user = {"id": f"{{u-{number}}}", "name": "Ann", "custom_properties": {"is_member": is_member}}
        document["applications"][0]["local_users"].append(user)
        project = document["applications"][0]["resources"][0]["id"]
        granted = {"application": "Bitbucket Cloud - acme", "permission": "admin", "resources": [project]}
        held.append({"identity": user["id"], "identity_type": "local_user", "application_permissions": [granted]})
    Path("export.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("review", "start", "export.json", "-o", str(REVIEW), "--by", "owner", "--only", "PAY").code == 0
    assert [path.name for path in REVIEW.glob("review-*.xlsx")] == ["review-_u-2_.xlsx"]
    found = {(row["Holder"], row["Whom it lets in"]) for row in rows(book("_u-2_")) if row["On"] == "PAY"}
    assert found == {("Ann", "{u-2}"), ("Ann", "{u-3}, no member"), ("Developers", "nobody")}


def test_two_applications_in_one_payload_keep_their_grants_apart(run: Run) -> None:
    document = _cloud()
    other = json.loads(json.dumps(document).replace("Bitbucket Cloud - acme", "Bitbucket Cloud - beta"))
    document["applications"] += other["applications"]
    document["identity_to_permissions"] += other["identity_to_permissions"]
    Path("export.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("review", "start", "export.json", "-o", str(REVIEW)).code == 0
    names = sorted(path.name for path in REVIEW.glob("review-*.xlsx"))
    assert names == [
        "review-PAY-2.xlsx",
        "review-PAY.xlsx",
        "review-workspace-permissions-2.xlsx",
        "review-workspace-permissions.xlsx",
    ]
    for path in REVIEW.glob("review-*.xlsx"):
        answer(path, "remove" if path.name.endswith("PAY.xlsx") else "keep")
    assert run("review", "collect", str(REVIEW)).code == 0
    document["identity_to_permissions"] = [*other["identity_to_permissions"], document["identity_to_permissions"][0]]
    Path("after.json").write_text(json.dumps(document), encoding="utf-8")
    ended = run("review", "prove", "after.json", "--decisions", "decisions.csv", "--fail-on", "open")
    assert ended.code == 0, ended
    assert "2 of 2 decisions" in ended.out
