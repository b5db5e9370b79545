"""What tables cost: to write those of a large server, to ask them, and to keep a year of nights.

The command runs in a process of its own, three times, Python's start included; the medians count.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.payloads import payload
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.files import save_json
from connector.graph.payload import load
from connector.outputs.tables.folder import staging
from connector.outputs.tables.formats import Format, Place, write
from connector.outputs.tables.rows import Rows

LARGE, SMALL = 100_000, 2_001
"""Repositories, each with ten grants."""

_RUNS = 3
_PERSON = ("--set", "identity=user000077")
_CHANGES_A_NIGHT = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds in all, of processor time, and megabytes at its highest."""

    wall: float
    cpu: float
    megabytes: float


def costs(*, quick: bool) -> Iterator[str]:
    """Yield the rows of the table; `quick` leaves out the large server and the year."""
    yield "| what | wall s | CPU s | peak MB | size |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    with tempfile.TemporaryDirectory() as folder:
        yield from _of_a_server(Path(folder), SMALL if quick else LARGE)
    if not quick:
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_a_year(Path(folder))


def _of_a_server(folder: Path, repositories: int) -> Iterator[str]:
    export, nights = folder / "export.json", folder / "nights"
    document = _payload(repositories)
    repository = ("--set", f"resource={_first_repository(document)}")
    save_json(document, export)
    yield _row("starting the program", _cost("--version"))
    for form in Format:
        where = nights if form is Format.PARQUET else folder / form
        took = _cost("tables", export, "-o", where, "--format", form)
        yield _row(f"{repositories:,} repositories to {form}", took, _size(where))
    graph = folder / "graph.json"
    took = _cost("tables", export, "-o", graph, "--format", "opengraph")
    yield _row(f"{repositories:,} repositories to opengraph", took, graph.stat().st_size)
    for query, about in (
        ("effective_access", _PERSON),
        ("effective_access", repository),
        ("who_had_access", repository),
        ("why", (*_PERSON, *repository)),
        ("stale", ()),
    ):
        yield _asked(nights, query, about)
    later = folder / "later.json"
    save_json(_later(document, random.Random(1), date(2026, 11, 23)), later)  # noqa: S311 - nothing secret
    _cost("tables", later, "-o", nights, runs=1)
    yield _asked(nights, "changes", ())


def _of_a_year(folder: Path) -> Iterator[str]:
    nights, chance = folder / "nights", random.Random(0)  # noqa: S311 - nothing secret comes of it
    document = _payload(SMALL)
    began = time.monotonic()
    for number in range(365):
        day = date(2025, 11, 23) + timedelta(days=number)
        document = _later(document, chance, day)
        with staging(nights, Format.PARQUET.ending) as staged:
            name = document["applications"][0]["name"]
            place = Place(staged.night(name, day), staged.scratch, name, str(day))
            write(Rows(load(document)), place, Format.PARQUET)
            staged.publish()
    spent = Cost(time.monotonic() - began, 0, 0)
    yield _row(f"365 nights of {SMALL:,} repositories to parquet", spent, _size(nights))
    yield _asked(nights, "effective_access", _PERSON)
    yield _asked(nights, "changes", ("--set", "since=2026-01-01"))


def _payload(repositories: int) -> dict[str, Any]:
    organisation = synthetic_organisation(
        users=2_000 if repositories == SMALL else repositories // 2,
        groups=max(200, repositories // 20),
        projects=max(100, repositories // 10),
        repositories=repositories,
    )
    return payload(organisation)


def _first_repository(document: dict[str, Any]) -> str:
    below = (one for project in document["applications"][0]["resources"] for one in project["sub_resources"])
    properties = next(below)["custom_properties"]
    return f"{properties['project_key']}/{properties['slug']}"


def _later(document: dict[str, Any], chance: random.Random, day: date) -> dict[str, Any]:
    """Let a day pass: half of the people sign in, some change teams, some grants come and go."""
    application = document["applications"][0]
    application["custom_properties"]["collected_at"] = f"{day}T02:00:00Z"
    groups = [group["id"] for group in application["local_groups"]]
    for user in application["local_users"]:
        if chance.random() < 0.5:  # noqa: PLR2004 - half
            user["last_login_at"] = (
                f"{day}T{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}Z"
            )
    for user in chance.sample(application["local_users"], _CHANGES_A_NIGHT):
        user["groups"] = list(dict.fromkeys([*user["groups"][1:], chance.choice(groups)]))
    keys = [
        f"{project['id']}.{repository['id']}"
        for project in application["resources"]
        for repository in project["sub_resources"]
    ]
    held = [item for entry in document["identity_to_permissions"] for item in entry["application_permissions"]]
    for item in chance.sample([item for item in held if item.get("resources")], _CHANGES_A_NIGHT):
        item["resources"] = list(dict.fromkeys([*item["resources"][1:], chance.choice(keys)]))
    return document


def _asked(nights: Path, query: str, about: Sequence[str]) -> str:
    what = " ".join((query, *(word for word in about if word != "--set")))
    return _row(what, _cost("tables", nights, "--query", query, *about, "--csv"))


def _cost(*arguments: str | Path, runs: int = _RUNS) -> Cost:
    """Run the command, and give medians. Raises RuntimeError where it does not end well."""
    took = [_once([sys.executable, "-m", "connector", *map(str, arguments)]) for _ in range(runs)]
    return Cost(*(median(getattr(one, name) for one in took) for name in ("wall", "cpu", "megabytes")))


def _once(command: Sequence[str]) -> Cost:
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # noqa: S603 - ours
    told = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(told.decode())
    # Kilobytes on Linux, bytes on macOS.
    megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, megabytes)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _row(what: str, cost: Cost, size: int | None = None) -> str:
    numbers = (
        f"{cost.wall:.1f}",
        f"{cost.cpu:.1f}" if cost.cpu else "",
        f"{cost.megabytes:.0f}" if cost.megabytes else "",
    )
    return f"| {' | '.join((what, *numbers, '' if size is None else f'{size / 1e6:.1f} MB'))} |"
