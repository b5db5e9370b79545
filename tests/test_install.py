"""Installed as a package, the connector is a command that needs no clone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import dotenv
import pytest
from packaging.requirements import Requirement

from connector import __version__
from tests.documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCRIPT = ["bin/oaa-bitbucket"]
COMMANDS = [
    (SCRIPT, "oaa-bitbucket"),
    ([sys.executable, "-m", "connector"], "oaa-bitbucket"),
    ([sys.executable, str(ROOT / "oaa_bitbucket.py")], "oaa_bitbucket.py"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package in a folder of its own; its dependencies are those of this environment."""
    place = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(place), str(ROOT)], check=True)  # noqa: S603 - pip, of this Python
    return place


def _started(place: Path, command: list[str], *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = [str(place / command[0]) if command[0].startswith("bin/") else command[0], *command[1:], *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(place)}
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@pytest.mark.parametrize(("command", "name"), COMMANDS, ids=["script", "module", "clone"])
def test_the_command_goes_by_its_own_name(command: list[str], name: str, place: Path, tmp_path: Path) -> None:
    refused = _started(place, command, "surprise", folder=tmp_path)
    assert (refused.returncode, refused.stderr.partition(":")[0]) == (2, name)


def test_a_whole_run_needs_nothing_of_the_clone(place: Path, tmp_path: Path) -> None:
    ended = _started(place, SCRIPT, "demo", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert f"oaa-bitbucket {__version__} exports" in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"demo-export.json", "demo-report.html"}


def test_everything_beside_the_code_is_installed(place: Path) -> None:
    def files(root: Path) -> set[Path]:
        paths = {path.relative_to(root) for path in (root / "connector").rglob("*") if path.is_file()}
        return {path for path in paths if "__pycache__" not in path.parts}

    assert files(place) == files(ROOT)


def test_dependencies_are_what_is_imported_and_what_is_pinned_will_do() -> None:
    extras = [text for texts in PROJECT["optional-dependencies"].values() for text in texts]
    wanted = {each.name.lower(): each for each in map(Requirement, [*PROJECT["dependencies"], *extras])}
    files = ("requirements.txt", "requirements-extras.txt")
    pinned = [word for name in files for word in (ROOT / name).read_text(encoding="utf-8").split()]
    pins = dict(word.lower().split("==") for word in pinned if "==" in word)
    assert [name for name, each in wanted.items() if pins[name] not in each.specifier] == []
    distributions = metadata.packages_distributions()
    imported = {name for name in _imported() if name not in sys.stdlib_module_names and name != "connector"}
    assert {distributions[name][0].lower() for name in imported} == set(wanted)


def _imported() -> Iterator[str]:
    for path in (ROOT / "connector").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    yield from (alias.name.partition(".")[0] for alias in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.partition(".")[0]


def test_a_clone_looks_for_every_library_that_a_run_needs() -> None:
    program = ast.parse((ROOT / "oaa_bitbucket.py").read_text(encoding="utf-8"))
    (loop,) = [node for node in program.body if isinstance(node, ast.For)]
    distributions = metadata.packages_distributions()
    looked_for = {distributions[name][0].lower() for name in ast.literal_eval(loop.iter)}
    assert looked_for == {Requirement(text).name.lower() for text in PROJECT["dependencies"]}


@pytest.mark.parametrize("arguments", [(), ("export", "--help"), ("diff", "--help"), ("--version",)])
def test_a_clone_uses_its_own_environment_or_says_how_to_make_one(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Called by a Python that has some of the libraries, as that of a machine may."""
    (tmp_path / "oaa_bitbucket.py").write_bytes((ROOT / "oaa_bitbucket.py").read_bytes())
    (tmp_path / "connector").symlink_to(ROOT / "connector")
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "dotenv").symlink_to(Path(dotenv.__file__).parent)

    def call() -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-S", "oaa_bitbucket.py", *arguments]
        environment = {"PYTHONPATH": "some"}
        return subprocess.run(program, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)  # noqa: S603 - ours

    ended = call()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("No module named 'oaaclient': run 'make install' here once")
    assert ended.stderr.count("\n") == 1
    (tmp_path / ".venv").symlink_to(sys.prefix)
    ended = call()
    assert ended.returncode == (0 if arguments else 2), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "No module named" not in ended.stderr
