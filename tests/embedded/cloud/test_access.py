"""Who may ask the embedded Bitbucket Cloud for what: credentials, scopes, rights, and what each refusal says."""

from __future__ import annotations

import pytest

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import OAUTH_SCOPES
from connector.embedded.cloud.settings import Access
from connector.embedded.cloud.workspace import Account
from tests.embedded.asking import basic
from tests.embedded.cloud.client import (
    EVERYWHERE,
    MECHANISM,
    TOKEN,
    V1,
    Client,
    by_consumer,
    message_of,
    serving,
    small,
    statuses,
)

RIGHTS = "Access denied. You must have write or admin access."
HIDDEN = (
    "You may not have access to this repository or it no longer exists in this workspace. "
    "If you think this repository exists and you have access, make sure you are authenticated."
)


def test_an_administrator_may_ask_everything() -> None:
    with serving(small().workspace) as admin:
        assert statuses(admin) == statuses(admin, V1, "/1.0/") == {}


def test_a_consumer_of_an_administrator_may_ask_everything() -> None:
    with serving(small().workspace) as admin, by_consumer(admin) as oauth:
        assert statuses(oauth) == statuses(oauth, V1, "/1.0/") == {}
        headers = oauth.get("repositories/acme/api/permissions-config/users").headers
    assert headers["X-Credential-Type"] == "oauth2"
    assert set(headers["X-OAuth-Scopes"].split(", ")) == OAUTH_SCOPES
    assert headers["X-Accepted-OAuth-Scopes"] == "repository:admin"


def test_whether_a_consumer_is_an_account_is_not_confirmed() -> None:
    with serving(small().workspace, consumers_are_users=False) as admin, by_consumer(admin) as oauth:
        assert message_of(oauth.get("user")) == (403, MECHANISM)


def test_whether_a_consumer_reads_the_grants_of_projects_is_not_confirmed() -> None:
    with serving(small().workspace, consumers_read_projects=False) as admin:
        assert statuses(admin) == {}
        with by_consumer(admin) as oauth:
            refused = statuses(oauth)
            assert message_of(oauth.get("workspaces/acme/projects/PAY/permissions-config/users")) == (403, "Forbidden")
    assert set(refused) == {path for path in EVERYWHERE if "projects/PAY/permissions-config" in path}


def test_a_member_sees_little() -> None:
    with serving(small().workspace) as admin, Client(admin.server, "dee@example.com", "dee-token") as dev:
        assert statuses(dev) == {
            "workspaces/acme/permissions/repositories": 403,
            "workspaces/acme/projects/PAY/permissions-config/users": 403,
            "workspaces/acme/projects/PAY/permissions-config/groups": 403,
            "workspaces/acme/projects/PAY/deploy-keys": 403,
            "workspaces/acme/hooks": 403,
        }
        assert statuses(dev, V1, "/1.0/") == dict.fromkeys(V1, 403)
        assert [row["slug"] for row in dev.rows("repositories/acme")] == ["api", "docs"]
        assert [row["key"] for row in dev.rows("workspaces/acme/projects")] == ["PAY"]
        assert message_of(dev.get("repositories/acme/docs/permissions-config/users")) == (403, RIGHTS)
        assert message_of(dev.get("repositories/acme/keys")) == (404, HIDDEN)
        assert message_of(dev.get("workspaces/acme/projects/SEC"))[0] == 404
        assert dev.json("user/workspaces/acme/permission")["permission"] == "member"


def test_a_project_administrator_administers_its_repositories_too() -> None:
    world = small()
    world.pay.users[world.dev.uuid] = "admin"
    with serving(world.workspace) as admin, Client(admin.server, "dee@example.com", "dee-token") as dev:
        assert set(statuses(dev)) == {"workspaces/acme/permissions/repositories", "workspaces/acme/hooks"}


def test_an_outsider_sees_what_is_public() -> None:
    world = small()
    with serving(world.workspace) as admin, Client(admin.server, "otto@example.com", "otto-token") as outsider:
        assert message_of(outsider.get("workspaces/acme")) == (404, "No workspace with identifier 'acme'.")
        assert message_of(outsider.get("workspaces/acme/members")) == (403, "Forbidden")
        assert message_of(outsider.get("workspaces/acme/permissions")) == (403, "Forbidden")
        assert message_of(outsider.get("user/workspaces/acme/permission")) == (403, "Forbidden")
        assert [row["slug"] for row in outsider.rows("repositories/acme")] == ["docs"]
        with admin.server.change() as workspace:
            workspace.is_private = False
            world.api.users[world.outsider.uuid] = "write"
        assert outsider.get("workspaces/acme").status_code == 200
        assert [row["slug"] for row in outsider.rows("repositories/acme")] == ["api", "docs"]


def test_nobody_gets_200_and_what_is_public() -> None:
    with serving(small().workspace) as admin, Client(admin.server) as nobody:
        answer = nobody.get("repositories/acme")
        assert [row["slug"] for row in answer.json()["values"]] == ["docs"]
        assert "X-Credential-Type" not in answer.headers
        assert nobody.get("workspaces/acme").status_code == 404
        assert message_of(nobody.get("workspaces/acme/members")) == (401, TOKEN)
        assert message_of(nobody.get("groups/acme", api="/1.0/")) == (401, TOKEN)
        assert admin.server.requests[0].credential is None
        assert not admin.server.requests[0].with_credentials


@pytest.mark.parametrize(
    ("access", "text"), [(Access.ADDRESS, "an admin must whitelist your IP"), (Access.TWO_STEP, "two-step")]
)
def test_a_premium_workspace_demands_more(access: Access, text: str) -> None:
    with serving(small().workspace, access=access) as admin:
        status, message = message_of(admin.get("workspaces/acme/permissions"))
        assert (status, text in message) == (403, True)
        assert "detail" not in admin.get("repositories/acme").json()["error"]
        assert admin.get("user").status_code == 200


def test_a_workspace_marked_as_spam() -> None:
    with serving(small(marked_as_spam=True).workspace) as admin:
        answer = admin.get("repositories/acme")
        assert answer.status_code == 410
        assert "CHANGE" not in answer.text


def test_the_workspace_by_any_name() -> None:
    with serving(small().workspace) as admin:
        uuid = admin.json("workspaces/ACME")["uuid"]
        assert admin.json(f"workspaces/{uuid}")["slug"] == "acme"
        next_page = admin.json(f"repositories/{uuid.replace('{', '%7B').replace('}', '%7D')}", pagelen=1)["next"]
        assert "%7B" in next_page
        assert message_of(admin.get("repositories/nobody")) == (404, "No workspace with identifier 'nobody'.")


@pytest.mark.parametrize("status", [405, 403])
def test_1_0_wants_the_slug(status: int) -> None:
    with serving(small().workspace, uuid_in_v1=status) as admin:
        uuid = admin.json("workspaces/acme")["uuid"]
        assert admin.get(f"groups/{uuid}", api="/1.0/").status_code == status


def test_repositories_by_slug_and_by_uuid() -> None:
    world = small()
    with serving(world.workspace) as admin:
        for name in ("API", world.api.uuid):
            assert admin.json(f"repositories/acme/{name}")["slug"] == "api"
        assert admin.json(f"workspaces/acme/projects/{world.pay.uuid}")["key"] == "PAY"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(method: str) -> None:
    with serving(small().workspace) as client:
        answer = client.session.request(method, f"{client.server.base_url}/2.0/repositories/acme/api", timeout=30)
        assert message_of(answer) == (405, "Method Not Allowed")
        assert answer.headers["Allow"] == "GET, HEAD"
        assert client.get("repositories/acme/api").status_code == 200


def test_head_is_get_without_a_body() -> None:
    with serving(small().workspace) as client:
        for path, status in (("/2.0/user", 200), ("/2.0/nothing", 404), ("/elsewhere", 404)):
            get = client.session.get(client.server.base_url + path, timeout=30)
            head = client.session.head(client.server.base_url + path, timeout=30)
            assert (head.status_code, head.content) == (status, b"")
            assert head.headers["Content-Length"] == str(len(get.content))


def test_roles_by_oneself_and_through_groups() -> None:
    builder = Builder("acme", "Acme")
    people = {
        name: builder.member(name, role=role)
        for name, role in (("own", "owner"), ("plain", "member"), ("odd", "quality-gate"), ("boss", "member"))
    }
    maker: Account = builder.member("maker")
    people["maker"] = maker
    builder.member("gone", active=False)
    builder.group("Administrators", [people["boss"]], account_privilege="admin")
    builder.group("Makers", [maker, people["boss"]], account_privilege="collaborator")
    ada = builder.member("ada", email="ada@example.com", role="owner")
    builder.workspace.api_tokens = small().workspace.api_tokens[:1]
    builder.workspace.api_tokens[0].account_uuid = ada.uuid
    expected = {
        "own": "owner",
        "plain": "member",
        "odd": "quality-gate",
        "boss": "owner",
        "gone": "member",
        "ada": "owner",
    }
    for lists_creators, word in ((False, "member"), (True, "create-project")):
        with serving(builder.workspace, lists_creators=lists_creators) as client:
            rows = client.rows("workspaces/acme/permissions")
            owners = client.rows("workspaces/acme/permissions", q='permission="owner"')
        assert {row["user"]["nickname"]: row["permission"] for row in rows} == expected | {"maker": word}
        assert {row["user"]["nickname"] for row in owners} == {"own", "boss", "ada"}


def test_the_log_tells_what_was_asked_and_by_which_credential() -> None:
    with serving(small().workspace) as admin:
        admin.get("repositories/acme", q='slug="api"')
        admin.token()
        with by_consumer(admin) as oauth:
            oauth.get("user")
        admin.session.get(admin.server.base_url + "/2.0/user", headers={"Authorization": basic("x", "y")}, timeout=30)
        entries = admin.server.requests
    assert (entries[0].method, entries[0].path, entries[0].status) == ("GET", "/2.0/repositories/acme", 200)
    assert (entries[0].query, entries[0].user) == ("q=slug%3D%22api%22", "Ada Min")
    assert [entry.credential for entry in entries] == ["apitoken", None, None, "oauth2", None]
    assert (entries[-1].status, entries[-1].with_credentials) == (401, True)
