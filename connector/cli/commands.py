"""The table of commands, and how a command line is read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from connector import __version__
from connector.cli.logs import LogSettings, add_log_options, read_log_settings
from connector.cli.monitoring import Monitoring, add_monitoring_options, read_leniently, read_monitoring
from connector.commands.shared.options import Parser
from connector.commands.shared.outcome import Outcome
from connector.errors import UsageError

PROGRAM = "oaa_bitbucket.py" if Path(sys.argv[0]).name == "oaa_bitbucket.py" else "oaa-bitbucket"
"""How the program was called: in a clone, or installed."""


class Module(Protocol):
    """What a module of `connector.commands` has: its options, how they are read, and what the command does."""

    def add_options(self, parser: Parser, /) -> None:
        """Describe the command and its options."""

    def read(self, options: argparse.Namespace, /) -> Any:  # noqa: ANN401 - each command has values of its own
        """Give the options as a frozen value. Raises `UsageError`."""

    def run(self, wanted: Any, outcome: Outcome, /) -> int:  # noqa: ANN401 - likewise
        """Run the command, and give the exit code. Raises `ConnectorError`."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. One that is monitored has the options of `connector.cli.monitoring`."""

    name: str
    description: str
    monitored: bool = False

    @property
    def module(self) -> Module:
        """The module of the same name, loaded when needed: loading all of them takes longer than most commands."""
        return cast("Module", import_module(f"connector.commands.{self.name}"))


_EXPORT = Command("export", "collect, then save and/or push; the default when no command is named", monitored=True)

COMMANDS = {
    command.name: command
    for command in (
        _EXPORT,
        Command("demo", "the same with a small Bitbucket that is included, offline"),
        Command("check", "what can these credentials see, and what to do about the rest"),
        Command("access", "who can reach what, and through which grants (offline)"),
        Command("diff", "what changed between two exports (offline)"),
        Command("report", "one self-contained page about an export (offline)"),
        Command("tables", "exports as Parquet, CSV, SQLite or a BloodHound graph, and SQL on them (offline)"),
        Command("review", "access reviews that owners sign, and proof that they were carried out (offline)"),
    )
}

_HELP = ("help", "this text; with the name of a command, what that one takes")


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command line that was read: the command, its arguments as a value, and the options that all commands have."""

    command: Command
    wanted: Any
    logs: LogSettings
    monitoring: Monitoring
    warnings: tuple[str, ...] = ()

    def run(self, outcome: Outcome) -> int:
        """Run the command, and give the exit code. Raises `ConnectorError`."""
        return self.command.module.run(self.wanted, outcome)


def read(argv: Sequence[str]) -> Invocation:
    """Read the command line, the environment and the env file. Raises `UsageError`.

    `help`, `--help` and `--version` print their text and raise SystemExit.
    """
    if list(argv[:1]) == [_HELP[0]]:
        argv = [*argv[1:], "--help"]
    command, rest = _command(argv)
    parser = _parser(command)
    options = parser.parse_args(rest)
    wanted = command.module.read(options)
    return Invocation(command, wanted, read_log_settings(options), read_monitoring(options), tuple(parser.warnings))


def monitoring(argv: Sequence[str]) -> Monitoring:
    """Give where a run is reported whose command line or settings cannot be read. Raises nothing."""
    with suppress(UsageError):
        command, rest = _command(argv)
        return read_leniently(rest, COMMANDS) if command.monitored else Monitoring()
    return Monitoring()


def _command(argv: Sequence[str]) -> tuple[Command, Sequence[str]]:
    if not argv or argv[0].startswith("-"):
        return _EXPORT, argv
    if argv[0] in COMMANDS:
        return COMMANDS[argv[0]], argv[1:]
    raise UsageError(f"{argv[0]!r} is no command; there are {', '.join(COMMANDS)}. Options begin with --")


def _parser(command: Command) -> Parser:
    is_default = command is _EXPORT
    parser = Parser(prog=PROGRAM if is_default else f"{PROGRAM} {command.name}", commands=COMMANDS, add_help=False)
    command.module.add_options(parser)
    if is_default:
        parser.usage = "%(prog)s [COMMAND] [options]"
        rows = (*((each.name, each.description) for each in COMMANDS.values()), _HELP)
        listed = "".join(f"\n  {name:<9} {description}" for name, description in rows)
        parser.description = f"{parser.description}\n\ncommands:{listed}\n\nBelow are the options of export."
    if command.monitored:
        add_monitoring_options(parser)
    group = parser.add_argument_group("about the program")
    if parser.reads_environment:
        parser.add_env_file(group)
    _add_about(group)
    for step in parser.steps:
        # Otherwise a default of the step replaces an option that stands before the step's name.
        step.argument_default = argparse.SUPPRESS
        _add_about(step.add_argument_group("about the program"))
    return parser


def _add_about(group: argparse._ArgumentGroup) -> None:
    add_log_options(group)
    group.add_argument("--version", action="version", version=f"oaa-bitbucket {__version__}", help="print the version")
    group.add_argument("-h", "--help", action="help", help="print this text")
