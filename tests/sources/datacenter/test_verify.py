"""`--verify` holds an export against Bitbucket's own answers: it finds what differs, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.commands.shared.source_settings import server as server_of
from connector.commands.shared.verification import Verify, _stated, verify_export
from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.faults import DeleteRepository
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings as ServerSettings
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.errors import GuardError
from connector.model import Snapshot, UserGrant, UserType
from connector.rest.statistics import Statistics
from connector.sources.common.effective import Effective, draw
from connector.sources.datacenter.permissions import RepositoryPermission
from connector.sources.datacenter.settings import Credentials, Settings
from connector.sources.datacenter.verify import collect_some, without_unlicensed
from tests.conftest import Ended, Run
from tests.exporting import ADMIN, NoProgress, payload_of, snapshot_of
from tests.sources.datacenter.test_effective_access import instances

PASSWORD = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
DEMO = Credentials(DEMO_PASSWORD, DEMO_USER)
ALL = Verify(1_000, seed=1)

ADMINISTRATORS_HIDDEN = (
    Fault(Status(404), path="admin/permissions"),
    Fault(Status(404), path=r"users\?permission=ADM"),
)
"""A server that does not tell who administers it; everything else is as it should be."""


def demo() -> Organisation:
    """The demo, with one of the repositories of each project that are accessed alike."""
    whole = sample_organisation()
    alike = {
        (each.project_id, *each.users.items(), *each.groups.items(), each.public): each
        for each in reversed(whole.repositories.values())
    }
    whole.repositories = {each.id: each for each in reversed(alike.values())}
    return whole


@pytest.fixture
def bitbucket() -> Iterator[EmbeddedBitbucket]:
    with EmbeddedBitbucket(demo()) as server:
        yield server


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """What is collected of the demo, before a test changes it."""
    with EmbeddedBitbucket(demo()) as server:
        return snapshot_of(server.base_url, DEMO)


def export(run: Run, server: EmbeddedBitbucket, *options: str, **environment: str) -> Ended:
    given_options = ("--bitbucket-url", server.base_url, "--save-json", "export.json", *options)
    return run(*given_options, **(environment or PASSWORD))


def verify(server: EmbeddedBitbucket, snapshot: Snapshot, credentials: Credentials = DEMO) -> None:
    settings = Settings(server.base_url, credentials, patience=5.0)
    verify_export(ALL, server_of(settings).source, snapshot, payload_of(snapshot), Statistics())


# ---- none where there are none


def test_every_repository_of_the_demo_is_equal(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    ended = export(run, bitbucket, "--verify", "100")
    assert ended.code == 0
    assert ended.err.count(": equal (") == len(bitbucket.organisation.repositories)
    assert Path("export.json").exists()


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("active_only", [True, False])
def test_servers_may_differ_in_whom_they_list(run: Run, *, public: bool, counted: bool, active_only: bool) -> None:
    """Half of them with a token: with each combination of any two of the three settings it occurs once."""
    organisation = demo()
    organisation.public_access = public
    settings = ServerSettings(public_counts_as_read=counted, active_users_only=active_only)
    credentials = {"BITBUCKET_TOKEN": DEMO_TOKEN} if public ^ counted ^ active_only else PASSWORD
    with EmbeddedBitbucket(organisation, settings) as server:
        ended = export(run, server, "--verify", "40", **credentials)
    assert ended.code == 0, ended.err


@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(instance=instances, counted=st.booleans(), partial=st.booleans())
def test_any_instance_equals_itself(
    instance: tuple[Organisation, ServerSettings], *, counted: bool, partial: bool
) -> None:
    """With every quirk: lost users, hidden rows, names in other cases, groups and people in no directory."""
    organisation, server_settings = instance
    with EmbeddedBitbucket(organisation, replace(server_settings, public_counts_as_read=counted)) as server:
        if partial:
            settings = Settings(server.base_url, ADMIN, patience=5.0)
            snapshot = collect_some(settings, NoProgress(), Statistics(), count=3, seed=1, repository_count=5)
        else:
            snapshot = snapshot_of(server.base_url)
        verify(server, snapshot, ADMIN)
        assert server.created == []


def test_a_repository_that_was_deleted_is_said(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(DeleteRepository(3), path=r"users\?permission\.1", times=1))
    ended = export(run, bitbucket, "--verify", "40")
    assert ended.code == 0
    assert ended.err.count("was deleted or moved during the run") == 1


@pytest.mark.parametrize("gained_a_licence", [True, False])
def test_people_without_a_licence_are_left_out_unless_bitbucket_lists_them_as_licensed(
    snapshot: Snapshot, *, gained_a_licence: bool
) -> None:
    """A server that does not ask for licences lists everybody whom a default permission is open to."""
    outsider = next(user for user in snapshot.users.values() if user.licensed is False and user.active)
    effective = Effective("PAY/ledger", ((outsider, RepositoryPermission.REPO_READ),))
    licensed = frozenset({outsider.id}) if gained_a_licence else frozenset()
    (found,) = without_unlicensed([effective], snapshot.users, lambda: licensed)
    assert [user.id for user, _ in found.holders or ()] == ([outsider.id] if gained_a_licence else [])


def test_the_account_of_a_token_is_left_out(snapshot: Snapshot) -> None:
    """Servers may list the SERVICE users that act for tokens of projects; no listing of grants has them."""
    person = next(iter(snapshot.users.values()))
    token = replace(person, id="999999", name="access-token-user/1/2", type=UserType.SERVICE)
    holders = ((person, RepositoryPermission.REPO_READ), (token, RepositoryPermission.REPO_WRITE))
    effective = Effective("PAY/ledger", holders)
    assert (_stated(effective, lambda _: False).people or {}).keys() == {str(person.id)}
    assert (_stated(effective, lambda _: True).people or {}).keys() == {str(person.id), "999999"}


# ---- what differs is found


def _administrator(organisation: Organisation) -> str:
    organisation.global_users[_licensed(organisation)] = "ADMIN"
    return "hana.novak: Bitbucket says admin, the export says"


def _default(organisation: Organisation) -> str:
    next(project for project in organisation.projects.values() if project.key == "PAY").defaults.add("PROJECT_WRITE")
    return "zeynep.demir: Bitbucket says write, the export says none (it knows: no grant that leads there)"


def _member(organisation: Organisation) -> str:
    organisation.groups["payments-developers"].members.add(_licensed(organisation))
    return (
        "hana.novak: Bitbucket says write, the export says read (it knows: hana.novak → group quality → PROJECT_READ on"
    )


def _left(organisation: Organisation) -> str:
    organisation.groups["payments-developers"].members.clear()
    return "amara.okafor: Bitbucket says none, the export says"


def _licence(organisation: Organisation) -> str:
    """Give a licence, and a project, to a user whom the export has as unlicensed."""
    granted = organisation.global_users.keys()
    listed = [account for account in organisation.accounts.values() if account.listed and account.active]
    grouped = {i for name in organisation.global_groups for i in organisation.groups[name.lower()].members}
    outsider = next(account for account in listed if account.id not in granted and account.id not in grouped)
    organisation.global_users[outsider.id] = "LICENSED_USER"
    organisation.projects[1].users[outsider.id] = "PROJECT_ADMIN"
    return f"{outsider.name}: Bitbucket says admin, the export says none"


def _licensed(organisation: Organisation) -> int:
    return next(account.id for account in organisation.accounts.values() if account.name == "hana.novak")


@pytest.mark.parametrize("plant", [_administrator, _default, _member, _left, _licence])
def test_what_was_planted_is_found(
    caplog: pytest.LogCaptureFixture,
    bitbucket: EmbeddedBitbucket,
    snapshot: Snapshot,
    plant: Callable[[Organisation], str],
) -> None:
    with bitbucket.change() as organisation:
        words = plant(organisation)
    with pytest.raises(GuardError, match="Bitbucket says otherwise"):
        verify(bitbucket, snapshot)
    assert words in caplog.text


def test_differences_name_the_people_and_the_grants(
    caplog: pytest.LogCaptureFixture, bitbucket: EmbeddedBitbucket, snapshot: Snapshot
) -> None:
    with bitbucket.change() as organisation:
        _left(organisation)
    with caplog.at_level("INFO"), pytest.raises(GuardError):
        verify(bitbucket, snapshot)
    assert "group payments-developers → " in caplog.text
    assert "people have other access" in caplog.text
    assert ": equal (" in caplog.text


def test_a_difference_refuses_to_publish(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(*ADMINISTRATORS_HIDDEN)
    ended = export(run, bitbucket, "--verify", "5", "--verify-seed", "7", "--allow-incomplete")
    assert ended.code == 4
    assert "--verify-seed 7" in ended.err
    assert "nothing published" in ended.last_line
    assert not Path("export.json").exists()


def test_a_listing_that_lacks_one_grant_is_found(bitbucket: EmbeddedBitbucket, snapshot: Snapshot) -> None:
    """What a connector with a bug, or a server with one, would lose: a single row."""
    repository, grants = next(
        (i, grants) for i, grants in snapshot.repository_grants.items() if any(isinstance(g, UserGrant) for g in grants)
    )
    fewer = dict(snapshot.repository_grants) | {repository: tuple(g for g in grants if not isinstance(g, UserGrant))}
    with pytest.raises(GuardError, match="on 1 of 20"):
        verify(bitbucket, replace(snapshot, repository_grants=fewer))


def test_what_cannot_be_verified_is_not_published(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    refused = Status(401, exception="com.atlassian.bitbucket.AuthorisationException")
    bitbucket.faults.add(Fault(refused, r"permission\.1"))
    ended = export(run, bitbucket, "--verify", "2")
    assert ended.code == 4
    assert "could not be verified" in ended.err
    assert not Path("export.json").exists()


# ---- how it asks


def test_pages_are_small_enough_not_to_lose_anybody(run: Run) -> None:
    """BSERV-11884: with a permission filter and a limit above 500, Bitbucket leaves out users."""
    organisation = synthetic_organisation(users=1_200, groups=5, projects=2, repositories=4, grants_per_repository=2)
    with EmbeddedBitbucket(organisation) as server:
        ended = export(run, server, "--verify", "2")
        asked = [parse_qs(entry.query) for entry in server.requests if "permission.1" in entry.query]
    assert ended.code == 0, ended.err
    assert all(400 <= int(query["limit"][0]) <= 500 for query in asked)
    assert {query["permission.1"][0] for query in asked} == {"REPO_READ", "REPO_WRITE", "REPO_ADMIN"}
    assert all({"permission.1.projectKey", "permission.1.repositorySlug"} <= query.keys() for query in asked)


def test_the_seed_is_printed_and_draws_the_same_again(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    def draws(*options: str) -> tuple[list[str], str]:
        ended = export(run, bitbucket, "--verify", "4", *options)
        return re.findall(r"verify: (\S+): equal", ended.err), re.findall(r"--verify-seed (\d+)", ended.err)[0]

    drawn, seed = draws()
    assert len(drawn) == 4
    assert draws("--verify-seed", seed) == (drawn, seed)
    assert draws("--verify-seed", str(int(seed) + 1))[0] != drawn


def test_what_could_not_be_read_is_not_drawn(bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(Status(403), path="PAY/repos/ledger/permissions"))
    snapshot = snapshot_of(bitbucket.base_url, DEMO)
    assert [gap.scope for gap in snapshot.gaps] == ["repository PAY/ledger"]
    names = {f"{project.key}/{repository.slug}" for project, repository in draw(snapshot, 1_000, 1)}
    assert "PAY/ledger" not in names
    assert len(names) == 19


# ---- as part of check


def test_check_collects_what_a_few_repositories_need(run: Run) -> None:
    organisation = synthetic_organisation(users=300, groups=40, projects=50, repositories=3_000)
    with EmbeddedBitbucket(organisation) as server:
        url = ("--bitbucket-url", server.base_url)
        ended = run("check", *url, "--json", "--verify", "4", "--verify-seed", "1", **PASSWORD)
        assert len(server.requests) < 250
    report = json.loads(ended.out)
    assert ended.code == 0, ended.out
    step = report["steps"][-1]
    assert step["name"] == "verify"
    assert step["meaning"].count(": equal (") == 4
    assert "--verify-seed 1" in step["asked"]
    assert report["requests"] == len(server.requests)


def test_check_finds_a_difference(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(*ADMINISTRATORS_HIDDEN)
    ended = run("check", "--bitbucket-url", bitbucket.base_url, "--verify", "2", **PASSWORD)
    assert ended.code == 4
    assert "Bitbucket says admin, the export says" in ended.out
    assert "what the export says where it differs from Bitbucket" in ended.out


def test_check_says_what_cannot_be_verified(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    refused = Status(401, exception="com.atlassian.bitbucket.AuthorisationException")
    bitbucket.faults.add(Fault(refused, r"permission\.1"))
    ended = run("check", "--bitbucket-url", bitbucket.base_url, "--verify", "2", **PASSWORD)
    assert ended.code == 4
    assert "it could not be verified" in ended.out


def test_check_does_not_verify_what_cannot_run(run: Run, bitbucket: EmbeddedBitbucket) -> None:
    ended = run("check", "--bitbucket-url", bitbucket.base_url, "--verify", "2", BITBUCKET_TOKEN="wrong")
    assert ended.code == 3
    assert "verify" not in ended.out
