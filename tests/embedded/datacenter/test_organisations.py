"""The demo's organisation has what it says, and those for benchmarks are as large as asked for."""

from __future__ import annotations

from collections import Counter

from connector.embedded.datacenter.organisation import Organisation, Project, Repository
from connector.embedded.datacenter.rules import GLOBAL, PROJECT, REPOSITORY
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.synthetic import EVERYWHERE, synthetic_organisation
from tests.embedded.datacenter.client import Client


def places_of(organisation: Organisation) -> list[Project | Repository]:
    """Everything that holds grants, but for the instance."""
    return [*organisation.projects.values(), *organisation.repositories.values()]


def test_the_sample_is_as_large_as_promised() -> None:
    sample = sample_organisation()
    assert 55 <= len(sample.accounts) <= 65
    assert len([group for group in sample.groups.values() if group.listed]) == 12
    assert len(sample.projects) == 9
    assert len(sample.repositories) == 40


def test_every_level_is_granted_to_users_and_to_groups() -> None:
    sample = sample_organisation()
    projects, repositories = sample.projects.values(), sample.repositories.values()
    assert set(sample.global_users.values()) == set(sample.global_groups.values()) == set(GLOBAL)
    for ladder, places in ((PROJECT, projects), (REPOSITORY, repositories)):
        assert {each for place in places for each in place.users.values()} == set(ladder)
        assert {each for place in places for each in place.groups.values()} == set(ladder)
    assert {frozenset(project.defaults) for project in projects} == {
        frozenset(),
        frozenset({"PROJECT_READ"}),
        frozenset({"PROJECT_READ", "PROJECT_WRITE"}),
        frozenset({"REPO_CREATE"}),
    }


def test_the_traps_are_there() -> None:
    sample = sample_organisation()
    accounts, projects = sample.accounts.values(), sample.projects.values()
    repositories = sample.repositories.values()
    granted = [
        name for grants in (sample.global_groups, *(place.groups for place in places_of(sample))) for name in grants
    ]
    spellings = {group.name for group in sample.groups.values()}
    private = {project.id for project in projects if not project.public}
    assert sample.public_access
    assert any(project.public for project in projects)
    assert any(each.public and each.project_id in private for each in repositories)
    assert any(project.owner_id is not None for project in projects)
    assert any(each.origin_id for each in repositories)
    assert any(each.archived for each in repositories)
    assert any("." in each.slug for each in repositories)
    assert any("/" in each.name and each.type == "SERVICE" for each in accounts)
    assert any(each.email is None and each.type == "NORMAL" for each in accounts)
    assert any(not each.listed and each.type == "NORMAL" for each in accounts)
    assert any(name not in spellings and name.lower() in sample.groups for name in granted)
    assert any(not group.listed and group.name in granted for group in sample.groups.values())
    assert any(each.last_authenticated is None for each in accounts)
    assert any(len(each.description or "") == 10_000 for each in repositories)
    assert any(each.description is None for each in repositories)
    assert max(Counter(project.name for project in projects).values()) == 2
    assert max(Counter(each.slug for each in repositories).values()) > 1


def test_grants_name_who_exists() -> None:
    for organisation in (
        sample_organisation(),
        synthetic_organisation(users=50, groups=9, projects=7, repositories=60),
    ):
        places = places_of(organisation)
        assert all(place.users.keys() <= organisation.accounts.keys() for place in places)
        assert {name.lower() for place in places for name in place.groups} <= organisation.groups.keys()


def test_the_same_every_time() -> None:
    assert sample_organisation() == sample_organisation()
    assert synthetic(seed=1) == synthetic(seed=1) != synthetic(seed=2)


def synthetic(seed: int = 0) -> Organisation:
    return synthetic_organisation(users=200, groups=40, projects=20, repositories=300, seed=seed)


def test_synthetic_sizes_and_skew() -> None:
    made = synthetic()
    counts = (len(made.accounts), len(made.groups), len(made.projects), len(made.repositories))
    assert counts == (200, 40, 20, 300)
    assert all(EVERYWHERE in repository.groups for repository in made.repositories.values())
    assert {len(each.users) + len(each.groups) for each in made.repositories.values()} == {10}
    sizes = Counter(each.project_id for each in made.repositories.values()).values()
    assert max(sizes) > 3 * min(sizes)


def test_the_demo_user_can_read_all_of_it() -> None:
    for organisation in (sample_organisation(), synthetic()):
        with EmbeddedBitbucket(organisation) as server:
            with Client(server, DEMO_USER, DEMO_PASSWORD) as admin:
                assert len(admin.rows("repos", archived="ALL", limit=1000)) == len(organisation.repositories)
                assert admin.rows("admin/permissions/groups")
                for repository in admin.rows("repos", archived="ALL", limit=40):
                    path = f"projects/{repository['project']['key']}/repos/{repository['slug']}"
                    assert admin.json(f"{path}/permissions/users")["isLastPage"]
            with Client(server, token=DEMO_TOKEN) as token:
                assert token.get("admin/permissions/groups").status_code == 401
