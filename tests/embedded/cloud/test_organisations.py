"""The demo's workspace has what it says, and differs from the demo's Data Center just as listed."""

from __future__ import annotations

from collections import Counter

from connector.embedded.cloud import migration
from connector.embedded.cloud.rules import PROJECT, REPOSITORY
from connector.embedded.cloud.sample import (
    DEMO_CONSUMER,
    DEMO_EMAIL,
    DEMO_SECRET,
    DEMO_TOKEN,
    DEMO_WORKSPACE,
    sample_workspace,
)
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.cloud.synthetic import EVERYWHERE, synthetic_workspace
from connector.embedded.cloud.workspace import Project, Repository, Workspace
from connector.embedded.datacenter.sample import sample_organisation
from tests.embedded.cloud.client import Client
from tests.model import rules as server_rules
from tests.model.cloud import rules

SERVER = sample_organisation()
CLOUD = sample_workspace()


def places_of(workspace: Workspace) -> list[Project | Repository]:
    return [*workspace.projects.values(), *workspace.repositories.values()]


def on_server() -> dict[str, Repository | object]:
    return {f"{SERVER.projects[each.project_id].key}/{each.slug}": each for each in SERVER.repositories.values()}


def on_cloud() -> dict[str, Repository]:
    return {f"{CLOUD.projects[each.project_uuid].key}/{each.slug}": each for each in CLOUD.repositories.values()}


def server_levels() -> dict[migration.Held, str]:
    """Give the level of everybody on every repository of the server that both have a counterpart."""
    levels = {}
    for repository in SERVER.repositories.values():
        name = f"{SERVER.projects[repository.project_id].key}/{repository.slug}"
        if migration.counterpart_of(name) is None:
            continue
        levels[migration.ANONYMOUS, name] = server_rules.anonymous_level(SERVER, repository)
        for account in SERVER.accounts.values():
            if account.name not in migration.PEOPLE_LEFT_BEHIND:
                levels[account.name, name] = server_rules.repository_level(SERVER, account, repository)
    return levels


def cloud_level(person: str, name: str) -> str:
    """Give the level of a person of the server on a repository of the server, where both are now."""
    repository = on_cloud()[migration.counterpart_of(name) or ""]
    if person == migration.ANONYMOUS:
        return rules.anonymous_level(repository)
    account = next(each for each in CLOUD.accounts.values() if each.nickname == person)
    return rules.granted_level(CLOUD, account, repository) if account.active else "none"


def test_the_sample_is_as_large_as_its_pair() -> None:
    assert 55 <= len(CLOUD.accounts) <= 65
    assert (len(CLOUD.groups), len(CLOUD.projects), len(CLOUD.repositories)) == (12, 7, 36)


def test_whose_level_differs_is_listed_to_the_last() -> None:
    levels = server_levels()
    changes = {held: (level, cloud_level(*held)) for held, level in levels.items() if level != cloud_level(*held)}
    assert changes == migration.expected_changes(levels)
    assert len(changes) == 120
    reasons = {each.why for each in migration.DIFFERENCES}
    assert 6 <= len(reasons) <= 10


def test_every_listed_difference_is_about_somebody() -> None:
    levels = server_levels()
    for difference in migration.DIFFERENCES:
        assert any(difference.concerns(held, level) for held, level in levels.items()), difference
        for person in set(difference.people) - {"*"}:
            assert any(difference.concerns(held, level) for held, level in levels.items() if held[0] == person)


def test_who_and_what_has_no_counterpart_is_listed_to_the_last() -> None:
    people = {account.name for account in SERVER.accounts.values()}
    nicknames = {account.nickname for account in CLOUD.accounts.values()}
    assert people - nicknames == migration.PEOPLE_LEFT_BEHIND
    assert nicknames - people == migration.PEOPLE_WHO_CAME
    assert {group.name for group in SERVER.groups.values()} - {group.name for group in CLOUD.groups.values()} == (
        migration.GROUPS_LEFT_BEHIND
    )
    names = set(on_server())
    counterparts = {migration.counterpart_of(name) for name in names} - {None}
    assert names >= migration.REPOSITORIES_LEFT_BEHIND
    assert set(on_cloud()) - counterparts == migration.REPOSITORIES_THAT_CAME
    assert counterparts <= set(on_cloud())
    renamed = {name for name in names - migration.REPOSITORIES_LEFT_BEHIND if migration.counterpart_of(name) != name}
    assert renamed == migration.REPOSITORIES_RENAMED.keys() | migration.REPOSITORIES_MOVED.keys()


def test_people_are_known_by_their_addresses_but_for_those_who_must_be_named() -> None:
    addresses = {account.email: account.name for account in SERVER.accounts.values() if account.email}
    by_address = {addresses.get(account.email or ""): account.nickname for account in CLOUD.accounts.values()}
    known = {name for name in by_address if name}
    assert all(by_address[name] == name for name in known)
    everybody = {account.name for account in SERVER.accounts.values()} - migration.PEOPLE_LEFT_BEHIND
    assert everybody - known == migration.PEOPLE_TO_BE_NAMED


def test_every_level_is_granted_to_users_and_to_groups() -> None:
    for ladder, places in ((PROJECT, CLOUD.projects), (REPOSITORY, CLOUD.repositories)):
        grants = [grants for place in places.values() for grants in (place.users, place.groups)]
        assert {word for each in grants for word in each.values()} == {*ladder, "none"}
    assert {group.account_privilege for group in CLOUD.groups.values()} == {None, "admin", "collaborator"}
    assert set(CLOUD.members.values()) == {"member", "owner", "create-project"}


def test_the_traps_are_there() -> None:
    names = Counter(account.display_name for account in CLOUD.accounts.values())
    granted = {uuid for place in places_of(CLOUD) for uuid, word in place.users.items() if word != "none"}
    private = {project.uuid for project in CLOUD.projects.values() if project.is_private}
    repositories = CLOUD.repositories.values()
    assert max(names.values()) == 2
    assert granted - CLOUD.members.keys()
    assert any(not CLOUD.accounts[uuid].active for uuid in granted)
    assert max(len(place.users) for place in places_of(CLOUD)) > 10
    assert any(group.default_permission for group in CLOUD.groups.values())
    assert any(not each.is_private and each.project_uuid in private for each in repositories)
    assert any(each.is_private and each.project_uuid not in private for each in repositories)
    assert any(each.main_branch is None for each in repositories)
    assert max(Counter(project.name for project in CLOUD.projects.values()).values()) == 2
    assert any(len(key.repositories) > 1 for key in CLOUD.deploy_keys)
    assert any(key.projects for key in CLOUD.deploy_keys)
    assert any(hook.repository_uuid is None for hook in CLOUD.webhooks)
    assert {each.branch_type is None for each in CLOUD.restrictions} == {True, False}


def test_references_lead_somewhere() -> None:
    for workspace in (CLOUD, synthetic()):
        for place in places_of(workspace):
            assert place.users.keys() <= workspace.accounts.keys()
            assert place.groups.keys() <= workspace.groups.keys()
        slugs = [each.slug for each in workspace.repositories.values()]
        assert len(set(slugs)) == len(slugs)
        assert {each.project_uuid for each in workspace.repositories.values()} <= workspace.projects.keys()
        for key in workspace.deploy_keys:
            assert key.repositories <= workspace.repositories.keys()
            assert key.projects <= workspace.projects.keys()


def test_the_same_every_time() -> None:
    assert sample_workspace() == CLOUD
    assert synthetic(seed=1) == synthetic(seed=1) != synthetic(seed=2)


def synthetic(seed: int = 0) -> Workspace:
    return synthetic_workspace(users=200, groups=20, projects=10, repositories=300, seed=seed)


def test_synthetic_sizes_and_skew() -> None:
    made = synthetic()
    counts = (len(made.accounts), len(made.groups), len(made.projects), len(made.repositories))
    assert counts == (200, 20, 10, 300)
    assert all(EVERYWHERE in repository.groups for repository in made.repositories.values())
    assert {len(each.users) + len(each.groups) for each in made.repositories.values()} == {10}
    sizes = Counter(each.project_uuid for each in made.repositories.values()).values()
    assert max(sizes) > 2 * min(sizes)


def test_the_demo_can_read_all_of_it() -> None:
    for workspace in (sample_workspace(), synthetic()):
        with EmbeddedCloud(workspace, Settings(rate_limit=None)) as server:
            with Client(server, DEMO_EMAIL, DEMO_TOKEN) as client:
                assert len(client.rows(f"repositories/{workspace.slug}", pagelen=100)) == len(workspace.repositories)
                consumer = Client(server, token=client.token(DEMO_CONSUMER, DEMO_SECRET).json()["access_token"])
            with consumer:
                for repository in workspace.repositories.values():
                    path = f"repositories/{workspace.slug}/{repository.slug}/permissions-config/groups"
                    assert consumer.json(path)["values"] is not None
                assert len(consumer.rows(f"workspaces/{workspace.slug}/members")) == len(workspace.members)
    assert sample_workspace().slug == DEMO_WORKSPACE


def test_the_consumer_of_terraform_cloud_may_little() -> None:
    with EmbeddedCloud(sample_workspace()) as server, Client(server) as client:
        token = client.token("terraform-cloud", "terraform-secret").json()["access_token"]
        with Client(server, token=token) as terraform:
            assert terraform.get(f"repositories/{DEMO_WORKSPACE}/terraform-modules").status_code == 200
            assert terraform.get(f"workspaces/{DEMO_WORKSPACE}/permissions").status_code == 403
