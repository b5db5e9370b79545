"""`--verify` of an export and of `check`: compare some repositories with Bitbucket's own answers."""

from __future__ import annotations

import argparse
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.commands.shared.options import Parser, whole
from connector.errors import GuardError, Unreadable, UsageError
from connector.graph.payload import load
from connector.graph.values import Level
from connector.model import Snapshot, UserType
from connector.rest.statistics import Statistics
from connector.review.verify import RepositoryVerification, Stated, Verification
from connector.sources.common.effective import Effective, draw
from connector.sources.common.source import Source

log = logging.getLogger(__name__)

_LEVELS = {
    "REPO_READ": Level.READ,
    "REPO_WRITE": Level.WRITE,
    "REPO_ADMIN": Level.ADMIN,
    "read": Level.READ,
    "write": Level.WRITE,
    "admin": Level.ADMIN,
}
"""Names of the permissions on a repository: those of a server, then those of Bitbucket Cloud."""


@dataclass(frozen=True, slots=True)
class Verify:
    """Compare `count` repositories with Bitbucket's own answers. The seed draws them; None draws a new seed."""

    count: int
    seed: int | None = None

    def seed_or_random(self) -> int:
        """Give the seed, or draw one."""
        return random.SystemRandom().randrange(1_000_000) if self.seed is None else self.seed


def add_verify_options(parser: Parser, group: argparse._ArgumentGroup) -> None:
    """Describe `--verify`."""
    parser.setting(
        group,
        "--verify N",
        whole(1),
        "draw N repositories, ask Bitbucket itself who can do what there, and compare; exit 4 where they differ",
    )
    parser.setting(group, "--verify-seed NUMBER", whole(0), "draw the same repositories again")


def read_verify(options: argparse.Namespace) -> Verify | None:
    """Read what is verified, if anything. Raises `UsageError`."""
    if options.verify is None and options.verify_seed is not None:
        raise UsageError("--verify-seed needs --verify")
    return None if options.verify is None else Verify(options.verify, options.verify_seed)


def verify_export(
    wanted: Verify, source: Source[Any], snapshot: Snapshot, payload: dict[str, Any], statistics: Statistics
) -> None:
    """Compare an export with Bitbucket's own answers. Raises `GuardError` if they differ."""
    seed = wanted.seed_or_random()
    try:
        comparisons = compare(wanted.count, seed, source, snapshot, payload, statistics)
    except Unreadable as unreadable:
        raise GuardError(f"the export could not be verified, so nothing is published: {unreadable}") from None
    log.info("verified %d repositories against Bitbucket (--verify-seed %d)", len(comparisons), seed)
    for comparison in comparisons:
        for line in comparison.lines:
            log.log(logging.ERROR if comparison.differences else logging.INFO, "verify: %s", line)
    wrong = sum(1 for comparison in comparisons if comparison.differences)
    if wrong:
        raise GuardError(
            f"on {wrong} of {len(comparisons)} repositories Bitbucket says otherwise than the export, so nothing is "
            "published. Where somebody changed permissions while the export ran, run again; if the same people differ "
            f"again (--verify-seed {seed}), please report it with these lines"
        )


def compare(
    count: int, seed: int, source: Source[Any], snapshot: Snapshot, payload: dict[str, Any], statistics: Statistics
) -> list[RepositoryVerification]:
    """Ask Bitbucket who can do what on `count` repositories that are drawn, and compare. Raises `Unreadable`."""
    drawn = draw(snapshot, count, seed)
    verification = Verification(load(payload))
    found = source.ask_who_can(statistics, snapshot, drawn)
    return [verification.compare(_stated(each, verification.knows)) for each in found]


def _stated(effective: Effective, knows: Callable[[str], bool]) -> Stated:
    """Put Bitbucket's answer into the words of OAA, without accounts that an access token brings along."""
    if effective.holders is None:
        return Stated(effective.repository, None)
    people = {
        str(user.id): (user.name, _LEVELS[permission])
        for user, permission in effective.holders
        if user.type is not UserType.SERVICE or knows(str(user.id))
    }
    return Stated(effective.repository, people)
