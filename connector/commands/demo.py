"""The command `demo`: the ordinary export of a small Bitbucket that comes along, and what to look at in it."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from connector.commands import terminal as console
from connector.commands.export import Export, Guards, export
from connector.commands.options import Parser
from connector.commands.outcome import Outcome
from connector.commands.places import File
from connector.commands.publishing import Outputs
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.model import Inclusion
from connector.sources.datacenter import Credentials, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Demo:
    """Export the embedded Bitbucket, which needs no settings."""

    save_json: Path = Path("demo-export.json")
    report: Path = Path("demo-report.html")


_DEMO_DESCRIPTION = """\
Starts a small Bitbucket on a loopback port, exports it by the ordinary code into demo-export.json, shows
what was found, and makes the page demo-report.html about it. Nothing needs to be configured, and no other
server is contacted.
"""


def add_options(parser: Parser) -> None:
    """Describe `demo`."""
    parser.description = _DEMO_DESCRIPTION
    parser.reads_environment = True


def read(_options: argparse.Namespace) -> Demo:
    """Read nothing: there is nothing to set."""
    return Demo()


def run(wanted: Demo, outcome: Outcome) -> int:
    """Export the embedded Bitbucket by the ordinary code, and show the findings."""
    with EmbeddedBitbucket(sample_organisation()) as server:
        log.info("a small Bitbucket listens at %s", server.base_url)
        settings = Settings(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER), include=frozenset(Inclusion))
        outputs = Outputs(File(wanted.save_json), report=wanted.report)
        payload = export(Export(settings, Guards(), outputs), outcome)
    console.show_findings(load(payload))
    log.info("who can reach what, as a page: %s", wanted.report.resolve().as_uri())
    return 0
