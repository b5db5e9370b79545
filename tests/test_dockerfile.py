"""The Dockerfile's steps, done one after the other in an empty environment, since not every machine runs an engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pip
import pytest

from connector import __version__
from tests.documents import ROOT

DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
INSTRUCTIONS = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)
NO_INDEX = ("Retrying (Retry(", "Failed to establish a new connection", "Temporary failure in name resolution")


@dataclass(slots=True)
class Image:
    """What the Dockerfile's steps made below `root`, and how its last one starts."""

    root: Path
    python: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] = ()
    user: int = 0

    def at(self, path: str) -> Path:
        """Give the place of a path of the image."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

    def run(self, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
        """Start the entry point, in the folder and with the environment of the image and no other."""
        program, script = self.entry_point
        assert program == "python"
        command = [str(self.python), str(self.at(script)), *arguments]
        return _run(command, self.folder, self.environment, user)


def _run(
    command: list[str], folder: Path, environment: Mapping[str, str], user: int | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - what the file under test says
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
        user=user, group=user, extra_groups=None if user is None else [],
    )  # fmt: skip


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Follow the Dockerfile; not below pytest's own folder, which only its owner can enter."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        yield _build(root)


def _build(root: Path) -> Image:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / "usr"], check=True)  # noqa: S603 - this Python
    _copy_pip(root)
    image = Image(root, root / "usr" / "bin" / "python", root)
    for instruction, argument in INSTRUCTIONS:
        match instruction:
            case "FROM":
                pass
            case "ENV":
                image.environment |= dict(pair.split("=") for pair in argument.split())
            case "WORKDIR":
                image.folder = image.at(argument)
                image.folder.mkdir(exist_ok=True)
            case "COPY":
                _copy(image, *argument.split())
            case "RUN":
                _do(image, argument)
            case "USER":
                image.user = int(argument.partition(":")[0])
            case "ENTRYPOINT":
                image.entry_point = tuple(json.loads(argument))
            case _:
                pytest.fail(f"these tests do not know {instruction}")
    return image


def _copy_pip(root: Path) -> None:
    """Copy the pip of this environment, as compiled: installing one takes as long as all the rest."""
    (packages,) = root.glob("usr/lib/python*/site-packages")
    for folder in Path(pip.__path__[0]).parent.glob("pip*"):
        shutil.copytree(folder, packages / folder.name)


def _copy(image: Image, source: str, target: str) -> None:
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, image.at(target), ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, image.at(target))


def _do(image: Image, command: str) -> None:
    if "chown" in command and os.geteuid() != 0:
        command = command.partition(" && chown")[0]
    # the paths of the image are below its root here
    command = re.sub(r"(?<= )/data\b", str(image.at("/data")), command)
    paths = {"PATH": f"{image.python.parent}:{os.environ['PATH']}"}
    patience = {"PIP_RETRIES": "1", "PIP_TIMEOUT": "20"}
    done = _run(["/bin/sh", "-ec", command], image.folder, {**os.environ, **patience, **image.environment, **paths})
    if done.returncode != 0 and any(sign in done.stdout + done.stderr for sign in NO_INDEX):
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr


def test_the_base_is_pinned_and_of_a_python_that_will_do() -> None:
    (base,) = [argument for instruction, argument in INSTRUCTIONS if instruction == "FROM"]
    version = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert version is not None
    assert (int(version[1]), int(version[2])) >= (3, 11)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("requirements.txt", r"[\w.-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+"),
        ("requirements-extras.txt", r"[\w.-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+"),
        ("requirements-dev.txt", r"[\w.-]+==[\w.]+"),
        ("requirements-spark.txt", r"[\w.-]+==[\w.]+"),
    ],
)
def test_requirements_are_pinned_exactly(name: str, form: str) -> None:
    lines = re.sub(r" \\\n +", " ", (ROOT / name).read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if not line.startswith("#") and not re.fullmatch(form, line)] == []


def test_whatever_installs_checks_hashes() -> None:
    for text in (DOCKERFILE, (ROOT / "Makefile").read_text(encoding="utf-8")):
        calls = re.findall(r"pip install [^&\n]*-r requirements(?:-extras)?\.txt", text)
        assert calls
        assert all("--require-hashes" in call for call in calls)


def test_the_engine_is_given_just_what_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in ignored if not line.startswith("#")]
    sources = {argument.split()[0] for instruction, argument in INSTRUCTIONS if instruction == "COPY"}
    assert patterns[0] == "*"
    assert {line.removeprefix("!") for line in patterns if line.startswith("!")} == sources


def test_the_last_user_is_a_number_and_not_root() -> None:
    (user,) = [argument for instruction, argument in INSTRUCTIONS if instruction == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert f"chown {user} /data" in DOCKERFILE


def test_the_entry_point_needs_nothing_else_for_a_whole_run(image: Image) -> None:
    stranger = _stranger(image)
    done = image.run("demo", user=stranger)
    assert done.returncode == 0, done.stderr
    assert f"oaa-bitbucket {__version__} exports" in done.stderr
    export = image.at("/data") / "demo-export.json"
    assert json.loads(export.read_text())["applications"]
    assert export.stat().st_uid == (os.geteuid() if stranger is None else stranger)


def _stranger(image: Image) -> int | None:
    """Give the account of the image where we can be it: as root, with a Python that it can start."""
    if os.geteuid() != 0:
        return None
    try:
        _run([str(image.python), "-c", ""], image.folder, {}, image.user)
    except PermissionError:
        return None
    return image.user


def test_nothing_that_installs_or_builds_is_left(image: Image) -> None:
    (packages,) = image.root.glob("usr/lib/python*/site-packages")
    names = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert names == {name.lower().replace("-", "_") for name in pinned}
