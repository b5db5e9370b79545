"""Each kind of credentials: where it is sent, how long it is good for, and what it may."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from connector.embedded.cloud.credentials import AccessToken, Level
from connector.embedded.cloud.faults import TokensEnd
from connector.embedded.common.faults import Fault, Status
from connector.rest.clock import Clock
from connector.sources.cloud.credentials import ConsumerSigner, Token
from tests.conftest import Run, files, saved
from tests.embedded.cloud.client import small
from tests.sources.cloud.signing_in import API_TOKEN, CONSUMER, export

TOKEN_ADDRESS = "/site/oauth2/access_token"
WITHOUT_TIME = {"collected_at", "collected_by"}


def access_in(payload: object) -> str:
    """Give all of an export but when and by whom it was collected."""
    if isinstance(payload, dict):
        return str({name: access_in(value) for name, value in payload.items() if name not in WITHOUT_TIME})
    return str([access_in(each) for each in payload]) if isinstance(payload, list) else str(payload)


def test_an_api_token_and_a_consumer_see_the_same(run: Run) -> None:
    ended, server = export(run, credentials=API_TOKEN)
    assert ended.code == 0, ended.err
    assert all(entry.with_credentials and entry.method == "GET" for entry in server.requests)
    by_token = access_in(saved())
    ended, server = export(run, credentials=CONSUMER)
    assert ended.code == 0, ended.err
    assert [entry.path for entry in server.requests if entry.method == "POST"] == [TOKEN_ADDRESS]
    assert access_in(saved()) == by_token


def test_who_collected_is_told(run: Run) -> None:
    export(run, credentials=CONSUMER)
    assert saved()["applications"][0]["custom_properties"]["collected_by"] == "Ada Min"
    export(run, credentials=CONSUMER, consumers_are_users=False)
    assert saved()["applications"][0]["custom_properties"]["collected_by"] == "OAuth consumer consumer"


def test_secrets_stand_nowhere(run: Run) -> None:
    ended, server = export(run, "--debug", "--summary", "summary.json", credentials=CONSUMER)
    assert ended.code == 0, ended.err
    told = ended.err + ended.out + "".join(path.read_text() for path in _files())
    assert "consumer-secret" not in told
    assert "oauth-1-of" not in told
    assert not any("secret" in entry.query for entry in server.requests)


def _files() -> list[Path]:
    return [path for path in Path.cwd().iterdir() if path.suffix == ".json"]


# ---- OAuth tokens that end


@pytest.mark.parametrize("after", range(0, 12, 3))
def test_a_token_that_ends_in_the_middle_of_a_run_is_replaced(run: Run, after: int) -> None:
    export(run)
    expected = access_in(saved())
    ended, server = export(
        run, credentials=CONSUMER, faults=(Fault(TokensEnd(), path="/[12].0/", after=after + 1, times=1),)
    )
    assert ended.code == 0, ended.err
    assert sum(entry.method == "POST" for entry in server.requests) == 2
    assert access_in(saved()) == expected


def test_tokens_that_end_again_and_again_are_replaced_each_time(run: Run) -> None:
    export(run)
    expected = access_in(saved())
    # One request at a time: of several, one could end the token that another has just received.
    faults = (Fault(TokensEnd(), path="/[12].0/", after=1, every=4),)
    ended, server = export(run, "--concurrency", "1", credentials=CONSUMER, faults=faults)
    assert ended.code == 0, ended.err
    assert sum(entry.method == "POST" for entry in server.requests) > 3
    assert access_in(saved()) == expected


def test_a_token_that_was_never_good_ends_the_run(run: Run) -> None:
    ended, server = export(run, credentials=CONSUMER, token_lifetime=0.0)
    assert ended.code == 3
    assert "the oauth token that was just issued is refused" in ended.err.lower()
    assert len(server.requests) == 2
    assert files() == set()


def test_an_address_that_refuses_every_token_does_not_ask_for_tokens_without_end(run: Run) -> None:
    ended, server = export(run, credentials=CONSUMER, faults=(Fault(TokensEnd(), path="permissions-config"),))
    assert ended.code in {3, 4}
    assert sum(entry.method == "POST" for entry in server.requests) < 60
    assert files() == set()


@pytest.mark.usefixtures("skipped_time")
def test_a_token_is_replaced_before_it_ends() -> None:
    clock, fetched = Clock(), list[Token]()

    def fetch() -> Token:
        fetched.append(Token(f"token-{len(fetched)}", clock.now(), clock.now() + 7200))
        return fetched[-1]

    signer = ConsumerSigner(fetch, clock)
    assert signer.headers() == {"Authorization": "Bearer token-0"}
    clock.sleep(7100)
    assert signer.headers() == {"Authorization": "Bearer token-0"}
    clock.sleep(50)
    assert signer.headers() == {"Authorization": "Bearer token-1"}


def test_many_threads_whose_token_ends_fetch_one() -> None:
    clock, fetched = Clock(), list[Token]()

    def fetch() -> Token:
        fetched.append(Token(f"token-{len(fetched)}", clock.now(), clock.now() + 7200))
        return fetched[-1]

    signer, refused, again = ConsumerSigner(fetch, clock), threading.Barrier(8), list[bool]()

    def ask() -> None:
        signer.headers()
        signer.accepted()
        refused.wait(30)
        again.append(signer.renews())
        signer.headers()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (again, len(fetched)) == ([True] * 8, 2)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_tokens_are_asked_for_again_while_their_server_is_not_well(run: Run, status: int) -> None:
    ended, server = export(run, credentials=CONSUMER, faults=(Fault(Status(status), path="oauth2", times=1),))
    assert ended.code == 0, ended.err
    assert [entry.status for entry in server.requests if entry.method == "POST"] == [status, 200]


# ---- access tokens


@pytest.mark.parametrize("level", list(Level))
def test_an_access_token_that_may_not_read_permissions_is_told(run: Run, level: Level) -> None:
    world = small()
    world.workspace.access_tokens = [AccessToken("an-access-token", "export", level)]
    ended, _ = export(run, credentials={"BITBUCKET_TOKEN": "an-access-token"}, workspace=world.workspace)
    assert ended.code == 3
    assert "Credentials of this kind may not ask this. Use an API token, or an OAuth consumer" in ended.err
    assert files() == set()


def test_an_access_token_that_may_read_permissions_still_administers_nothing(run: Run) -> None:
    world = small()
    world.workspace.access_tokens = [AccessToken("an-access-token", "export", Level.WORKSPACE)]
    ended, _ = export(
        run,
        credentials={"BITBUCKET_TOKEN": "an-access-token"},
        workspace=world.workspace,
        permission_tokens=frozenset({"workspace"}),
    )
    assert ended.code == 4
    assert "An access token is no administrator of the workspace" in ended.err
    assert files() == set()


# ---- who asks, where that cannot be asked


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_consumer_that_may_not_ask_who_it_is_exports_all_the_same(run: Run, status: int) -> None:
    fault = Fault(Status(status, message="Forbidden"), path="user/workspaces/acme/permission$")
    ended, _ = export(run, credentials=CONSUMER, faults=(fault,))
    assert ended.code == 0, ended.err
    assert saved()["applications"][0]["custom_properties"]["collected_by"] == "OAuth consumer consumer"


def test_a_consumer_of_somebody_who_administers_nothing_is_seen_without_asking_who_it_is(run: Run) -> None:
    world = small()
    world.workspace.consumers[0].owner_uuid = world.dev.uuid
    ended, _ = export(run, credentials=CONSUMER, workspace=world.workspace, consumers_are_users=False)
    assert ended.code == 4
    assert "does not administer the workspace" in ended.err
    assert files() == set()


def test_a_consumer_that_may_not_read_projects_is_told_to_be_a_token(run: Run) -> None:
    ended, _ = export(run, credentials=CONSUMER, consumers_read_projects=False)
    assert ended.code == 4
    assert "project PAY: permissions" in ended.err
    assert "refused to the OAuth consumer, although its owner administers the workspace" in ended.err
    assert "Use an API token" in ended.err
    assert files() == set()
    assert export(run, credentials=API_TOKEN, consumers_read_projects=False)[0].code == 0
