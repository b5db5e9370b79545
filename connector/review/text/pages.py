"""What self-contained pages share: their assets, and how their content security policy allows inline texts."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files


def asset(room: str, name: str) -> str:
    """Give the text of a file that stands beside the modules of a package."""
    return files(room).joinpath(name).read_text(encoding="utf-8")


def policy_hash(text: str) -> str:
    """Give the name by which a content security policy allows an inline text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
