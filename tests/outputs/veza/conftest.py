"""A Veza to push to, a payload to push, and ways to push it without waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from oaaclient.templates import CustomApplication, OAAPermission, OAAPropertyType

from connector.errors import VezaError
from connector.outputs.veza.push import PushResult, VezaSettings, connect
from tests.outputs.veza.fake import FakeVeza

PROVIDER = "Bitbucket Server"
SOURCE = "Bitbucket Server - bitbucket.example.com:7990"

Payload = dict[str, Any]


def application() -> CustomApplication:
    app = CustomApplication("Bitbucket", "BitbucketServer")
    app.property_definitions.define_application_property("version", OAAPropertyType.STRING)
    app.property_definitions.define_resource_property("Repo", "is_public", OAAPropertyType.BOOLEAN)
    app.set_property("version", "8.19.0")
    app.add_custom_permission("REPO_READ", [OAAPermission.DataRead], resource_types=["Repo"])
    app.add_custom_permission("ADMIN", [OAAPermission.DataRead], apply_to_sub_resources=True)
    app.add_local_group("developers", unique_id="developers")
    user = app.add_local_user("José", identities=["jose@example.com"], groups=["developers"], unique_id="101")
    user.created_at = "2024-01-02T03:04:05Z"
    key = app.add_access_cred("ssh-access-key:7", "deploy key")
    project = app.add_resource("Payments", "Project", unique_id="1")
    repository = project.add_sub_resource("api", "Repo", unique_id="42")
    repository.set_property("is_public", False)
    user.add_permission("ADMIN", apply_to_application=True)
    app.local_groups["developers"].add_permission("REPO_READ", resources=[repository])
    key.add_permission("REPO_READ", resources=[repository])
    return app


@pytest.fixture
def payload() -> Payload:
    made: Payload = application().get_payload()
    return made


@pytest.fixture
def veza(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVeza]:
    for name in ("VEZA_UNSAFE_HTTPS", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with FakeVeza() as fake:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(fake.ca_file))
        yield fake


class Waits(list[float]):
    """Records how long a sleep should take, and does not sleep."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def settings(veza: FakeVeza, **changes: str) -> VezaSettings:
    usual = VezaSettings(veza.url, veza.api_key, PROVIDER, SOURCE)
    return replace(usual, **changes)  # type: ignore[arg-type]  # only texts are changed this way


def push(veza: FakeVeza, payload: Payload, waits: Waits | None = None, **changes: str) -> PushResult:
    return connect(settings(veza, **changes), sleep=waits if waits is not None else Waits()).push(payload)


def failure(call: Callable[[], object]) -> VezaError:
    """Give the error that a call ends with."""
    with pytest.raises(VezaError) as caught:
        call()
    assert caught.value.exit_code == 5
    return caught.value


def refusal(veza: FakeVeza, **changes: str) -> str:
    """Give the message of a first contact that fails, which is always one line and never holds the key."""
    message = str(failure(lambda: connect(settings(veza, **changes), sleep=Waits())))
    assert "\n" not in message
    assert veza.api_key not in message
    return message
