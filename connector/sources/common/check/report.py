"""What a check found: steps, each with a mark, and the verdict that follows from them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How a step went."""

    OK = "ok"
    LIMITED = "limited"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What an export with these settings can do."""

    FULL = "full"
    LIMITED = "limited"
    CANNOT_PUBLISH = "cannot publish"
    """An export would run, name what it could not read, and publish nothing without --allow-incomplete."""
    CANNOT_RUN = "cannot run"

    @property
    def exit_code(self) -> int:
        """The exit code of a check with this verdict."""
        return {Verdict.FULL: 0, Verdict.LIMITED: 4, Verdict.CANNOT_PUBLISH: 4, Verdict.CANNOT_RUN: 3}[self]


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a check: what was asked and answered, what that means, and what to do about it."""

    name: str
    mark: Mark
    meaning: str
    asked: str = ""
    answered: str = ""
    advice: str = ""
    lacks: str = ""
    """What an export lacks because of it."""
    blocks: bool = False
    """Whether an export publishes nothing because of it, without --allow-incomplete."""


@dataclass(frozen=True, slots=True)
class Report:
    """All steps in their order, and the facts that scripts want to read."""

    base_url: str
    steps: tuple[Step, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    requests: int = 0

    @property
    def verdict(self) -> Verdict:
        """What follows from the marks."""
        marks = {step.mark for step in self.steps}
        if Mark.FAILED in marks:
            return Verdict.CANNOT_RUN
        if any(step.blocks for step in self.steps):
            return Verdict.CANNOT_PUBLISH
        return Verdict.LIMITED if Mark.LIMITED in marks else Verdict.FULL

    @property
    def lacks(self) -> tuple[str, ...]:
        """What an export will lack, each once."""
        return tuple(dict.fromkeys(step.lacks for step in self.steps if step.lacks))

    def as_json(self) -> dict[str, Any]:
        """Give everything for scripts."""
        return {
            "bitbucket": self.base_url,
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "lacks": list(self.lacks),
            "facts": dict(self.facts),
            "requests": self.requests,
            "steps": [asdict(step) for step in self.steps],
        }
