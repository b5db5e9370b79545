"""One self-contained page: template, style, script and data in one text that asks nobody for anything.

A content security policy in the page allows just its own style and script, by their hashes. The data is deflated
JSON as base64, whose letters cannot end a script element; the script puts every text of it into the page as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from importlib.resources import files
from string import Template

from connector.graph.export import Export
from connector.graph.payload import collector_paused
from connector.review.diff.difference import Difference
from connector.review.findings.catalogue import second_look
from connector.review.report.data import Json, data

_SCRIPTS = ("engine.js", "dom.js", "matrix.js", "explorer.js", "page.js")


def page(export: Export, baseline: Export | None = None) -> str:
    """Write the page for an export, and about what changed since an earlier one where there is one."""
    with collector_paused():
        difference = None if baseline is None else Difference(baseline, export)
        packed = _packed(data(export, second_look(export), difference))
    style = f"\n{_asset('style.css')}"
    script = "\n" + "".join(map(_asset, _SCRIPTS))
    names = ", ".join(application.name for application in export.applications)
    return Template(_asset("template.html")).substitute(
        title=html.escape(names.encode("utf-8", "replace").decode()),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=packed,
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Give the name by which a content security policy allows an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _packed(content: Json) -> str:
    text = json.dumps(content, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()
