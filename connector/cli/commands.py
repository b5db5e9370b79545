"""The table of commands: what can be asked for, and how the command line becomes what was asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from connector import __version__
from connector.cli.logs import LogSettings, add_log_options, read_log_settings
from connector.commands import access, check, demo, diff, export, report
from connector.commands.options import Parser
from connector.commands.outcome import Outcome
from connector.errors import UsageError

T = TypeVar("T")

PROGRAM = "oaa_bitbucket.py" if Path(sys.argv[0]).name == "oaa_bitbucket.py" else "oaa-bitbucket"
"""How the program was called: in a clone, or installed."""


class Module(Protocol[T]):
    """What a module of `connector.commands` has: its options, how they are read, and what it does."""

    def add_options(self, parser: Parser, /) -> None:
        """Describe the command and its options."""

    def read(self, options: argparse.Namespace, /) -> T:
        """Give what was asked for, as a frozen value. Raises `UsageError`."""

    def run(self, wanted: T, outcome: Outcome, /) -> int:
        """Do it, and give the exit code. Raises `ConnectorError`."""


@dataclass(frozen=True, slots=True)
class Command(Generic[T]):
    """A row of the table."""

    name: str
    description: str
    module: Module[T]

    @property
    def prog(self) -> str:
        """How the command is called; export is the default."""
        return PROGRAM if self.name == "export" else f"{PROGRAM} {self.name}"


_EXPORT = Command("export", "collect, then save and/or push; the default when no command is named", export)

COMMANDS: dict[str, Command[Any]] = {
    command.name: command
    for command in (
        _EXPORT,
        Command("demo", "the same against a small Bitbucket that comes along, offline", demo),
        Command("check", "what can these credentials see, and what to do about the rest", check),
        Command("access", "who can reach what, and through which grants (offline)", access),
        Command("diff", "what changed between two exports (offline)", diff),
        Command("report", "one self-contained page about an export (offline)", report),
    )
}


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """What a command line asks for."""

    command: Command[T]
    wanted: T
    logs: LogSettings

    def run(self, outcome: Outcome) -> int:
        """Do it, and give the exit code. Raises `ConnectorError`."""
        return self.command.module.run(self.wanted, outcome)


def read(argv: Sequence[str]) -> Asked[Any]:
    """Read the command line, the environment and the env file. Raises `UsageError`.

    `--help` and `--version` print what they say and raise SystemExit.
    """
    command, rest = _command(argv)
    options = _parser(command).parse_args(rest)
    return Asked(command, command.module.read(options), read_log_settings(options))


def _command(argv: Sequence[str]) -> tuple[Command[Any], Sequence[str]]:
    if not argv or argv[0].startswith("-"):
        return _EXPORT, argv
    if argv[0] in COMMANDS:
        return COMMANDS[argv[0]], argv[1:]
    raise UsageError(f"{argv[0]!r} is no command; there are {', '.join(COMMANDS)}. Options begin with --")


def _parser(command: Command[Any]) -> Parser:
    parser = Parser(prog=command.prog, commands=COMMANDS)
    if command is _EXPORT:
        parser.usage = f"%(prog)s [{'|'.join(COMMANDS)}] [options]"
    parser.add_argument("--version", action="version", version=f"oaa-bitbucket {__version__}")
    add_log_options(parser)
    command.module.add_options(parser)
    return parser
