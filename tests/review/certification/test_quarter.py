"""docs/access-review.md, typed in from top to bottom: every command does what the page says that it does."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import Run
from tests.documents import ROOT

_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n((?:^(?: {4}[^\n]*)?\n)*)", re.MULTILINE | re.DOTALL)
"""A block of commands, and what they print below it."""


def _blocks() -> Iterator[tuple[str, str, str]]:
    page = (ROOT / "docs" / "access-review.md").read_text(encoding="utf-8")
    yield from _BLOCK.findall(page)


def test_the_quarter_of_the_page_can_be_typed_in(run: Run) -> None:
    seen = []
    for language, code, printed in _blocks():
        said = _python(code) if language == "python" else _shell(run, code)
        for line in filter(None, map(str.strip, printed.splitlines())):
            assert line in said, f"{line!r} is not in what was said:\n{said}"
            seen.append(line)
    assert len(seen) >= 6
    assert {path.name for path in Path().iterdir()} >= {
        "review-2026-q4",
        "decisions.csv",
        "after.json",
        "evidence.html",
    }


def _shell(run: Run, code: str) -> str:
    """Run the lines that call this program; what installs something is done already."""
    ended = [run(*line.split()[1:]) for line in code.splitlines() if line.startswith("./oaa_bitbucket.py")]
    assert all(one.code in {0, 4} for one in ended)
    return "".join(one.out for one in ended)


def _python(code: str) -> str:
    program = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout  # noqa: S603 - of our own page
