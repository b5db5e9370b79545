"""Everything that was answered about one grant → one decision, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connector.graph.values import Level
from connector.review.certification.answers import Decision, offered, read_decision
from connector.review.certification.decisions import State
from connector.review.certification.returned import Answer, Problem
from connector.review.certification.rows import level_in_words


@dataclass(frozen=True, slots=True)
class Outcome:
    """One decision, or none: then `reason` holds everything that was written, and `problems` why it does not count."""

    state: State
    decision: Decision | None = None
    reviewer: str = ""
    day: str = ""
    reason: str = ""
    place: str = ""
    problems: tuple[Problem, ...] = ()


def merged(answers: Iterable[Answer], level: Level, about: str) -> Outcome:
    """Give what several answers about a grant of this level amount to: the same answer twice is one."""
    said = [answer for answer in answers if answer.text or answer.reason]
    written = [answer for answer in said if answer.text]
    decisions = {answer: read_decision(answer.text, level) for answer in written}
    unread = [answer for answer, decision in decisions.items() if decision is None]
    distinct = set(decisions.values())
    if unread:
        return _undecided(State.UNREADABLE, said, [Problem(one.place, _no_answer(one, level, about)) for one in unread])
    if len(distinct) > 1:
        problem = Problem(written[0].place, f"contradicting answers about {about}: {_everything(written)}")
        return _undecided(State.CONTRADICTORY, said, [problem])
    if not distinct:
        return _undecided(State.UNDECIDED, said, [])
    return Outcome(
        state=State.DECIDED,
        decision=distinct.pop(),
        reviewer=_joined(answer.reviewer for answer in written),
        day=_joined(answer.day for answer in written),
        reason=_joined(answer.reason for answer in written),
        place=_joined(answer.place for answer in written),
    )


def _undecided(state: State, said: Sequence[Answer], problems: Iterable[Problem]) -> Outcome:
    """Keep what was written, although no decision follows from it."""
    place = _joined(answer.place for answer in said)
    return Outcome(state, reason=_everything(said), place=place, problems=tuple(problems))


def _no_answer(answer: Answer, level: Level, about: str) -> str:
    choices = ", ".join(offered(level))
    return f"{answer.text!r} is no answer about {about} ({level_in_words(level)}); write one of: {choices}"


def _everything(answers: Iterable[Answer]) -> str:
    return "; ".join(
        f"{one.text or 'nothing'!r} by {one.reviewer or 'nobody'} ({', '.join(filter(None, (one.reason, one.place)))})"
        for one in answers
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))
