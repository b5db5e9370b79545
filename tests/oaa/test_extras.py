"""Credentials, webhooks and branch restrictions in the payload, by the contract's table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.model import Credential, CredentialKind, DefaultBranch, Extras, Gap, Inclusion
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission
from tests.oaa.test_mapping import SNAPSHOT, payload

ALL = frozenset(Inclusion)
KEY = Credential(
    CredentialKind.SSH_ACCESS_KEY,
    "7",
    "deploy",
    on_projects={"3": ProjectPermission.PROJECT_READ},
    on_repositories={"9": RepositoryPermission.REPO_WRITE},
    created_at=1_546_300_800_123,
    algorithm="ED25519",
    bit_length=256,
    fingerprint="SHA256:abc",
)
TOKEN = Credential(
    CredentialKind.HTTP_TOKEN,
    "12",
    "mine",
    owner_id="7",
    permissions=(ProjectPermission.PROJECT_READ, RepositoryPermission.REPO_READ),
    expires_at=1_735_682_400_000,
    last_used_at=1_546_300_800_000,
    can_expire=True,
)


def with_machines(*credentials: Credential, **machines: Any) -> dict[str, Any]:
    details = {"included": ALL, "taken_at": 1_735_682_400_000, **machines}
    return payload(replace(SNAPSHOT, extras=Extras(credentials=credentials, **details)))


def test_an_access_key() -> None:
    found = with_machines(KEY)
    assert found["applications"][0]["local_access_creds"] == [
        {
            "id": "ssh-access-key:7",
            "name": "deploy",
            "is_active": True,
            "created_at": "2019-01-01T00:00:00.123Z",
            "custom_properties": {
                "kind": "ssh-access-key",
                "algorithm": "ED25519",
                "bit_length": 256,
                "fingerprint": "SHA256:abc",
            },
        }
    ]
    (row,) = [row for row in found["identity_to_permissions"] if row["identity_type"] == "local_access_creds"]
    assert row["identity"] == "ssh-access-key:7"
    granted = {grant["permission"]: grant["resources"] for grant in row["application_permissions"]}
    assert granted == {"PROJECT_READ": ["3"], "REPO_WRITE": ["3.9"]}


def test_a_personal_token_has_an_owner_and_no_grant() -> None:
    found = with_machines(TOKEN)
    (credential,) = found["applications"][0]["local_access_creds"]
    assert credential == {
        "id": "http-token:12",
        "name": "mine",
        "is_active": False,
        "expires_at": "2024-12-31T22:00:00Z",
        "last_used_at": "2019-01-01T00:00:00Z",
        "can_expire": True,
        "custom_properties": {"kind": "http-token", "permissions": ["PROJECT_READ", "REPO_READ"]},
    }
    owners = [user["id"] for user in found["applications"][0]["local_users"] if user.get("access_creds")]
    assert owners == ["7"]
    assert not [row for row in found["identity_to_permissions"] if row["identity"] == "http-token:12"]


@pytest.mark.parametrize(("taken_at", "active"), [(1_735_682_399_999, True), (1_735_682_400_000, False), (None, True)])
def test_what_has_expired_when_the_snapshot_was_taken(taken_at: int | None, *, active: bool) -> None:
    (credential,) = with_machines(TOKEN, taken_at=taken_at)["applications"][0]["local_access_creds"]
    assert credential["is_active"] is active


def test_webhooks_and_default_branches() -> None:
    branch = DefaultBranch("main", protected=True, pull_request_only=False, no_rewrite=None, no_deletion=True, exempt=0)
    found = with_machines(
        project_webhook_hosts={"3": ("a", "b")}, repository_webhook_hosts={"9": ()}, default_branches={"9": branch}
    )
    resources = {resource["id"]: resource for resource in found["applications"][0]["resources"]}
    assert resources["3"]["custom_properties"]["webhook_hosts"] == ["a", "b"]
    properties = resources["3"]["sub_resources"][0]["custom_properties"]
    assert properties["webhook_hosts"] == []
    assert {name: value for name, value in properties.items() if name.startswith("default_branch")} == {
        "default_branch": "main",
        "default_branch_protected": True,
        "default_branch_pull_request_only": False,
        "default_branch_no_deletion": True,
        "default_branch_exempt_count": 0,
    }


@pytest.mark.parametrize("inclusion", Inclusion)
def test_only_what_is_included_is_defined(inclusion: Inclusion) -> None:
    core = payload(SNAPSHOT)["custom_property_definition"]["applications"][0]
    found = payload(replace(SNAPSHOT, extras=Extras(frozenset({inclusion}))))
    definitions = found["custom_property_definition"]["applications"][0]
    on_repositories = set(definitions["resources"][1]["properties"]) - set(core["resources"][1]["properties"])
    assert "local_access_creds_properties" not in core
    assert set(definitions.get("local_access_creds_properties", ())) == {
        Inclusion.ACCESS_KEYS: {"kind", "algorithm", "bit_length", "fingerprint"},
        Inclusion.TOKENS: {"kind", "permissions"},
    }.get(inclusion, set())
    assert len(on_repositories) == {Inclusion.WEBHOOKS: 1, Inclusion.BRANCH_PERMISSIONS: 6}.get(inclusion, 0)


@pytest.mark.parametrize("optional", [True, False])
def test_what_is_optional_leaves_the_export_complete(*, optional: bool) -> None:
    gaps = (Gap("instance", "webhooks of projects", "404", optional=optional),)
    found = payload(replace(SNAPSHOT, gaps=gaps))["applications"][0]["custom_properties"]
    assert found["is_complete"] is optional
    assert found["not_collected"] == ["instance: webhooks of projects"]
