"""`1.0/group-privileges` is a shortcut where it tells the truth, and does no harm where it lies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_TOKEN
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import CutOff, Privileges, Settings
from connector.embedded.cloud.synthetic import synthetic_workspace
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.faults import Change, Fault
from connector.sources.cloud.credentials import ApiToken
from tests.exporting import payload_of
from tests.model.cloud import disagreements
from tests.sources.cloud.exporting import snapshot_of

DEMO = ApiToken(DEMO_EMAIL, DEMO_TOKEN)
REPOSITORIES, PROJECTS, USERS = 102, 4, 30

pytestmark = pytest.mark.usefixtures("skipped_time")


def workspace() -> Workspace:
    """Each repository has four grants; every third has none to a group."""
    whole = synthetic_workspace(
        users=USERS, groups=6, projects=PROJECTS, repositories=REPOSITORIES, grants_per_repository=4
    )
    for number, repository in enumerate(whole.repositories.values()):
        if not number % 3:
            repository.groups = {}
    return whole


def asked_for_groups(server: EmbeddedCloud) -> int:
    of_groups = [each.path for each in server.requests if each.path.endswith("/permissions-config/groups")]
    assert len(of_groups) == len(set(of_groups))  # nothing is asked twice
    return len([path for path in of_groups if path.startswith("/2.0/repositories/")])


@pytest.mark.parametrize("concurrency", [1, 8])
def test_what_was_proved_on_a_sample_saves_a_request_for_each_repository(concurrency: int) -> None:
    with EmbeddedCloud(workspace()) as server:
        snapshot = snapshot_of(server, DEMO, concurrency=concurrency)
        assert snapshot.is_complete
        assert disagreements(server.organisation, payload_of(snapshot)) == []
        assert 40 <= asked_for_groups(server) <= 50
        listings = 2 * (1 + 1 + 1 + 2)  # members, groups, projects, repositories; read until two readings agree
        formula = 2 + listings + 2 * PROJECTS + REPOSITORIES + 1 + asked_for_groups(server)
        assert len(server.requests) == formula


@pytest.mark.parametrize("mode", [mode for mode in Privileges if mode is not Privileges.TRUE])
def test_where_it_lies_or_is_gone_every_repository_is_asked(mode: Privileges) -> None:
    with EmbeddedCloud(workspace(), Settings(privileges=mode)) as server:
        snapshot = snapshot_of(server, DEMO)
        assert snapshot.is_complete
        assert disagreements(server.organisation, payload_of(snapshot)) == []
        assert asked_for_groups(server) == REPOSITORIES
        assert len([each for each in server.requests if "group-privileges" in each.path]) == 1


@pytest.mark.parametrize("form", CutOff)
def test_where_it_takes_too_long_it_is_not_insisted_on(form: CutOff) -> None:
    service = Settings(privileges_cut_off=20, cut_off=form, cut_off_after=0.0)
    with EmbeddedCloud(workspace(), service) as server:
        snapshot = snapshot_of(server, DEMO)
        assert disagreements(server.organisation, payload_of(snapshot)) == []
        assert asked_for_groups(server) == REPOSITORIES
        assert len([each for each in server.requests if "group-privileges" in each.path]) == 1


def test_a_repository_that_comes_meanwhile_is_asked_itself() -> None:
    whole = workspace()
    template = next(iter(whole.repositories.values()))
    born = replace(template, uuid="{99999999-1111-4111-8111-111111111111}", slug="born", groups={"everybody": "admin"})

    def change() -> None:
        whole.repositories[born.uuid] = born

    with EmbeddedCloud(whole) as server:
        server.faults.add(Fault(Change(change), "/permissions-config/users", after=60, times=1))
        snapshot = snapshot_of(server, DEMO)
        assert disagreements(server.organisation, payload_of(snapshot)) == []
        assert asked_for_groups(server) <= 51


def test_a_small_workspace_is_not_worth_a_proof() -> None:
    whole = synthetic_workspace(users=10, groups=2, projects=2, repositories=20, grants_per_repository=3)
    with EmbeddedCloud(whole) as server:
        assert disagreements(whole, payload_of(snapshot_of(server, DEMO))) == []
        assert not [each for each in server.requests if "group-privileges" in each.path]
