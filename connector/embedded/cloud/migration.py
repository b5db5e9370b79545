"""What differs between the demo's Data Center and its workspace: the same company, after a migration with mistakes.

All of it stands here, as data: who and what has no counterpart, what is called otherwise, and who may do more or
less than before on what. People are written by their user names on the server, repositories as `KEY/slug` there.
The tests hold these lists against the rules of both products; a comparison of two exports can be held against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANONYMOUS = "anonymous"
"""Everybody who is not signed in."""

Held = tuple[str, str]
"""A person and a repository."""

PEOPLE_LEFT_BEHIND = frozenset({"walter.kruger", "oscar.lund", "tara.nguyen", "access-token-user/2/1"})
"""Of the server alone."""
PEOPLE_WHO_CAME = frozenset({"ruth.mensah2"})
"""Of the workspace alone, by nickname: somebody with the same display name as a manager."""
PEOPLE_TO_BE_NAMED = frozenset({"jenkins", "flux", "terraform", "chloe.durand"})
"""Accounts without an address on the server, and somebody whose address has changed: no file, no counterpart."""
NEW_ADDRESSES = {"chloe.durand": "chloe.bernard"}
"""The part before the @ of addresses that have changed."""

GROUPS_LEFT_BEHIND = frozenset({"legacy-operations"})

REPOSITORIES_LEFT_BEHIND = frozenset(
    {
        "DATA/notebooks",
        "~AMARA.OKAFOR/api",
        "~AMARA.OKAFOR/retry-experiments",
        "~AMARA.OKAFOR/dotfiles",
        "~AUDITOR_NORTHGATE.EXAMPLE/audit-scripts",
    }
)
"""One that was forgotten, and the personal projects, for which a workspace has no place."""
REPOSITORIES_THAT_CAME = frozenset({"PLAT/landing-zone"})
REPOSITORIES_RENAMED = {"PAY/card-switch": "PAY/card-switch-v2", "PLAT/api": "PLAT/platform-api"}
"""The second had to be: slugs are one of their kind in a workspace, and payments had an `api` too."""
REPOSITORIES_MOVED = {"OLD_PLAT/bastion": "PLAT/bastion"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Somebody may do more or less than before; `*` is everybody who had just `old`, `KEY/*` a whole project."""

    why: str
    people: tuple[str, ...]
    repositories: tuple[str, ...]
    old: str
    new: str

    def concerns(self, held: Held, level: str) -> bool:
        """Tell whether the difference is about a person and a repository, where the person had a level before."""
        person, repository = held
        return (
            level == self.old
            and (person in self.people or self.people == ("*",))
            and any(fnmatchcase(repository, pattern) for pattern in self.repositories)
        )


_OWNER = "became an administrator of the workspace"
_PAYMENTS = tuple(
    f"PAY/{slug}"
    for slug in (
        *("ledger", "api", "settlement.core", "card-tokeniser", "chargebacks-2019", "fraud-rules", "invoicing"),
        *("sepa-gateway", "reconciliation", "card-switch"),
    )
)
"""All of the project but what is public."""

DIFFERENCES = (
    Difference(_OWNER, ("ruth.mensah",), ("MOB/*", "SAND/*"), "write", "admin"),
    Difference(_OWNER, ("ruth.mensah",), ("DATA/*", "OSS/*"), "read", "admin"),
    Difference(_OWNER, ("ruth.mensah",), ("PLAT/*", "OLD_PLAT/*"), "none", "admin"),
    Difference(
        "the group mobile-team was not granted writing again",
        ("victor.dumont", "wanda.kowalska", "xavier.roche", "yara.silva", "zeynep.demir"),
        ("PAY/api",),
        "write",
        "none",
    ),
    Difference(
        "the default permission of the sandbox was given to the staff alone",
        (
            *("ext.adams", "ext.baker", "ext.costa", "ext.dietz", "ext.evans"),
            *("jenkins", "flux", "terraform", "auditor@northgate.example"),
        ),
        ("SAND/*",),
        "write",
        "none",
    ),
    Difference(
        "the group release-managers administers no more",
        ("priya.raman", "ext.adams"),
        ("MOB/store-credentials",),
        "admin",
        "write",
    ),
    Difference("left out of the group quality", ("ivan.horvat",), _PAYMENTS, "read", "none"),
    Difference("granted writing in addition", ("hana.novak",), ("PAY/ledger",), "read", "write"),
    Difference(
        "had no licence on the server, and could not even read what is public",
        ("partner.acme",),
        ("PAY/settlement.core", "PAY/payments-docs", "OSS/money-format", "OSS/harbour-sdk"),
        "none",
        "read",
    ),
    Difference("the repository moved to a project of more people", ("jenkins",), ("OLD_PLAT/bastion",), "none", "read"),
    Difference("the repository moved to a project of more people", ("flux",), ("OLD_PLAT/bastion",), "none", "write"),
    Difference(
        "the repository moved to a project of more people", ("terraform",), ("OLD_PLAT/bastion",), "none", "admin"
    ),
    Difference("public as a project, private as a repository", ("*",), ("OSS/iban-checker",), "read", "none"),
)
"""In this order: of two that are about the same, the first is right."""


def expected_changes(levels: Mapping[Held, str]) -> dict[Held, tuple[str, str]]:
    """Give whose level changes from what to what, out of the levels of everybody before who has a counterpart."""
    changes: dict[Held, tuple[str, str]] = {}
    for held, level in levels.items():
        for difference in DIFFERENCES:
            if difference.concerns(held, level):
                changes.setdefault(held, (difference.old, difference.new))
    return changes


def counterpart_of(repository: str) -> str | None:
    """Give what a repository of the server is called in the workspace, as `KEY/slug`; None where it was left behind."""
    if repository in REPOSITORIES_LEFT_BEHIND:
        return None
    return REPOSITORIES_RENAMED.get(repository) or REPOSITORIES_MOVED.get(repository) or repository
