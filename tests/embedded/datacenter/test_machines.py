"""The embedded Bitbucket's keys, tokens, webhooks and branch restrictions, as real servers answered them."""

from __future__ import annotations

import pytest

from connector.embedded.common.credentials import public_key
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
from connector.embedded.datacenter.organisation import Token
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from tests.embedded.asking import JSON
from tests.embedded.datacenter.client import Client, error_of, serving, small

KEYS = "/rest/keys/latest"
TOKENS = "/rest/access-tokens/latest"
SSH = "/rest/ssh/latest"
RULES = "/rest/branch-permissions/latest"


def rows(client: Client, api: str, path: str, **query: JSON) -> list[JSON]:
    answer = client.get(path, api=api, **query)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["isLastPage"]
    return list(page["values"])


def test_access_keys_as_a_server_of_4_wrote_them() -> None:
    organisation = small(version="4.9.0").organisation
    organisation.keys = [SshKey(1, "abc", "ssh-rsa abc", projects={1: "PROJECT_READ"}, repositories={1: "REPO_WRITE"})]
    with serving(organisation) as admin:
        (of_project,) = rows(admin, "/rest/keys/1.0", "projects/PAY/ssh")
        (of_repository,) = rows(admin, "/rest/keys/1.0", "projects/PAY/repos/api/ssh")
    recorded = {"id": 1, "text": "ssh-rsa abc", "label": "abc"}
    assert of_project.keys() == {"key", "project", "permission"}
    assert (of_project["key"], of_project["permission"]) == (recorded, "PROJECT_READ")
    assert of_repository.keys() == {"key", "repository", "permission"}
    assert (of_repository["key"], of_repository["permission"]) == (recorded, "REPO_WRITE")


def test_newer_versions_say_more_of_a_key() -> None:
    organisation = small().organisation
    details = {"created": 5, "last_authenticated": 6, "expiry_days": 7, "algorithm": "RSA", "bits": 4096}
    organisation.keys = [SshKey(1, "abc", "ssh-rsa abc", projects={1: "PROJECT_READ"}, **details)]  # type: ignore[arg-type]
    for as_strings, moment in ((False, 5), (True, "5")):
        with serving(organisation, moments_as_strings=as_strings) as admin:
            (row,) = rows(admin, KEYS, "projects/PAY/ssh")
        assert row["key"]["createdDate"] == moment
        assert (row["key"]["expiryDays"], row["key"]["algorithmType"], row["key"]["bitLength"]) == (7, "RSA", 4096)


@pytest.mark.parametrize(("setting", "expected"), [(True, ["project", "repository"]), (False, ["repository"])])
def test_the_effective_listing_has_the_keys_of_the_project(*, setting: bool, expected: list[str]) -> None:
    organisation = small().organisation
    organisation.keys = [
        SshKey(1, "a", "ssh-rsa abc", projects={1: "PROJECT_READ"}),
        SshKey(2, "b", "ssh-rsa abc", repositories={1: "REPO_WRITE"}),
    ]
    with serving(organisation, effective_keys=setting) as admin:
        plain = rows(admin, KEYS, "projects/PAY/repos/api/ssh")
        effective = rows(admin, KEYS, "projects/PAY/repos/api/ssh", effective="true")
    assert [row["key"]["id"] for row in plain] == [2]
    assert [next(name for name in ("project", "repository") if name in row) for row in effective] == expected


def test_who_is_shown_the_keys_and_tokens_of_whom() -> None:
    world = small()
    world.organisation.keys = [SshKey(1, "a", public_key("a"), owner_id=world.dev.id)]
    world.organisation.http_tokens = [HttpToken("12", "t", ["REPO_READ"], owner_id=world.dev.id)]
    world.organisation.tokens = [Token("of the administrator", world.admin.id)]
    with serving(world.organisation) as admin, Client(admin.server, "dev", "code") as dev:
        for client in (admin, dev):
            assert [row["id"] for row in rows(client, SSH, "keys", user="dev")] == [1]
            assert [row["id"] for row in rows(client, TOKENS, "users/dev")] == ["12"]
        assert [row["id"] for row in rows(dev, SSH, "keys")] == [1]
        assert error_of(dev.get("users/admin", api=TOKENS)) == (401, "AuthorisationException")
        assert error_of(admin.get("keys", api=SSH, user="nobody")) == (404, "NoSuchUserException")
        with Client(admin.server, token="of the administrator") as token:
            assert error_of(token.get("users/dev", api=TOKENS)) == (401, "AuthorisationException")
            assert error_of(token.get("users/admin", api=TOKENS)) == (401, "AuthorisationException")


def test_a_token_acts_for_a_user_of_its_own() -> None:
    organisation = small().organisation
    organisation.http_tokens = [
        HttpToken("12", "ci", ["REPO_READ"], repository_id=1, created=86_400_000, expires=3 * 86_400_000),
        HttpToken("13", "cd", ["PROJECT_READ", "REPO_READ"], project_id=1, last_authenticated=7),
    ]
    with serving(organisation) as admin:
        (of_repository,) = rows(admin, TOKENS, "projects/PAY/repos/api")
        (of_project,) = rows(admin, TOKENS, "projects/PAY")
    with serving(organisation, expiry_in_days=True) as admin:
        (in_days,) = rows(admin, TOKENS, "projects/PAY/repos/api")
    assert (of_repository["user"]["name"], of_repository["user"]["type"]) == ("access-token-user/2/1", "SERVICE")
    assert (of_project["user"]["slug"], of_project["lastAuthenticated"]) == ("access-token-user_1_1", 7)
    assert (of_repository["expiryDate"], in_days["expiryDays"]) == (3 * 86_400_000, 2)
    assert not {"token", "expiryDays"} & of_repository.keys()


def test_a_webhook_shows_its_secret_as_older_servers_do() -> None:
    organisation = small().organisation
    organisation.webhooks = [Webhook(10, "hook", "https://ci/x", repository_id=1, secret="s")]
    with serving(organisation) as admin:
        (row,) = admin.rows("projects/PAY/repos/api/webhooks")
        assert admin.rows("projects/PAY/webhooks") == []
    assert row["configuration"] == {"secret": "s"}
    assert row.keys() >= {"id", "name", "createdDate", "updatedDate", "events", "url", "active"}


def test_restrictions_as_recorded_and_as_newer_versions_write_them() -> None:
    world = small(version="4.9.0")
    organisation = world.organisation
    organisation.keys = [SshKey(158, "test213", "ssh-rsa fasdfadsfdsf test213")]
    restriction = Restriction(839, "fast-forward-only", "development", "MODEL_BRANCH", project_id=1)
    restriction.groups, restriction.keys, restriction.users = ["GROUPS1"], [158], [world.dev.id]
    organisation.restrictions = [restriction]
    with serving(organisation) as admin:
        (old,) = rows(admin, "/rest/branch-permissions/2.0", "projects/PAY/repos/api/restrictions")
        assert admin.get("projects/PAY/restrictions", api="/rest/branch-permissions/1.0").status_code == 404
    assert old.keys() == {"groups", "id", "matcher", "type", "users", "accessKeys"}
    assert old["matcher"]["type"] == {"id": "MODEL_BRANCH", "name": "Branching model branch"}
    assert old["accessKeys"] == [{"key": {"id": 158, "label": "test213", "text": "ssh-rsa fasdfadsfdsf test213"}}]
    organisation.version = "9.4.2"
    with serving(organisation, restriction_types_as_objects=True, inherited_restrictions=False) as admin:
        (new,) = rows(admin, RULES, "projects/PAY/restrictions")
        assert rows(admin, RULES, "projects/PAY/repos/api/restrictions") == []
    assert (new["scope"], new["type"]["id"]) == ({"type": "PROJECT", "resourceId": 1}, "fast-forward-only")


def test_default_branches_and_branching_models() -> None:
    organisation = small().organisation
    organisation.repositories[2].default_branch = None
    with serving(organisation) as admin:
        assert admin.json("projects/PAY/repos/api/default-branch")["displayId"] == "main"
        assert error_of(admin.get("projects/PAY/repos/docs/default-branch")) == (404, "NoDefaultBranchException")
        path = "projects/PAY/repos/api/branchmodel/configuration"
        model = admin.get(path, api="/rest/branch-utils/latest").json()
    assert model["development"] == {"refId": None, "useDefault": True}
    assert "production" not in model


def test_other_apis_know_their_own_versions() -> None:
    with serving(small().organisation, answers_latest_everywhere=False) as admin:
        assert admin.get("settings", api=SSH).status_code == 404
        assert admin.get("settings", api="/rest/ssh/1.0").json()["accessKeysEnabled"] is True
        assert admin.get("keys/projects/PAY/ssh").status_code == 404
    with serving(small(version="5.4.9").organisation) as admin:
        assert admin.get("users/dev", api=TOKENS).status_code == 404


def test_the_sample_has_one_of_each() -> None:
    sample = sample_organisation()
    with EmbeddedBitbucket(sample) as server, Client(server, DEMO_USER, DEMO_PASSWORD) as admin:
        (terraform,) = rows(admin, SSH, "keys", user="terraform")
    assert terraform["label"] == "terraform@tfe"
    assert {restriction.matcher_type for restriction in sample.restrictions} == {
        "ANY_REF",
        "BRANCH",
        "PATTERN",
        "MODEL_BRANCH",
        "MODEL_CATEGORY",
    }
    assert any(not webhook.active for webhook in sample.webhooks)
    assert any(key.projects and key.repositories for key in sample.keys)
