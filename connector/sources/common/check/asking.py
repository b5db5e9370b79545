"""One question of a check after the other, and how each is shown.

Every failure comes back as a value, since a check continues where an export would end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.rest.client import Asked
from connector.rest.diagnosis import Diagnosis

PATIENCE, ATTEMPTS, RATE_LIMITED_SECONDS = 15.0, 3, 30.0
"""How long a check insists on one answer, how often, and how long it waits for a rate limit; in seconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One question and what came of it."""

    question: str
    asked: Asked

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What is wrong with the answer; None where it is what was asked for."""
        return self.asked.diagnosis

    @property
    def problem(self) -> object:
        """What went wrong, or None."""
        return self.asked.diagnosis.problem if self.asked.diagnosis else None

    @property
    def answered(self) -> str:
        """What was answered, on one line."""
        if self.asked.diagnosis is None:
            return str(self.asked.answer.status) if self.asked.answer else ""
        said = self.asked.diagnosis.said
        return said[said.find(" answered ") + len(" answered ") :] if " answered " in said else said

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was answered; empty where there is none."""
        content = self.asked.answer.json if self.asked.answer and self.asked.diagnosis is None else None
        return content if isinstance(content, dict) else {}

    @property
    def rows(self) -> list[Any]:
        """The rows of a page."""
        rows = self.body.get("values")
        return rows if isinstance(rows, list) else []
