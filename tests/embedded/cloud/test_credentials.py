"""Which credentials the embedded Bitbucket Cloud knows, what their scopes open, and how they end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.embedded.cloud.credentials import API_TOKEN_SCOPES, OAUTH_SCOPES, AccessToken, Level
from tests.embedded.cloud.client import (
    EVERYWHERE,
    MECHANISM,
    TOKEN,
    V1,
    Client,
    Small,
    by_consumer,
    message_of,
    serving,
    small,
    statuses,
)

SCOPES = "Your credentials lack one or more required privilege scopes."


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ada@example.com", "wrong"),
        ("nobody@example.com", "wrong"),
        ("ada", "wrong"),
    ],
)
def test_wrong_passwords_are_refused(user: str, password: str) -> None:
    with serving(small().workspace) as admin, Client(admin.server, user, password) as client:
        assert message_of(client.get("user")) == (401, TOKEN)
        assert "X-Credential-Type" not in client.get("user").headers


@pytest.mark.parametrize("header", ["Basic not/base64!", "Basic", "Bearer nothing", "Digest x", "nonsense"])
def test_what_is_no_credential_is_refused(header: str) -> None:
    with serving(small().workspace) as admin, Client(admin.server) as client:
        client.session.headers["Authorization"] = header
        assert message_of(client.get("repositories/acme")) == (401, TOKEN)


def test_an_account_password_is_refused_in_text() -> None:
    with serving(small().workspace) as admin, Client(admin.server, "ada@example.com", "her own") as client:
        answer = client.get("user")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "text/plain")


def test_an_api_token_belongs_to_an_address() -> None:
    with serving(small().workspace) as admin:
        with Client(admin.server, "ADA@example.com", "ada-token") as other_case:
            assert other_case.get("user").status_code == 200
        for user in ("dee@example.com", "ada"):
            with Client(admin.server, user, "ada-token") as client:
                assert message_of(client.get("user")) == (403, "Forbidden")


def test_an_api_token_ends_with_its_date_its_scopes_or_its_account() -> None:
    ends: list[Callable[[Small], None]] = [
        lambda world: setattr(world.workspace.api_tokens[0], "expired", True),
        lambda world: setattr(world.workspace.api_tokens[0], "scopes", frozenset()),
        lambda world: setattr(world.admin, "active", False),
    ]
    for end in ends:
        world = small()
        with serving(world.workspace) as admin:
            assert admin.get("user").status_code == 200
            with admin.server.change():
                end(world)
            assert message_of(admin.get("user")) == (401, TOKEN)


def test_an_api_token_may_be_sent_as_bearer() -> None:
    with serving(small().workspace) as admin, Client(admin.server, token="ada-token") as bearer:
        assert bearer.get("user").status_code == 200


def test_what_an_answer_says_of_the_credential() -> None:
    world = small()
    with serving(world.workspace) as admin:
        headers = admin.get("workspaces/acme").headers
        assert headers["X-Credential-Type"] == "apitoken"
        assert set(headers["X-OAuth-Scopes"].split(", ")) == API_TOKEN_SCOPES
        assert "X-Accepted-OAuth-Scopes" not in headers
        assert admin.get("workspaces/nobody").headers["X-Credential-Type"] == "apitoken"
        assert admin.get("groups/acme", api="/1.0/").headers["X-Accepted-OAuth-Scopes"] == "account"
    with serving(world.workspace, tells_credential=False, tells_scopes=False) as admin:
        assert not {"X-Credential-Type", "X-OAuth-Scopes"} & admin.get("user").headers.keys()


def without_scope(world: Small, scope: str) -> tuple[set[str], set[str]]:
    """Give what an API token may not ask any more without a scope, of 2.0 and of 1.0."""
    world.workspace.api_tokens[0].scopes = API_TOKEN_SCOPES - {f"{scope}:bitbucket"}
    with serving(world.workspace) as admin:
        refused = statuses(admin), statuses(admin, V1, "/1.0/")
        assert {*refused[0].values(), *refused[1].values()} == {403}
        for path in refused[0]:
            answer = admin.get(path)
            assert message_of(answer) == (403, SCOPES)
            assert answer.json()["error"]["detail"]["required"] == [f"{scope}:bitbucket"]
    return set(refused[0]), set(refused[1])


def test_each_scope_of_an_api_token_opens_what_it_is_for() -> None:
    parts = {
        scope: without_scope(small(), scope)
        for scope in (
            "read:user",
            "read:workspace",
            "read:project",
            "read:repository",
            "admin:repository",
            "admin:project",
            "read:webhook",
            "read:permission",
        )
    }
    assert parts["read:user"] == ({"user"}, set())
    assert parts["admin:project"] == ({"workspaces/acme/projects/PAY/deploy-keys"}, set())
    assert parts["read:webhook"] == ({"workspaces/acme/hooks", "repositories/acme/api/hooks"}, set())
    assert parts["read:permission"] == (set(), set(V1))
    assert "repositories/acme/api/branch-restrictions" in parts["admin:repository"][0]
    assert "workspaces/acme/permissions/repositories" in parts["read:repository"][0]
    assert set().union(*(two for two, _ in parts.values())) == set(EVERYWHERE)
    assert sum(len(two) for two, _ in parts.values()) == len(EVERYWHERE)


def test_each_scope_of_a_consumer_opens_what_it_is_for() -> None:
    refused = {}
    for scope in OAUTH_SCOPES:
        world = small()
        world.workspace.consumers[0].scopes = OAUTH_SCOPES - {scope}
        with serving(world.workspace) as admin, by_consumer(admin) as oauth:
            refused[scope] = set(statuses(oauth)) | set(statuses(oauth, V1, "/1.0/"))
    assert refused["repository"] == set(), "project implies repository"
    assert {"workspaces/acme/members", *V1} < refused["account"]
    assert "repositories/acme/api/permissions-config/users" in refused["repository:admin"]
    assert "workspaces/acme/projects/PAY/permissions-config/users" in refused["project:admin"]
    assert refused["webhook"] == {"workspaces/acme/hooks", "repositories/acme/api/hooks"}
    assert "workspaces/acme/projects" in refused["project"]
    assert "repositories/acme/api/deploy-keys" in refused["repository:admin"]
    assert "workspaces/acme/projects/PAY/deploy-keys" in refused["project:admin"] & refused["project"]


@pytest.mark.parametrize("level", list(Level))
def test_access_tokens_read_no_permissions_and_are_no_account(level: Level) -> None:
    world = small()
    resource = {Level.PROJECT: world.pay.uuid, Level.REPOSITORY: world.api.uuid}.get(level)
    world.workspace.access_tokens = [AccessToken("access", "build", level, resource_uuid=resource)]
    with serving(world.workspace) as admin, Client(admin.server, token="access") as client:
        assert message_of(client.get("user")) == (403, MECHANISM)
        for path in EVERYWHERE:
            if "permission" in path:
                assert message_of(client.get(path)) == (403, MECHANISM), path
        assert message_of(client.get("groups/acme", api="/1.0/")) == (403, MECHANISM)
        answer = client.get("repositories/acme")
        assert answer.headers["X-Credential-Type"] == f"{level}_access_token"
        assert {row["slug"] for row in answer.json()["values"]} == {
            Level.WORKSPACE: {"api", "docs", "keys"},
            Level.PROJECT: {"api", "docs"},
            Level.REPOSITORY: {"api", "docs"},
        }[level]
        assert client.get("repositories/acme/api/deploy-keys").status_code == 200
        assert client.get("workspaces/acme/members").status_code == 200
        asked = client.get("workspaces/acme/members", q='user.email="ada@example.com"')
        assert asked.status_code == (200 if level is Level.WORKSPACE else 403)
        world.workspace.access_tokens[0].expired = True
        assert message_of(client.get("repositories/acme")) == (401, TOKEN)


def test_an_access_token_that_reads_permissions_after_all() -> None:
    world = small()
    world.workspace.access_tokens = [AccessToken("access", "build", Level.PROJECT, resource_uuid=world.pay.uuid)]
    with (
        serving(world.workspace, permission_tokens=frozenset({"project"})) as admin,
        Client(admin.server, token="access") as client,
    ):
        assert client.get("workspaces/acme/projects/PAY/permissions-config/users").status_code == 200
        assert message_of(client.get("workspaces/acme/projects/SEC/permissions-config/users"))[0] == 404


def test_a_consumer_gets_tokens_by_its_own_credentials_only() -> None:
    world = small()
    with serving(world.workspace) as client:
        wrong = client.token(secret="wrong")
        other = client.token(grant_type="password")
        world.workspace.consumers[0].private = False
        public = client.token()
        get = client.get("", api="/site/oauth2/access_token")
    assert wrong.json() == {
        "error_description": "Invalid OAuth client credentials",
        "error": "unauthorized_client",
    }
    assert other.json()["error"] == "unsupported_grant_type"
    assert public.json()["error"] == "invalid_grant"
    assert [answer.status_code for answer in (wrong, other, public, get)] == [400, 400, 400, 405]


def test_a_consumer_may_show_its_credentials_in_the_form() -> None:
    with serving(small().workspace) as client:
        answer = client.session.post(
            client.server.base_url + "/site/oauth2/access_token",
            data={"grant_type": "client_credentials", "client_id": "consumer", "client_secret": "consumer-secret"},
            headers={"Authorization": ""},
            timeout=30,
        )
    assert answer.json()["token_type"] == "bearer"


def test_an_oauth_token_ends_and_the_next_one_works() -> None:
    now = [0.0]
    with serving(small().workspace, clock=lambda: now[0], expires_in=3600) as admin:
        issued = admin.token().json()
        assert issued["expires_in"] == 3600
        with Client(admin.server, token=issued["access_token"]) as oauth:
            now[0] = 3599
            assert oauth.get("user").status_code == 200
            now[0] = 3600
            assert message_of(oauth.get("user")) == (401, "Access token expired.")
        with by_consumer(admin) as again:
            assert again.get("user").status_code == 200


def test_an_oauth_token_may_end_sooner_than_it_is_said() -> None:
    now = [0.0]
    with serving(small().workspace, clock=lambda: now[0], token_lifetime=10.0) as admin:
        issued = admin.token().json()
        now[0] = 11
        with Client(admin.server, token=issued["access_token"]) as oauth:
            assert (issued["expires_in"], oauth.get("user").status_code) == (7200, 401)


def test_an_oauth_token_ends_with_its_consumer_or_its_owner() -> None:
    ends: list[Callable[[Small], None]] = [
        lambda world: world.workspace.consumers.clear(),
        lambda world: setattr(world.admin, "active", False),
    ]
    for end in ends:
        world = small()
        with serving(world.workspace) as admin, by_consumer(admin) as oauth:
            assert oauth.get("user").status_code == 200
            with admin.server.change():
                end(world)
            assert message_of(oauth.get("user")) == (401, TOKEN)
