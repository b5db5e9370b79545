"""Whether `1.0/group-privileges` is right: it is used only after a sample of it was verified.

One answer would tell what groups hold on all repositories. But it is no longer documented, so it may miss what is
new, or tell what is old. Pure; knows no HTTP.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from connector.model import Group, Repository
from connector.sources.cloud.parse import GroupGrant
from connector.sources.common.scale import Scale

_WITH_ROWS, _WITHOUT = (30, 0.06), (10, 0.02)
"""The sample, of repositories with rows and of those without: the least number, and the least share."""
_MOST_PAIRS = 30
"""So many pairs of a group and a permission more have one of their rows drawn each."""
WORTHWHILE = 100
"""The least number of repositories: with fewer, verifying costs about as much as it saves."""

Told = Mapping[str, Sequence[GroupGrant]]
"""By slug of a repository, what groups hold there."""


def of_all(told: Told, repositories: Iterable[Repository]) -> dict[str, list[GroupGrant]] | None:
    """Give the answer for each listed repository, empty ones included; None where it names one that is not listed."""
    slugs = {repository.slug for repository in repositories}
    return {slug: list(told.get(slug, [])) for slug in slugs} if told.keys() <= slugs else None


def draw(told: Told, chance: random.Random) -> set[str]:
    """Draw the slugs of repositories that prove it: with rows, without, and one of each group and permission."""
    granted = sorted(slug for slug, rows in told.items() if rows)
    others = sorted(slug for slug, rows in told.items() if not rows)
    drawn = {*_some(granted, chance, *_WITH_ROWS), *_some(others, chance, *_WITHOUT)}
    by_pair: dict[tuple[str, str], list[str]] = {}
    for slug in granted:
        for row in told[slug]:
            by_pair.setdefault((row.group.key, str(row.permission)), []).append(slug)
    unseen = [slugs for _, slugs in sorted(by_pair.items()) if drawn.isdisjoint(slugs)]
    chance.shuffle(unseen)
    return drawn | {chance.choice(slugs) for slugs in unseen[:_MOST_PAIRS]}


def _some(slugs: list[str], chance: random.Random, least: int, share: float) -> list[str]:
    return chance.sample(slugs, min(max(least, round(share * len(slugs))), len(slugs)))


def is_equal(told: Iterable[GroupGrant], granted: Iterable[tuple[Group, Scale]]) -> bool:
    """Whether the answer for a repository equals its own listing."""
    return {(row.group.key, row.permission) for row in told if row.permission is not None} == {
        (group.key, permission) for group, permission in granted
    }
