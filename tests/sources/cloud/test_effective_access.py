"""Bitbucket Cloud's rules and the export agree on who can do what: in any workspace, however its API answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_TOKEN, sample_workspace
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.cloud.workspace import Workspace
from connector.errors import SourceError
from connector.model import GlobalPermissionsRead, Snapshot
from connector.sources.cloud.credentials import ApiToken, Consumer
from tests.exporting import payload_of
from tests.model.cloud import CONSUMER, crowd, disagreements, workspaces
from tests.sources.cloud.exporting import ADMIN, snapshot_of

_SORTABLE = ["2.0/workspaces/{ws}/permissions", "2.0/workspaces/{ws}/projects", "2.0/repositories/{ws}"]

services = st.builds(
    Settings,
    context=st.sampled_from(["", "/bitbucket"]),
    page_cap=st.sampled_from([10, 50, 100]),
    lowers_page=st.booleans(),
    opaque_next=st.booleans(),
    tells_size=st.booleans(),
    unsortable=st.sets(st.sampled_from(_SORTABLE)).map(frozenset),
    throttled=st.booleans(),
    consumers_are_users=st.booleans(),
    groups_cut_off=st.sampled_from([None, 0]),
    cut_off_after=st.just(0.0),
    lists_creators=st.booleans(),
    null_absent=st.booleans(),
)


@pytest.mark.usefixtures("skipped_time")
@hypothesis_settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    workspace=workspaces(),
    service=services,
    credentials=st.sampled_from([ADMIN, Consumer(*CONSUMER)]),
    is_crowded=st.sampled_from([False, False, True]),
    concurrency=st.sampled_from([1, 8]),
)
def test_every_user_has_in_the_export_what_bitbucket_gives(
    workspace: Workspace,
    service: Settings,
    credentials: ApiToken | Consumer,
    is_crowded: bool,
    concurrency: int,
) -> None:
    if is_crowded:
        crowd(workspace)
    with EmbeddedCloud(workspace, service) as server:
        if workspace.owner_uuid is not None and (credentials is ADMIN or service.consumers_are_users):
            with pytest.raises(SourceError, match="personal workspace"):
                snapshot_of(server, credentials)
            return
        snapshot = snapshot_of(server, credentials, concurrency=concurrency)
    assert snapshot.gaps == ()
    assert disagreements(workspace, payload_of(snapshot)) == []


@pytest.fixture(scope="module")
def sample() -> Snapshot:
    with EmbeddedCloud(sample_workspace()) as server:
        return snapshot_of(server, ApiToken(DEMO_EMAIL, DEMO_TOKEN))


def _without_owners(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, global_grants=())


def _without_projects(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, project_grants={})


def _without_public(snapshot: Snapshot) -> Snapshot:
    private = {i: replace(repository, public=False) for i, repository in snapshot.repositories.items()}
    return replace(snapshot, repositories=private)


def _without_one_membership(snapshot: Snapshot) -> Snapshot:
    slug, team = max(snapshot.members.items(), key=lambda item: len(item[1]))
    return replace(snapshot, members={**snapshot.members, slug: team - {min(team)}})


def _all_active(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, users={i: replace(user, active=True) for i, user in snapshot.users.items()})


def test_the_sample_workspace_agrees(sample: Snapshot) -> None:
    assert disagreements(sample_workspace(), payload_of(sample)) == []
    assert sample.source.global_permissions is GlobalPermissionsRead.FULL


@pytest.mark.parametrize(
    "mistake", [_without_owners, _without_projects, _without_public, _without_one_membership, _all_active]
)
def test_a_mistake_in_what_was_collected_is_seen(sample: Snapshot, mistake: Callable[[Snapshot], Snapshot]) -> None:
    assert disagreements(sample_workspace(), payload_of(mistake(sample))) != []
