"""Exports of an organisation as days pass: people sign in, change teams, and grants come and go.

As a program it writes two nights into a folder, and the name of a repository to standard output: a process inherits
the peak memory of the one that started it, so the measuring process must stay small.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.payloads import payload
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.files import save_json

EXPORT, LATER = "export.json", "later.json"

_CHANGES_A_DAY = 20
_PEERS = 2_001


def two_nights_of(repositories: int, folder: Path) -> str:
    """Write two nights as `EXPORT` and `LATER`; give the name of one of the repositories."""
    command = [sys.executable, "-m", "bench.days", str(repositories), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout.strip()


def days_of(repositories: int, first: date, number: int) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield `number` days, each with its payload."""
    chance = random.Random(0)  # noqa: S311 - nothing secret comes of it
    document = _payload(repositories)
    for passed in range(number):
        day = first + timedelta(days=passed)
        _let_a_day_pass(document, chance, day)
        yield day, document


def _payload(repositories: int) -> dict[str, Any]:
    of_peers = repositories <= _PEERS
    organisation = synthetic_organisation(
        users=2_000 if of_peers else repositories // 2,
        groups=200 if of_peers else repositories // 20,
        projects=100 if of_peers else repositories // 10,
        repositories=repositories,
    )
    return payload(organisation)


def _let_a_day_pass(document: dict[str, Any], chance: random.Random, day: date) -> None:
    application = document["applications"][0]
    application["custom_properties"]["collected_at"] = f"{day}T02:00:00Z"
    groups = [group["id"] for group in application["local_groups"]]
    for user in application["local_users"]:
        if chance.random() < 0.5:  # noqa: PLR2004 - half of them sign in
            user["last_login_at"] = (
                f"{day}T{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}Z"
            )
    for user in chance.sample(application["local_users"], _CHANGES_A_DAY):
        user["groups"] = list(dict.fromkeys([*user["groups"][1:], chance.choice(groups)]))
    keys = [
        f"{project['id']}.{repository['id']}"
        for project in application["resources"]
        for repository in project["sub_resources"]
    ]
    held = [item for entry in document["identity_to_permissions"] for item in entry["application_permissions"]]
    for item in chance.sample([item for item in held if item.get("resources")], _CHANGES_A_DAY):
        item["resources"] = list(dict.fromkeys([*item["resources"][1:], chance.choice(keys)]))


def main(repositories: str, folder: str) -> None:
    """Write two nights, and say the name of a repository."""
    nights = days_of(int(repositories), date(2026, 11, 22), 2)
    for name, (_, document) in zip((EXPORT, LATER), nights, strict=True):
        save_json(document, Path(folder, name))
    below = next(one for one in document["applications"][0]["resources"] if one["sub_resources"])["sub_resources"]
    properties = below[0]["custom_properties"]
    sys.stdout.write(f"{properties['project_key']}/{properties['slug']}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
