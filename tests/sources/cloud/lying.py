"""What tests of lies share: a workspace, a way to export it, and what counts as right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.messages import Answer, encode
from tests.conftest import Ended, Run, saved
from tests.model.cloud import disagreements

ADMIN = {"BITBUCKET_EMAIL": "ada@example.com", "BITBUCKET_TOKEN": "ada-token"}
DEVELOPER = {"BITBUCKET_EMAIL": "dev4@example.com", "BITBUCKET_TOKEN": "dev4-token"}

RIGHT, REFUSED = 0, (3, 4)
NO_REPOSITORY = "You may not have access to this repository or it no longer exists in this workspace."
MEMBERS, GROUPS, PROJECTS, REPOSITORIES = (
    "/workspaces/acme/permissions",
    "/1.0/groups/acme",
    "/workspaces/acme/projects",
    "/2.0/repositories/acme",
)


def workspace(members: int = 8) -> Workspace:
    """Two projects with twelve repositories, groups, a public repository, an outsider, rows that grant nothing."""
    builder = Builder("acme", "Acme")
    admin = builder.member("ada", "Ada Min", email="ada@example.com", role="member")
    people = [
        builder.member(f"dev{number}", "The Same Name", email=f"dev{number}@example.com") for number in range(members)
    ]
    outsider = builder.account("otto", "Otto Side")
    left = builder.member("left", "Left Long Ago", active=False)
    builder.group("Administrators", [admin], account_privilege="admin")
    builder.group("devs", people[:4])
    builder.group("ops", [*people[4:6], left])
    pay = builder.project("PAY", "Payments", groups={"devs": "write", "administrators": "admin"})
    pay.users = {people[6].uuid: "read", people[7].uuid: "none"}
    ops = builder.project("OPS", "Operations", groups={"ops": "admin", "devs": "none"})
    for number in range(6):
        repository = builder.repository(pay, f"pay{number}", users={people[number].uuid: "admin"})
        repository.is_private = number != 1
        builder.repository(ops, f"ops{number}", groups={"devs": "read"}, users={outsider.uuid: "write"})
    whole = builder.workspace
    whole.api_tokens = [ApiToken("ada-token", admin.uuid), ApiToken("dev4-token", people[4].uuid)]
    whole.consumers = [Consumer("consumer", "consumer-secret", admin.uuid)]
    return whole


def export(run: Run, server: EmbeddedCloud, *options: str, **environment: str) -> Ended:
    command = ("--workspace", "acme", "--bitbucket-url", server.base_url, "--save-json", "export.json")
    return run(*command, "--patience", "2", *options, **(environment or ADMIN))


def assert_right(server: EmbeddedCloud, ended: Ended) -> None:
    assert ended.code == RIGHT, ended.err
    assert disagreements(server.organisation, saved()) == []
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is True


def assert_refused(ended: Ended) -> None:
    assert ended.code in REFUSED, ended.err
    assert "Traceback" not in ended.err
    assert not Path("export.json").exists()


def named(whole: Workspace, slug: str) -> Any:
    return next(each for each in whole.repositories.values() if each.slug == slug)


def keyed(whole: Workspace, key: str) -> Any:
    return next(each for each in whole.projects.values() if each.key == key)


def bitbuckets(status: int, message: str) -> Answer:
    """Make an answer as Bitbucket's own to these credentials."""
    body = encode({"type": "error", "error": {"message": message}})
    return Answer(status, body, (("X-Credential-Type", "apitoken"),))
