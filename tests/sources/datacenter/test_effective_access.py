"""Bitbucket's rules and the export agree on who can do what: on any organisation, on servers of any kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from oaaclient.templates import OAAPermission

from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import PersonalGrants, Settings
from connector.graph.payload import load
from connector.model import PublicAccess, Server, Snapshot
from connector.oaa.server import PERMISSIONS
from connector.oaa.vocabulary import Meaning
from connector.sources.datacenter.settings import Credentials
from tests.exporting import payload_of, snapshot_of
from tests.model.comparison import disagreements
from tests.model.organisations import organisations

_KEEPING_PERSONAL_GRANTS = [PersonalGrants.ANSWERED, PersonalGrants.WITH_OWNER]
_KEEPING_NONE = [PersonalGrants.REFUSED, PersonalGrants.MISSING, PersonalGrants.CONFLICT]


def servers(personal_grants: list[PersonalGrants]) -> st.SearchStrategy[Settings]:
    return st.builds(
        Settings,
        context=st.sampled_from(["", "/bitbucket", "/tools/git"]),
        answers_latest=st.booleans(),
        strip_user_headers=st.booleans(),
        page_cap=st.sampled_from([1, 2, 7, 1000]),
        holes=st.integers(0, 3),
        short_pages=st.booleans(),
        null_next_page=st.booleans(),
        null_email=st.booleans(),
        null_description=st.booleans(),
        ids_as_strings=st.booleans(),
        shuffled_keys=st.booleans(),
        lists_personal_projects=st.booleans(),
        active_users_only=st.booleans(),
        defaults_imply_lower=st.booleans(),
        personal_grants=st.sampled_from(personal_grants),
    )


instances = st.one_of(
    st.tuples(organisations(), servers(_KEEPING_PERSONAL_GRANTS)),
    st.tuples(organisations(personal_grants=False), servers(_KEEPING_NONE)),
)


@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(instance=instances, concurrency=st.sampled_from([1, 8]))
def test_every_user_has_in_the_export_what_bitbucket_gives(
    instance: tuple[Organisation, Settings], concurrency: int
) -> None:
    organisation, server_settings = instance
    with EmbeddedBitbucket(organisation, server_settings) as server:
        payload = payload_of(snapshot_of(server.base_url, concurrency=concurrency))
        assert server.created == []
    assert disagreements(organisation, load(payload)) == []


@pytest.fixture(scope="module")
def sample() -> Snapshot:
    with EmbeddedBitbucket(sample_organisation()) as server:
        return snapshot_of(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER))


def _without_defaults(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, default_permissions={})


def _without_public_access(snapshot: Snapshot) -> Snapshot:
    assert isinstance(snapshot.source, Server)
    return replace(snapshot, source=replace(snapshot.source, public_access=PublicAccess.OFF))


def _without_owners(snapshot: Snapshot) -> Snapshot:
    ownerless = {i: replace(project, owner_id=None) for i, project in snapshot.projects.items()}
    return replace(snapshot, projects=ownerless)


def _without_one_membership(snapshot: Snapshot) -> Snapshot:
    team = snapshot.members["payments-developers"]
    return replace(snapshot, members={**snapshot.members, "payments-developers": team - {min(team)}})


def _with_grants_shifted(snapshot: Snapshot) -> Snapshot:
    """What parallel lists do after a retry: the permissions of each repository land on the next one."""
    ids = sorted(snapshot.repository_grants)
    shifted = dict(zip(ids, (snapshot.repository_grants[i] for i in [*ids[1:], ids[0]]), strict=True))
    return replace(snapshot, repository_grants=shifted)


def test_the_sample_organisation_agrees(sample: Snapshot) -> None:
    assert disagreements(sample_organisation(), load(payload_of(sample))) == []


@pytest.mark.parametrize(
    "mistake",
    [
        _without_defaults,
        _without_public_access,
        _without_owners,
        _without_one_membership,
        _with_grants_shifted,
    ],
)
def test_a_mistake_in_what_was_collected_is_seen(sample: Snapshot, mistake: Callable[[Snapshot], Snapshot]) -> None:
    assert disagreements(sample_organisation(), load(payload_of(mistake(sample)))) != []


@pytest.mark.parametrize(
    ("permission", "meaning"),
    [
        ("PROJECT_WRITE", Meaning((OAAPermission.DataRead,), sub_resources=True)),
        ("PROJECT_READ", replace(PERMISSIONS["PROJECT_READ"], sub_resources=False)),
        ("ADMIN", replace(PERMISSIONS["ADMIN"], sub_resources=False)),
        ("REPO_ADMIN", PERMISSIONS["REPO_WRITE"]),
    ],
)
def test_a_mistake_in_the_mapping_is_seen(
    sample: Snapshot, permission: str, meaning: Meaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PERMISSIONS, permission, meaning)
    assert disagreements(sample_organisation(), load(payload_of(sample))) != []
