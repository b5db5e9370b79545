"""How much would disappear: what counts as gone, and what reading an earlier export makes of odd files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.errors import GuardError, UsageError
from connector.oaa.shrink_guard import check_removal, contents, read_contents

Payload = dict[str, Any]


def payload(
    users: int = 10,
    groups: int = 10,
    projects: int = 5,
    repositories: int = 10,
    resources: int = 10,
    members: int = 5,
) -> Payload:
    """Make up a payload: one user holds all permissions, repositories are those of project 0, members of one group."""
    return {
        "applications": [
            {
                "name": "Bitbucket",
                "custom_properties": {"is_complete": True},
                "local_users": [
                    {"id": str(n), "name": f"user {n}", "groups": ["group-0"] if n < members else []}
                    for n in range(users)
                ],
                "local_groups": [{"id": f"group-{n}", "name": f"group-{n}"} for n in range(groups)],
                "resources": [
                    {
                        "id": f"p{n}",
                        "name": f"project {n}",
                        "sub_resources": [{"id": f"r{m}", "name": f"r{m}"} for m in range(0 if n else repositories)],
                    }
                    for n in range(projects)
                ],
            }
        ],
        "identity_to_permissions": [
            {
                "identity": "0",
                "identity_type": "local_user",
                "application_permissions": [
                    {"permission": "REPO_READ", "resources": [f"p0.r{n}" for n in range(resources)]},
                    {"permission": "ADMIN", "apply_to_application": True},
                ],
            }
        ],
    }


def refusal(old: Payload, new: Payload, max_removal: float = 20) -> str:
    with pytest.raises(GuardError) as caught:
        check_removal(contents(old), contents(new), max_removal)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fewer", "says"),
    [
        ({"users": 7}, "3 of 10 users"),
        ({"members": 2}, "3 of 5 memberships"),
        ({"groups": 7}, "3 of 10 groups"),
        ({"projects": 3}, "2 of 5 projects"),
        ({"repositories": 7}, "3 of 10 repositories"),
        ({"resources": 7}, "3 of 11 grants"),
    ],
    ids=str,
)
def test_each_kind_is_guarded(fewer: dict[str, int], says: str) -> None:
    assert f"({says})" in refusal(payload(), payload(**fewer))


@pytest.mark.parametrize(("users", "max_removal"), [(8, 20), (9, 10), (0, 100), (10, 0)])
def test_up_to_the_bound_may_disappear(users: int, max_removal: float) -> None:
    check_removal(contents(payload()), contents(payload(users=users)), max_removal)


@pytest.mark.parametrize(("users", "max_removal"), [(7, 20), (8, 19.9), (9, 0)])
def test_beyond_the_bound_nothing_may_disappear(users: int, max_removal: float) -> None:
    refusal(payload(), payload(users=users), max_removal)


def test_users_who_are_new_do_not_make_up_for_users_who_are_gone() -> None:
    new = payload(users=20)
    new["applications"][0]["local_users"][:10] = []
    assert "10 of 10 users" in refusal(payload(), new)


def test_a_renamed_user_or_project_is_no_loss() -> None:
    new = payload()
    for entity in [*new["applications"][0]["local_users"], *new["applications"][0]["resources"]]:
        entity["name"] += " (renamed)"
    check_removal(contents(payload()), contents(new), 0)


def test_a_repository_that_moved_is_no_loss_of_a_repository() -> None:
    new = payload()
    first, second, *_ = new["applications"][0]["resources"]
    second["sub_resources"], first["sub_resources"] = first["sub_resources"], []
    check_removal(contents(payload()), contents(new), 0)


def test_a_permission_that_was_lowered_is_a_lost_grant() -> None:
    old = payload()
    old["identity_to_permissions"][0]["application_permissions"][0]["permission"] = "REPO_ADMIN"
    assert "10 of 11 grants" in refusal(old, payload())


def test_the_same_permission_of_a_user_and_of_a_group_are_two_grants() -> None:
    new = payload()
    new["identity_to_permissions"][0]["identity_type"] = "local_group"
    assert "11 of 11 grants" in refusal(payload(), new)


def test_nothing_disappears_from_an_empty_export() -> None:
    empty = payload(0, 0, 0, 0, 0)
    check_removal(contents(empty), contents(payload()), 0)


def test_the_ten_largest_differences_are_logged_largest_first(caplog: pytest.LogCaptureFixture) -> None:
    refusal(payload(users=20, resources=30), payload(users=5, resources=5))
    lines = [record.getMessage().split() for record in caplog.records]
    assert len(lines) == 1 + 10
    assert lines[1] == ["25", "grants", "user", "user", "0", "(0)"]
    assert lines[2] == ["1", "users", "user", "user", "10", "(10)"]


def test_reading_gives_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(payload()))
    assert read_contents(file) == contents(payload())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ('{"applications": [', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[]", "not an OAA payload"),
        ("{}", "not an OAA payload"),
        ('{"applications": []}', "not an OAA payload"),
        ('{"applications": [{}], "identity_to_permissions": []}', "not an OAA payload"),
        ('{"applications": [{"local_users": null}]}', "not an OAA payload"),
        ("[" * 100_000, "not an OAA payload"),
    ],
)
def test_a_file_that_is_no_export_is_named_with_the_reason(tmp_path: Path, text: str | bytes, why: str) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError) as caught:
        read_contents(file)
    assert f"{file} is no export that could be compared with ({why})" in str(caught.value)


def test_a_folder_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        read_contents(tmp_path)
