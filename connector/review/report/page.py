"""One self-contained page: template, style, script and data in one text that requests nothing.

A content security policy in the page allows only its own style and script, by their hashes. The data is compressed
JSON as base64, which cannot end a script element. The script puts every text of it into the page as text.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from string import Template

from connector.graph.export import Export
from connector.graph.payload import collector_paused
from connector.review.diff.difference import Difference
from connector.review.findings.accepted import Reviewed
from connector.review.findings.catalogue import findings_of
from connector.review.provenance import provenance
from connector.review.report.data import Json, data
from connector.review.text.formats import asset, policy_hash

SCRIPTS = (
    "graph.js",
    "engine.js",
    "dom.js",
    "address.js",
    "tables.js",
    "reasons.js",
    "holdings.js",
    "head.js",
    "findings.js",
    "seriation.js",
    "matrix.js",
    "painter.js",
    "picture.js",
    "finder.js",
    "explorer.js",
    "explained.js",
    "map.js",
    "printing.js",
    "page.js",
)
"""The scripts of the page, in the order in which they need each other."""


def page(export: Export, baseline: Export | None = None, reviewed: Reviewed | None = None) -> str:
    """Write the page for an export, with what changed since an earlier one, and findings with some accepted."""
    with collector_paused():
        difference = None if baseline is None else Difference(baseline, export)
        reviewed = reviewed or Reviewed(tuple(findings_of(export)))
        packed = _packed(data(export, reviewed, difference))
    about = " · ".join(f"{one.server or one.application} · collected {one.date}" for one in provenance(export))
    style = f"\n{asset(__package__, 'style.css')}{_every_sheet(about)}"
    script = "\n" + "".join(asset(__package__, name) for name in SCRIPTS)
    return Template(asset(__package__, "template.html")).substitute(
        title=html.escape(about.encode("utf-8", "replace").decode()),
        style=style,
        style_hash=policy_hash(style),
        script=script,
        script_hash=policy_hash(script),
        data=packed,
    )


def _every_sheet(about: str) -> str:
    """Write the rule that puts the server and the date on each printed sheet; every other character is escaped."""
    escaped = re.sub("[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", about.encode("utf-8", "replace").decode())
    return f'@page {{ @top-left {{ content: "{escaped}"; }} }}\n'


def _packed(content: Json) -> str:
    text = json.dumps(content, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()
