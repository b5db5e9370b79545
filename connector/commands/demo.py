"""The command `demo`: the ordinary export of the embedded Bitbucket, and its findings."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.commands.export import Export, Guards, export
from connector.commands.shared import source_settings, terminal
from connector.commands.shared.destinations import File
from connector.commands.shared.options import Parser
from connector.commands.shared.outcome import Outcome
from connector.commands.shared.publishing import Outputs
from connector.commands.shared.source_settings import Bitbucket
from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_TOKEN, DEMO_WORKSPACE, sample_workspace
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.export import Export as Payload
from connector.graph.payload import load
from connector.model import Inclusion
from connector.review.findings.catalogue import findings_of
from connector.review.findings.finding import Urgency
from connector.review.findings.folding import folded
from connector.sources.cloud.credentials import ApiToken
from connector.sources.cloud.settings import Settings as CloudSettings
from connector.sources.datacenter.settings import Credentials, Settings
from connector.text import clean

log = logging.getLogger(__name__)

_LINES_OF_A_FINDING = 2


@dataclass(frozen=True, slots=True)
class Demo:
    """Export an embedded Bitbucket, which needs no settings."""

    cloud: bool = False


_DEMO_DESCRIPTION = """\
Starts a small Bitbucket on a loopback port, exports it by the ordinary code into demo-export.json, shows
what was found, and makes the page demo-report.html about it. Nothing needs to be configured, and no other
server is contacted.

With --cloud it is a small Bitbucket Cloud: the same company after its migration, with the mistakes that one
makes. The files are demo-cloud-export.json and demo-cloud-report.html. To see what changed for whom:

  %(prog)s && %(prog)s --cloud
  oaa_bitbucket.py diff demo-export.json demo-cloud-export.json --across
"""


def add_options(parser: Parser) -> None:
    """Add the options of `demo`."""
    parser.description = _DEMO_DESCRIPTION.replace("%(prog)s", parser.prog)
    parser.reads_environment = True
    parser.add_argument_group("demo").add_argument(
        "--cloud", action="store_true", help="export a small Bitbucket Cloud instead of a server"
    )


def read(options: argparse.Namespace) -> Demo:
    """Read which Bitbucket is exported."""
    return Demo(options.cloud)


def run(wanted: Demo, outcome: Outcome) -> int:
    """Export the embedded Bitbucket by the ordinary code, and show the findings."""
    name = "demo-cloud" if wanted.cloud else "demo"
    page = Path(f"{name}-report.html")
    with _small_cloud() if wanted.cloud else _small_server() as found:
        outputs = Outputs(File(Path(f"{name}-export.json")), report=page)
        payload = export(Export(found.source, Guards(), outputs), outcome)
    _show_findings(load(payload))
    log.info("who can reach what, as a page: %s", page.resolve().as_uri())
    return 0


@contextmanager
def _small_server() -> Iterator[Bitbucket]:
    with EmbeddedBitbucket(sample_organisation()) as server:
        log.info("a small Bitbucket listens at %s", server.base_url)
        yield source_settings.server(
            Settings(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER), include=frozenset(Inclusion))
        )


@contextmanager
def _small_cloud() -> Iterator[Bitbucket]:
    """Serve the workspace. Candidates for e-mail addresses are those of the server before the migration."""
    emails = tuple(account.email for account in sample_organisation().accounts.values() if account.email)
    with EmbeddedCloud(sample_workspace()) as server:
        log.info("a small Bitbucket Cloud listens at %s", server.base_url)
        credentials = ApiToken(DEMO_EMAIL, DEMO_TOKEN)
        yield source_settings.workspace(
            CloudSettings(DEMO_WORKSPACE, credentials, server.base_url, include=frozenset(Inclusion), emails=emails)
        )


def _show_findings(export: Payload) -> None:
    """Print the findings of an export as a table, to standard output; of long lists the beginning."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("finding", ratio=2)
    table.add_column("where", ratio=3, overflow="fold")
    also = []
    for finding in findings_of(export):
        title = f"{finding.title} ({len(finding.places):,})"
        if finding.urgency is Urgency.KNOW:
            also.append(title)
            continue
        lines = [clean(str(fold)) for fold in folded(export, finding.places)]
        table.add_row(Text(title, "bold"), Text("\n".join(_beginning(lines))))
        table.add_section()
    if also:
        table.add_row(Text("good to know", "bold"), Text("\n".join(also)))
    console = Console()
    with console.capture() as captured:
        console.print(table)
    terminal.write(captured.get().splitlines())


def _beginning(lines: list[str]) -> list[str]:
    rest = len(lines) - _LINES_OF_A_FINDING
    return lines if rest <= 1 else [*lines[:_LINES_OF_A_FINDING], f"and {rest:,} more"]
