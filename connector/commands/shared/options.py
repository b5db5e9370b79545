"""How options are described and read: argparse, with settings that the environment may give, too.

The only reader of os.environ beside the libraries that look for proxies and certificates there. Secrets come from
the environment or the env file, never from the command line, and stand in no message.
"""

from __future__ import annotations

import argparse
import math
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from dotenv import load_dotenv

from connector.errors import UsageError
from connector.review.text.formats import Format


def environment(name: str) -> str | None:
    """Give a variable of the environment; one that is empty counts as not set."""
    return os.environ.get(name) or None


@dataclass(frozen=True, slots=True)
class Given:
    """A setting's text, and the name under which it was given: an option or a variable."""

    name: str
    text: str


Read = Callable[[Given], object]
"""Makes a value of what was given. Raises `UsageError`."""


@dataclass(frozen=True, slots=True)
class _Setting:
    name: str
    option: str
    variable: str | None
    read: Read
    default: object

    def value(self, text: str | None) -> object:
        """Read what stands on the command line, or else in the environment."""
        given = None if text is None else Given(self.option, text)
        if given is None and self.variable and (text := environment(self.variable)):
            given = Given(self.variable, text)
        return self.default if given is None else self.read(given)


class Parser(argparse.ArgumentParser):
    """argparse, with settings of the environment, and one line and our exception where it would print its usage."""

    def __init__(self, *, commands: Collection[str] = (), **rest: Any) -> None:  # noqa: ANN401 - those of argparse
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **rest)
        self.reads_environment = False
        """Whether an env file is read first; set by a command that has settings."""
        self.warnings: list[str] = []
        """Warnings about the settings, to be logged once the log is set up."""
        self._commands = commands
        self._settings: list[_Setting] = []
        self._results: list[argparse.Action] = []
        self.steps: list[Parser] = []
        """The steps of a command, each with options of its own."""
        self._step_action: argparse._SubParsersAction[Parser] | None = None

    def setting(
        self,
        group: argparse._ArgumentGroup,
        option: str,
        read: Read,
        meaning: str,
        default: object = None,
        variable: str | None = None,
    ) -> None:
        """Add an option, such as `--max-rate N`, that `read` reads, and that a variable may give as well."""
        option, _, metavar = option.partition(" ")
        meaning = f"{meaning} [{variable}]" if variable else meaning
        name = group.add_argument(option, metavar=metavar, help=meaning).dest
        self._settings.append(_Setting(name, option, variable, read, default))

    def result(self, group: argparse._ActionsContainer, *options: str, required: bool = False, help: str) -> None:  # noqa: A002 - as argparse calls it
        """Add an option that names a file to be written; no other option may name the same."""
        action = group.add_argument(*options, type=self.path, required=required, metavar="PATH", help=help)
        self._results.append(action)

    def step(self, name: str, meaning: str) -> Parser:
        """Add a step, whose name comes after that of the command, and is given as `step`."""
        if self._step_action is None:
            self._step_action = self.add_subparsers(dest="step", required=True, metavar="STEP", title="steps")
        step = self._step_action.add_parser(name, help=meaning, add_help=False)
        self.steps.append(step)
        return step

    def add_env_file(self, group: argparse._ActionsContainer) -> None:
        """Add `--env-file`, and read that file into the environment first, or else `./.env`, where there is one."""
        group.add_argument(
            "--env-file", type=self.path, metavar="PATH", help="read settings from this file, not ./.env"
        )

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, then read the settings that were added. Raises `UsageError`."""
        options, rest = super().parse_known_args(args, namespace)
        if "env_file" in options:
            self.warnings.extend(_load_env_file(options.env_file))
        for setting in self._settings:
            setattr(options, setting.name, setting.value(getattr(options, setting.name)))
        self._check_distinct(options)
        return options, rest

    def _check_distinct(self, options: argparse.Namespace) -> None:
        for result in self._results:
            for other in self._actions:
                if other is not result and same_file(getattr(options, result.dest), getattr(options, other.dest, None)):
                    both = " and ".join(
                        each.option_strings[0] if each.option_strings else str(each.metavar) for each in (result, other)
                    )
                    raise UsageError(f"{both} name the same file, and one would replace the other")

    def path(self, text: str) -> Path:
        """Read a path. Raises ArgumentTypeError for the name of a command, which is probably a mistake."""
        if text in self._commands:
            raise argparse.ArgumentTypeError(
                f"the command comes first, so {text!r} is a file's name here; write ./{text} if you mean such a file"
            )
        if not text:
            raise argparse.ArgumentTypeError("the path is empty")
        return Path(text)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}; see {self.prog} --help")


def number(low: float, high: float = math.inf) -> Callable[[Given], float]:
    """Read a number within bounds."""

    def read(given: Given) -> float:
        try:
            value = float(given.text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or math.isinf(value):
            bounds = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
            raise UsageError(f"{given.name} takes a number {bounds}, not {given.text!r}")
        return value

    return read


def whole(low: int, high: float = math.inf) -> Callable[[Given], int]:
    """Read a whole number within bounds."""

    def read(given: Given) -> int:
        value = number(low, high)(given)
        if value != int(value):
            raise UsageError(f"{given.name} takes a whole number, not {given.text!r}")
        return int(value)

    return read


def same_file(one: object, other: object) -> bool:
    """Tell whether two paths lead to one file; `other` may be a list of paths."""
    if isinstance(other, list):
        return any(same_file(one, each) for each in other)
    return isinstance(one, Path) and isinstance(other, Path) and os.path.realpath(one) == os.path.realpath(other)


_FORMATS = {
    Format.JSON: "one object with everything, for programs",
    Format.MARKDOWN: "for a ticket; long sections are cut, and say by how much, unless --all is given",
}


def add_formats(parser: Parser, *formats: Format, csv: str) -> argparse._ArgumentGroup:
    """Add the formats in which a command answers, as `format`, and `--all`; give the group. `csv` tells its rows."""
    group = parser.add_argument_group("output (a table, unless one of these is given)")
    one_of = group.add_mutually_exclusive_group()
    for each in formats:
        text = csv if each is Format.CSV else _FORMATS[each]
        one_of.add_argument(
            f"--{each}", dest="format", action="store_const", const=each, default=Format.TABLE, help=text
        )
    group.add_argument("--all", action="store_true", help="long lists whole, on a terminal too")
    return group


def _load_env_file(given: Path | None) -> Iterator[str]:
    """Add the file's settings to the environment, where proxies and certificates are looked for, too; yield warnings.

    What is set there already wins. Values are taken as they are: a `$` in a password is a `$`.
    """
    path = given or Path(".env")
    if given is not None and not path.is_file():
        raise UsageError(f"--env-file: there is no file {path}")
    try:
        if load_dotenv(path, override=False, interpolate=False) and _others_may_write(path.stat()):
            yield (
                f"{path} can be changed by other accounts of this machine, who could name another server there that is "
                f"sent the password: see that its owner is right, and chmod 600 {path}"
            )
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {type(error).__name__}") from error


def _others_may_write(state: os.stat_result) -> bool:
    return bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) or state.st_uid not in {0, os.geteuid()}
