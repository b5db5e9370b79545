"""What the steps of a review say when they end, as lines for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from connector.review.certification.collect import Collected, Progress
from connector.review.certification.decisions import State
from connector.review.certification.start import Started
from connector.review.text.names import counted, some
from connector.review.text.table import table

_NAMES = 8


def of_start(started: Started, folder: str) -> Iterator[str]:
    """Say what there is to decide, and what to do next."""
    sheets = started.sheets
    decisions, grants = sum(sheet.rows for sheet in sheets), sum(sheet.grants for sheet in sheets)
    folded = f" on {counted(grants, 'grant')}" if grants != decisions else ""
    looks = sum(sheet.to_look_at for sheet in sheets)
    yield f"{folder}: {counted(len(sheets), 'workbook')}, {counted(decisions, 'decision')}{folded}"
    yield f"{looks:,} of them deserve a look: they are at the top of each workbook"
    nobodys = [sheet.file for sheet in sheets if not sheet.reviewers]
    if nobodys:
        yield f"nobody is known to own {some(nobodys, _NAMES)}: decide whom to ask"
    if started.without:
        names = some([key for key, _ in started.without], _NAMES)
        yield f"nothing to decide in {counted(len(started.without), 'project')}: {names}"


def of_collect(collected: Collected, width: int, most: int | None) -> Iterator[str]:
    """Say how far the review is, workbook by workbook, and what could not be read; of many workbooks the first."""
    progress = sorted(collected.progress, key=lambda one: one.is_complete)
    done = sum(one.is_complete for one in progress)
    yield f"{counted(len(progress), 'workbook')}: {done:,} complete, {len(progress) - done:,} not"
    yield from table(_HEADERS, [_row(one) for one in progress[:most]], width) if progress else ()
    if most is not None and len(progress) > most:
        yield f"and {len(progress) - most:,} more: --all shows them"
    for title, is_note in (("What could not be read, and what does not fit:", False), ("Also:", True)):
        found = [problem for problem in collected.problems if problem.is_note is is_note]
        if found:
            yield from ("", title, *(f"- {problem}" for problem in found))
    yield ""
    yield f"decisions: {', '.join(f'{number:,} {what}' for what, number in sorted(collected.totals.items()))}"


def of_missing(collected: Collected) -> str:
    """Say why a review is not complete."""
    found = [f"{number:,} {what}" for what, number in sorted(collected.totals.items()) if what in set(State)]
    if collected.unsigned:
        found.append(f"{collected.unsigned:,} decided by nobody who is named")
    return ", ".join(found) or "something that came back could not be read"


_HEADERS = ("workbook", "for", "decided", "open", "by")


def _row(one: Progress) -> tuple[str, ...]:
    states = [f"{number:,} {state}" for state, number in one.states.items() if state is not State.DECIDED]
    by = [f"{name or 'nobody named'} ({number:,})" for name, number in one.reviewers.most_common()]
    decided = f"{one.states[State.DECIDED]:,} of {one.sheet.grants:,}"
    return one.sheet.file, one.sheet.reviewers, decided, "\n".join(states), "\n".join(by)
