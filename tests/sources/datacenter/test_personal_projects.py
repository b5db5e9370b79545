"""Personal projects that refuse to show permissions: a version that keeps none, or an account that may not see."""

from __future__ import annotations

import pytest

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import PersonalGrants, Settings
from connector.sources.datacenter.settings import Credentials
from tests.exporting import ADMIN, snapshot_of


@pytest.fixture
def shared() -> Organisation:
    """One project, and Ann's personal project, which she shares with Ben."""
    builder = Builder(version="9.4.2")
    admin = builder.account("admin", "Admin", password="admin-secret")
    ann, ben = builder.account("ann", "Ann"), builder.account("ben", "Ben")
    builder.organisation.global_users = {admin.id: "SYS_ADMIN", ann.id: "LICENSED_USER", ben.id: "LICENSED_USER"}
    builder.repository(builder.project("PAY", "Payments"), "api")
    home = builder.personal_project(ann)
    builder.repository(home, "notes")
    home.users = {ben.id: "PROJECT_WRITE"}
    builder.organisation.tokens = [
        Token("reads", admin.id, project_permission="PROJECT_READ", repository_permission="REPO_READ"),
        Token("administers", admin.id),
    ]
    return builder.organisation


@pytest.mark.parametrize(
    ("secret", "answered", "named"),
    [
        ("reads", PersonalGrants.ANSWERED, {"PAY", "~ANN"}),
        ("administers", PersonalGrants.ANSWERED, set()),
        ("administers", PersonalGrants.REFUSED, set()),
    ],
)
def test_a_personal_project_is_a_gap_where_the_account_is_refused_elsewhere(
    shared: Organisation, secret: str, answered: PersonalGrants, named: set[str]
) -> None:
    with EmbeddedBitbucket(shared, Settings(personal_grants=answered)) as server:
        snapshot = snapshot_of(server.base_url, Credentials(secret))
    assert {gap.scope for gap in snapshot.gaps if gap.scope.startswith("project ")} == {
        f"project {key}" for key in named
    }
    assert snapshot.is_complete is (not named)


def test_what_is_shared_in_a_personal_project_is_exported(shared: Organisation) -> None:
    with EmbeddedBitbucket(shared) as server:
        snapshot = snapshot_of(server.base_url, ADMIN)
    assert any(snapshot.project_grants.values())
