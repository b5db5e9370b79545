"""The embedded server tells enough, and the truth: what is read from it over HTTP agrees with the model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.cloud.workspace import Workspace
from tests.model.cloud import ADMIN_EMAIL, ADMIN_TOKEN, crowd, disagreements, workspaces
from tests.model.cloud.exported import exported
from tests.model.cloud.reading import Reader

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN = Settings(rate_limit=None)


def read(workspace: Workspace, behaviour: Settings = PLAIN) -> Workspace:
    with EmbeddedCloud(workspace, behaviour) as server, Reader(server.base_url, ADMIN_EMAIL, ADMIN_TOKEN) as reader:
        return reader.workspace(workspace.slug)


@FEW
@given(workspaces())
def test_what_is_read_is_what_is_there(workspace: Workspace) -> None:
    for behaviour in (PLAIN, replace(PLAIN, opaque_next=True, page_default=3, tells_size=False)):
        assert disagreements(workspace, exported(read(workspace, behaviour))) == []


@FEW
@given(workspaces())
def test_long_lists_are_read_to_their_end(workspace: Workspace) -> None:
    crowd(workspace, 25)
    assert disagreements(workspace, exported(read(workspace))) == []
