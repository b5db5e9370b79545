"""The fake Veza is strict: what it accepts, the real one can be expected to accept."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.outputs.veza.conftest import Payload
from tests.outputs.veza.fake.template import Violation, violations


def test_the_fake_accepts_what_oaaclient_makes(payload: Payload) -> None:
    assert violations(json.loads(json.dumps(payload))) == []


def _change(path: str, value: object) -> Callable[[Payload], None]:
    def change(payload: Payload) -> None:
        target: Any = payload
        *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        for step in way:
            target = target[step]
        target[last] = value

    return change


def _repeat(path: str) -> Callable[[Payload], None]:
    def repeat(payload: Payload) -> None:
        target: Any = payload
        for step in path.split("/"):
            target = target[int(step) if step.isdigit() else step]
        target.append(copy.deepcopy(target[0]))

    return repeat


_USER, _REPO = "applications/0/local_users/0", "applications/0/resources/0/sub_resources/0"
_GRANTS = "identity_to_permissions"
_GRANT = f"{_GRANTS}/1/application_permissions/0"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_change("extra", 1), "extra"),
        (_change("applications/0/extra", 1), "applications[0].extra"),
        (_change(f"{_USER}/extra", 1), "local_users[0].extra"),
        (_change(f"{_REPO}/extra", 1), "sub_resources[0].extra"),
        (_change("permissions/0/extra", 1), "permissions[0].extra"),
        (_change(f"{_GRANTS}/0/extra", 1), "permissions[0].extra"),
        (_change(f"{_USER}/name", ""), "local_users[0].name"),
        (_change(f"{_REPO}/name", ""), "sub_resources[0].name"),
        (_change(f"{_USER}/id", 101), "local_users[0].id"),
        (_change(f"{_USER}/groups", ["nobody"]), "local_users[0].groups"),
        (_change(f"{_USER}/access_creds", ["no-key"]), "local_users[0].access_creds"),
        (_change(f"{_USER}/identities", [None]), "local_users[0].identities"),
        (_change(f"{_USER}/is_active", "yes"), "local_users[0].is_active"),
        (_change(f"{_USER}/created_at", "2024-01-02"), "local_users[0].created_at"),
        (_change(f"{_USER}/created_at", "2024-13-02T03:04:05Z"), "local_users[0].created_at"),
        (_change(f"{_USER}/user_type", "robot"), "local_users[0].user_type"),
        (_change(f"{_USER}/custom_properties", {"shoe_size": 42}), "custom_properties.shoe_size"),
        (_change(f"{_REPO}/custom_properties/is_public", "no"), "custom_properties.is_public"),
        (_change(f"{_REPO}/custom_properties/is_public", None), "custom_properties.is_public"),
        (_change(f"{_REPO}/description", "é" * 129), "sub_resources[0].description"),
        (_change("applications/0/custom_properties/version", "x" * 4097), "custom_properties.version"),
        (_change("applications/0/local_groups/0/groups", ["developers"]), "local_groups[0].groups"),
        (_change(f"{_GRANTS}/0/identity", "102"), f"{_GRANTS}[0].identity"),
        (_change(f"{_GRANTS}/1/identity", "nobody"), f"{_GRANTS}[1].identity"),
        (_change(f"{_GRANTS}/2/identity", "no-key"), f"{_GRANTS}[2].identity"),
        (_change(f"{_GRANTS}/0/identity_type", "robot"), f"{_GRANTS}[0].identity_type"),
        (_change(f"{_GRANT}/permission", "NONE"), "application_permissions[0].permission"),
        (_change(f"{_GRANT}/resources", ["1.43"]), "application_permissions[0].resources"),
        (_change(f"{_GRANT}/resources", ["1.42"] * 2), "permissions[0].resources"),
        (_change(f"{_GRANT}/resources", []), "application_permissions[0]"),
        (_change(f"{_GRANT}/application", "Other"), "application_permissions[0].application"),
        (_change(f"{_GRANTS}/0/role_assignments", []), "role_assignments"),
        (_change("applications/0/local_roles", [{"name": "r"}]), "local_roles"),
        (_change("permissions/0/permission_type", ["DataEat"]), "permissions[0].permission_type"),
        (_change("custom_property_definition/applications/0/application_properties/a-b", "STRING"), ".a-b"),
        (_change("custom_property_definition/applications/0/application_properties/version", "TEXT"), ".version"),
        (_repeat("applications/0/local_users"), "applications[0].local_users"),
        (_repeat("applications/0/local_groups"), "applications[0].local_groups"),
        (_repeat("applications/0/local_access_creds"), "applications[0].local_access_creds"),
        (_repeat("applications/0/resources"), "applications[0].resources"),
        (_repeat("applications/0/resources/0/sub_resources"), "sub_resources"),
        (_repeat("permissions"), "permissions"),
        (_repeat(_GRANTS), _GRANTS),
        (_repeat("applications"), "applications"),
        (_change("applications", []), "applications"),
    ],
)
def test_the_fake_is_strict(payload: Payload, change: Callable[[Payload], None], field: str) -> None:
    changed = json.loads(json.dumps(payload))
    change(changed)
    assert any(violation.field.endswith(field) for violation in violations(changed)), violations(changed)


def test_the_fake_refuses_entities_of_which_only_some_have_ids(payload: Payload) -> None:
    changed = json.loads(json.dumps(payload))
    del changed["applications"][0]["local_users"][0]["id"]
    assert Violation("applications[0]", "either all local identities have an id or none has") in violations(changed)
