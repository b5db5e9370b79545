"""Compare a payload with an earlier one: how much would disappear? Knows OAA's payload, nothing of Bitbucket."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from connector.errors import GuardError, UsageError

_LARGEST = 10

Contents = Mapping[str, Mapping[str, frozenset[int]]]
"""By kind, by owner in words ("user Ada (7)", "project PAY (12)"): what it has of that kind, as hashes of ids.

A million grants as texts would take more memory than the payload; hashes are compared in one process only.
"""


def read_contents(path: Path) -> Contents | None:
    """Read what an earlier export holds; None where there is none yet. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            return contents(json.load(file))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"--baseline: {path} is no export that could be compared with ({type(error).__name__}). "
            "Name another, or move it away to start anew"
        ) from error


def contents(payload: Mapping[str, Any]) -> Contents:
    """Give what a payload holds, ready to be compared."""
    application = payload["applications"][0]
    users, groups = application["local_users"], application["local_groups"]
    projects = application.get("resources", [])
    names = {str(_id(one)): _words(kind, one) for kind, those in (("user", users), ("group", groups)) for one in those}
    return {
        "users": {_words("user", user): _hashes([_id(user)]) for user in users},
        "groups": {_words("group", group): _hashes([_id(group)]) for group in groups},
        "projects": {_words("project", project): _hashes([_id(project)]) for project in projects},
        "repositories": {
            _words("project", project): _hashes(map(_id, project.get("sub_resources", []))) for project in projects
        },
        "grants": {
            names.get(entry["identity"], entry["identity"]): _hashes(_grants(entry))
            for entry in payload["identity_to_permissions"]
        },
    }


def check_removal(old: Contents, new: Contents, max_removal: float) -> None:
    """Raise `GuardError` where more than `max_removal` percent of what `old` had of a kind would disappear."""
    lost = {kind: _lost(owners, new[kind]) for kind, owners in old.items()}
    too_much = [line for kind, owners in old.items() if (line := _too_much(kind, owners, lost[kind], max_removal))]
    if too_much:
        raise GuardError(
            f"Compared with the baseline, more than {max_removal:g} % would disappear: {', '.join(too_much)}. "
            f"The largest differences: {'; '.join(_largest(lost))}. "
            "If this is what happened, publish once with a higher --max-removal or without --baseline; "
            "if not, see what the account may still read"
        )


def _lost(old: Mapping[str, frozenset[int]], new: Mapping[str, frozenset[int]]) -> Counter[str]:
    """Count, by owner, what is nowhere among the new; who was only renamed has lost nothing."""
    remaining = frozenset().union(*new.values())
    return Counter({owner: gone for owner, things in old.items() if (gone := len(things - remaining))})


def _too_much(kind: str, owners: Mapping[str, frozenset[int]], lost: Counter[str], max_removal: float) -> str | None:
    before, gone = sum(map(len, owners.values())), lost.total()
    return f"{gone} of {before} {kind}" if gone * 100 > before * max_removal else None


def _largest(lost: Mapping[str, Counter[str]]) -> list[str]:
    differences = [
        (count, f"{owner}: {count} {kind}") for kind, owners in lost.items() for owner, count in owners.items()
    ]
    return [words for _, words in sorted(differences, key=lambda one: (-one[0], one[1]))[:_LARGEST]]


def _grants(entry: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    holder = entry["identity_type"], entry["identity"]
    for granted in entry.get("application_permissions", []):
        if granted.get("apply_to_application"):
            yield *holder, granted["permission"]
        for resource in granted.get("resources", []):
            yield *holder, granted["permission"], resource


def _hashes(things: Iterable[object]) -> frozenset[int]:
    return frozenset(map(hash, things))


def _id(entity: Mapping[str, Any]) -> str:
    identifier: str = entity.get("id") or entity["name"]
    return identifier


def _words(kind: str, entity: Mapping[str, Any]) -> str:
    return f"{kind} {entity['name']} ({_id(entity)})"
