"""Exports and checks of a small workspace by the command line, with each kind of credentials."""

from __future__ import annotations

from typing import Any

from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Settings
from connector.embedded.cloud.workspace import Workspace
from connector.embedded.common.faults import Fault
from tests.conftest import Ended, Run
from tests.embedded.cloud.client import small

API_TOKEN = {"BITBUCKET_EMAIL": "ada@example.com", "BITBUCKET_TOKEN": "ada-token"}
CONSUMER = {"BITBUCKET_CLIENT_ID": "consumer", "BITBUCKET_CLIENT_SECRET": "consumer-secret"}


def ask(
    run: Run,
    *command: str,
    credentials: dict[str, str] = API_TOKEN,
    workspace: Workspace | None = None,
    slug: str = "acme",
    faults: tuple[Fault, ...] = (),
    **settings: Any,
) -> tuple[Ended, EmbeddedCloud]:
    """Call a command for a served workspace; give how it ended, and the server with its log."""
    with EmbeddedCloud(workspace or small().workspace, Settings(**settings)) as server:
        server.faults.add(*faults)
        options = ("--workspace", slug, "--bitbucket-url", server.base_url, "--patience", "2")
        return run(*command, *options, **credentials), server


def export(run: Run, *options: str, **rest: Any) -> tuple[Ended, EmbeddedCloud]:
    """Export to export.json."""
    return ask(run, "export", "--save-json", "export.json", *options, **rest)


def check(run: Run, *options: str, **rest: Any) -> tuple[Ended, EmbeddedCloud]:
    """Check the credentials."""
    return ask(run, "check", *options, **rest)
