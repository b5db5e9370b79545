"""The files of deploy/ can be used as they stand: they parse, and what they ask for is understood."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from connector import __version__
from connector.cli.commands import read
from connector.commands.export import Export
from connector.commands.shared.destinations import History
from tests.documents import OF_LIBRARIES, ROOT, options_of, variables_read

DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/oaa-bitbucket/oaa_bitbucket.py"
OF_CRON = {"MAILTO", "PATH", "SHELL"}
SETTINGS = {
    "BITBUCKET_URL": "https://bitbucket.example.com",
    "BITBUCKET_USER": "reader",
    "BITBUCKET_TOKEN": "secret",
    "VEZA_URL": "https://example.vezacloud.com",
    "VEZA_API_KEY": "key",
}


def _crontab() -> list[str]:
    lines = (DEPLOY / "crontab").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _job() -> str:
    return next(line for line in _crontab() if PROGRAM in line)


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # systemd knows capitals
    unit.read(DEPLOY / name)
    return unit


def _kubernetes(name: str = "kubernetes.yaml") -> dict[str, Any]:
    documents = yaml.safe_load_all((DEPLOY / name).read_text())
    return {document["kind"]: document for document in documents}


def _pod() -> dict[str, Any]:
    pod: dict[str, Any] = _kubernetes()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return pod


def _container() -> dict[str, Any]:
    (container,) = _pod()["containers"]
    found: dict[str, Any] = container
    return found


def _service() -> dict[str, Any]:
    (service,) = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()
    found: dict[str, Any] = service
    return found


def _of_crontab() -> list[str]:
    words = shlex.split(_job())
    after = words[words.index(PROGRAM) + 1 :]
    return list(takewhile(lambda word: not re.match(r"\d?>|\|\||&&", word), after))


def _of_systemd() -> list[str]:
    program, *arguments = shlex.split(_unit("oaa-bitbucket.service")["Service"]["ExecStart"])
    assert program == PROGRAM
    return arguments


ARGUMENTS: dict[str, Callable[[], Sequence[str]]] = {
    "crontab": _of_crontab,
    "systemd": _of_systemd,
    "kubernetes": lambda: _container()["args"],
    "compose": lambda: _service()["command"],
}


# ---- all four


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_options_exist(kind: str) -> None:
    options = {argument for argument in ARGUMENTS[kind]() if argument.startswith("--")}
    assert {"--save-json", "--baseline", "--summary"} <= options <= set(options_of("export"))


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_the_command_line_is_understood(kind: str, tmp_path: Path) -> None:
    env_file = tmp_path / "settings"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in SETTINGS.items()))
    arguments = list(ARGUMENTS[kind]())
    environment = {} if "--env-file" in arguments else SETTINGS
    if "--env-file" in arguments:
        arguments[arguments.index("--env-file") + 1] = str(env_file)
    with patch.dict(os.environ, environment, clear=True):
        wanted = read(arguments).wanted
    assert isinstance(wanted, Export)
    assert wanted.source.address == SETTINGS["BITBUCKET_URL"]
    assert wanted.outputs.veza is not None
    assert isinstance(wanted.outputs.save_json, History)
    assert wanted.guards.baseline == wanted.outputs.save_json.folder / "latest.json"


@pytest.mark.parametrize("image", [_container()["image"], _service()["image"]])
def test_images_are_of_this_version(image: str) -> None:
    assert image.rpartition(":")[2] == __version__


def test_all_have_room_for_the_sizes_that_are_promised() -> None:
    """docs/scale.md: 100,000 repositories take up to 1 GB; whoever reads a core file has the passwords."""
    service = _unit("oaa-bitbucket.service")["Service"]
    limits = service["MemoryMax"], _container()["resources"]["limits"]["memory"], _service()["mem_limit"]
    assert {int(limit[0]) for limit in limits} == {2}
    assert {limit[1:].lower() for limit in limits} <= {"g", "gi"}
    assert service["LimitCORE"] == str(_service()["ulimits"]["core"]) == "0"


# ---- cron


def test_the_crontab_has_settings_and_one_job_with_five_fields_and_a_user() -> None:
    settings = [line for line in _crontab() if line != _job()]
    assert {line.partition("=")[0] for line in settings} <= OF_CRON
    schedule, user = _job().split()[:5], _job().split()[5]
    assert all(re.fullmatch(r"[\d*/,-]+", field) for field in schedule)
    assert user not in {"root", "cd"}


def test_the_crontab_has_no_percent_sign_which_cron_takes_for_a_new_line() -> None:
    assert "%" not in _job()


def test_the_job_of_cron_prints_warnings_and_errors_and_nothing_else(tmp_path: Path) -> None:
    assert "--quiet" in _of_crontab()
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho 'WARNING: what happened' >&2\n")
    program.chmod(0o700)
    command = " ".join(_job().split()[6:]).replace(PROGRAM, str(program))
    command = command.replace("/var/lib/oaa-bitbucket", str(tmp_path))
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)  # noqa: S603 - of the file under test
    assert done.stdout + done.stderr == "WARNING: what happened\n"


# ---- systemd


def test_the_service_is_locked_in() -> None:
    service = _unit("oaa-bitbucket.service")["Service"]
    assert service["Type"] == "oneshot"
    assert service["DynamicUser"] == service["NoNewPrivileges"] == service["ProtectHome"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["WorkingDirectory"] == f"%S/{service['StateDirectory']}"


def test_the_service_hands_its_settings_over_as_a_credential() -> None:
    service = _unit("oaa-bitbucket.service")["Service"]
    name, _, source = service["LoadCredential"].partition(":")
    assert f"--env-file %d/{name}" in service["ExecStart"]
    assert source in _job()
    assert "Environment" not in service


def test_the_timer_starts_the_service_every_night() -> None:
    timer = _unit("oaa-bitbucket.timer")
    assert timer["Timer"]["OnCalendar"]
    assert timer["Timer"]["Persistent"] == "yes"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_mistake(tmp_path: Path) -> None:
    for name in ("oaa-bitbucket.service", "oaa-bitbucket.timer"):
        # systemd looks whether the program is there
        (tmp_path / name).write_text((DEPLOY / name).read_text().replace(PROGRAM, "/bin/true"))
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)  # noqa: S603, S607 - of the files under test
    assert (done.returncode, done.stderr) == (0, "")


# ---- Kubernetes


def test_secrets_of_kubernetes_are_settings_that_are_read() -> None:
    secret = _kubernetes("kubernetes-secret.yaml")["Secret"]
    assert "Secret" not in _kubernetes(), "what is applied again and again, and kept for all to read, holds none"
    assert set(SETTINGS) == set(secret["stringData"]) <= variables_read() | OF_LIBRARIES
    assert _container()["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    assert "env" not in _container()


def test_the_pod_may_do_no_more_than_it_must() -> None:
    pod, container = _pod(), _container()
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_runs_as_the_account_of_the_image() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    context = _pod()["securityContext"]
    assert (str(context["runAsUser"]), str(context["runAsGroup"])) == user
    assert context["fsGroup"] == context["runAsGroup"]


def test_exports_outlive_the_pod() -> None:
    (volume,) = _pod()["volumes"]
    (mount,) = _container()["volumeMounts"]
    claim = _kubernetes()["PersistentVolumeClaim"]["metadata"]["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim
    assert (mount["name"], mount["mountPath"]) == (volume["name"], _folder_of_the_image())


def test_two_nights_never_meet() -> None:
    spec = _kubernetes()["CronJob"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert _pod()["restartPolicy"] == "Never"


# ---- Compose


def test_the_service_of_compose_may_do_no_more_than_it_must() -> None:
    service = _service()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "environment" not in service


def test_compose_builds_this_image_and_keeps_exports() -> None:
    service = _service()
    assert (DEPLOY / service["build"] / "Dockerfile").exists()
    assert (DEPLOY / service["env_file"]).resolve().parent == ROOT
    ((_, folder),) = [volume.split(":") for volume in service["volumes"]]
    assert folder == _folder_of_the_image()


def _folder_of_the_image() -> str:
    folders: list[str] = re.findall(r"^WORKDIR (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return folders[-1]
