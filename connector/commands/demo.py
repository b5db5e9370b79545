"""The command `demo`: the ordinary export of a small Bitbucket that comes along, and what to look at in it."""

from __future__ import annotations

import logging

from connector.commands import terminal as console
from connector.commands.export import export
from connector.commands.outcome import Outcome
from connector.config import Demo, Export, Guards, Outputs
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.payload import load
from connector.model import Inclusion
from connector.sources.datacenter import Credentials, Settings

log = logging.getLogger(__name__)


def demo(wanted: Demo, outcome: Outcome) -> None:
    """Export the embedded Bitbucket by the ordinary code, and show the findings."""
    with EmbeddedBitbucket(sample_organisation()) as server:
        log.info("a small Bitbucket listens at %s", server.base_url)
        settings = Settings(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER), include=frozenset(Inclusion))
        outputs = Outputs(save_json=wanted.save_json, report=wanted.report)
        payload = export(Export(settings, "demo", Guards(), outputs), outcome)
    console.show_findings(load(payload))
    log.info("who can reach what, as a page: %s", wanted.report.resolve().as_uri())
