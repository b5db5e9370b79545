"""Save a page, and say which of its findings were accepted: of `report`, of `export --report` and of `review prove`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connector.commands.shared.terminal import size_in_words
from connector.files import whole_file
from connector.graph.export import Export
from connector.review.findings.accepted import Reviewed, reviewed
from connector.review.findings.catalogue import findings_of
from connector.review.findings.finding import Acceptance
from connector.review.text.names import counted

log = logging.getLogger(__name__)


def save_page(text: str, path: Path) -> str:
    """Write a page; give its place and size."""
    with whole_file(path) as file:
        file.write(text)
    return f"{path} ({size_in_words(len(text.encode()))})"


def findings_without(acceptances: Sequence[Acceptance] | None, export: Export) -> Reviewed:
    """Give the findings, those accepted today apart. Without a file of acceptances (None) nothing is logged."""
    findings = reviewed(findings_of(export), acceptances or [], datetime.now(UTC).date())
    if acceptances is not None:
        _tell(findings)
    return findings


def _tell(findings: Reviewed) -> None:
    open_ = sum(len(finding.places) for finding in findings.findings)
    log.info("findings: %s open, %s accepted", counted(open_, "place"), f"{findings.accepted:,}")
    if findings.returned:
        log.warning("expired acceptances: %s open again", counted(findings.returned, "place is", "places are"))
    for one in findings.unused:
        log.warning("line %d accepts nothing in this export: %s of %s", one.line, one.finding, one.subject)
