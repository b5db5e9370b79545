"""The folder of a review with the returned workbooks → decisions, and what is still missing.

Every grant that was asked about comes out, in one state. Answers of several workbooks, copies or rows about one grant
are one decision where they agree, and none where they do not. An answer to a folded row is one about each of its
grants, unless that was answered by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.review.certification.answers import offered, read_decision
from connector.review.certification.decisions import GrantDecision, State, is_decisions
from connector.review.certification.evidence import is_evidence
from connector.review.certification.manifest import FILE_NAME, ListedGrant, Review, Sheet, read_list, read_review
from connector.review.certification.overview import GROUPS, OVERVIEW
from connector.review.certification.returned import Key, Problem, WrittenAnswer, read_workbook
from connector.review.certification.rows import level_in_words
from connector.review.certification.scope import By
from connector.text import clean

_WORKBOOKS = {".xlsx", ".xlsm"}
_OURS = {FILE_NAME, OVERVIEW, GROUPS}
_HIDDEN = (".", "~$")
"""What the names of hidden files begin with, and those of the locks of spreadsheet programs."""


@dataclass(slots=True)
class Progress:
    """How far one workbook of the review is: its grants by state, and who decided on how many."""

    sheet: Sheet
    states: Counter[State] = field(default_factory=Counter)
    reviewers: Counter[str] = field(default_factory=Counter)

    def count(self, decided: GrantDecision) -> None:
        """Count one grant."""
        self.states[decided.state] += 1
        if decided.decision is not None:
            self.reviewers[decided.reviewer] += 1

    @property
    def is_complete(self) -> bool:
        """Whether every grant was decided on by somebody who says who they are."""
        return self.states.keys() <= {State.DECIDED} and "" not in self.reviewers


class Collected:
    """What came back to a folder. Raises `ReviewError` where it is no review's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.review: Review = read_review(folder)
        self.problems: list[Problem] = []
        self.progress: list[Progress] = []
        self.totals: Counter[str] = Counter()
        self.unsigned = 0
        """The number of decisions without a reviewer's name."""
        self._answers: dict[Key, list[WrittenAnswer]] = {}
        self._shared: dict[str, list[WrittenAnswer]] = {}
        # The list first, to its end: a damaged one should not be found out after ten thousand workbooks.
        deque(read_list(folder), maxlen=0)
        for path in _files(folder):
            self._read(path)
        if self.review.by == By.OWNER:
            self._share()
        self._sum_up()

    @property
    def is_complete(self) -> bool:
        """Whether every grant was decided on, and everything that came back could be read."""
        readable = all(problem.is_note for problem in self.problems)
        return readable and all(progress.is_complete for progress in self.progress)

    def decided(self) -> Iterator[GrantDecision]:
        """Yield every grant once: what is to be done first, then what is open, then what is kept."""
        for part in range(3):
            yield from (decided for _, decided, _ in self._once() if _part(decided) == part)

    def _read(self, path: Path) -> None:
        name = clean(str(path.relative_to(self._folder)))
        if path.suffix.lower() not in _WORKBOOKS:
            text = "is not an .xlsx workbook, so it was not read; if it holds answers, save it as .xlsx"
            self.problems.append(Problem(name, text, is_note=True))
            return
        returned = read_workbook(path, name, self.review.id)
        self.problems.extend(returned.problems)
        for grant, answers in returned.answers.items():
            self._answers.setdefault(grant, []).extend(answers)

    def _sum_up(self) -> None:
        problems: defaultdict[str, dict[Problem, None]] = defaultdict(dict)
        for progress, decided, found in self._all():
            if not self.progress or self.progress[-1] is not progress:
                self.progress.append(progress)
            progress.count(decided)
            for problem in found:
                problems[problem.place][problem] = None
        self.problems.extend(_as_one([*same]) for same in problems.values())
        for _, decided, _ in self._once():
            self.totals[str(decided.decision or decided.state)] += 1
            self.unsigned += decided.decision is not None and not decided.reviewer

    def _once(self) -> Iterator[_Found]:
        """Yield what `_all` does, leaving out grants that were asked in an earlier workbook, too."""
        if self.review.by == By.PROJECT:
            yield from self._all()
            return
        seen = set[str]()
        for found in self._all():
            grant = found[1].reference.digest
            if grant not in seen:
                seen.add(grant)
                yield found

    def _share(self) -> None:
        """Bring together what several owners answered about one grant, each in their own workbook."""
        for sheet, grants in _workbooks(self._folder):
            for asked in grants:
                self._shared.setdefault(asked.id, []).extend(self._said(sheet, asked))

    def _all(self) -> Iterator[_Found]:
        for sheet, grants in _workbooks(self._folder):
            progress = Progress(sheet)
            is_back = any(self._has_row(sheet, one) for one in grants)
            for asked in grants:
                said = self._shared[asked.id] if self._shared else self._said(sheet, asked)
                decided, problems = merged(said, asked)
                if decided.state is State.UNDECIDED and not self._has_row(sheet, asked):
                    decided = replace(decided, state=State.MISSING if is_back else State.NOT_RETURNED)
                yield progress, decided, problems

    def _has_row(self, sheet: Sheet, asked: ListedGrant) -> bool:
        return any((sheet.number, row) in self._answers for row in (asked.id, asked.folded))

    def _said(self, sheet: Sheet, asked: ListedGrant) -> list[WrittenAnswer]:
        """Give what one workbook says about a grant: by itself, else with the row that it is folded into."""
        own = self._answers.get((sheet.number, asked.id), [])
        if any(answer.text for answer in own):
            return own
        return [*own, *self._answers.get((sheet.number, asked.folded), [])]


_Found = tuple[Progress, GrantDecision, Sequence[Problem]]


def _files(folder: Path) -> Iterator[Path]:
    """Yield what may hold answers, wherever in the folder it was put."""
    for path in sorted(folder.rglob("*")):
        is_ours = path.name in _OURS or path.name.startswith(_HIDDEN)
        if path.is_file() and not is_ours and not is_decisions(path) and not is_evidence(path):
            yield path


def _as_one(problems: Sequence[Problem]) -> Problem:
    """Make one problem of those of one cell, which may be about hundreds of grants."""
    first, *rest = problems
    return replace(first, text=f"{first.text}; and {len(rest):,} more like it") if rest else first


def _workbooks(folder: Path) -> Iterator[tuple[Sheet, list[ListedGrant]]]:
    """Yield each workbook of the review with its grants."""
    sheet: Sheet | None = None
    grants: list[ListedGrant] = []
    for entry in read_list(folder):
        if isinstance(entry, ListedGrant):
            grants.append(entry)
            continue
        if sheet is not None:
            yield sheet, grants
        sheet, grants = entry, []
    if sheet is not None:
        yield sheet, grants


def merged(answers: Iterable[WrittenAnswer], asked: ListedGrant) -> tuple[GrantDecision, Sequence[Problem]]:
    """Make one decision of all answers about a grant, or say why there is none: the same answer twice is one."""
    said = [answer for answer in answers if answer.text or answer.reason]
    written = [answer for answer in said if answer.text]
    decisions = {answer: read_decision(answer.text, asked.level) for answer in written}
    unread = [answer for answer, decision in decisions.items() if decision is None]
    distinct = set(decisions.values())
    undecided = _undecided(asked, said)
    if unread:
        problems = [Problem(answer.place, _no_answer(answer, asked)) for answer in unread]
        return replace(undecided, state=State.UNREADABLE), problems
    if len(distinct) > 1:
        problem = Problem(written[0].place, f"contradicting answers about {_named(asked)}: {_everything(written)}")
        return replace(undecided, state=State.CONTRADICTORY), [problem]
    if not distinct:
        return undecided, ()
    decided = replace(
        undecided,
        state=State.DECIDED,
        decision=distinct.pop(),
        reviewer=_joined(answer.reviewer for answer in written),
        day=_joined(answer.day for answer in written),
        reason=_joined(answer.reason for answer in written),
        place=_joined(answer.place for answer in written),
    )
    return decided, ()


def _undecided(asked: ListedGrant, said: Sequence[WrittenAnswer]) -> GrantDecision:
    """Keep everything that was written, although no decision follows from it."""
    return GrantDecision(
        reference=asked.reference,
        state=State.UNDECIDED,
        decision=None,
        holder=asked.holder,
        name=asked.name,
        level=asked.level,
        on=asked.on,
        project=asked.project,
        reason=_everything(said),
        place=_joined(answer.place for answer in said),
    )


def _no_answer(answer: WrittenAnswer, asked: ListedGrant) -> str:
    about = f"{_named(asked)} ({level_in_words(asked.level)})"
    return f"{answer.text!r} is no answer about {about}; write one of: {', '.join(offered(asked.level))}"


def _named(asked: ListedGrant) -> str:
    return f"{asked.name} of {asked.holder} on {asked.on}"


def _everything(answers: Iterable[WrittenAnswer]) -> str:
    return "; ".join(
        f"{one.text or 'nothing'!r} by {one.reviewer or 'nobody'} ({', '.join(filter(None, (one.reason, one.place)))})"
        for one in answers
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


def _part(decided: GrantDecision) -> int:
    """Give the part of the list that a decision is in: what is to be done, what is open, what is kept."""
    return 0 if decided.is_to_do else 1 if decided.decision is None else 2
