"""Each check finds what it looks for, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.graph.payload import load
from connector.review.findings.catalogue import CHECKS, findings_of
from connector.review.findings.finding import Finding, Urgency
from tests.documents import ROOT
from tests.graph.payloads import Json, holds, on, payload, permission, resource

READ, WRITE, ADMIN = ["DataRead"], ["DataRead", "DataWrite"], ["DataRead", "DataWrite", "MetadataWrite"]
PERMISSIONS = [
    permission("LICENSED_USER", ["NonData"]),
    permission("SYS_ADMIN", ADMIN, inherits=True),
    permission("PROJECT_READ", READ, inherits=True),
    permission("PROJECT_WRITE", WRITE, inherits=True),
    permission("PROJECT_ADMIN", ADMIN, inherits=True),
    permission("REPO_READ", READ),
    permission("REPO_WRITE", WRITE),
    permission("PUBLIC_READ", READ, inherits=True),
]
EVERYONE = {"id": "bitbucket:everyone", "name": "Everyone"}
LICENSED = {"id": "bitbucket:licensed-users", "name": "All licensed users", "groups": ["bitbucket:everyone"]}


def user(name: str, *groups: str, **more: Any) -> Json:
    """Write an ordinary user; `is_licensed` and the like are properties."""
    properties = {"username": name, "is_licensed": True, "in_directory": True}
    properties |= {key: more.pop(key) for key in list(more) if key in properties or key == "directory_name"}
    return {
        "id": name,
        "name": name.title(),
        "groups": list(groups),
        "is_active": True,
        "last_login_at": "2024-12-01T00:00:00Z",
        "custom_properties": properties,
    } | more


def repository(slug: str, **properties: Any) -> Json:
    return resource(slug, id=slug, kind="Repo", custom_properties={"slug": slug, "project_key": "PAY"} | properties)


def project(*repositories: Json, key: str = "PAY", **properties: Any) -> Json:
    return resource(key.title(), *repositories, id=key, kind="Project", custom_properties={"key": key} | properties)


Resources = tuple[Json, ...] | None


def findings(*grants: Json, resources: Resources = None, **sections: tuple[Json, ...]) -> dict[str, list[str]]:
    """Give what is found in an export: ids of findings, and places."""
    findings = findings_in(*grants, resources=resources, **sections)
    return {finding.id: [str(one) for one in finding.places] for finding in findings}


def findings_in(*grants: Json, resources: Resources = None, **sections: tuple[Json, ...]) -> list[Finding]:
    resources = (project(repository("api")),) if resources is None else resources
    document = payload(*grants, permissions=PERMISSIONS, resources=resources, **sections)
    document["applications"][0]["custom_properties"] = {"base_url": "https://bitbucket.example.com"}
    return findings_of(load(document))


def group_holds(name: str, *grants: Json) -> Json:
    return holds(name, *grants, kind="local_group")


def key_holds(name: str, *grants: Json) -> Json:
    return holds(name, *grants, kind="local_access_creds")


def test_nothing_is_found_where_all_is_well() -> None:
    assert (
        findings(
            group_holds("team", on("PROJECT_WRITE", "PAY")),
            users=(user("ann", "team"),),
            groups=({"name": "team"},),
        )
        == {}
    )


def test_what_is_public() -> None:
    found = findings(group_holds("bitbucket:everyone", on("PUBLIC_READ", "PAY", "PAY.api")), groups=(EVERYONE,))
    assert found["public"] == ["PAY: Pay, with 1 repository", "PAY/api"]


def test_default_permissions_to_write_come_before_those_to_read() -> None:
    findings = findings_in(
        group_holds("bitbucket:licensed-users", on("PROJECT_WRITE", "PAY"), on("PROJECT_READ", "DATA")),
        resources=(project(), project(key="DATA")),
        groups=(EVERYONE, LICENSED),
    )
    assert [(one.id, one.urgency, [place.what for place in one.places]) for one in findings] == [
        ("default-write", Urgency.FIRST, ["PAY"]),
        ("default-read", Urgency.KNOW, ["DATA"]),
    ]


def test_administrators_are_listed_with_each_grant_that_makes_them_one() -> None:
    found = findings(
        group_holds("admins", on("SYS_ADMIN", application=True)),
        holds("ann", on("SYS_ADMIN", application=True)),
        users=(user("ann", "staff"), user("bob", "staff")),
        groups=({"name": "staff", "groups": ["admins"]}, {"name": "admins"}),
    )
    assert found["administrators"] == [
        "Ann (ann): SYS_ADMIN; SYS_ADMIN through staff through admins",
        "Bob (bob): SYS_ADMIN through staff through admins",
    ]


def test_people_who_left_and_kept_access_of_their_own_or_of_a_group() -> None:
    found = findings(
        holds("ann", on("REPO_WRITE", "PAY.api")),
        group_holds("team", on("PROJECT_READ", "PAY")),
        group_holds("licensed", on("LICENSED_USER", application=True)),
        users=(
            user("ann", "licensed", is_active=False),
            user("bob", "team", is_active=False),
            user("cem", "licensed", is_active=False),
        ),
        groups=({"name": "team"}, {"name": "licensed"}),
    )
    assert found == {"inactive-access": ["Ann (ann): REPO_WRITE on PAY/api", "Bob (bob): through team"]}


@pytest.mark.parametrize("who", [{"is_active": None}, {"is_licensed": None}, {"last_login_at": None}])
def test_what_is_unknown_is_not_found(who: Json) -> None:
    assert findings(holds("ann", on("REPO_WRITE", "PAY.api")), users=(user("ann", **who),)) == {}


def test_people_without_a_licence() -> None:
    found = findings(holds("ann", on("REPO_WRITE", "PAY.api")), users=(user("ann", is_licensed=False), user("bob")))
    assert list(found) == ["unlicensed-access"]


def test_users_and_groups_in_no_directory() -> None:
    found = findings(
        holds("ann", on("REPO_READ", "PAY.api")),
        holds("token", on("REPO_READ", "PAY.api")),
        group_holds("old", on("PROJECT_READ", "PAY")),
        users=(user("ann", in_directory=False), user("token", in_directory=False, user_type="service_account")),
        groups=({"name": "old", "custom_properties": {"in_directory": False}},),
    )
    assert [place.split(":")[0] for place in found["not-in-directory"]] == [
        "Ann (ann)",
        "old",
    ]


def test_never_signed_in_is_found_where_sign_ins_are_known() -> None:
    ann, bob = user("ann", last_login_at=None, created_at="2020-01-01T00:00:00Z"), user("bob")
    assert findings(users=(ann, bob)) == {"never-signed-in": ["Ann (ann): created 2020-01-01"]}
    assert findings(users=(ann,)) == {}


def test_a_year_away_is_counted_from_the_newest_time_of_the_export() -> None:
    long, short = user("ann", last_login_at="2023-11-30T00:00:00Z"), user("bob", last_login_at="2023-12-02T00:00:00Z")
    assert findings(users=(long, short, user("cem"))) == {"away-for-a-year": ["Ann (ann): last 2023-11-30"]}


def test_three_people_granted_access_by_name() -> None:
    names = ("ann", "bob", "cem")
    grants = [
        holds(name, on("REPO_READ", "PAY.api"), *([on("PROJECT_READ", "PAY")] * (name != "cem"))) for name in names
    ]
    found = findings(*grants, users=tuple(map(user, names)))
    assert found["granted-one-by-one"] == ["PAY/api: 3 people by name: Ann, Bob and Cem"]


def test_owners_of_personal_projects_are_not_named_one_by_one() -> None:
    grants = [holds(name, on("PROJECT_ADMIN", "~ann")) for name in ("ann", "bob", "cem")]
    personal = project(key="~ann", owner="ann")
    assert findings(*grants, users=tuple(map(user, ("ann", "bob", "cem"))), resources=(personal,)) == {}


@pytest.mark.parametrize(
    ("own", "through", "is_twice"),
    [
        (on("REPO_READ", "PAY.api"), on("PROJECT_WRITE", "PAY"), True),
        (on("REPO_WRITE", "PAY.api"), on("REPO_WRITE", "PAY.api"), True),
        (on("REPO_WRITE", "PAY.api"), on("PROJECT_READ", "PAY"), False),
        (on("PROJECT_READ", "PAY"), on("REPO_READ", "PAY.api"), False),
        (on("REPO_READ", "PAY.api"), on("SYS_ADMIN", application=True), False),
    ],
)
def test_a_grant_that_a_group_gives_already(own: Json, through: Json, is_twice: bool) -> None:
    found = findings(
        holds("ann", own), group_holds("team", through), users=(user("ann", "team"),), groups=({"name": "team"},)
    )
    assert ("granted-twice" in found) is is_twice


def test_groups_with_grants_but_without_members() -> None:
    found = findings(
        group_holds("empty", on("PROJECT_READ", "PAY")),
        group_holds("nested", on("PROJECT_READ", "PAY")),
        users=(user("ann", "team"),),
        groups=({"name": "empty"}, {"name": "nested"}, {"name": "team", "groups": ["nested"]}),
    )
    assert found == {"empty-groups": ["empty: PROJECT_READ on PAY"]}


def credential(name: str, **more: Any) -> Json:
    return {"id": name, "name": name, "is_active": True, "expires_at": "2030-01-01T00:00:00Z"} | more


def test_keys_of_people_who_left() -> None:
    found = findings(
        users=(
            user("ann", is_active=False, access_creds=["ssh-user-key:1"]),
            user("bob", access_creds=["ssh-user-key:2"]),
            user("cem", in_directory=False, access_creds=["http-token:3", "http-token:4"]),
        ),
        credentials=(
            credential("ssh-user-key:1"),
            credential("ssh-user-key:2"),
            credential("http-token:3"),
            credential("http-token:4", is_active=False),
        ),
    )
    assert found["keys-of-leavers"] == ["ssh-user-key:1: of Ann", "http-token:3: of Cem"]


def test_keys_that_can_write_and_never_expire() -> None:
    found = findings(
        key_holds("a", on("REPO_WRITE", "PAY.api")),
        key_holds("b", on("REPO_READ", "PAY.api")),
        key_holds("c", on("REPO_WRITE", "PAY.api")),
        users=(user("ann", access_creds=["d", "e"]),),
        credentials=(
            credential("a", expires_at=None),
            credential("b", expires_at=None),
            credential("c"),
            credential("d", expires_at=None, custom_properties={"permissions": ["PROJECT_READ", "REPO_WRITE"]}),
            credential("e", expires_at=None, custom_properties={"permissions": ["REPO_READ"]}),
        ),
    )
    assert found == {"never-expires": ["a: REPO_WRITE on PAY/api", "d: acts for Ann"]}


def test_tokens_that_were_never_used_and_those_not_used_for_long() -> None:
    found = findings(
        users=(user("ann", access_creds=["http-token:1", "http-token:2", "http-token:3", "ssh-user-key:4"]),),
        credentials=(
            credential("http-token:1"),
            credential("http-token:2", last_used_at="2024-05-01T00:00:00Z"),
            credential("http-token:3", last_used_at="2024-11-01T00:00:00Z"),
            # Of keys no use is known, which does not say that there was none.
            credential("ssh-user-key:4"),
        ),
    )
    assert found == {
        "unused-keys": ["http-token:2: last used 2024-05-01; acts for Ann"],
        "never-used-keys": ["http-token:1: acts for Ann"],
    }


@pytest.mark.parametrize(
    ("algorithm", "bits", "is_weak"),
    [
        ("RSA", 1024, True),
        ("ssh-rsa", 2048, False),
        ("DSA", 1024, True),
        ("ssh-dss", None, True),
        ("EdDSA", 256, False),
    ],
)
def test_weak_keys(algorithm: str, bits: int | None, is_weak: bool) -> None:
    found = findings(credentials=(credential("k", custom_properties={"algorithm": algorithm, "bit_length": bits}),))
    assert ("weak-keys" in found) is is_weak


def test_branches_that_can_be_rewritten() -> None:
    found = findings(
        resources=(
            project(
                repository("open", default_branch="main", default_branch_protected=False),
                repository(
                    "half", default_branch="main", default_branch_protected=True, default_branch_no_rewrite=False
                ),
                repository("safe", default_branch_protected=True, default_branch_no_rewrite=True),
                repository("unknown"),
            ),
        )
    )
    assert found == {
        "rewritable-branches": [
            "PAY/open: main, no rule at all",
            "PAY/half: main, some rules",
        ]
    }


def test_webhooks_to_outside_hosts() -> None:
    hosts = ["ci.example.com", "hooks.chat.example", "10.0.0.7", "jenkins", "8.8.8.8", "build.internal"]
    found = findings(resources=(project(repository("api", webhook_hosts=hosts[:2]), webhook_hosts=hosts),))
    assert found == {
        "outside-webhooks": ["hooks.chat.example: PAY", "hooks.chat.example: PAY/api", "8.8.8.8: PAY"],
    }


def test_the_table_of_findings_in_the_documentation_is_the_catalogue() -> None:
    text = (ROOT / "docs" / "reviewing.md").read_text(encoding="utf-8")
    missing = [line for one in CHECKS if (line := f"| `{one.id}` | {one.title} | {one.reason} |") not in text]
    assert missing == []
    assert len(re.findall(r"^\| `[a-z-]+` \| [A-Z]", text, re.MULTILINE)) == len(CHECKS)
