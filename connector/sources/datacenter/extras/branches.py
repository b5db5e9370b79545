"""Which branch restrictions apply to a default branch, and what they prevent. Pure; knows no HTTP.

Sources: Atlassian's pages "Using branch permissions" and "Branch permission patterns".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from connector.model import DefaultBranch
from connector.sources.common.extras.builder import any_of

_HEADS = "refs/heads/"


class Prevented(Enum):
    """What a restriction forbids to everybody whom it does not exempt."""

    PUSHING = auto()
    """Changes that come in any other way than by a pull request."""
    REWRITING = auto()
    DELETING = auto()


PREVENTED: dict[str, frozenset[Prevented]] = {
    "read-only": frozenset(Prevented),
    "pull-request-only": frozenset({Prevented.PUSHING, Prevented.REWRITING}),
    "fast-forward-only": frozenset({Prevented.REWRITING}),
    "no-deletes": frozenset({Prevented.DELETING}),
    "no-creates": frozenset(),
}
"""By type of restriction: a push that rewrites history is a change without a pull request, too."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which branches a restriction is about; `id` is a ref, a pattern, or something of the branching model."""

    kind: str
    id: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Restriction:
    """One branch restriction. `exempt` names those it makes an exception for, each once, by kind and id."""

    id: str
    type: str
    matcher: Matcher
    inherited: bool
    exempt: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch: the whole ref, and its short name."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class BranchModel:
    """A repository's branching model; both mappings have names in lower case.

    `branches` gives the ref of "development" and "production", None where that is the default branch.
    `prefixes` gives that of each category in use.
    """

    branches: dict[str, str | None] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)


def needs_model(restrictions: Iterable[Restriction]) -> bool:
    """Tell whether it takes the branching model to know what some restrictions apply to."""
    return any(_is_of_model(restriction.matcher) for restriction in restrictions)


def effect_on(branch: Branch, restrictions: Iterable[Restriction], model: BranchModel | None) -> DefaultBranch:
    """Say what restrictions mean for a default branch; without a model, what depends on it stays unknown."""
    applying = [(restriction, _applies(restriction.matcher, branch, model)) for restriction in restrictions]
    relevant = [pair for pair in applying if pair[1] is not False]

    def prevented(what: Prevented) -> bool | None:
        return any_of(applies for restriction, applies in relevant if what in PREVENTED.get(restriction.type, ()))

    unknown = any(applies is None for _, applies in relevant)
    return DefaultBranch(
        name=branch.name,
        protected=any_of(applies for restriction, applies in relevant if restriction.type != "no-creates"),
        pull_request_only=prevented(Prevented.PUSHING),
        no_rewrite=prevented(Prevented.REWRITING),
        no_deletion=prevented(Prevented.DELETING),
        exempt=None if unknown else len({who for restriction, _ in relevant for who in restriction.exempt}),
    )


def _is_of_model(matcher: Matcher) -> bool:
    return matcher.active and matcher.kind in {"MODEL_BRANCH", "MODEL_CATEGORY"}


def _applies(matcher: Matcher, branch: Branch, model: BranchModel | None) -> bool | None:  # noqa: PLR0911 - a table of kinds
    if not matcher.active:
        return False
    match matcher.kind:
        case "ANY_REF":
            return True
        case "BRANCH":
            return matcher.id in {branch.ref, branch.name}
        case "PATTERN":
            return matches(matcher.id, branch.ref)
        case "MODEL_BRANCH" if model is not None:
            return _is_model_branch(matcher.id.lower(), branch, model)
        case "MODEL_CATEGORY" if model is not None:
            prefix = model.prefixes.get(matcher.id.lower())
            return prefix is not None and branch.ref.startswith(_HEADS + prefix)
        case _:
            return None


def _is_model_branch(name: str, branch: Branch, model: BranchModel) -> bool:
    if name not in model.branches:
        return False
    ref = model.branches[name]
    return ref is None or ref in {branch.ref, branch.name}


_WILDCARDS = re.compile(r"\*\*/?|\*|\?")
_MEANING = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(pattern: str, ref: str) -> bool:
    """Tell whether a pattern like those of Apache Ant matches the end of a ref, from any slash on."""
    pattern = pattern.lstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    # A folder's pattern matches what is named like the folder itself, as in Ant.
    tail = "(?:/.*)?" if pattern.endswith("/**") else ""
    return re.fullmatch(f"(?:.*/)?{_expression(pattern.removesuffix('/**'))}{tail}", ref) is not None


def _expression(pattern: str) -> str:
    parts, at = [], 0
    for wildcard in _WILDCARDS.finditer(pattern):
        parts += [re.escape(pattern[at : wildcard.start()]), _MEANING[wildcard.group()]]
        at = wildcard.end()
    return "".join([*parts, re.escape(pattern[at:])])
