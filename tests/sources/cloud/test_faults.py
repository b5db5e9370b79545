"""Whatever goes wrong, and wherever: the export is right, names what is missing, or there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.embedded.cloud.faults import Rewritten, TokensEnd, empty_page, foreign_next
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.faults import (
    CutBody,
    CutJson,
    Effect,
    Fault,
    LoginPage,
    Redirect,
    Reset,
    ResetInBody,
    Status,
    Unsigned,
)
from connector.errors import SourceError, Unreadable
from connector.sources.cloud.credentials import ApiToken, Consumer
from tests.exporting import payload_of
from tests.model.cloud import CONSUMER, disagreements, workspaces
from tests.sources.cloud.exporting import ADMIN, snapshot_of


def of_pages(effect: Rewritten) -> Callable[[Any], Any]:
    """Spare the bare lists of the API 1.0, and objects that are no pages."""
    return lambda body: effect.change(body) if isinstance(body, dict) and "values" in body else body


effects: st.SearchStrategy[Effect] = st.one_of(
    st.builds(Status, st.sampled_from([400, 401, 403, 404, 410, 429, 500, 502, 503, 504]), html=st.booleans()),
    st.sampled_from(
        [
            Reset(),
            ResetInBody(),
            CutBody(),
            CutBody(chunked=True),
            CutJson(),
            LoginPage(),
            Redirect(),
            Unsigned(),
            TokensEnd(),
            Rewritten(of_pages(empty_page())),
            Rewritten(of_pages(foreign_next("https://evil.example/2.0/"))),
        ]
    ),
)
paths = st.sampled_from(
    ["", "/1.0/", "permissions-config", "/repositories/acme[?]", "/workspaces/acme", "users", "pagelen"]
)
faults = st.builds(
    Fault,
    effects,
    paths,
    after=st.integers(0, 6),
    times=st.sampled_from([1, 1, 2, 5, None]),
    probability=st.sampled_from([0.1, 0.5, 1.0]),
)


@pytest.mark.usefixtures("skipped_time")
@hypothesis_settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    workspace=workspaces(),
    drawn=st.lists(faults, min_size=1, max_size=3),
    credentials=st.sampled_from([ADMIN, Consumer(*CONSUMER)]),
)
def test_an_export_is_right_or_says_what_it_lacks(
    workspace: Workspace, drawn: list[Fault], credentials: ApiToken | Consumer
) -> None:
    with EmbeddedCloud(workspace) as server:
        server.faults.add(*drawn)
        try:
            snapshot = snapshot_of(server, credentials, patience=0.2)
        except (SourceError, Unreadable):
            return
    assert snapshot.gaps or disagreements(workspace, payload_of(snapshot)) == []
