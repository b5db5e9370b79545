"""The folder of a review with the returned workbooks → decisions, and what is still missing.

Every grant that was asked about comes out, in one state. Answers of several workbooks, copies or rows about one grant
are one decision where they agree, and none where they do not. An answer to a folded row is one about each of its
grants, unless that was answered by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.review.certification.decisions import Decided, State, is_decisions
from connector.review.certification.evidence import is_evidence
from connector.review.certification.manifest import FILE_NAME, Asked, Review, Sheet, read_list, read_review
from connector.review.certification.merge import Outcome, merged
from connector.review.certification.overview import GROUPS, OVERVIEW
from connector.review.certification.returned import Answer, Key, Problem, read_workbook
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

    def count(self, decided: Decided) -> None:
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
        self._answers: dict[Key, list[Answer]] = {}
        self._shared: dict[str, list[Answer]] = {}
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

    def decided(self) -> Iterator[Decided]:
        """Yield every grant once: what is to be done first, then what is open, then what is kept."""
        for part in range(3):
            yield from (decided for _, decided, _ in self._once() if _part(decided) == part)

    def _read(self, path: Path) -> None:
        name = clean(str(path.relative_to(self._folder)))
        if path.suffix.lower() not in _WORKBOOKS:
            text = "is no .xlsx workbook, so it was not read; save it as one where it holds answers"
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
                outcome = merged(said, asked.level, f"{asked.name} of {asked.holder} on {asked.on}")
                if outcome.state is State.UNDECIDED and not self._has_row(sheet, asked):
                    outcome = replace(outcome, state=State.MISSING if is_back else State.NOT_RETURNED)
                yield progress, _decided(asked, outcome), outcome.problems

    def _has_row(self, sheet: Sheet, asked: Asked) -> bool:
        return any((sheet.number, row) in self._answers for row in (asked.id, asked.folded))

    def _said(self, sheet: Sheet, asked: Asked) -> list[Answer]:
        """Give what one workbook says about a grant: by itself, else with the row that it is folded into."""
        own = self._answers.get((sheet.number, asked.id), [])
        if any(answer.text for answer in own):
            return own
        return [*own, *self._answers.get((sheet.number, asked.folded), [])]


_Found = tuple[Progress, Decided, tuple[Problem, ...]]


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


def _workbooks(folder: Path) -> Iterator[tuple[Sheet, list[Asked]]]:
    """Yield each workbook of the review with its grants."""
    sheet: Sheet | None = None
    grants: list[Asked] = []
    for entry in read_list(folder):
        if isinstance(entry, Asked):
            grants.append(entry)
            continue
        if sheet is not None:
            yield sheet, grants
        sheet, grants = entry, []
    if sheet is not None:
        yield sheet, grants


def _decided(asked: Asked, outcome: Outcome) -> Decided:
    return Decided(
        reference=asked.reference,
        state=outcome.state,
        decision=outcome.decision,
        holder=asked.holder,
        name=asked.name,
        level=asked.level,
        on=asked.on,
        project=asked.project,
        reviewer=outcome.reviewer,
        day=outcome.day,
        reason=outcome.reason,
        place=outcome.place,
    )


def _part(decided: Decided) -> int:
    """Give the part of the list that a decision is in: what is to be done, what is open, what is kept."""
    return 0 if decided.is_to_do else 1 if decided.decision is None else 2
