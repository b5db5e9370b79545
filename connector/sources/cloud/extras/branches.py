"""Which branch restrictions apply to a default branch, and what they prevent. Pure; knows no HTTP.

Source: https://support.atlassian.com/bitbucket-cloud/docs/use-branch-permissions/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.model import DefaultBranch
from connector.sources.cloud.listings import MainBranch
from connector.sources.common.extras.builder import any_of, certain_only

PUSH, MERGE, FORCE, DELETE = "push", "restrict_merges", "force", "delete"
ABOUT_ACCESS = frozenset({PUSH, MERGE, FORCE, DELETE})
"""Kinds of restrictions that say who may change a branch; the others are about checks before a merge."""

_BY_MODEL = "branching_model"


@dataclass(frozen=True, slots=True)
class Restriction:
    """One branch restriction: by a glob `pattern`, or by a type of the branching model.

    `exempt` are those who may in spite of it, by kind and id.
    """

    kind: str
    match: str
    pattern: str
    branch_type: str
    exempt: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class BranchingModel:
    """Names of the branches for development and production, None where there is none; prefixes by type."""

    branches: Mapping[str, str | None] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)


def needs_model(restrictions: Iterable[Restriction]) -> bool:
    """Tell whether it takes the branching model to know what some restrictions apply to."""
    return any(restriction.match == _BY_MODEL for restriction in restrictions)


def effect_on(branch: MainBranch, restrictions: Iterable[Restriction], model: BranchingModel | None) -> DefaultBranch:
    """Say what restrictions mean for a main branch; without a model, what depends on it stays unknown."""
    about = [(each, _applies(each, branch.name, model)) for each in restrictions if each.kind in ABOUT_ACCESS]
    relevant = [pair for pair in about if pair[1] is not False]

    def prevented(*kinds: str) -> bool | None:
        return any_of(applies for restriction, applies in relevant if restriction.kind in kinds)

    exempt = {who for restriction, _ in relevant for who in restriction.exempt}
    found = DefaultBranch(
        name=branch.name,
        protected=prevented(*ABOUT_ACCESS),
        pull_request_only=prevented(PUSH),
        no_rewrite=prevented(PUSH, FORCE),  # who may not push at all may not rewrite either
        no_deletion=prevented(DELETE),
        exempt=None if any(applies is None for _, applies in relevant) else len(exempt),
    )
    return certain_only(found) if branch.inherits else found


def _applies(restriction: Restriction, branch: str, model: BranchingModel | None) -> bool | None:
    if restriction.match != _BY_MODEL:
        return matches(restriction.pattern, branch) if restriction.match == "glob" else None
    if model is None:
        return None
    if restriction.branch_type in model.branches:
        return model.branches[restriction.branch_type] == branch
    prefix = model.prefixes.get(restriction.branch_type)
    return prefix is not None and branch.startswith(prefix)


def matches(pattern: str, branch: str) -> bool | None:
    """Tell whether a glob pattern matches a branch; None where it depends on how Bitbucket reads it.

    Atlassian does not say whether `*` goes beyond a slash, nor what brackets and braces mean.
    """
    if pattern == branch:
        return True
    if re.search(r"[][{}!\\]", pattern):
        return None
    narrow, wide = (re.fullmatch(_expression(pattern, star), branch) is not None for star in ("[^/]*", ".*"))
    return narrow if narrow == wide else None


def _expression(pattern: str, star: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": star, "?": "."}
    return "".join(meaning.get(part) or re.escape(part) for part in parts)
