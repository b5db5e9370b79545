"""Run `diff --across`, and read its output."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests.conftest import Ended, Run
from tests.review.across.organisations import CLOUD, Organisation

OLD, NEW = "old.json", "new.json"


def save(old: Organisation, new: Organisation, kind: str = CLOUD) -> None:
    Path(OLD).write_text(json.dumps(old.server()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(new.payload(kind)), encoding="utf-8")


def across(run: Run, *options: str) -> Ended:
    return run("diff", OLD, NEW, "--across", *options)


def lines_of(run: Run, *options: str) -> list[str]:
    ended = run("diff", OLD, NEW, "--across", *options, COLUMNS="1000")
    assert ended.code == 0, ended.err
    return [line.strip() for line in ended.out.splitlines()]


def written(name: str) -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def json_of(run: Run, *options: str) -> Any:
    return json.loads(across(run, "--json", *options).out)
