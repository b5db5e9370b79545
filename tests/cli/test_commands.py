"""The table of commands, and how a run speaks: help, quiet, colours."""

from __future__ import annotations

import re

import pytest

from connector import __version__
from connector.cli.commands import COMMANDS
from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from tests.conftest import Run

USUAL = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}


def printed(run: Run, capfd: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as ended:
        run(*argv)
    assert ended.value.code == 0
    return capfd.readouterr().out


@pytest.mark.parametrize("argv", [["help"], ["--help"], ["-h"], ["export", "--help"], ["help", "export"]])
def test_help_has_a_line_for_each_command(argv: list[str], run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"^  ([a-z]+) +(\S.*)$", printed(run, capfd, *argv).partition("commands:")[2], re.MULTILINE)
    listed = dict(lines[: len(COMMANDS) + 1])
    assert {name: command.description for name, command in COMMANDS.items()}.items() <= listed.items()
    assert "help" in listed


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "export"])
def test_help_with_a_name_is_that_commands(name: str, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert printed(run, capfd, "help", name) == printed(run, capfd, name, "--help")
    assert printed(run, capfd, "help", name).split()[2] == name


def test_the_version_goes_to_standard_output(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert printed(run, capfd, "--version") == f"oaa-bitbucket {__version__}\n"


def test_help_with_another_name_is_a_usage_error(run: Run) -> None:
    ended = run("help", "exprot")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "'exprot' is no command" in ended.err


def test_a_quiet_run_that_goes_well_says_nothing(export: Run) -> None:
    ended = export("--quiet", OAA_DEBUG="1")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_quiet_run_that_fails_says_why(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(Status(401)))
    ended = export("--quiet")
    assert ended.code == 3
    assert re.fullmatch(r"\S+ \S+ ERROR: .*\n", ended.err)


def test_quiet_and_debug_together_are_a_usage_error(run: Run) -> None:
    assert run("demo", "--quiet", "--debug").code == 2


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_no_color_switches_colours_off(
    environment: dict[str, str], coloured: bool, run: Run, bitbucket: EmbeddedBitbucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ended = run("check", BITBUCKET_URL=bitbucket.base_url, **USUAL, **environment)
    assert ended.code == 0
    assert ("\x1b[" in ended.out) is coloured
