"""`check` through the command line: what it reports of servers and credentials, and how many requests it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import RateLimit, Settings
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.model import Inclusion
from connector.rest.answer import Answer
from connector.rest.client import Asked
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.sizes import Size, spread
from connector.sources.datacenter.check.asking import survey
from connector.sources.datacenter.check.run import requests_for
from tests.conftest import Run
from tests.outputs.veza.fake import FakeVeza
from tests.sources.datacenter.canned import Canned, CannedServer
from tests.sources.datacenter.checking import KINDS, PASSWORD, TOKEN, check, organisation, step

# ---- what is well


def test_an_administrator_sees_everything(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(context="/bitbucket")) as server:
        ended, report = check(run, server.base_url)
        assert {entry.method for entry in server.requests} == {"GET"}
        assert server.created == []
        assert report["requests"] == len(server.requests) <= 40
    assert ended.code == 0
    assert report["verdict"] == "full"
    assert report["lacks"] == []
    assert {each["mark"] for each in report["steps"]} == {"ok", "skipped"}
    assert report["facts"]["version"] == "9.4.2"
    assert report["facts"]["account"] == DEMO_USER
    assert report["facts"]["repositories"] == {"at_least": 40, "at_most": 40}
    assert "on" in step(report, "public access")["meaning"]


def test_the_table_fits_eighty_columns_and_ends_with_the_verdict(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        ended = run("check", "--bitbucket-url", server.base_url, **PASSWORD, COLUMNS="80")
    lines = ended.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("FULL:")
    assert "\x1b" not in ended.out
    for name in ("address", "Bitbucket", "state", "account", "licence", "users", "groups", "projects", "cost", "Veza"):
        assert any(line.startswith(("ok", "skipped")) and f" {name} " in line for line in lines), name


def test_the_estimate_is_what_an_export_then_asks(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        _, report = check(run, server.base_url)
        asked = len(server.requests)
        assert run("--bitbucket-url", server.base_url, "--save-json", "x.json", **PASSWORD).code == 0
        assert 0.7 < report["facts"]["estimated_requests"] / (len(server.requests) - asked) < 1.3


def test_an_old_server_is_understood(run: Run) -> None:
    whole = sample_organisation()
    whole.version = "5.16.11"
    with EmbeddedBitbucket(whole, Settings(answers_latest=False)) as server:
        ended, report = check(run, server.base_url)
    assert ended.code == 0
    assert "/rest/api/1.0/" in step(report, "users")["asked"]


def test_a_huge_server_costs_some_dozens_of_requests(run: Run) -> None:
    whole = synthetic_organisation(users=2_000, groups=700, projects=900, repositories=6_000, grants_per_repository=1)
    admin = Builder.account(_builder_of(whole), "admin", "Admin", password="root")
    whole.global_users[admin.id] = "SYS_ADMIN"
    with EmbeddedBitbucket(whole, Settings(page_cap=100)) as server:
        ended, report = check(run, server.base_url, BITBUCKET_USER="admin", BITBUCKET_TOKEN="root")
        assert len(server.requests) <= 70
    assert ended.code == 0
    for name, count in (("users", len(whole.accounts)), ("projects", 900), ("repositories", 6_000), ("groups", 700)):
        size = report["facts"][name]
        assert size["at_least"] <= count <= size["at_most"]
        assert size["at_most"] < 2 * size["at_least"]


def _builder_of(whole: Organisation) -> Builder:
    builder = Builder()
    builder.organisation = whole
    return builder


# ---- what is limited


def test_a_token_cannot_read_global_permissions(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        ended, report = check(run, server.base_url, **TOKEN)
    assert ended.code == 4
    found = step(report, "global permissions")
    assert found["mark"] == "limited"
    assert "no access token" in found["meaning"]
    assert "BITBUCKET_USER" in found["advice"]
    assert report["lacks"] == ["through which groups global permissions are held (who holds them is known)"]
    assert report["verdict"] == "limited"


@pytest.mark.parametrize(
    "credentials", [{"BITBUCKET_USER": "dev", "BITBUCKET_TOKEN": "code"}, {"BITBUCKET_TOKEN": "dev-token"}]
)
def test_an_account_that_administers_one_project_cannot_publish(run: Run, credentials: dict[str, str]) -> None:
    whole = organisation()
    del whole.projects[2].users[2]
    with EmbeddedBitbucket(whole) as server:
        ended, report = check(run, server.base_url, **credentials)
        exported = run("--bitbucket-url", server.base_url, "--save-json", "x.json", **credentials)
    assert ended.code == exported.code == 4
    assert report["verdict"] == "cannot publish"
    assert "what only administrators see" in report["lacks"]
    assert "'Global: Admin'" in step(report, "global permissions")["advice"]
    assert "what only administrators see" in exported.err


def test_what_may_not_be_read_is_named_with_its_remedy(run: Run) -> None:
    with EmbeddedBitbucket(organisation()) as server:
        ended, report = check(run, server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="code")
        table = run("check", "--bitbucket-url", server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="code").out
    assert ended.code == 4
    project, repository = step(report, "project permissions"), step(report, "repository permissions")
    assert "1 of 2 cannot be read: OPS" in project["meaning"]
    assert "'Project: Admin'" in project["meaning"]
    assert "1 of 2 cannot be read: OPS/dns" in repository["meaning"]
    assert project["advice"] == repository["advice"] == step(report, "global permissions")["advice"]
    assert "CANNOT PUBLISH" in table
    assert table.count("'Global: Admin'") >= 2
    assert table.rpartition("CANNOT PUBLISH")[2].count("to do:") == 1


def test_following_the_advice_helps(run: Run) -> None:
    with EmbeddedBitbucket(organisation()) as server:
        with server.change() as whole:
            whole.global_users[2] = "ADMIN"
        ended, _ = check(run, server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="code")
    assert ended.code == 0


def test_an_account_that_sees_nothing_is_no_empty_server(run: Run) -> None:
    whole = organisation()
    for project in whole.projects.values():
        project.users = {}
    with EmbeddedBitbucket(whole) as server:
        ended, report = check(run, server.base_url, BITBUCKET_TOKEN="dev-token")
    assert ended.code == 4
    assert step(report, "projects")["meaning"] == "the account sees no projects"
    assert "Global: Admin" in step(report, "repositories")["advice"]


def test_listings_that_are_refused_are_replaced(run: Run) -> None:
    refused = Settings(refused=frozenset({"admin/users", "admin/groups"}))
    with EmbeddedBitbucket(organisation(), refused) as server:
        ended, report = check(run, server.base_url, BITBUCKET_USER="admin", BITBUCKET_TOKEN="root")
    assert ended.code == 4
    assert step(report, "users")["mark"] == "limited"
    assert "last sign-in" in step(report, "users")["lacks"]
    assert step(report, "groups")["mark"] == "ok"


def test_a_listing_that_breaks_ends_the_check(run: Run) -> None:
    with EmbeddedBitbucket(organisation(), Settings(refused=frozenset({"repos"}))) as server:
        ended, report = check(run, server.base_url, BITBUCKET_USER="admin", BITBUCKET_TOKEN="root")
    assert ended.code == 3
    assert report["steps"][-2]["name"] == "repositories"
    assert report["steps"][-2]["mark"] == "failed"


@pytest.mark.parametrize("path", ["admin/permissions/groups", "admin/users", "repos\\?"])
def test_what_ends_an_export_ends_the_check(run: Run, path: str) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        server.faults.add(Fault(Status(500), path=path))
        ended, _ = check(run, server.base_url)
        assert run("--bitbucket-url", server.base_url, "--save-json", "x.json", **PASSWORD).code == ended.code == 3


@pytest.mark.parametrize("proves", [True, False])
def test_a_listing_that_is_none_is_no_empty_one(run: Run, *, proves: bool) -> None:
    def answer(path: str, _headers: Mapping[str, str]) -> Canned:
        if "application-properties" in path:
            return Canned(200, {"version": "9.4.2"})
        is_proof = "recent/repos" in path and proves
        return Canned(200, {"values": []} if is_proof else {"something": "else"}, {"X-AUSERNAME": "admin"})

    with CannedServer(answer) as server:
        ended, report = check(run, server.url)
    assert ended.code == 3
    where = "users" if proves else "account"
    who = "this is not what Bitbucket" if proves else "something else"
    assert step(report, where)["meaning"].startswith(f"{who} answers")


# ---- circumstances


def test_what_is_included_is_tried(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        ended, report = check(run, server.base_url, "--include", "all")
        plain = check(run, server.base_url)[1]
        assert ended.code == 0
        assert {step(report, name)["mark"] for name in KINDS} == {"ok"}
        assert report["facts"]["estimated_requests"] > plain["facts"]["estimated_requests"]
        ended, report = check(run, server.base_url, "--include", "all", **TOKEN)
    assert ended.code == 4
    assert "SSH keys of users" in report["lacks"]
    assert step(report, "webhooks")["mark"] == "ok"


def test_what_a_version_does_not_have_is_said(run: Run) -> None:
    whole = sample_organisation()
    whole.version = "5.16.11"
    with EmbeddedBitbucket(whole) as server:
        ended, report = check(run, server.base_url, "--include", "tokens")
    assert ended.code == 4
    assert "does not have them, which came with" in step(report, "tokens")["meaning"]


def test_the_rate_limit_is_told_and_counted(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(rate_limit=RateLimit(60, 2))) as server:
        ended, report = check(run, server.base_url)
    assert ended.code == 0
    assert "2 requests per second, 60 at once" in step(report, "rate limit")["meaning"]
    assert report["facts"]["estimated_seconds"] > 30


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rate_limit_exempt": frozenset({DEMO_USER})}, "exempt"),
        ({"rate_limit_overrides": {DEMO_USER: RateLimit(90, 30)}}, "30 requests per second, 90 at once"),
    ],
)
def test_the_account_has_a_rate_limit_of_its_own(run: Run, settings: dict[str, Any], words: str) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(rate_limit=RateLimit(60, 2), **settings)) as server:
        _, report = check(run, server.base_url)
    assert words in step(report, "rate limit")["meaning"]


def test_public_access_that_is_off(run: Run) -> None:
    whole = sample_organisation()
    whole.public_access = False
    with EmbeddedBitbucket(whole) as server:
        _, report = check(run, server.base_url)
    assert step(report, "public access")["meaning"].startswith("off")


def test_veza_is_tried_without_a_push(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server, FakeVeza() as veza:
        settings = {**PASSWORD, "VEZA_URL": veza.url, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended, report = check(run, server.base_url, **settings, VEZA_API_KEY=veza.api_key)
        assert ended.code == 0
        assert step(report, "Veza")["mark"] == "ok"
        ended, report = check(run, server.base_url, **settings, VEZA_API_KEY="another-key")
        assert {request.method for request in veza.requests} == {"GET"}
    assert ended.code == 3
    assert step(report, "Veza")["mark"] == "failed"
    assert "VEZA_API_KEY" in step(report, "Veza")["meaning"]


@pytest.mark.parametrize(
    "options",
    [(), ("--bitbucket-url", "http://x", "--verify-seed", "1"), ("--bitbucket-url", "http://x", "--verify", "none")],
)
def test_what_cannot_be_asked_is_a_usage_error(run: Run, options: tuple[str, ...]) -> None:
    ended = run("check", *options, **PASSWORD)
    assert ended.code == 2
    assert ended.out == ""


def test_no_secret_is_shown(run: Run) -> None:
    secret = "s3cret-of-the-account"
    with EmbeddedBitbucket(organisation()) as server:
        for kind in ("BITBUCKET_USER", "OTHER"):
            ended = run("check", "--bitbucket-url", server.base_url, BITBUCKET_TOKEN=secret, **{kind: "dev"})
            assert secret not in ended.out + ended.err


# ---- laws


@given(total=st.integers(0, 200_000), cap=st.integers(1, 1_000), holes=st.integers(0, 3), seed=st.integers(0, 3))
def test_a_listing_is_measured_in_a_handful_of_requests(total: int, cap: int, holes: int, seed: int) -> None:
    """With any page size, and hidden rows: the true number of offsets lies within the bounds."""
    asked = 0

    def ask(start: int, limit: int) -> Reply:
        nonlocal asked
        asked += 1
        end = min(total, start + min(limit, cap))
        rows = [number for number in range(start, end) if (number + seed) % (holes + 1) == 0]
        last: dict[str, Any] = {} if end >= total else {"nextPageStart": end}
        body = {"values": rows, "isLastPage": end >= total, "size": len(rows), **last}
        answer = Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
        return Reply("", Asked(answer, None))

    listing = survey(ask, 1_000)
    assert asked <= 7
    assert listing.rows == sorted(set(listing.rows))
    if holes == 0:
        assert listing.size.least <= total
        assert listing.size.most is None or total <= listing.size.most
    chosen = spread(listing.sample, 5)
    assert len(set(chosen)) == len(chosen) == min(5, len(listing.sample))
    assert set(chosen) <= set(listing.rows)


def test_an_estimate_counts_two_readings_of_each_listing() -> None:
    sizes = {"users": Size(100, 100), "groups": Size(10, 10), "projects": Size(5, 5), "repositories": Size(100, 100)}
    free = requests_for(sizes, 1_000, frozenset(), users_are_asked=True)
    assert free == 10 + 2 * 4 + 10 + 6 * 5 + 2 * 100
    assert requests_for(sizes, 50, frozenset(), users_are_asked=True) == free + 2 * 2
    with_tokens = requests_for(sizes, 1_000, frozenset({Inclusion.TOKENS}), users_are_asked=True)
    assert with_tokens == free + 5 + 100 + 100
    assert requests_for(sizes, 1_000, frozenset({Inclusion.TOKENS}), users_are_asked=False) == with_tokens - 100
