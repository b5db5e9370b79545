"""The rate limit is told, kept, and filled again."""

from __future__ import annotations

from connector.embedded.datacenter.answers import Refusal
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.login import Authenticator
from connector.embedded.datacenter.settings import RateLimit, Settings
from tests.embedded.datacenter.client import Client, error_of, serving, small

NOT_PERMITTED = (401, "AuthorisationException")


def test_the_rate_limit_is_told() -> None:
    limits = {
        "rate_limit": RateLimit(60, 5),
        "rate_limit_overrides": {"dev": RateLimit(200, 50)},
        "rate_limit_exempt": frozenset({"admin"}),
    }
    with serving(small().organisation, **limits) as admin, Client(admin.server, "dev", "code") as dev:
        path = "admin/rate-limit/settings"
        assert dev.json(path) == {"enabled": True, "defaultSettings": {"capacity": 60, "fillRate": 5}}
        own = dev.json(f"{path}/users/dev")
        assert (own["whitelisted"], own["settings"]) == (False, {"capacity": 200, "fillRate": 50})
        assert admin.json(f"{path}/users/admin")["whitelisted"] is True
        assert error_of(dev.get(f"{path}/users/admin")) == NOT_PERMITTED
        assert admin.get(f"{path}/users/guest").status_code == 404
    with serving(small().organisation) as admin:
        assert admin.json(path)["enabled"] is False


def test_the_rate_limit_is_kept() -> None:
    with (
        serving(small().organisation, rate_limit=RateLimit(3, 0.5)) as admin,
        Client(admin.server, "dev", "code") as dev,
    ):
        answers = [admin.get("users") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "2"
        assert error_of(answers[-1]) == (429, None)
        assert dev.get("users").status_code == 200


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    builder = Builder()
    account = builder.account("a")
    authenticator = Authenticator(Settings(rate_limit=RateLimit(2, 4)), clock=lambda: now[0])

    def is_allowed() -> bool:
        try:
            authenticator.count(account)
        except Refusal:
            return False
        return True

    assert [is_allowed() for _ in range(3)] == [True, True, False]
    now[0] += 0.25
    assert [is_allowed() for _ in range(2)] == [True, False]
    now[0] += 100
    assert [is_allowed() for _ in range(3)] == [True, True, False]
