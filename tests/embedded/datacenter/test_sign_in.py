"""Who is asking: passwords, tokens, and what comes of wrong ones."""

from __future__ import annotations

import pytest

from connector.embedded.datacenter.organisation import Token
from tests.embedded.datacenter.client import Client, error_of, serving, small

NOT_PERMITTED = (401, "AuthorisationException")
WRONG_PASSWORD = (401, "IncorrectPasswordAuthenticationException")
UNLICENSED = (401, "NoAccessAuthenticationException")
LOCKED = (401, "CaptchaRequiredAuthenticationException")


def test_the_answer_says_who_asked() -> None:
    world = small()
    world.admin.name = "Ådmin/1@x"
    world.admin.password = "rööt:1"
    with serving(world.organisation) as client, Client(client.server, "ådmin/1@x", "rööt:1") as admin:
        headers = admin.get("users").headers
        assert (headers["X-AUSERNAME"], headers["X-AUSERID"]) == ("%C3%85dmin%2F1%40x", "1")
    with serving(small().organisation, strip_user_headers=True) as client:
        assert not {"X-AUSERNAME", "X-AUSERID"} & client.get("users").headers.keys()


def test_a_refusal_says_who_asked_too() -> None:
    with serving(small().organisation) as admin, Client(admin.server, "dev", "code") as dev:
        answer = dev.get("admin/permissions/users")
        assert error_of(answer) == NOT_PERMITTED
        assert answer.headers["X-AUSERNAME"] == "dev"


def test_a_wrong_password_locks_after_a_while() -> None:
    with serving(small().organisation, captcha_after=2) as admin:
        for password, expected in (("no", WRONG_PASSWORD), ("no", WRONG_PASSWORD), ("code", LOCKED)):
            with Client(admin.server, "dev", password) as dev:
                answer = dev.get("application-properties")
                assert error_of(answer) == expected
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Atlassian Bitbucket"'
        assert admin.get("users").status_code == 200


def test_a_right_password_forgives_the_wrong_ones() -> None:
    with serving(small().organisation, captcha_after=2) as admin:
        for password in ("no", "code", "no", "code"):
            with Client(admin.server, "dev", password) as dev:
                answer = dev.get("users")
        assert answer.status_code == 200


def test_nonsense_is_a_wrong_password() -> None:
    with serving(small().organisation) as admin, Client(admin.server) as nobody:
        nobody.session.headers["Authorization"] = "Basic not/base64!"
        assert error_of(nobody.get("users")) == WRONG_PASSWORD


def test_without_a_licence_there_is_no_login() -> None:
    with serving(small().organisation) as admin, Client(admin.server, "guest", "hello") as guest:
        assert error_of(guest.get("application-properties")) == UNLICENSED


def test_who_has_left_cannot_sign_in() -> None:
    world = small()
    world.dev.active = False
    world.organisation.tokens.append(Token("t", world.dev.id))
    with serving(world.organisation) as admin, Client(admin.server, "dev", "code") as dev:
        assert error_of(dev.get("users")) == WRONG_PASSWORD
        with Client(admin.server, token="t") as by_token:
            assert error_of(by_token.get("users")) == NOT_PERMITTED


def test_a_token_is_a_password_too_and_never_an_administrator() -> None:
    world = small()
    world.organisation.tokens.append(Token("t", world.admin.id))
    with (
        serving(world.organisation) as admin,
        Client(admin.server, token="t") as bearer,
        Client(admin.server, "admin", "t") as basic,
        Client(admin.server, "dev", "t") as stolen,
    ):
        assert admin.rows("admin/permissions/users")[0]["permission"] == "ADMIN"
        for client in (bearer, basic):
            assert error_of(client.get("admin/permissions/users")) == NOT_PERMITTED
            assert client.rows("admin/users")
            assert client.rows("projects/SEC/repos/keys/permissions/users") == []
            assert [row["name"] for row in client.rows("users", permission="ADMIN")] == ["admin"]
        assert error_of(stolen.get("users")) == WRONG_PASSWORD


def test_a_token_may_do_less_than_its_user() -> None:
    world = small()
    world.organisation.tokens.append(
        Token("t", world.admin.id, project_permission="PROJECT_READ", repository_permission="REPO_READ")
    )
    with serving(world.organisation) as admin, Client(admin.server, token="t") as reader:
        assert len(reader.rows("repos")) == 3
        assert error_of(reader.get("projects/PAY/permissions/users")) == NOT_PERMITTED
        assert error_of(reader.get("projects/PAY/repos/api/permissions/users")) == NOT_PERMITTED


@pytest.mark.parametrize("public", [False, True])
def test_an_expired_token_is_nobody(public: bool) -> None:
    world = small(public_access=public)
    world.organisation.tokens.append(Token("old", world.admin.id, expired=True))
    with serving(world.organisation) as admin, Client(admin.server, token="old") as client:
        answer = client.get("repos")
        assert answer.status_code == (200 if public else 401)
        assert "X-AUSERNAME" not in answer.headers
        assert error_of(client.get("profile/recent/repos")) == NOT_PERMITTED
        assert [entry.with_credentials for entry in admin.server.requests] == [True, True]
