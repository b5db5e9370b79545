"""The rules of keys and tokens, case by case, and that the comparison sees any mistake about them."""

from __future__ import annotations

from typing import Any

import pytest

from connector.embedded.datacenter.machines import HttpToken, SshKey
from connector.embedded.datacenter.organisation import Account, Organisation, Project, Repository
from connector.graph.payload import load
from tests.model.credentials import disagreements, key_level, token_level

_API = Repository(8, "api", "api", 7)


def _organisation() -> Organisation:
    return Organisation(
        accounts={1: Account(1, "ann")},
        projects={7: Project(7, "PAY", "Payments")},
        repositories={8: _API},
        global_users={1: "LICENSED_USER"},
        keys=[SshKey(1, "deploy", "", repositories={8: "REPO_READ"}), SshKey(2, "laptop", "", owner_id=1)],
        http_tokens=[HttpToken("12", "ci", ["REPO_WRITE"], project_id=7)],
    )


@pytest.mark.parametrize(
    ("projects", "repositories", "level"),
    [
        ({}, {8: "REPO_READ"}, "read"),
        ({7: "PROJECT_WRITE"}, {8: "REPO_READ"}, "write"),
        ({7: "PROJECT_READ"}, {}, "read"),
        ({9: "PROJECT_WRITE"}, {9: "REPO_WRITE"}, "none"),
    ],
)
def test_what_an_access_key_can_do(projects: dict[int, str], repositories: dict[int, str], level: str) -> None:
    assert key_level(SshKey(1, "", "", projects=projects, repositories=repositories), _API) == level


@pytest.mark.parametrize(
    ("permissions", "place", "level"),
    [
        (["REPO_READ"], {"repository_id": 8}, "read"),
        (["REPO_READ"], {"repository_id": 9}, "none"),
        (["PROJECT_READ", "REPO_ADMIN"], {"project_id": 7}, "admin"),
        (["PROJECT_WRITE", "REPO_READ"], {"project_id": 7}, "write"),
        (["PROJECT_WRITE"], {"repository_id": 8}, "write"),
        (["PROJECT_ADMIN"], {"project_id": 9}, "none"),
    ],
)
def test_what_a_token_can_do(permissions: list[str], place: dict[str, int], level: str) -> None:
    token = HttpToken("1", "", permissions, place.get("project_id"), place.get("repository_id"))
    assert token_level(token, _API) == level


def _payload() -> dict[str, Any]:
    application = {
        "name": "App",
        "local_users": [{"id": "1", "name": "ann", "access_creds": ["ssh-user-key:2"]}],
        "local_access_creds": [
            {"id": name, "name": name} for name in ("ssh-access-key:1", "ssh-user-key:2", "http-token:12")
        ],
        "resources": [
            {"id": "7", "name": "Payments", "resource_type": "Project", "sub_resources": [
                {"id": "8", "name": "api", "resource_type": "Repo"}
            ]}
        ],
    }  # fmt: skip
    return {
        "applications": [application],
        "permissions": [
            {"name": "R", "permission_type": ["DataRead"]},
            {"name": "W", "permission_type": ["DataRead", "DataWrite"]},
        ],
        "identity_to_permissions": [_holds("ssh-access-key:1", "R"), _holds("http-token:12", "W")],
    }


def _holds(who: str, permission: str) -> dict[str, Any]:
    grant = {"application": "App", "permission": permission, "resources": ["7.8"]}
    return {"identity": who, "identity_type": "local_access_creds", "application_permissions": [grant]}


def test_an_export_that_says_what_the_rules_say_agrees() -> None:
    assert disagreements(_organisation(), load(_payload())) == []


def test_a_level_that_is_wrong_is_seen() -> None:
    payload = _payload()
    payload["identity_to_permissions"] = [_holds("ssh-access-key:1", "W")]
    assert disagreements(_organisation(), load(payload)) == [
        "ssh-access-key:1 on repository 8: read, exported as write",
        "http-token:12 on repository 8: write, exported as none",
    ]


def test_an_owner_that_is_missing_is_seen() -> None:
    payload = _payload()
    del payload["applications"][0]["local_users"][0]["access_creds"]
    assert disagreements(_organisation(), load(payload)) == ["ssh-user-key:2: of user 1, exported as of []"]


def test_a_credential_that_is_missing_or_made_up_is_seen() -> None:
    payload = _payload()
    payload["applications"][0]["local_access_creds"][2]["id"] = "http-token:13"
    payload["identity_to_permissions"] = []
    assert disagreements(_organisation(), load(payload)) == [
        "http-token:12: not exported",
        "http-token:13: exported, but does not exist",
    ]
