"""What tests of `check` share: how it is run, and a small organisation."""

from __future__ import annotations

import json
from typing import Any

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER
from tests.conftest import Ended, Run

PASSWORD = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
TOKEN = {"BITBUCKET_TOKEN": DEMO_TOKEN}
AUTH = "com.atlassian.bitbucket.auth."
KINDS = ("access-keys", "tokens", "webhooks", "branch-permissions")
Report = dict[str, Any]


def check(run: Run, url: str, *options: str, **environment: str) -> tuple[Ended, Report]:
    """Run check for scripts, and give the step that each name stands for too."""
    ended = run("check", "--bitbucket-url", url, "--json", *options, **(environment or PASSWORD))
    report: Report = json.loads(ended.out)
    assert report["exit_code"] == ended.code
    return ended, report


def step(report: Report, name: str) -> dict[str, str]:
    found: dict[str, str] = next(each for each in report["steps"] if each["name"] == name)
    return found


def organisation() -> Organisation:
    """An administrator, a developer who administers one of two projects, somebody without a licence."""
    builder = Builder(version="9.4.2")
    admin = builder.account("admin", "Ada Min", password="root")
    dev = builder.account("dev", "Dee Vee", password="code")
    guest = builder.account("guest", "Guest", password="hello")
    builder.group("devs", [dev])
    whole = builder.organisation
    whole.global_users = {admin.id: "ADMIN", dev.id: "LICENSED_USER"}
    whole.tokens = [
        Token("dev-token", dev.id),
        Token("guest-token", guest.id),
        Token("old-token", dev.id, expired=True),
    ]
    pay = builder.project("PAY", "Payments", users={dev.id: "PROJECT_ADMIN"})
    ops = builder.project("OPS", "Operations", users={dev.id: "PROJECT_READ"})
    builder.repository(pay, "api")
    builder.repository(ops, "dns")
    return whole
