"""The comparison agrees with an export that was made by the contract, and sees every mistake that is planted."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace
from tests.model.cloud import ADMIN_EMAIL, ADMIN_TOKEN, Payload, crowd, disagreements, rules, workspaces
from tests.model.cloud.exported import exported

Json = dict[str, Any]

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing a workspace may be slow on a busy machine, which is no failure."""


def places(workspace: Workspace) -> list[Project | Repository]:
    return [*workspace.projects.values(), *workspace.repositories.values()]


@EXAMPLES
@given(workspaces())
def test_an_export_by_the_contract_agrees(workspace: Workspace) -> None:
    assert disagreements(workspace, exported(workspace)) == []
    crowd(workspace, 12)
    assert disagreements(workspace, exported(workspace)) == []
    addresses = frozenset({ADMIN_EMAIL, "1@example.com", "2@example.com"})
    assert disagreements(workspace, exported(workspace, confirmed=addresses), confirmed=addresses) == []


@EXAMPLES
@given(workspaces())
def test_random_workspaces_are_possible_on_bitbucket(workspace: Workspace) -> None:
    (token,) = workspace.api_tokens
    admin = workspace.accounts[token.account_uuid]
    assert (admin.email, token.secret) == (ADMIN_EMAIL, ADMIN_TOKEN)
    assert rules.is_owner(workspace, admin)
    assert workspace.repositories
    assert workspace.members.keys() <= workspace.accounts.keys()
    slugs = [repository.slug for repository in workspace.repositories.values()]
    assert len(set(slugs)) == len(slugs)
    for group in workspace.groups.values():
        assert group.members <= workspace.members.keys()
        assert group.listed or not group.members
    for place in places(workspace):
        assert place.users.keys() <= workspace.accounts.keys()
        assert place.groups.keys() <= workspace.groups.keys()


def small() -> Workspace:
    """Two people of one name, a group on a project, a public repository, a guest, fifteen readers."""
    builder = Builder("acme", "Acme")
    boss = builder.member("boss", "Ada Min")
    first = builder.member("alex", "Alex Kim")
    second = builder.member("alex2", "Alex Kim")
    guest = builder.account("guest", "Gus T")
    readers = [builder.member(f"reader{number}") for number in range(15)]
    builder.group("Administrators", [boss], account_privilege="admin")
    builder.group("Developers", [first])
    builder.group("Testers", [second])
    pay = builder.project("PAY", "Payments", groups={"developers": "write"}, users={second.uuid: "none"})
    api = builder.repository(pay, "api", groups={"testers": "read"}, users={guest.uuid: "write", second.uuid: "none"})
    api.users |= {reader.uuid: "read" for reader in readers}
    builder.repository(pay, "docs", is_private=False)
    ops = builder.project("OPS", "Operations", users={first.uuid: "create-repo"})
    nothing = {readers[3].uuid: "none", builder.account("nobody").uuid: "none"}
    builder.repository(ops, "runbook", users={first.uuid: "admin"} | nothing, groups={"testers": "none"})
    return builder.workspace


def named(workspace: Workspace, nickname: str) -> Account:
    return next(account for account in workspace.accounts.values() if account.nickname == nickname)


def repository(workspace: Workspace, slug: str) -> Repository:
    return next(each for each in workspace.repositories.values() if each.slug == slug)


def without_project_grants(workspace: Workspace) -> None:
    for project in workspace.projects.values():
        project.users, project.groups = {}, {}


def first_page_only(workspace: Workspace) -> None:
    for place in places(workspace):
        place.users = dict(list(place.users.items())[:10])
        place.groups = dict(list(place.groups.items())[:10])


def none_as_read(workspace: Workspace) -> None:
    for place in places(workspace):
        place.users = {uuid: "read" if word == "none" else word for uuid, word in place.users.items()}
        place.groups = {slug: "read" if word == "none" else word for slug, word in place.groups.items()}


def without_owners(workspace: Workspace) -> None:
    for group in workspace.groups.values():
        group.account_privilege = None
    workspace.members = {uuid: "member" if word == "owner" else word for uuid, word in workspace.members.items()}
    workspace.owner_uuid = None


def by_display_name(workspace: Workspace) -> None:
    """Take each account for the first one of the same name."""
    first: dict[str, str] = {}
    same = {uuid: first.setdefault(account.display_name, uuid) for uuid, account in workspace.accounts.items()}
    for place in places(workspace):
        place.users = {same[uuid]: word for uuid, word in place.users.items()}
    for group in workspace.groups.values():
        group.members = {same[uuid] for uuid in group.members}


def nothing_public(workspace: Workspace) -> None:
    for each in workspace.repositories.values():
        each.is_private = True


def everything_public_of_a_public_project(workspace: Workspace) -> None:
    for each in workspace.repositories.values():
        each.is_private = workspace.projects[each.project_uuid].is_private


def members_of_the_next_group(workspace: Workspace) -> None:
    groups = list(workspace.groups.values())
    members = [group.members for group in groups]
    for group, others in zip(groups, members[1:] + members[:1], strict=True):
        group.members = set(others)


def members_only(workspace: Workspace) -> None:
    for place in places(workspace):
        place.users = {uuid: word for uuid, word in place.users.items() if uuid in workspace.members}


def outsiders_as_members(workspace: Workspace) -> None:
    workspace.members |= {uuid: "member" for uuid in workspace.accounts if uuid not in workspace.members}


def creators_as_administrators(workspace: Workspace) -> None:
    for project in workspace.projects.values():
        project.users = {uuid: word.replace("create-repo", "admin") for uuid, word in project.users.items()}


def creators_as_writers(workspace: Workspace) -> None:
    for project in workspace.projects.values():
        project.users = {uuid: word.replace("create-repo", "write") for uuid, word in project.users.items()}


def lowered_by_the_repository(workspace: Workspace) -> None:
    """Take a grant on a repository for the last word, though nothing subtracts."""
    for each in workspace.repositories.values():
        project = workspace.projects[each.project_uuid]
        if each.groups:
            project.groups = {}


def default_access_as_grant(workspace: Workspace) -> None:
    for group in workspace.groups.values():
        group.default_permission = "read"
    for each in workspace.repositories.values():
        each.groups |= {slug: "read" for slug in workspace.groups if each.groups.get(slug, "none") == "none"}


MISTAKES: dict[Callable[[Workspace], None], set[str]] = {
    without_project_grants: {"alex on api: write, exported as none", "alex on docs: write, exported as read"},
    first_page_only: {"reader12 on api: read, exported as none", "reader8 on api: read, exported as none"},
    none_as_read: {"reader3 on runbook: none, exported as read", "alex2 on runbook: none, exported as read"},
    without_owners: {"boss administers everything: True, exported otherwise", "boss on api: admin, exported as none"},
    by_display_name: {"alex2: active is True, exported as None", "alex2 on api: read, exported as none"},
    nothing_public: {"anonymous on docs: read, exported as none", "guest on docs: read, exported as none"},
    everything_public_of_a_public_project: {"anonymous on api: none, exported as read"},
    members_of_the_next_group: {"alex on api: write, exported as admin", "boss on api: admin, exported as read"},
    members_only: {"user {guest}: not exported"},
    outsiders_as_members: {"guest: member is False, exported as True"},
    creators_as_administrators: {"alex administers OPS: False, exported otherwise"},
    creators_as_writers: {"alex creates repositories in OPS: True, exported otherwise"},
    lowered_by_the_repository: {"alex on api: write, exported as none"},
    default_access_as_grant: {"alex2 on runbook: none, exported as read"},
}
"""What a reader of Bitbucket Cloud can get wrong, and lines that must name it."""


@pytest.mark.parametrize("mistake", list(MISTAKES), ids=lambda mistake: mistake.__name__)
def test_a_planted_mistake_is_found_and_named(mistake: Callable[[Workspace], None]) -> None:
    truth = small()
    if mistake is everything_public_of_a_public_project:
        next(iter(truth.projects.values())).is_private = False
    assert disagreements(truth, exported(truth)) == []
    mistaken = deepcopy(truth)
    mistake(mistaken)
    found = {readable(truth, line) for line in disagreements(truth, exported(mistaken))}
    assert found >= MISTAKES[mistake]


def readable(workspace: Workspace, line: str) -> str:
    """Leave out the uuid beside a name, and write a name for one that stands alone."""
    for account in workspace.accounts.values():
        line = line.replace(f" {account.uuid[1:9]}", "").replace(account.uuid, f"{{{account.nickname}}}")
    return line


@EXAMPLES
@given(workspaces(), st.sampled_from(list(MISTAKES)))
def test_a_planted_mistake_is_found_if_it_changes_access(
    workspace: Workspace, mistake: Callable[[Workspace], None]
) -> None:
    """A mistake that changes the level of any account is seen in any workspace."""
    mistaken = deepcopy(workspace)
    mistake(mistaken)
    assume(levels(mistaken, workspace) != levels(workspace, workspace))
    assert disagreements(workspace, exported(mistaken))


def levels(workspace: Workspace, truth: Workspace) -> list[str]:
    """Give the level on every repository of every account that the true workspace has."""
    return [
        rules.granted_level(workspace, account, each)
        for account in truth.accounts.values()
        for each in workspace.repositories.values()
    ]


@pytest.mark.parametrize(
    ("section", "expected"),
    [("local_users", "user {boss}: not exported"), ("local_groups", "group administrators: not exported")],
)
def test_users_and_groups_that_are_missing_or_made_up_are_named(section: str, expected: str) -> None:
    workspace = small()
    document = exported(workspace)
    document["identity_to_permissions"] = []
    things = document["applications"][0][section]
    things[:] = [each for each in things if each["id"] not in (named(workspace, "boss").uuid, "administrators")]
    things.append({"id": "99", "name": "99"})
    for user in document["applications"][0]["local_users"]:
        user["groups"] = []
    found = {readable(workspace, line) for line in disagreements(workspace, document)}
    kind = expected.partition(" ")[0]
    assert {expected, f"{kind} 99: exported, but does not exist"} <= found


def test_projects_and_repositories_that_are_missing_or_made_up_are_named() -> None:
    workspace = small()
    document = exported(workspace)
    pay, ops = document["applications"][0]["resources"]
    ops["id"], pay["sub_resources"][0]["id"] = "{ops}", "{api}"
    found = disagreements(workspace, document)
    keys = {each.key: each.uuid for each in workspace.projects.values()}
    api = repository(workspace, "api")
    assert f"project {keys['OPS']}: not exported" in found
    assert "project {ops}: exported, but does not exist" in found
    assert f"repository {keys['PAY']}.{api.uuid}: not exported" in found
    assert f"repository {keys['PAY']}.{{api}}: exported, but does not exist" in found


def test_what_people_are_known_by() -> None:
    workspace = small()
    named(workspace, "alex").email = "Alex@example.com"
    addresses = frozenset({"alex@example.com"})
    assert disagreements(workspace, exported(workspace), confirmed=frozenset()) == []
    assert disagreements(workspace, exported(workspace, confirmed=addresses), confirmed=addresses) == []
    for wrong in (
        disagreements(workspace, exported(workspace, confirmed=addresses)),
        disagreements(workspace, exported(workspace), confirmed=addresses),
    ):
        assert len(wrong) == 2
        assert all("address" in line or "known as" in line for line in wrong)
    document = exported(workspace)
    user = Payload(document).users[named(workspace, "alex2").uuid]
    user["name"], user["is_active"] = "alex2", False
    user["identities"].append("Alex Kim")
    assert len(disagreements(workspace, document)) == 3


def test_activity_that_bitbucket_does_not_tell_is_not_guessed() -> None:
    workspace = small()
    document = exported(workspace)
    Payload(document).users[named(workspace, "guest").uuid]["is_active"] = True
    (line,) = disagreements(workspace, document)
    assert line.endswith(": active is None, exported as True")


def test_a_grant_of_a_group_in_a_group_counts() -> None:
    workspace = small()
    document = exported(workspace)
    groups = Payload(document).groups
    groups["testers"]["groups"] = ["developers"]
    found = {readable(workspace, line) for line in disagreements(workspace, document)}
    assert found == {"alex2 on api: read, exported as write", "alex2 on docs: read, exported as write"}
