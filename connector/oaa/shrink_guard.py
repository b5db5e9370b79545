"""Compare a payload with an earlier one: how much would disappear? Knows OAA's payload, nothing of Bitbucket."""

from __future__ import annotations

import json
import logging
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connector.errors import GuardError, UsageError

log = logging.getLogger(__name__)

_LARGEST = 10

_COMPARED = frozenset({
    "applications", "local_users", "local_groups", "groups", "resources", "sub_resources", "id", "name",
    "identity_to_permissions", "identity", "identity_type", "application_permissions", "permission",
    "apply_to_application", "custom_properties", "is_complete",
})  # fmt: skip
"""The keys of a payload that are looked at; the others are not kept in memory."""

Contents = Mapping[str, Mapping[str, Sequence[int]]]
"""By kind, by owner in words ("user Ada (7)", "project PAY (12)"): what it has of that kind, as hashes of ids.

Kept while collecting lasts, where a million grants as texts would take more memory than all the rest. Hashes
are compared in one process only.
"""


def read_contents(path: Path) -> Contents | None:
    """Read what an earlier export holds; None where there is none yet. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            payload = json.load(file, object_hook=_compared)
        if payload["applications"][0].get("custom_properties", {}).get("is_complete") is False:
            log.warning("the baseline %s is itself incomplete: what it lacks cannot be seen to disappear", path)
        return contents(payload)
    except FileNotFoundError:
        log.warning("there is no baseline %s yet: nothing is compared this time", path)
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"--baseline: {path} is no export that could be compared with ({_reason(error)}). "
            "Name another, or move it away to start anew"
        ) from error


def _compared(entity: dict[str, Any]) -> dict[str, Any]:
    """Keep what is compared. It is called for every object, which also lets signals be handled while JSON is read."""
    return {key: value for key, value in entity.items() if key in _COMPARED}


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "not JSON" if isinstance(error, ValueError) else "not an OAA payload"


def contents(payload: Mapping[str, Any]) -> Contents:
    """Give what a payload holds, ready to be compared."""
    application = payload["applications"][0]
    users, groups = application["local_users"], application["local_groups"]
    projects = application.get("resources", [])
    members = _members([*users, *groups])
    names = {str(_id(one)): _words(kind, one) for kind, those in (("user", users), ("group", groups)) for one in those}
    return {
        "users": {_words("user", user): _hashes([_id(user)]) for user in users},
        "groups": {_words("group", group): _hashes([_id(group)]) for group in groups},
        "memberships": {
            _words("group", group): _hashes((_id(group), member) for member in members.get(_id(group), ()))
            for group in groups
        },
        "projects": {_words("project", project): _hashes([_id(project)]) for project in projects},
        "repositories": {
            _words("project", project): _hashes(map(_id, project.get("sub_resources", []))) for project in projects
        },
        "grants": {
            names.get(entry["identity"], entry["identity"]): _hashes(_grants(entry))
            for entry in payload["identity_to_permissions"]
        },
    }


def _members(identities: Iterable[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
    """Give the ids of the members of each group, which may be groups, too."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for identity in identities:
        for group in identity.get("groups", ()):
            members[group].append(_id(identity))
    return members


def check_removal(old: Contents, new: Contents, max_removal: float) -> None:
    """Raise `GuardError` where more than `max_removal` percent of what `old` had of a kind would disappear.

    The largest differences are logged before.
    """
    lost = {kind: _lost(owners, new[kind]) for kind, owners in old.items()}
    too_much = [line for kind, owners in old.items() if (line := _too_much(kind, owners, lost[kind], max_removal))]
    if not too_much:
        return
    log.error("compared with the baseline, this would disappear, the largest first:")
    for line in _largest(lost):
        log.error("  %s", line)
    raise GuardError(
        f"More than {max_removal:g} % of the baseline would disappear ({', '.join(too_much)}), so nothing is "
        "published. If this is what happened in Bitbucket, publish once with a higher --max-removal or without "
        "--baseline; if not, see what the account may still read (the command check says)"
    )


def _lost(old: Mapping[str, Sequence[int]], new: Mapping[str, Sequence[int]]) -> Counter[str]:
    """Count, by owner, what is not among the new. An owner that was only renamed has lost nothing."""
    remaining: frozenset[int] = frozenset().union(*new.values())
    return Counter({owner: gone for owner, things in old.items() if (gone := sum(t not in remaining for t in things))})


def _too_much(kind: str, owners: Mapping[str, Sequence[int]], lost: Counter[str], max_removal: float) -> str | None:
    before, gone = sum(map(len, owners.values())), lost.total()
    return f"{gone} of {before} {kind}" if gone * 100 > before * max_removal else None


def _largest(lost: Mapping[str, Counter[str]]) -> list[str]:
    differences = [
        (count, f"{count:6,} {kind:<12}  {owner}") for kind, owners in lost.items() for owner, count in owners.items()
    ]
    return [words for _, words in sorted(differences, key=lambda one: (-one[0], one[1]))[:_LARGEST]]


def _grants(entry: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    holder = entry["identity_type"], entry["identity"]
    for granted in entry.get("application_permissions", []):
        if granted.get("apply_to_application"):
            yield *holder, granted["permission"]
        for resource in granted.get("resources", []):
            yield *holder, granted["permission"], resource


def _hashes(things: Iterable[object]) -> Sequence[int]:
    return array("q", frozenset(map(hash, things)))


def _id(entity: Mapping[str, Any]) -> str:
    identifier: str = entity.get("id") or entity["name"]
    return identifier


def _words(kind: str, entity: Mapping[str, Any]) -> str:
    name, identifier = entity["name"], _id(entity)
    return f"{kind} {name}" if name == identifier else f"{kind} {name} ({identifier})"
