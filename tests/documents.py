"""What the program says of itself, and what its documents say of it; for tests that hold one against the other."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from connector.cli.commands import COMMANDS, read

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = "\n\n".join([README, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))])
"""The README, and all that it refers to."""

OF_LIBRARIES = frozenset({"REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "NO_PROXY"})
"""Variables that requests reads, and not we."""

STEPS = ("review start", "review collect", "review prove")
"""What comes after the name of a command, and has options of its own."""

_HELP_OF_OPTIONS = re.compile(r"^ {2,4}(-\S.*?)(?:(?: {2,}|\n {8,})(\S.*))?$", re.MULTILINE)
_ROOMS = (ROOT / "connector" / "cli", ROOT / "connector" / "commands")
_OURS = re.compile(r"(?:BITBUCKET|VEZA|OAA)_[A-Z_]+")


@cache
def help_of(command: str) -> str:
    """Give what `--help` prints, in lines that are not folded."""
    with redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "1000")
        with pytest.raises(SystemExit):
            read([*command.split(), "--help"])
    return printed.getvalue()


def options_of(command: str) -> dict[str, str | None]:
    """Give the options of a command with the environment variable that can stand for each."""
    found: dict[str, str | None] = {}
    for names, meaning in _HELP_OF_OPTIONS.findall(help_of(command)):
        variable = re.search(r"\[([A-Z_]+)\]$", meaning)
        found |= dict.fromkeys(re.findall(r"--[a-z-]+", names), variable and variable[1])
    return found


def all_options() -> dict[str, str | None]:
    """Give the options of all commands."""
    named = (*COMMANDS, *STEPS)
    return {option: variable for command in named for option, variable in options_of(command).items()}


def variables_read() -> frozenset[str]:
    """Give the environment variables that the commands name in their code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for room in _ROOMS for path in room.rglob("*.py")]
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(text for text in texts if isinstance(text, str) and _OURS.fullmatch(text))


def tables(*heading: str) -> Iterator[list[str]]:
    """Give the rows of all tables with this heading, of the README and of docs, as lists of cells."""
    inside = False
    for line in PAGES.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if cells == list(heading):
            inside = True
        elif not cells:
            inside = False
        elif inside and not set(line) <= set("|- "):
            yield cells


def in_code(cell: str) -> list[str]:
    """Give what stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def row(*cells: str) -> str:
    """Write a row of a table as Markdown."""
    return f"| {' | '.join(cells)} |"


def rows(lines: Sequence[Sequence[str]]) -> set[str]:
    """Write rows of a table as Markdown, ready to be compared, and to be pasted where one is missing."""
    return {row(*cells) for cells in lines}
