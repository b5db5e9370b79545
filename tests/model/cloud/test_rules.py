"""The model of Cloud's rules itself, on small workspaces computed by hand; and the embedded server by the model."""

from __future__ import annotations

import pytest
from hypothesis import given

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.catalogue import Catalogue
from connector.embedded.cloud.rules import REPOSITORY_WORDS, Rules
from connector.embedded.cloud.workspace import Account, Project, Repository, Workspace
from tests.model.cloud import rules, workspaces
from tests.model.cloud.test_comparison import EXAMPLES


class World:
    """Ann, a member; Ben of group staff; Gus, who is no member; PAY with api, OPS with notes."""

    def __init__(self) -> None:
        builder = Builder("acme", "Acme")
        self.workspace: Workspace = builder.workspace
        self.ann: Account = builder.member("ann")
        self.ben: Account = builder.member("ben")
        self.gus: Account = builder.account("gus")
        self.staff = builder.group("staff", [self.ben])
        self.left = builder.group("left", listed=False)
        self.pay: Project = builder.project("PAY", "Payments")
        self.ops: Project = builder.project("OPS", "Operations")
        self.api: Repository = builder.repository(self.pay, "api")
        self.notes: Repository = builder.repository(self.ops, "notes")

    def levels(self) -> dict[str, tuple[str, str]]:
        """Give the levels on `api` and `notes` of all who have one."""
        found = {
            str(account.nickname): (
                rules.granted_level(self.workspace, account, self.api),
                rules.granted_level(self.workspace, account, self.notes),
            )
            for account in self.workspace.accounts.values()
        }
        found["anonymous"] = rules.anonymous_level(self.api), rules.anonymous_level(self.notes)
        return {name: levels for name, levels in found.items() if levels != ("none", "none")}


def test_without_grants_nobody_has_access() -> None:
    assert World().levels() == {}


@pytest.mark.parametrize(
    ("word", "level", "administers", "creates"),
    [
        ("read", "read", False, False),
        ("write", "write", False, False),
        ("create-repo", "write", False, True),
        ("admin", "admin", True, True),
    ],
)
def test_a_level_on_a_project_reaches_its_repositories(
    word: str, level: str, *, administers: bool, creates: bool
) -> None:
    world = World()
    world.pay.users = {world.gus.uuid: word}
    world.pay.groups = {"staff": word}
    assert world.levels() == {"ben": (level, "none"), "gus": (level, "none")}
    for account in (world.ben, world.gus):
        assert rules.administers_project(world.workspace, account, world.pay) is administers
        assert rules.creates_repositories(world.workspace, account, world.pay) is creates
    assert not rules.creates_repositories(world.workspace, world.ann, world.pay)


@pytest.mark.parametrize("word", ["read", "write", "admin"])
def test_a_level_on_a_repository_counts_there(word: str) -> None:
    world = World()
    world.api.users = {world.ann.uuid: word}
    world.notes.groups = {"staff": word}
    assert world.levels() == {"ann": (word, "none"), "ben": ("none", word)}


def test_the_highest_level_counts_and_nothing_subtracts() -> None:
    world = World()
    world.pay.groups = {"staff": "write"}
    world.api.users = {world.ben.uuid: "read"}
    assert world.levels() == {"ben": ("write", "none")}
    world.api.users = {world.ben.uuid: "admin"}
    assert world.levels() == {"ben": ("admin", "none")}


def test_the_permission_none_gives_no_access() -> None:
    world = World()
    world.pay.groups, world.pay.users = {"staff": "none"}, {world.ann.uuid: "none"}
    world.api.groups, world.api.users = {"staff": "none"}, {world.ann.uuid: "none"}
    assert world.levels() == {}


def test_owners_administer_everything() -> None:
    everything = {"ann": ("admin", "admin")}
    world = World()
    world.workspace.members[world.ann.uuid] = "owner"
    assert world.levels() == everything
    world = World()
    world.workspace.owner_uuid = world.ann.uuid
    assert world.levels() == everything
    world = World()
    world.staff.account_privilege = "admin"
    assert world.levels() == {"ben": ("admin", "admin")}
    assert rules.creates_repositories(world.workspace, world.ben, world.ops)


def test_other_privileges_and_roles_give_no_access() -> None:
    world = World()
    world.staff.account_privilege = "collaborator"
    world.workspace.members[world.ann.uuid] = "quality-gate"
    assert world.levels() == {}


def test_the_default_access_of_a_group_and_joining_by_itself_give_nothing() -> None:
    world = World()
    world.staff.default_permission, world.staff.auto_add = "admin", True
    assert world.levels() == {}


def test_a_group_that_is_gone_gives_nothing() -> None:
    world = World()
    world.pay.groups, world.api.groups = {"left": "admin"}, {"left": "admin"}
    assert world.levels() == {}


def test_a_public_repository_is_read_by_everybody_and_a_public_project_gives_nothing() -> None:
    world = World()
    world.pay.is_private = False
    world.workspace.is_private = False
    assert world.levels() == {}
    world.api.is_private = False
    assert set(world.levels()) == {"ann", "ben", "gus", "anonymous"}
    assert set(world.levels().values()) == {("read", "none")}


@EXAMPLES
@given(workspaces())
def test_the_embedded_server_follows_the_same_rules(workspace: Workspace) -> None:
    catalogue = Catalogue(workspace)
    server = Rules(catalogue)
    for account in workspace.accounts.values():
        rights = server.rights(account)
        for repository in workspace.repositories.values():
            level = rules.granted_level(workspace, account, repository) if account.active else "none"
            expected = max(level, rules.anonymous_level(repository), key=rules.LEVELS.index)
            ranked = REPOSITORY_WORDS.get(rights.repository_rank(repository), "none")
            seen = "read" if ranked == "none" and rights.sees_repository(repository) else ranked
            assert seen == expected
